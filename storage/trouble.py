"""Which errors of the engines mean that the database cannot be used now.

All others (a constraint, a wrong statement, a deadlock) are about one transaction.
"""

import asyncpg
from sqlalchemy.exc import DBAPIError

# The primary result codes: sqlite.org/rescode.html
SQLITE = {
    5: "another program holds it locked",
    6: "it is locked",
    8: "it is read-only",
    10: "the disk fails or is full",
    11: "the file is damaged",
    13: "the disk is full",
    14: "the file cannot be opened",
    26: "the file is no database",
}
# Classes and codes: postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL = {
    "08": "the connection broke",
    "28": "the server does not accept the user or the password",
    "3D": "the database is not there",
    "53": "the server is out of disk, memory or connections",
    "57P": "the server is stopping or starting",
    "58": "the server's disk fails",
    "25006": "it is read-only",
}
# What a transaction on either engine can raise; OSError is a connection that does not come about.
EngineError = DBAPIError  # whatever an engine refuses, for those who may not name SQLAlchemy
ERRORS = (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


def down(error: Exception) -> str | None:
    """Why the database cannot be used now; None when that is not what `error` says."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE.get(code & 0xFF)
    state = getattr(cause, "sqlstate", None) or ""
    for beginning, reason in POSTGRESQL.items():
        if state.startswith(beginning):
            return reason
    if isinstance(error, OSError):
        return f"the server cannot be reached ({type(error).__name__})"
    if isinstance(error, asyncpg.InterfaceError) or _cut(error):
        return POSTGRESQL["08"]
    return None


def reason(error: Exception) -> str:
    """What the engine itself said, in one line: SQLAlchemy's own words hold the whole statement."""
    root: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig else error
    while root.__cause__ is not None:
        root = root.__cause__
    return (str(root).splitlines() or [type(root).__name__])[0]


def _cut(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
