"""What others may not read: the files of the shop, and values of rows in an engine's errors."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

# asyncpg quotes what it cannot send, PostgreSQL what it cannot read: what stands before is enough.
_VALUE = re.compile(r'(query argument \$\d+|invalid input [^:]*|value(?= ")).*', re.DOTALL)


def tighten(*paths: Path) -> None:
    """Those that are there become the owner's alone, however they were made."""
    for path in paths:
        with suppress(FileNotFoundError, PermissionError):  # not there, or another's to decide
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)


def hide_values(engine: AsyncEngine) -> None:
    """PostgreSQL tells of a broken rule with the whole row; a log is no place for that."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def hide(context: ExceptionContext) -> None:
        for error in (context.sqlalchemy_exception, *_chain(context.original_exception)):
            if error is None:
                continue
            if getattr(error, "detail", None):
                error.detail = None  # type: ignore[attr-defined]  # asyncpg's text is made of it
            if error.args and isinstance(error.args[0], str):
                error.args = (_VALUE.sub(r"\1 <hidden>", error.args[0]), *error.args[1:])


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
