"""What SIGTERM and SIGINT do: the first one stops the bot, a second one ends it at once."""

import asyncio
import os
import signal
import threading

import structlog

log = structlog.get_logger(__name__)

# Seconds from the first signal until the process ends whatever still hangs (a database that is
# locked, a connection that does not close). What was not settled by then is taken up at the start.
GONE_WITHIN = 9.7


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` at SIGTERM or SIGINT. Needs a running loop."""
    loop = asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        if stop.is_set():
            _end_by(number, loop)
        stop.set()
        last = threading.Timer(GONE_WITHIN, _end)
        last.daemon = True
        last.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)


def _end_by(number: signal.Signals, loop: asyncio.AbstractEventLoop) -> None:
    """As if nobody had listened to the signal."""
    loop.remove_signal_handler(number)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _end() -> None:
    log.error("stopping took too long, ending now; nothing is lost by it")
    os._exit(1)
