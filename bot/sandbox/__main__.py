"""`python -m bot.sandbox --port N`: the sandbox on its own."""

import argparse
import asyncio
import contextlib
import signal
import sys

from bot.sandbox.server import Sandbox


async def serve(host: str, port: int) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with Sandbox(host, port) as sandbox:
        lines = (
            f"page              {sandbox.url}/",
            f"TELEGRAM_API_URL  {sandbox.telegram_api_url}",
            f"SLACK_API_URL     {sandbox.slack_api_url}",
        )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
