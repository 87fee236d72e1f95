"""Keeps what must arrive off a wire that is broken."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.domain.health import Reach

log = structlog.get_logger(__name__)

ASK_AGAIN = 1.0  # seconds between two questions to a platform that does not answer

Probe = Callable[[], Awaitable[Reach]]


async def always() -> Reach:
    """Where nobody can be asked, the next message is the question."""
    return Reach.ANSWERS


class Breaker:
    """After a failure of the network nothing new leaves until the platform answers a question.

    Every message on a broken wire would be in doubt, and its one repeat would be lost on the same
    wire: a question that may be asked again costs nothing.
    """

    def __init__(self, probe: Probe = always, ask_again: float = ASK_AGAIN) -> None:
        self._probe = probe
        self._ask_again = ask_again
        self._whole = asyncio.Event()
        self._whole.set()
        self._asking: asyncio.Task[None] | None = None

    @property
    def whole(self) -> bool:
        return self._whole.is_set()

    def failed(self) -> None:
        """A request was not answered, or could not be made."""
        if self._asking is None or self._asking.done():
            self._whole.clear()
            self._asking = asyncio.create_task(self._ask())

    async def ready(self, seconds: float) -> bool:
        """True as soon as messages may leave; False when that is not so after so many seconds."""
        if self._whole.is_set():
            return True
        try:
            await asyncio.wait_for(self._whole.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        asked = 1
        while await self._probe() is Reach.SILENT:
            if asked == 1:
                log.warning("platform does not answer, messages wait")
            asked += 1
            await asyncio.sleep(self._ask_again)
        if asked > 1:
            log.info("platform answers again", asked=asked)
        self._whole.set()
