"""Facts by name, and the trail of what staff did."""

from bot.domain.sources import CLI
from storage import audit, settings
from storage.database import Database
from tests.support.clock import Clock


async def test_a_setting_is_what_was_put_last(database: Database) -> None:
    async with database.write() as tx:
        assert await settings.get(tx, "digest") is None
        await settings.put(tx, "digest", "2026-03-01")
        await settings.put(tx, "digest", "2026-03-02")
        assert await settings.get(tx, "digest") == "2026-03-02"


async def test_the_newest_entries_of_the_audit_come_first(database: Database, clock: Clock) -> None:
    async with database.write() as tx:
        for number, action in enumerate(("role", "threshold", "role")):
            await audit.write(tx, None, CLI, action, f"contact:{number}", {"n": number}, clock())
        assert [row.subject for row in await audit.recent(tx, 2)] == ["contact:2", "contact:1"]
        roles = await audit.recent(tx, 5, action="role")
    assert [(row.subject, row.detail) for row in roles] == [
        ("contact:2", {"n": 2}),
        ("contact:0", {"n": 0}),
    ]
