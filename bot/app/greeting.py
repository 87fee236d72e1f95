"""What `run` says of its start, once: ready, and where to write; or that no token is accepted."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

import structlog

from bot.app.front import Front
from bot.app.ways.opened import Opened
from bot.domain.health import Reach
from bot.domain.ways import WayName
from bot.services.own_health.watching import Probe
from bot.settings import SettingsError

log = structlog.get_logger(__name__)

LOOK_AGAIN = 0.25  # seconds


async def greet(front: Front, over: asyncio.Event) -> None:
    """Until all is well, or `over`. Raises SettingsError when no platform takes its token: such a
    bot could do nothing for anybody. One that is taken goes on without the other."""
    platforms = front.platforms
    refused = await _refused(platforms.probes())
    words = [row.refused for row in platforms.base.rows if row.way.name in refused]
    if words and len(words) == len(platforms.opened):
        raise SettingsError(*words)
    for line in words:
        log.error(line)
    while not over.is_set():
        if all(state == "running" for state in front.states().values()):
            log.info(ready(one for name, one in platforms.opened.items() if name not in refused))
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), LOOK_AGAIN)


def ready(ways: Iterable[Opened]) -> str:
    """`ready, write to @shop_bot in Telegram and /stock in Slack`."""
    where = [one.way_in.where() for one in ways if one.way_in is not None]
    return f"ready, write {' and '.join(where)}"


async def _refused(probes: Mapping[WayName, Probe]) -> set[WayName]:
    answers = await asyncio.gather(*(probe() for probe in probes.values()))
    return {way for way, reach in zip(probes, answers, strict=True) if reach is Reach.REFUSES}
