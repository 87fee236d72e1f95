"""`stockbell inbox`: what arrived and could not be worked off, and how to try it again."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.domain.inbox import DeadLetter, InboxReport, InboxState
from bot.services.inbox.arriving import Arriving

SHOWN = 50
NOT_FOUND = 1

REASONS = {
    "UnknownKey": "it is encrypted with a key that is not in PERSONAL_DATA_KEYS",
    "Damaged": "what was stored of it is damaged",
    "Rejected": "the platform refuses the answer",
    "Gone": "the person who asked cannot be reached any more",
    "InDoubt": "the platform gave no answer",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands need: the service on a migrated database, and the shop's time zone."""

    arriving: Arriving
    zone: ZoneInfo


OpenDesk = Callable[[], AbstractAsyncContextManager[Desk]]
Run = Callable[[Coroutine[Any, Any, int]], int]


def inbox_command(open_desk: OpenDesk, run: Run = asyncio.run) -> click.Group:
    """The group; `open_desk` gives it the service, `run` runs it to its exit code."""

    @click.group("inbox", invoke_without_command=True)
    @click.option("--show", "number", type=int, help="Show one with what was written: personal!")
    @click.pass_context
    def group(context: click.Context, number: int | None) -> None:
        """List what arrived and could not be worked off after several tries.

        It is kept until it is tried again. No personal data is shown, unless with --show.
        """
        if context.invoked_subcommand is None:
            sys.exit(run(_list(open_desk) if number is None else _show(open_desk, number)))

    @group.command("replay")
    @click.argument("number", type=int, required=False)
    @click.option("--all", "everything", is_flag=True, help="All that are kept.")
    def replay(number: int | None, *, everything: bool) -> None:
        """Try number NUMBER again, or all of them. A running bot begins within a second."""
        if everything == (number is not None):
            raise click.UsageError("give a number, or --all")
        sys.exit(run(_replay(open_desk, number)))

    return group


async def _list(open_desk: OpenDesk) -> int:
    async with open_desk() as desk:
        for line in listed(await desk.arriving.report(SHOWN), desk.zone):
            click.echo(line)
    return 0


async def _show(open_desk: OpenDesk, number: int) -> int:
    async with open_desk() as desk:
        found = await desk.arriving.dead_letter(number)
        if found is None:
            return _none(number)
        letter, payload = found
        click.echo(one(letter, desk.zone))
        click.echo(f"error: {letter.error}")
        click.echo(json.dumps(payload, ensure_ascii=False, indent=2))
    return 0


async def _replay(open_desk: OpenDesk, number: int | None) -> int:
    async with open_desk() as desk:
        if number is None:
            count = await desk.arriving.replay_all()
            click.echo(f"To be tried again: {count}.")
            return 0
        if not await desk.arriving.replay(number):
            return _none(number)
    click.echo(f"Number {number} is tried again.")
    return 0


def _none(number: int) -> int:
    click.echo(f"Nothing is kept under number {number}.", err=True)
    return NOT_FOUND


def listed(report: InboxReport, zone: ZoneInfo) -> Iterator[str]:
    """The counts, then one line for each."""
    counts = report.counts
    waiting, working = counts[InboxState.PENDING], counts[InboxState.WORKING]
    dead = counts[InboxState.DEAD]
    yield f"Waiting: {waiting}. In work: {working}. Given up and kept: {dead}."
    for letter in report.letters:
        yield one(letter, zone)
    if dead > len(report.letters):
        yield f"... and {dead - len(report.letters)} more, older ones"
    if dead:
        yield "Try again: stockbell inbox replay NUMBER (or --all)"


def one(letter: DeadLetter, zone: ZoneInfo) -> str:
    """`17  telegram  arrived 2026-11-20 14:02, given up 14:03 after 6 tries: a fault ...`"""
    return (
        f"{letter.id:>6}  {letter.source:<8}  arrived {_when(letter.received_at, zone)}, given up "
        f"{_when(letter.died_at, zone)} after {letter.attempts} tries: {reason(letter)}"
    )


def _when(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def reason(letter: DeadLetter) -> str:
    """Why, in words and without a person's."""
    if letter.error == repr(KeyError(letter.source)):
        return f"{letter.source} is not set up (its token is missing in .env)"
    return REASONS.get(letter.kind, f"a fault of the bot ({letter.kind}); the log has the details")
