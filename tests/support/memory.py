"""Folders in memory, where there is enough: most of a small test's time is waiting for a disk.

Nothing here survives the machine, and no test cuts the power of that: kill -9 leaves the files.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

MEMORY = Path("/dev/shm")
ENOUGH = 200_000_000  # bytes; containers often have less


@contextmanager
def folder_in_memory(name: str) -> Iterator[Path]:
    """A folder of its own, gone at the end; on the disk where memory is short."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH
    folder = Path(mkdtemp(prefix=f"stockbell-{name}-", dir=MEMORY if roomy else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
