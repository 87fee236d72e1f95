"""Who reads the database's files learns nothing about people."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.domain.contacts import Address, Caller
from bot.domain.ways import SLACK, TELEGRAM
from bot.services.engine.pacing import PaceMemory
from storage import inbox, persons
from storage.database import Database
from storage.tables import metadata
from storage.vault import Vault
from tests.support.clock import Clock
from tests.support.databases import PostgresServer
from tests.support.shop import Shop

CHAT = 8812345678
NAME = "Zyxomma Petiolatum"
MEMBER = "U0MARKER77"
TOKEN = "8812300000:AAF-made-up-token-of-a-bot"
PAYLOAD = f'{{"chat": {CHAT}, "name": "{NAME}", "url": "/bot{TOKEN}/getMe"}}'
NOT_SECRET = "Thermos Flask Vermilion"
SECRETS = {
    secret
    for word in (str(CHAT), NAME, MEMBER, TOKEN)
    for secret in (word.encode(), word.encode("utf-16-le"), word.encode().hex().encode())
} | {CHAT.to_bytes(8, "little"), CHAT.to_bytes(8, "big")}


def _shown(files: list[bytes]) -> set[bytes]:
    return {secret for secret in SECRETS for content in files if secret in content}


@pytest.fixture
async def lived_in(database: Database, vault: Vault, clock: Clock) -> Database:
    """A database that people have used: kept, worked off, failed, renamed, forgotten."""
    shop = await Shop.open(database, vault, clock)
    mei, staff = (
        Caller(Address(TELEGRAM, str(CHAT)), NAME, "zh-hans"),
        Caller(Address(SLACK, MEMBER), NAME),
    )
    await shop.product("TF-1", NOT_SECRET)
    await shop.services.subscribing.notify(mei, "TF-1", 1, shop.key())
    await shop.moved("TF-1 +5")
    await shop.deliver()
    for way, address in ((TELEGRAM, str(CHAT)), (SLACK, MEMBER)):
        held = PaceMemory(database, vault, clock, way)
        held.note(address, 60, 600)
        await held.keep()
    async with database.write() as tx:
        await persons.ensure(tx, vault, staff, clock(), wrote=True)
        for key in "abc":
            await inbox.put(
                tx,
                vault,
                source="telegram",
                key=key,
                sender=str(CHAT),
                payload=PAYLOAD,
                now=clock(),
            )
    async with database.write() as tx:
        (claimed,) = await inbox.claim(tx, clock(), timedelta(minutes=1))
        await inbox.dead(tx, vault, claimed, f"KeyError: {PAYLOAD}", clock())
        (claimed,) = await inbox.claim(tx, clock(), timedelta(minutes=1))
        await inbox.done(tx, [claimed.id], clock())
    return database


def _read(path: Path) -> list[bytes]:
    return [found.read_bytes() for found in path.parent.glob(f"{path.name}*")]


async def _rows(database: Database) -> bytes:
    """Every cell of every table as text, the way a dump shows it."""
    cells = []
    async with database.read() as tx:
        for name, table in metadata.tables.items():
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            for row in (await tx.execute(text(f'SELECT {columns} FROM "{name}"'))).all():
                cells += [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
    return b"\n".join(cells)


async def test_no_cell_shows_a_chat_id_a_name_or_a_token(lived_in: Database) -> None:
    rows = await _rows(lived_in)
    assert NOT_SECRET.encode() in rows
    assert _shown([rows]) == set()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_no_sqlite_file_shows_a_chat_id_a_name_or_a_token(lived_in: Database) -> None:
    path = Path(str(lived_in.url.database))
    files = _read(path)
    assert len(files) == 3, "the file, its log and the index of the log"
    assert any(NOT_SECRET.encode() in content for content in files)
    assert _shown(files) == set()
    await lived_in.close()  # the last one to leave moves the log into the file
    (left,) = _read(path)
    assert NOT_SECRET.encode() in left
    assert _shown([left]) == set()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_no_postgresql_file_shows_a_chat_id_a_name_or_a_token(
    lived_in: Database, postgres: PostgresServer
) -> None:
    if postgres.data is None:  # a server of somebody else: its files are out of reach
        assert _shown([await _rows(lived_in)]) == set()
        return
    postgres.run("CHECKPOINT")
    folders = (postgres.data / "base", postgres.data / "pg_wal")
    files = [
        found.read_bytes() for folder in folders for found in folder.rglob("*") if found.is_file()
    ]
    assert any(NOT_SECRET.encode() in content for content in files)
    assert _shown(files) == set()


async def test_who_is_forgotten_leaves_no_sealed_copy_in_the_tables(
    lived_in: Database, vault: Vault, clock: Clock
) -> None:
    address = Address(TELEGRAM, str(CHAT))
    async with lived_in.write() as tx:
        found = await persons.at(tx, vault, address)
        assert found is not None
        await persons.delete_all(tx, [found.id])
        await inbox.forget_sender(tx, vault, "telegram", str(CHAT), clock())
    rows = await _rows(lived_in)
    async with lived_in.read() as tx:
        left = (
            await tx.execute(text("SELECT count(*) FROM inbox WHERE payload IS NOT NULL"))
        ).scalar()
    assert left == 1  # the one that is still to be worked on
    assert vault.index(TELEGRAM, str(CHAT)) in rows  # only as the sender in the inbox
