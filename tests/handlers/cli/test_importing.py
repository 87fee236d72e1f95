"""The commands import and export, as an operator and as a script use them."""

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.batches import Piece
from bot.domain.faults import DatabaseDown
from bot.services.stock.bulk import Bulk
from bot.services.stock.exporting import Exporting
from bot.services.stock.searching import find
from handlers.cli.exporting import export_command
from handlers.cli.importing import import_command
from storage.database import Database
from storage.tables import batch, position, stage

SHOP = "sku,name,quantity,price,currency\nMUG-1,Red mug,10,12.50,EUR\nTEA-1,红茶,30,8,EUR\n"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def no_lines(tx: AsyncConnection, piece: Piece, now: datetime) -> None:
    """Nobody waits in these tests."""


class Shop:
    """A database and the two commands on it."""

    def __init__(self, url: str) -> None:
        self.url = url

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[Bulk]:
        async with self.database() as database:
            yield Bulk(database, lambda: NOW, no_lines)

    @asynccontextmanager
    async def exporting(self) -> AsyncIterator[Exporting]:
        async with self.database() as database:
            yield Exporting(database)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        database = Database(self.url)
        try:
            yield database
        finally:
            await database.close()

    def put(self, *arguments: str, stdin: str | bytes = "") -> Result:
        return CliRunner().invoke(import_command(self.bulk), list(arguments), input=stdin)

    def export(self, *arguments: str) -> Result:
        return CliRunner().invoke(export_command(self.exporting), list(arguments))

    def levels(self) -> list[int]:
        async def read() -> list[int]:
            async with self.database() as database, database.read() as tx:
                assert (await tx.execute(select(stage))).first() is None
                rows = await tx.execute(select(position.c.on_hand))
                return sorted(row.on_hand for row in rows)

        return asyncio.run(read())


@pytest.fixture
def shop(sqlite_url: str) -> Shop:
    return Shop(sqlite_url)


def test_a_first_import_needs_no_more_than_the_file(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_text(SHOP, encoding="utf-8")
    result = shop.put(str(file))
    assert result.exit_code == 0, result.output
    assert result.stderr == "Read as UTF-8, separated by comma.\n"
    assert "Imported. SKUs: 2 new, 0 changed, 0 unchanged. Ledger entries: 2." in result.stdout
    assert shop.levels() == [10, 30]


def test_what_was_imported_is_found_by_search(shop: Shop) -> None:
    assert shop.put("-", stdin=SHOP).exit_code == 0

    async def search() -> list[int]:
        async with shop.database() as database, database.read() as tx:
            return await find(tx, "红茶")

    assert len(asyncio.run(search())) == 1


def test_a_dry_run_shows_new_changed_and_suspicious_and_changes_nothing(shop: Shop) -> None:
    shop.put("-", stdin=SHOP)
    text = "sku,name,quantity,price\nMUG-1,Crimson mug,3000,\nTEA-1,,30,1\nNEW-1,New,5,\n"
    result = shop.put("-", "--dry-run", stdin=text)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Rows: 3. SKUs: 1 new, 2 changed, 0 unchanged. Quantities that differ: 2.",
        "  new      NEW-1  New",
        "  changed  MUG-1@main  quantity: 10 -> 3000",
        "  changed  MUG-1  name: Red mug -> Crimson mug",
        "  changed  TEA-1  price: 8.00 -> 1.00",
        "Suspicious: growing more than tenfold: 1",
        "  MUG-1@main  quantity: 10 -> 3000",
        "Suspicious: price changing by more than half: 1",
        "  TEA-1  price: 8.00 -> 1.00",
        "Nothing was changed (--dry-run).",
    ]
    assert shop.levels() == [10, 30]


def test_every_bad_row_is_told_and_nothing_is_imported(shop: Shop) -> None:
    text = 'sku,quantity,url\nA,1,\nB,abc,\n"C\nC",-1,ftp://x\nA,2,\n'
    result = shop.put("-", stdin=text)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1:] == [
        'line 3, column quantity: "abc" is not a whole number',
        'line 4, column quantity: "-1" is below zero',
        'line 4, column url: "ftp://x" is not a web address that begins with http:// or https://',
        'line 6, column sku: "A@main" stands in line 2 already',
        "Nothing was imported.",
    ]
    assert shop.levels() == []


def test_a_file_that_cannot_be_read_says_what_to_do(shop: Shop) -> None:
    result = shop.put("-", stdin="sku,name\nA,Müller\n".encode("cp1252"))
    assert result.exit_code == 1
    assert "line 2: this is not UTF-8, UTF-16 or GBK; save the file as UTF-8" in result.stderr
    assert shop.put("-", stdin="").stderr == "line 1: the file is empty\nNothing was imported.\n"


