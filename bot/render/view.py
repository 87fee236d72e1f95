"""What a rendering needs besides the thing that it tells."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.way import Ways


@dataclass(frozen=True, slots=True)
class RenderContext:
    """The shop as its people know it.

    `now` is the injected clock, so that one context serves the whole run;
    `bot_username` is "" until its platform has told it. `retention_days`: how
    long a person who blocked the bot or waits for nothing is kept; None: /privacy names no number.
    """

    shop_name: str
    shop_url: str
    zone: ZoneInfo
    now: Callable[[], datetime]
    ways: Ways
    bot_username: Callable[[], str] = str
    retention_days: int | None = None
