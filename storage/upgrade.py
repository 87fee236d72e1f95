"""Runs the migrations. Apart from storage.migrate, because a start that has none to run need not
load Alembic, which is a tenth of its time."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection


class UnknownRevision(Exception):
    """The database is at a revision that the scripts do not have."""


def upgrade(connection: Connection, scripts: str, until: str) -> list[str]:
    """Apply what is missing; returns it, oldest first. Raises UnknownRevision."""
    found = missing(connection, scripts, until)
    if found:
        config = _config(scripts)
        config.attributes["connection"] = connection
        command.upgrade(config, until)
    return found


def missing(connection: Connection, scripts: str, until: str) -> list[str]:
    """The revisions that are not applied yet, oldest first. Raises UnknownRevision."""
    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config(scripts))
    try:
        found = list(script.iterate_revisions(until, current or "base"))
    except (ResolutionError, CommandError) as error:
        raise UnknownRevision(str(current)) from error
    return [revision.revision for revision in reversed(found)]


def _config(scripts: str) -> Config:
    config = Config()
    config.set_main_option("script_location", scripts)
    return config
