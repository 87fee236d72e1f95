"""SQLAlchemy's aiosqlite connection, with one visit to the connection's thread per statement.

As SQLAlchemy has it a statement is four visits (open a cursor, execute, fetch, close), each of
which wakes a thread and then the loop. One does all of it, in a third of the time.
"""

import sqlite3
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import EMPTY_DICT
from sqlalchemy.util.concurrency import await_


class Outcome(NamedTuple):
    """All that a cursor knows after a statement."""

    description: Any = None
    rows: Sequence[Any] = ()
    rowcount: int = -1
    lastrowid: int | None = None


def _one(connection: sqlite3.Connection, statement: str, parameters: Any) -> Outcome:
    return _outcome(connection.execute(statement, parameters))


def _many(connection: sqlite3.Connection, statement: str, parameters: Any) -> Outcome:
    return _outcome(connection.executemany(statement, parameters))


def _outcome(cursor: sqlite3.Cursor) -> Outcome:
    rows = cursor.fetchall() if cursor.description else ()
    found = Outcome(cursor.description, rows, cursor.rowcount, cursor.lastrowid)
    cursor.close()
    return found


class OneVisitCursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that exists only as long as its statement."""

    __slots__ = ("_outcome",)

    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = deque()
        self._outcome = Outcome()

    @property
    def description(self) -> Any:
        return self._outcome.description

    @property
    def rowcount(self) -> int:
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> Any:
        return self._outcome.lastrowid

    def execute(self, operation: Any, parameters: Any = None) -> None:
        self._visit(_one, operation, parameters or ())

    def executemany(self, operation: Any, seq_of_parameters: Any) -> None:
        self._visit(_many, operation, seq_of_parameters)

    def _visit(self, run: Any, statement: str, parameters: Any) -> None:
        driver = self._connection
        try:
            # its own queue to its thread, as SQLAlchemy uses it too
            visit = driver._execute(partial(run, driver._conn), statement, parameters)
            self._outcome = await_(visit)
        except Exception as error:  # noqa: BLE001  # given to SQLAlchemy, which raises it
            self._adapt_connection._handle_exception(error)
        self._rows = deque(self._outcome.rows)

    def close(self) -> None:
        self._rows.clear()


class OneVisitConnection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = OneVisitCursor

    def rollback(self) -> None:
        """The pool rolls back whatever comes home: mostly there is nothing to roll back."""
        if self._connection._connection and self._connection.in_transaction:
            super().rollback()


class OneVisitDbapi(AsyncAdapt_aiosqlite_dbapi):
    """For create_async_engine(module=...)."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arg: Any, **kw: Any) -> OneVisitConnection:
        return OneVisitConnection(self, super().connect(*arg, **kw)._connection)
