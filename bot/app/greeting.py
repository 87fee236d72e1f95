"""What `run` says of its start, once: ready, and where to write; or that no token is accepted."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import structlog

from bot.app.front import Front
from bot.domain.health import Reach
from bot.domain.ways import SLACK, TELEGRAM, WayName
from bot.settings import SettingsError

log = structlog.get_logger(__name__)

LOOK_AGAIN = 0.25  # seconds
# What to do about a token that its platform does not take.
REFUSED: Mapping[WayName, str] = {
    TELEGRAM: (
        "TELEGRAM_BOT_TOKEN: Telegram does not accept it; copy it again from @BotFather"
        " (or look at TELEGRAM_API_URL)"
    ),
    SLACK: (
        "SLACK_BOT_TOKEN: Slack does not accept it; copy it again from the app's page,"
        " OAuth & Permissions (or look at SLACK_API_URL)"
    ),
}


async def greet(front: Front, over: asyncio.Event) -> None:
    """Until all is well, or `over`. Raises SettingsError when no platform takes its token: such a
    bot could do nothing for anybody. One that is taken goes on without the other."""
    ways = list(front.platforms.opened)
    refused = await _refused(front, ways)
    if ways and len(refused) == len(ways):
        raise SettingsError(*(REFUSED[way] for way in refused))
    for way in refused:
        log.error(REFUSED[way])
    while not over.is_set():
        if all(state == "running" for state in front.states().values()):
            log.info(ready([way for way in ways if way not in refused], front.platforms.handle()))
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), LOOK_AGAIN)


def ready(ways: list[WayName], username: str) -> str:
    """`ready, write to @shop_bot in Telegram and /stock in Slack`."""
    where = [f"to @{username} in Telegram"] if TELEGRAM in ways else []
    where += ["/stock in Slack"] if SLACK in ways else []
    return f"ready, write {' and '.join(where)}"


async def _refused(front: Front, ways: list[WayName]) -> list[WayName]:
    probes = front.platforms.probes()
    answers = await asyncio.gather(*(probes[way]() for way in ways))
    return [way for way, reach in zip(ways, answers, strict=True) if reach is Reach.REFUSES]
