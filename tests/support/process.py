"""The real bot as a process of its own, at a sandbox: started, killed, listened to."""
# ruff: noqa: ASYNC109  a test says how long it waits where it waits

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.sandbox.connection import WaitedInVain
from bot.sandbox.driver import Driver
from bot.sandbox.server import Sandbox

# All that a bot inherits: no setting of the shell that runs the tests reaches it.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR")
TOKENS = {
    "TELEGRAM_BOT_TOKEN": "123456:SANDBOX",
    "SLACK_BOT_TOKEN": "xoxb-sandbox",
    "SLACK_APP_TOKEN": "xapp-sandbox",
    "SLACK_SIGNING_SECRET": "sandbox-secret",
}  # what `Sandbox()` takes
PATIENCE = 60  # seconds until a wait is in vain: machines that run tests are slow and busy
LONGEST_LINE = 16 * 1024 * 1024  # a whole answer of an API in one record of the log at DEBUG


def settings_for(sandbox: Sandbox, **more: str) -> dict[str, str]:
    """The environment of a bot that talks to this sandbox on any free HTTP port."""
    urls = {"TELEGRAM_API_URL": sandbox.telegram_api_url, "SLACK_API_URL": sandbox.slack_api_url}
    return TOKENS | urls | {"HTTP_PORT": "0"} | more


def bare_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


class BotProcess:
    """`python -m bot run` (or another command) in `folder`, where its data and key file go.

    `async with` starts it and leaves with SIGTERM if it still runs then; it can be started again
    after it ended. `output` is the file with all it ever wrote.
    """

    def __init__(
        self,
        folder: Path,
        env: dict[str, str],
        *,
        command: Sequence[str] = ("-m", "bot", "run"),
        name: str = "bot",
        python: str = sys.executable,
    ) -> None:
        self.folder = folder
        self.env = dict(env)
        self.command = (python, *command)
        self.name = name
        self.output = folder / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._more = asyncio.Condition()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._started.pid

    @property
    def text(self) -> str:
        """All that it wrote so far, over every start."""
        return self.output.read_text("utf-8") if self.output.exists() else ""

    @property
    def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("start the bot first")
        return self._process

    async def start(self) -> None:
        """Start it; returns at once, while it is still coming up."""
        if self.running:
            raise RuntimeError(f"{self.name} runs already")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            cwd=self.folder,
            env=bare_environment() | {"PYTHONUNBUFFERED": "1"} | self.env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            raise RuntimeError("its output was not asked for")
        with self.output.open("ab") as file:
            async for line in process.stdout:
                file.write(line)
                file.flush()
                async with self._more:
                    self._more.notify_all()
        await process.wait()
        async with self._more:
            self._more.notify_all()

    async def wait_for_output(
        self, look: str | Callable[[str], bool], timeout: float = PATIENCE
    ) -> str:
        """All output since the first start, once it holds `look`."""
        fits = look if callable(look) else lambda text: look in text
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout), self._more:
                await self._more.wait_for(lambda: fits(self.text) or not self.running)
        if not fits(self.text):
            raise WaitedInVain(f"{self.name} never wrote {look!r} but:\n{self.text[-4000:]}")
        return self.text

    async def wait_until_listening(
        self,
        driver: Driver,
        *,
        telegram: bool = True,
        slack: bool = True,
        timeout: float = PATIENCE,
    ) -> None:
        """Until it hears both platforms; fails at once, with its words, when it ends instead.

        The sandbox never forgets that it was polled: after a restart only Slack tells that the new
        process is there (what is said in Telegram meanwhile waits for it, as on the real thing).
        """
        ended = asyncio.create_task(self._started.wait())
        heard = asyncio.create_task(
            driver.wait_until_listening(telegram=telegram, slack=slack, timeout=timeout)
        )
        try:
            await asyncio.wait({ended, heard}, return_when=asyncio.FIRST_COMPLETED)
            if not heard.done():
                await self.wait()
                raise WaitedInVain(f"{self.name} ended instead of listening:\n{self.text[-4000:]}")
            await heard
        finally:
            for task in (ended, heard):
                task.cancel()
            await asyncio.gather(ended, heard, return_exceptions=True)

    async def wait(self, timeout: float = PATIENCE) -> int:
        """Its exit code (negative: the signal that killed it), once all its output is read."""
        async with asyncio.timeout(timeout):
            code = await self._started.wait()
            if self._reader is not None:
                await self._reader
        return code

    async def kill(self) -> None:
        """kill -9: nothing in it gets a chance to tidy up."""
        self._signal(signal.SIGKILL)
        await self.wait()

    async def terminate(self, timeout: float = 20) -> int:
        """SIGTERM, as a service manager does; returns the exit code."""
        self._signal(signal.SIGTERM)
        return await self.wait(timeout)

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            self._started.send_signal(number)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.terminate()
        except TimeoutError:
            await self.kill()
            if error is None:
                raise
