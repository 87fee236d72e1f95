"""The files of an SQLite database: that what is open is still what the path names.

A file that is deleted or moved stays open: all seems well, and at the next start all is gone.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

# What a database that was in use leaves beside it; the last two come with each that is opened.
REMAINS = (".key", ".lock", "-wal", "-shm")

Inode = tuple[int, int]  # device and number


def remains(path: Path, endings: Sequence[str] = REMAINS) -> list[Path]:
    """What is left beside a database that was in use."""
    beside = (Path(f"{path}{ending}") for ending in endings)
    return [file for file in beside if file.exists()]


def begin_anew(what: str, left: Sequence[Path]) -> str:
    """What to do when the database is gone, in words for whoever started."""
    return (
        f"{what}, but there is {' and '.join(map(str, left))} of one that was in use: was it moved "
        "or deleted? Put it back, from where it is now or from a backup. To begin an empty shop "
        "on purpose, move those files away first"
    )


@dataclass(slots=True)
class Place:
    """`opened` and `closed` are told of each connection. SQLite makes the write-ahead log with the
    first of them and deletes it with the last, so between them it is one file, too."""

    path: Path
    _file: Inode | None = field(init=False)
    _log: Inode | None = field(init=False, default=None)
    _connections: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._file = _inode(self.path)

    def opened(self) -> None:
        self._connections += 1

    def closed(self) -> None:
        self._connections -= 1
        if self._connections <= 0:
            self._log = None

    def trouble(self) -> str:
        """Why what is open is not the database any more, or "". Two looks at a folder: 4 us."""
        found = _inode(self.path)
        if found is None:
            return f"its file {self.path} was moved or deleted; put it back"
        if found != self._file:
            return f"another file stands at {self.path}; start the bot anew to use that one"
        log = _inode(f"{self.path}-wal")
        if self._log is None:
            self._log = log
        elif log != self._log:
            return f"the file {self.path}-wal was moved or deleted; start the bot anew"
        return ""


def _inode(path: Path | str) -> Inode | None:
    try:
        found = os.stat(path)
    except OSError:  # a folder on the way that is gone or shut, too
        return None
    return found.st_dev, found.st_ino