def test_a_script_needs_yes_for_what_is_suspicious(shop: Shop) -> None:
    shop.put("-", stdin=SHOP)
    text = "sku,quantity\nMUG-1,3000\n"
    refused = shop.put("-", stdin=text)
    assert refused.exit_code == 1
    assert "With --yes it is imported without asking." in refused.stderr
    assert shop.levels() == [10, 30]
    assert shop.put("-", "--yes", stdin=text).exit_code == 0
    assert shop.levels() == [30, 3000]


def test_bare_prices_are_in_the_currency_that_is_given(shop: Shop) -> None:
    assert shop.put("-", "--currency", "jpy", stdin="sku,price\nA,1200\n").exit_code == 0
    assert "A,A,,,,,,1200,JPY," in shop.export().stdout
    assert shop.put("-", "--currency", "XYZ", stdin="sku\nA\n").exit_code == 2


def test_columns_that_become_attributes_are_named(shop: Shop) -> None:
    result = shop.put("-", stdin="sku;quantiy;Size\nA;5;L\n")
    assert result.stderr.splitlines() == [
        "Read as UTF-8, separated by semicolon; attributes: quantiy, Size.",
        'Note: "quantiy" is taken for an attribute; did you mean quantity?',
    ]


def test_no_cell_steers_the_terminal(shop: Shop) -> None:
    result = shop.put("-", stdin='sku,quantity,name\nA,"\x1b[2J",b\nB,1,"x\u202ey"\n')
    assert "\x1b" not in result.output
    assert 'line 2, column quantity: " [2J" is not a whole number' in result.stderr


def test_the_export_is_a_file_that_imports_as_unchanged(shop: Shop, tmp_path: Path) -> None:
    shop.put("-", stdin=SHOP)
    file = tmp_path / "out.csv"
    assert shop.export(str(file)).exit_code == 0
    assert file.read_bytes() == shop.export("-").stdout_bytes == shop.export().stdout_bytes
    result = shop.put(str(file))
    assert "Imported. SKUs: 0 new, 0 changed, 2 unchanged. Ledger entries: 0." in result.stdout


def test_a_database_that_fails_in_the_middle_says_that_the_import_goes_on(shop: Shop) -> None:
    class Failing(Bulk):
        async def drop(self, batch_id: int) -> None:
            raise DatabaseDown(f"the disk is full, {batch_id} stays")

    async def fails(tx: AsyncConnection, piece: Piece, now: datetime) -> None:
        if piece.after:
            raise DatabaseDown("the disk is full")

    @asynccontextmanager
    async def failing() -> AsyncIterator[Bulk]:
        async with shop.database() as database:
            yield Failing(database, lambda: NOW, fails, lines=1)

    result = CliRunner().invoke(import_command(failing), ["-"], input=SHOP)
    assert str(result.exception) == "the disk is full; what is begun goes on when it can be used"


def test_it_waits_for_a_bot_that_is_writing(shop: Shop) -> None:
    async def work() -> int:
        async with shop.database() as bot:
            async with bot.write() as tx:
                await tx.execute(batch.delete())
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    __name__,
                    shop.url,
                    "-",
                    stdin=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                )
                assert process.stdin is not None
                assert process.stderr is not None
                process.stdin.write(SHOP.encode())
                process.stdin.close()
                await process.stderr.readline()  # it has read the file and goes for the database
                await tx.execute(batch.delete())
            await process.communicate()
            return process.returncode or 0

    assert asyncio.run(work()) == 0
    assert shop.levels() == [10, 30]


@pytest.mark.parametrize(("answer", "levels"), [("y", [30, 3000]), ("n", [10, 30])])
def test_a_person_at_a_terminal_is_asked(
    shop: Shop, tmp_path: Path, answer: str, levels: list[int]
) -> None:
    shop.put("-", stdin=SHOP)
    file = tmp_path / "stock.csv"
    file.write_text("sku,quantity\nMUG-1,3000\n", encoding="utf-8")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, shop.url, str(file)],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    os.write(ours, f"{answer}\n".encode())
    _, stderr = process.communicate()
    os.close(ours)
    os.close(theirs)
    assert b"Apply it all the same? [y/N]" in stderr
    assert shop.levels() == levels


if __name__ == "__main__":
    import_command(Shop(sys.argv[1]).bulk)(sys.argv[2:])
