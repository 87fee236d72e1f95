"""All that `run` will need, one after the other."""

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from bot.app.checks.own import database, language, misspelt
from bot.app.ways import Row, named
from bot.checking.finding import Finding
from bot.settings import Settings


async def findings(settings: Settings, rows: Sequence[Row]) -> AsyncIterator[Finding]:
    """What is well and what is not."""
    for finding in (*misspelt(Path(".env")), *language(settings)):
        yield finding
    yield await database(settings)
    for row in rows:
        if row.is_set(settings):
            async for finding in row.load().check(settings):
                yield finding
    for finding in _missing(settings, rows):
        yield finding


def _missing(settings: Settings, rows: Sequence[Row]) -> Iterator[Finding]:
    if not any(row.is_set(settings) for row in rows):
        names = " or ".join(row.setting for row in rows)
        yield Finding(False, f"No platform: set {names} in .env.")
    if not settings.admins:
        yield Finding(False, "ADMINS is empty: nobody could adjust stock. Add slack:U... there.")
    if not named(settings, rows).alerts:
        names = " and ".join(row.alerts_setting for row in rows)
        yield Finding(
            True,
            f"Nobody gets alerts: {names} are empty (/stock low still lists what is low).",
        )
