"""`stockbell export [FILE]`: the stock as a file that `import` reads back without a change."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import IO, Any

import click

from bot.services.stock.exporting import Exporting

OpenExporting = Callable[[], AbstractAsyncContextManager[Exporting]]
Run = Callable[[Coroutine[Any, Any, None]], None]


def export_command(open_exporting: OpenExporting, run: Run = asyncio.run) -> click.Command:
    """The command; `open_exporting` gives it the service on a migrated database, `run` runs it."""

    @click.command("export")
    @click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
    def command(file: str) -> None:
        """Write all products and their stock as CSV to FILE, or to standard output."""
        with click.open_file(file, "wb", atomic=True) as opened:
            run(_export(open_exporting, opened, private=file != "-"))

    return command


async def _export(open_exporting: OpenExporting, file: IO[bytes], *, private: bool) -> None:
    """`private`: nobody but the owner may read it."""
    if private:
        os.fchmod(file.fileno(), 0o600)
    async with open_exporting() as exporting:
        async for part in exporting.csv():
            file.write(part.encode())
