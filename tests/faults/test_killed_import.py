"""An import killed at whatever moment: all of the file or nothing, whoever looks next."""

import asyncio
import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.sandbox.server import Sandbox
from storage.database import Database
from storage.tables import batch, stage
from tests.support.process import BotProcess, settings_for

pytestmark = pytest.mark.promises

ROWS = 7_000  # three pieces


async def reached(url: str, moment: str, importing: BotProcess) -> None:
    """Until the import is that far, seen in the database."""
    database = Database(url)
    looks = {
        "staging": select(stage.c.line).limit(1),
        "applying": select(batch.c.id).where(batch.c.state == "applying"),
    }
    try:
        async with asyncio.timeout(60):
            while importing.running:
                with suppress(DBAPIError):  # it has no tables yet
                    async with database.read() as tx:
                        if (await tx.execute(looks[moment])).first():
                            return
                await asyncio.sleep(0.01)  # another process: there is nothing to wait on
    finally:
        await database.close()
    raise AssertionError(f"it ended before it was {moment}: {importing.text}")


@pytest.mark.parametrize("moment", ["staging", "applying"])
async def test_whoever_looks_after_the_kill_sees_all_of_the_file_or_nothing(
    tmp_path: Path, empty_url: str, moment: str
) -> None:
    file = tmp_path / "stock.csv"
    file.write_text("sku,quantity\n" + "".join(f"S{n:05},{n}\n" for n in range(ROWS)))
    async with Sandbox() as sandbox:
        env = settings_for(sandbox, DATABASE_URL=empty_url)
        command = ("-m", "bot", "import", str(file))
        importing = BotProcess(tmp_path, env, command=command, name="import")
        async with importing:
            await reached(empty_url, moment, importing)
            await importing.kill()
        look = BotProcess(tmp_path, env, command=("-m", "bot", "export", "-"), name="export")
        await look.start()
        assert await look.wait(60) == 0, look.text
    text = look.text[look.text.index("sku,") :]
    held = {row["sku"]: row["quantity"] for row in csv.DictReader(io.StringIO(text))}
    whole = {f"S{n:05}": str(n) for n in range(ROWS)}
    assert held == ({} if moment == "staging" else whole)
