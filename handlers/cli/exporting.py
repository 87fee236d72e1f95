"""`stockbell export [FILE]`: the stock as a file that `import` reads back without a change."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, BinaryIO

import click

from bot.services.stock.exporting import Exporting

OpenExporting = Callable[[], AbstractAsyncContextManager[Exporting]]
Run = Callable[[Coroutine[Any, Any, None]], None]


def export_command(open_exporting: OpenExporting, run: Run = asyncio.run) -> click.Command:
    """The command; `open_exporting` gives it the service on a migrated database, `run` runs it."""

    @click.command("export")
    @click.argument("file", type=click.File("wb", atomic=True), default="-")
    def command(file: BinaryIO) -> None:
        """Write all products and their stock as CSV to FILE, or to standard output."""
        run(_export(open_exporting, file))

    return command


async def _export(open_exporting: OpenExporting, file: BinaryIO) -> None:
    async with open_exporting() as exporting:
        async for part in exporting.csv():
            file.write(part.encode())
