"""Draft a migration: `python -m tests.support.draft_migration 0002 "what it does"`.

Writes storage/migrations/versions/<number>_<words>.py from what storage/tables/ has beyond the
revisions before that number. A person reads it, and mends what autogenerate cannot see (partial
indexes on an old table, checks, data); tests/storage/test_migrations.py says whether it is right.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from alembic import autogenerate
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BigInteger, Connection

import storage.migrations.versions
from storage.database import Database
from storage.migrate import migrate
from storage.tables import metadata
from storage.types import Instant

VERSIONS = Path(storage.migrations.versions.__file__ or "").parent
HEADER = '''"""{words}"""

from typing import Any

import sqlalchemy as sa
from alembic import op

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "{number}"
down_revision = {before!r}


def where(condition: str) -> dict[str, Any]:
    return {{"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}}


def upgrade() -> None:
'''


def _render(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Types of ours are frozen as what they are in the database."""
    del context
    if kind == "type" and isinstance(item, Instant):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, BigInteger) and "sqlite" in item._variant_mapping:
        return "Id"
    return False


def _body(connection: Connection, batch: bool) -> str:
    options = {"target_metadata": metadata, "render_item": _render, "render_as_batch": batch}
    context = MigrationContext.configure(connection, opts=options)
    script = autogenerate.produce_migrations(context, metadata)
    assert script.upgrade_ops is not None
    return autogenerate.render_python_code(
        script.upgrade_ops, render_item=_render, migration_context=context, render_as_batch=batch
    )


def _plain(body: str) -> str:
    """Without what the metadata's naming convention and the defaults say anyway."""
    body = re.sub(r", name=op\.f\('(fk|pk|uq)_\w+'\)", "", body)
    body = re.sub(r"sqlite_where=sa.text\((.+?)\), postgresql_where=.*\)", r"**where(\1))", body)
    body = re.sub(r"sa\.text\('\((true|false)\)'\)", r"sa.text('\1')", body)
    return re.sub(r"    # ###.*\n|, unique=False|, nullable=True|length=", "", body).strip()


async def draft(number: str, words: str) -> Path:
    """Write the revision file and return its path."""
    earlier = sorted(path.name[:4] for path in VERSIONS.glob("0*.py") if path.name[:4] < number)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/draft.db")
        try:
            if earlier:
                await migrate(database, until=earlier[-1])
            async with database.read() as tx:
                body = await tx.run_sync(_body, bool(earlier))
        finally:
            await database.close()
    path = VERSIONS / f"{number}_{words.replace(' ', '_').lower()}.py"
    header = HEADER.format(words=words, number=number, before=earlier[-1] if earlier else None)
    path.write_text(f"{header}    {_plain(body)}\n", encoding="utf-8")
    return path


def main() -> None:
    path = asyncio.run(draft(sys.argv[1], sys.argv[2]))
    for command in (["format", "--quiet"], ["check", "--fix", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=False)


if __name__ == "__main__":
    main()
