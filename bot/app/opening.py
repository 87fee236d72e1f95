"""What every command needs: the settings made into an open, migrated database with services."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.app.rules import RULES, kinds_of
from bot.app.ways import WAYS, Named, Row, named, ways_of
from bot.domain.contacts import Address
from bot.domain.faults import DatabaseDown
from bot.render.catalogue import Texts
from bot.services.bundle import Options, Services, build_services
from bot.services.customers.subscribing import Limits
from bot.services.own_health.upkeep import Retention
from bot.services.stock.bulk import Bulk
from bot.settings import Settings, SettingsError
from storage import contacts, trouble
from storage.database import Database
from storage.migrate import migrate, refuse_an_empty_one
from storage.vault import UnknownKey, Vault, load_or_create_key_file

log = structlog.get_logger(__name__)

DEFAULT_KEY_FILE = Path("data/stockbell.key")  # for PostgreSQL, which has no file to be beside


def now() -> datetime:
    """The one clock of the running bot."""
    return datetime.now(UTC)  # noqa: TID251  # this is the injected clock


def elapsed() -> float:
    """Seconds that have passed, also those in which the machine slept where the system counts
    them; nobody can set it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def keys_of(settings: Settings, database: Database) -> list[str]:
    """The keys of the settings, else those of the key file, which is made if there is none."""
    return list(settings.keys) or load_or_create_key_file(key_file_of(database))


def keys_there(settings: Settings, database: Database) -> list[str]:
    """The same; nothing is made."""
    path = key_file_of(database)
    if settings.keys or not path.is_file():
        return list(settings.keys)
    return load_or_create_key_file(path)


def key_file_of(database: Database) -> Path:
    return Path(f"{database.url.database}.key") if database.is_sqlite else DEFAULT_KEY_FILE


def texts_of(settings: Settings) -> Texts:
    """The catalogues. Raises SettingsError for a language that has none."""
    texts = Texts(settings.default_language)
    spoken = {code.partition("_")[0] for code in texts.languages}
    if settings.default_language.replace("-", "_").partition("_")[0].lower() not in spoken:
        raise SettingsError(f"DEFAULT_LANGUAGE: there is only {' and '.join(texts.languages)}")
    return texts


def options_of(settings: Settings, texts: Texts, admins: tuple[Address, ...]) -> Options:
    return Options(
        zone=settings.zone,
        languages=texts.languages,
        admins=admins,
        out_level=settings.out_level,
        allow_negative=settings.allow_negative_stock,
        clerk_limit=settings.clerk_limit,
        limits=Limits(settings.max_subscriptions, settings.few_left),
        retention=Retention(settings.subscription_days, settings.retention_days),
        rules=kinds_of(RULES),
    )


@dataclass(frozen=True, slots=True)
class Base:
    """What every command needs: an open, migrated database and the services on it."""

    settings: Settings
    database: Database
    texts: Texts
    services: Services
    rows: Sequence[Row]
    named: Named


@asynccontextmanager
async def opened(settings: Settings, rows: Sequence[Row] = WAYS) -> AsyncIterator[Base]:
    """Open the database, bring its schema up to date, build the services; close it at the end."""
    texts, addresses = texts_of(settings), named(settings, rows)
    database = Database(settings.database)
    try:
        applied = await up_to_date(database)
        if applied:
            log.info("migrated", revisions=applied)
        # After the tables: a key without them says that a database is gone.
        vault = Vault(keys_of(settings, database))
        await require_the_keys(database, vault)
        options = options_of(settings, texts, addresses.admins)
        services = build_services(database, vault, now, ways_of(rows), options, elapsed)
        await finish_imports(services.bulk)
        yield Base(settings, database, texts, services, rows, addresses)
    finally:
        await database.close()


async def up_to_date(database: Database) -> list[str]:
    """Apply what is pending; returns it. Raises DatabaseMissing rather than begin an empty shop in
    the place of one that was in use."""
    await refuse_an_empty_one(database, key_file_of(database))
    return await migrate(database)


async def require_the_keys(database: Database, vault: Vault) -> None:
    """Refuse to go on without the keys of the contacts there are. Raises UnknownKey."""
    async with database.read() as tx:
        known = [vault.knows(header) for header in await contacts.headers(tx)]
    if not all(known):
        raise UnknownKey(
            "the contacts in this database were encrypted with a key that is neither in "
            "PERSONAL_DATA_KEYS nor in the key file beside it: bring that key back"
        )


async def finish_imports(bulk: Bulk) -> None:
    """Go on with what a killed import had begun, before anybody looks at the stock."""
    try:
        left = await bulk.finish()
    except (DatabaseDown, trouble.EngineError) as error:  # a job tries again each minute
        log.warning("an import that was begun has to wait", reason=trouble.reason(error))
    else:
        if left:
            log.info("went on with imports that were begun", imports=left)
