"""Every answer to staff, in every state, with given names and counts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.domain import customers, staff
from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.rules.quantity import Quantities, Reason
from bot.domain.stock import MoveKind, Position, Product
from bot.domain.stock_words import BadInput
from bot.render.voice import View
from handlers.verbs import pressed
from handlers.verbs.act import ALWAYS, Act, Done, say
from handlers.verbs.table import Verbs
from tests.bot.render import health_samples
from tests.bot.render.samples import (
    NOW,
    alert,
    card,
    explained,
    full_position,
    move,
    position,
    product,
)

ROWS = Verbs().rows
PRESSED = [act for act in vars(pressed).values() if isinstance(act, Act) and act.says]
ACTS: tuple[Act[Any], ...] = (*ROWS, *PRESSED)


def said(view: View, language: str, result: object) -> Iterator[SlackBlocks]:
    """As every row says it that may come to this result; at least one does."""
    kind = type(result)
    acts = [act for act in ACTS if kind in act.says.get(SlackBlocks, {})]
    for act in acts or (ACTS[:1] if kind in ALWAYS[SlackBlocks] else []):
        yield say(view, SlackBlocks, language, Done(act, result))


def staff_answers(name: str, count: int) -> Iterator[object]:
    item, place = product(name), full_position(count, name)
    yield from cards(name, count)
    yield from writes(item, place, name, count)
    yield from low_lists(item, place, name, count)
    yield from members()
    yield from health_samples.cards(name, count)
    yield from whys(item, name, count)
    yield staff.WhichLocation(item, (place,) * 100)
    yield staff.WhichLocation(item, (place,), named=name or "x")
    for reason in ("none", "too_old", "undone", "not_yours", "below_zero", "other"):
        yield staff.NothingToUndo(reason)
    yield staff.ThresholdSet(item, place, 14)
    yield staff.ThresholdSet(item, replace(place, reorder_point=None), None)
    yield staff.BadThreshold(count, count)
    yield staff.HelpText(tuple(line for verb in ROWS for line in verb.help))
    yield customers.Expired()
    for code in BAD_CODES:
        yield BadInput(code, name, "MUG-BLUE +5")


def cards(name: str, count: int) -> Iterator[object]:
    made = card(name, count)
    place = made.positions[0]
    yield made
    yield card(name, count, places=60, can_write=False)
    yield card(name, count, places=0, moves=(), alerts=())
    yield card(name, count, shared=True)
    gone = replace(made.product, active=False)
    closed = replace(place, location=replace(place.location, sellable=False))
    yield replace(made, product=gone, positions=(closed,), alerts=())
    yield staff.StaffNotFound(name)
    yield staff.StaffNotFound(name, (made,) * 30, was_write=True)


def low_lists(item: Product, place: Position, name: str, count: int) -> Iterator[object]:
    row = staff.LowRow(item, place, Quantities(count, count, count, 14), alert(name, count))
    yield staff.LowList((), 0)
    yield staff.LowList((), 0, name, (name, "main") * 50)
    yield staff.LowList((row, replace(row, alert=None)) * 300, 5000)
    yield staff.LowList((row,), max(count, 1))


def members() -> Iterator[object]:
    roles = ((Role.CLERK, None), (Role.MANAGER, Role.VIEWER), (None, Role.ADMIN))
    for role, before in (*roles, (Role.VIEWER, Role.VIEWER)):
        yield staff.RoleSet("slack:U0ADA", role, before)
    yield staff.RoleList(())
    yield staff.RoleList((("slack:U0ADA", Role.ADMIN), ("telegram:4", Role.VIEWER)) * 300)
    yield staff.LastAdmin("slack:U0ADA")


BAD_CODES = (
    "no_number", "not_whole", "too_big", "zero", "negative", "reason_too_long", "move_number",
    "person", "role_word", "usage_low", "usage_undo", "usage_why", "usage_threshold", "usage_role",
    "other",
)  # fmt: skip


def writes(item: Product, place: Position, name: str, count: int) -> Iterator[object]:
    for kind in MoveKind:
        yield staff.Moved(item, place, move(name, count, kind=kind), count, actor="slack:U0ADA")
    yield staff.Moved(item, place, move("undo of #7"), 0, repeated=True, actor=name)
    yield staff.Unchanged(item, place)
    yield staff.BelowZero(item, place, -count)
    yield staff.NeedsConfirmation(item, place, count, 100, "t" * 1900)
    yield staff.ChangedMeanwhile(item, place, count)
    for repeated in (False, True):
        yield staff.Undone(item, place, move(name, -5), move(name), repeated, repeated=repeated)


def whys(item: Product, name: str, count: int) -> Iterator[object]:
    late = full_position(count, name)
    places = [late, replace(late, incoming_due=None), position(count), replace(late, incoming=0)]
    rules = [
        explained(places[n % 4], Quantities(count, count + (n % 3), count, 14), reason)
        for n, reason in enumerate([*Reason] * 3)
    ]
    fact = staff.RestockFact(NOW, None, count, count, count, count)
    for restock in (None, fact, replace(fact, closed_at=NOW)):
        yield staff.StaffWhy(
            item, tuple(rules), count, 0, count > 0, count, count, count, restock,
            ledger_sum_matches=count > 0,
        )  # fmt: skip
