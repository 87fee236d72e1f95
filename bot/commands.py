"""The command line: `stockbell <command>`, or `python -m bot <command>`.

What only some commands need (the platforms, the sandbox) is imported by them: it takes longer to
load than the others run.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import click

from bot import logs, settings_loading
from bot.app.opening import opened, up_to_date
from bot.app.ways import KNOWN, WAYS, named, require_one
from bot.domain.faults import DatabaseDown
from bot.loading import loading
from bot.services.stock.bulk import Bulk
from bot.services.stock.exporting import Exporting
from bot.settings import Settings, SettingsError
from bot.stopping import stop_on_signals
from handlers.cli.exporting import export_command
from handlers.cli.importing import import_command
from handlers.cli.inbox import Desk, inbox_command
from storage import trouble
from storage.database import Database, DatabaseUrlError
from storage.lock import AlreadyRunning
from storage.migrate import DatabaseTooNew
from storage.vault import VaultError, generate_key

T = TypeVar("T")

# What people can put right themselves: one clear line and exit 1, no traceback.
EXPECTED = (SettingsError, DatabaseUrlError, AlreadyRunning, DatabaseTooNew, VaultError)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; an expected error becomes one line on standard error and exit 1."""
    try:
        return asyncio.run(work)
    except EXPECTED as error:
        raise _stop(error) from None
    except DatabaseDown as error:
        raise click.ClickException(f"the database cannot be used: {error}") from None
    except (trouble.EngineError, OSError) as error:
        reason = trouble.reason(error)
        raise click.ClickException(f"the database or the network failed: {reason}") from None


def _stop(error: Exception) -> click.ClickException:
    """One line; for settings one for each that is wrong."""
    lines = error.lines if isinstance(error, SettingsError) else (str(error),)
    return click.ClickException("\nError: ".join(lines))


def load(**overrides: object) -> Settings:
    """The settings, with logging set up by them."""
    try:
        found = settings_loading.load(KNOWN, **overrides)
        named(found, WAYS)
    except SettingsError as error:
        raise _stop(error) from None
    logs.configure(found.log_level, found.log_format, found.secrets)
    return found


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stockbell")
def main() -> None:
    """Stockbell: customers are told when a product is back, staff keep the stock."""
    os.umask(0o077)  # whatever a command writes is its owner's alone


@main.command()
def run() -> None:
    """Run the bot with the settings of .env until it is told to stop."""
    found = load()
    try:
        require_one(found, WAYS)
    except SettingsError as error:
        raise _stop(error) from None
    run_async(serve(found))


async def serve(found: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT; a second one ends it at once."""
    with loading():
        from bot.app.running import App

    stop = asyncio.Event()
    stop_on_signals(stop)
    async with opened(found) as base:
        await App(base, stop).run()


@main.command(name="migrate")
def migrate_command() -> None:
    """Bring the database's schema up to date."""

    async def work(found: Settings) -> None:
        database = Database(found.database)
        try:
            applied = await up_to_date(database)
        finally:
            await database.close()
        for revision in applied:
            click.echo(f"applied {revision}")
        click.echo("The database is up to date.")

    run_async(work(load()))


@main.command()
def check() -> None:
    """Say in plain words whether the settings work; exit 1 when something is wrong."""
    from bot.app.checks.report import findings

    async def work(found: Settings) -> bool:
        good = True
        async for finding in findings(found, WAYS):
            mark = (
                click.style("ok  ", fg="green") if finding.good else click.style("FAIL", fg="red")
            )
            click.echo(f"{mark}  {finding.line}")
            good = good and finding.good
        return good

    if not run_async(work(load())):
        sys.exit(1)


@main.command(name="slack-manifest")
@click.option("--url", default="", help="Public https address of this bot, for SLACK_MODE=http.")
def slack_manifest(url: str) -> None:
    """Print the Slack app's manifest: paste it at api.slack.com/apps, From a manifest."""
    from handlers.slack.manifest import ManifestError, manifest

    found = load()
    try:
        text = manifest(found.slack_mode, found.shop_name, url)
    except ManifestError as error:
        raise click.ClickException(f"{error} (--url)") from None
    click.echo(json.dumps(text, indent=2, ensure_ascii=False))


@asynccontextmanager
async def bulk() -> AsyncIterator[Bulk]:
    async with opened(load()) as base:
        yield base.services.bulk


@asynccontextmanager
async def exporting() -> AsyncIterator[Exporting]:
    async with opened(load()) as base:
        yield base.services.exporting


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    async with opened(load()) as base:
        yield Desk(base.services.arriving, base.settings.zone)


main.add_command(import_command(bulk, run_async))
main.add_command(export_command(exporting, run_async))
main.add_command(inbox_command(desk, run_async))


@main.group()
def keys() -> None:
    """The keys that encrypt personal data."""


@keys.command(name="new")
def new_key() -> None:
    """Print a new key for PERSONAL_DATA_KEYS."""
    click.echo(generate_key())


@keys.command()
def rotate() -> None:
    """Encrypt all personal data anew with the first key of PERSONAL_DATA_KEYS."""

    async def work(found: Settings) -> int:
        async with opened(found) as base:
            return await base.services.people.rotate_keys()

    count = run_async(work(load()))
    click.echo(f"{count} records are encrypted with the first key now.")


@main.command()
@click.option("--port", default=8321, show_default=True, help="Port of the demo page; 0: any.")
@click.option("--open/--no-open", "browse", default=True, help="Open the page in a browser.")
def demo(port: int, browse: bool) -> None:
    """The main job in a browser: the real bot against a local Telegram and Slack."""
    with loading():
        from bot.demo import serve_demo

    logs.configure("WARNING", "text", ())
    run_async(serve_demo(port=port, browse=browse))
