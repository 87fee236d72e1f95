"""What belongs to the shop itself: the settings file, the language, the database and its keys."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from bot.app.opening import key_file_of, keys_there, require_the_keys, texts_of
from bot.checking.finding import Finding
from bot.domain.faults import DatabaseDown
from bot.settings import Settings, SettingsError
from storage import trouble
from storage.database import Database, DatabaseMissing, DatabaseUrlError, is_new
from storage.migrate import DatabaseTooNew, pending, refuse_an_empty_one
from storage.vault import Vault, VaultError

_NAME = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]+)\s*=", re.MULTILINE)


def misspelt(file: Path) -> Iterator[Finding]:
    """Names in .env that are almost a setting's: nobody would read them."""
    if not file.is_file():
        return
    known = [name.upper() for name in Settings.model_fields]
    for name in _NAME.findall(file.read_text("utf-8", errors="replace")):
        if name.upper() not in known:
            for meant in get_close_matches(name.upper(), known, n=1, cutoff=0.8):
                yield Finding(False, f".env: {name} is no setting; {meant} is meant, perhaps.")


def language(settings: Settings) -> Iterator[Finding]:
    try:
        texts_of(settings)
    except SettingsError as error:
        yield Finding(False, f"{error}.")


async def database(settings: Settings) -> Finding:
    """It answers, and the keys open what is in it."""
    try:
        if is_new(settings.database):
            _ = Vault(settings.keys) if settings.keys else None
            return Finding(True, "Database: a new one will be made at the start.")
        found = Database(settings.database)
    except (DatabaseUrlError, VaultError) as error:
        return Finding(False, f"Database: {error}")
    try:
        await found.ping()
        await refuse_an_empty_one(found, key_file_of(found))
        waiting = await pending(found)
        keys = keys_there(settings, found)
        vault = Vault(keys) if keys else None
        if vault is not None and not waiting:
            await require_the_keys(found, vault)
    except (DatabaseTooNew, DatabaseMissing, VaultError) as error:
        return Finding(False, f"Database: {error}")
    except (DatabaseDown, trouble.EngineError, OSError) as error:
        reason = trouble.reason(error)
        return Finding(False, f"Database: it does not answer ({reason}). Look at DATABASE_URL.")
    finally:
        await found.close()
    note = "its tables will be made or updated at the start" if waiting else "up to date"
    return Finding(True, f"Database: it answers, {note}.")
