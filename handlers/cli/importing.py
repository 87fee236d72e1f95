"""`stockbell import FILE`: from a stock file to the ledger, through the bulk service."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import uuid4

import click

from bot.domain.bulk import BadCell, BadFile, BulkPreview, Staged
from bot.domain.faults import DatabaseDown
from bot.domain.sources import CLI
from bot.formats import csv_in
from bot.formats.cells import CellError, currency
from bot.services.stock.bulk import Bulk
from handlers.cli import words

OpenBulk = Callable[[], AbstractAsyncContextManager[Bulk]]
Run = Callable[[Coroutine[Any, Any, int]], int]

REFUSED = 1


@dataclass(frozen=True, slots=True)
class Options:
    dry_run: bool
    yes: bool
    currency: str


def import_command(open_bulk: OpenBulk, run: Run = asyncio.run) -> click.Command:
    """The command; `open_bulk` gives it the service on a migrated database, `run` runs it."""

    @click.command("import")
    @click.argument("file", type=click.File("rb"))
    @click.option("--dry-run", is_flag=True, help="Only show what would change.")
    @click.option("--yes", is_flag=True, help="Apply suspicious changes without asking.")
    @click.option("--currency", "code", default="", callback=_currency, help="Of bare prices.")
    def command(file: BinaryIO, *, dry_run: bool, yes: bool, code: str) -> None:
        """Import stock from FILE (CSV), or from standard input if it is -.

        All or nothing: one bad row, and nothing is imported.
        """
        data = file.read()
        work = _import(open_bulk, data, Options(dry_run, yes, code))
        sys.exit(run(work))

    return command


def _currency(context: click.Context, option: click.Parameter, value: str) -> str:
    del context, option
    try:
        return currency(value) if value else ""
    except CellError as error:
        raise click.BadParameter(f"{value} is no currency code such as EUR or CNY") from error


async def _import(open_bulk: OpenBulk, data: bytes, options: Options) -> int:
    """Returns the exit code."""
    layout = csv_in.layout(data)
    if not isinstance(layout, csv_in.Layout):
        return _refuse(layout)
    for line in words.layout(layout):
        click.echo(line, err=True)
    async with open_bulk() as bulk:
        rows = csv_in.rows(data, layout, options.currency)
        with _progress(data.count(b"\n") + 1) as progress:
            staged = await bulk.stage(rows, CLI, f"import:{uuid4().hex}", progress=progress)
        if isinstance(staged, BadFile):
            return _refuse(staged.problems)
        try:
            return await _preview_and_apply(bulk, staged, options)
        finally:
            with suppress(DatabaseDown):  # then the bot does it
                await bulk.drop(staged.batch_id)  # applied, it only clears what was staged


async def _preview_and_apply(bulk: Bulk, staged: Staged, options: Options) -> int:
    seen = await bulk.preview(staged.batch_id)
    for line in words.preview(seen):
        click.echo(line)
    if options.dry_run:
        click.echo("Nothing was changed (--dry-run).")
        return 0
    if not _agreed(seen, options):
        return REFUSED
    done = await bulk.apply(staged.batch_id)
    if isinstance(done, BadFile):
        return _refuse(done.problems)
    click.echo(words.result(done))
    await bulk.reindex()
    return 0


def _agreed(seen: BulkPreview, options: Options) -> bool:
    """Suspicious changes need a word from a person, or --yes where there is none to ask."""
    if not seen.suspicions or options.yes:
        return True
    if sys.stdin.isatty() and click.confirm("Apply it all the same?", err=True):
        return True
    click.echo("Nothing was imported. With --yes it is imported without asking.", err=True)
    return False


def _refuse(problems: tuple[BadCell, ...]) -> int:
    for problem in problems:
        click.echo(words.bad(problem), err=True)
    click.echo("Nothing was imported.", err=True)
    return REFUSED


@contextmanager
def _progress(lines: int) -> Iterator[Callable[[int], None] | None]:
    """A bar on the terminal, nothing in a log."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=lines, label="Reading", file=sys.stderr) as bar:
        yield lambda line: bar.update(line - bar.pos)
