"""Slack: what became of a write."""

from collections.abc import Callable
from typing import Any

from bot.domain.forms import SlackBlocks
from bot.domain.staff import (
    BadThreshold,
    BelowZero,
    ChangedMeanwhile,
    LastAdmin,
    Moved,
    NeedsConfirmation,
    NothingToUndo,
    RoleList,
    RoleSet,
    StaffNotFound,
    ThresholdSet,
    Unchanged,
    Undone,
    WhichLocation,
)
from bot.domain.stock import Position
from bot.domain.ways import WayName
from bot.render import slack_blocks as kit
from bot.render.escape import Safe
from bot.render.roles import role_name
from bot.render.slack_card import KINDS, not_found, reason_of, title
from bot.render.voice import Voice, joined, lines


def moved(say: Voice, result: Moved) -> SlackBlocks:
    move, place = result.move, say.place(result.position.location)
    head = say(
        "moved.repeated" if result.repeated else "moved.done",
        item=title(say, result.product), quantity=say.signed(move.quantity), after=move.after,
        place=place,
    )  # fmt: skip
    by = say("moved.by", who=say.person(result.actor)) if result.actor.strip() else None
    told = say.n("moved.told", result.told) if result.told > 0 else None
    small = joined(
        [say(KINDS[move.kind]), reason_of(say, move), _available(say, result.position), by]
    )
    undo = kit.button(say.label("button.undo"), "stock_undo", str(move.id))
    return kit.message(
        joined([head, told], " "),
        kit.section(lines(head, told)),
        kit.context(small),
        kit.actions(None if move.undone else undo),
    )


def _available(say: Voice, position: Position) -> Safe | None:
    """Only when it is not what is on hand."""
    if position.available == position.on_hand:
        return None
    return say("sum.available", number=position.available)


def unchanged(say: Voice, result: Unchanged) -> SlackBlocks:
    return kit.note(_about(say, "write.unchanged", result, number=result.position.on_hand))


def below_zero(say: Voice, result: BelowZero) -> SlackBlocks:
    on_hand, quantity = result.position.on_hand, result.quantity
    head = _about(
        say, "belowzero.head", result, number=on_hand, quantity=say.signed(quantity),
        outcome=on_hand + quantity,
    )  # fmt: skip
    place = result.position.location.code
    example = say.code(f"/stock {result.product.sku}@{place} =0")
    show = kit.show_button(say, result.product.id)
    return kit.note(head, kit.context(say("belowzero.hint", example=example)), kit.actions(show))


def needs_confirmation(say: Voice, result: NeedsConfirmation) -> SlackBlocks:
    before, quantity = result.position.on_hand, result.quantity
    head = _about(
        say, "confirm.head", result, quantity=say.signed(quantity), before=before,
        after=before + quantity,
    )  # fmt: skip
    text = lines(head, say("confirm.limit", limit=result.limit))
    yes = kit.button(say.label("button.confirm"), "stock_confirm", result.token, "primary")
    no = kit.button(say.label("button.cancel"), "stock_cancel", result.token)
    return kit.note(text, kit.actions(yes, no))


def changed_meanwhile(say: Voice, result: ChangedMeanwhile) -> SlackBlocks:
    head = _about(
        say, "write.meanwhile", result, number=result.position.on_hand, shown=result.shown
    )
    return kit.note(head, kit.actions(kit.show_button(say, result.product.id)))


def _about(
    say: Voice,
    msgid: str,
    result: Unchanged | BelowZero | NeedsConfirmation | ChangedMeanwhile,
    **args: object,
) -> Safe:
    place = say.place(result.position.location)
    return say(msgid, item=title(say, result.product), place=place, **args)


def which_location(say: Voice, result: WhichLocation) -> SlackBlocks:
    item = title(say, result.product)
    if result.named.strip():
        head = say("where.unknown", item=item, place=say.words(result.named, 40))
    else:
        head = say("where.several", item=item)
    entries = [
        say(
            "where.entry", number=position.on_hand,
            code=say.code(f"{result.product.sku}@{position.location.code}"),
        )
        for position in result.positions
    ]  # fmt: skip
    sections, _ = kit.packed(entries)
    return kit.message(head, kit.section(head), *sections)


def undone(say: Voice, result: Undone) -> SlackBlocks:
    text = lines(
        say(
            "undone.repeated" if result.repeated else "undone.done",
            item=title(say, result.product), quantity=say.signed(result.undone.quantity),
            after=result.position.on_hand, place=say.place(result.position.location),
        ),
        say("undone.restock") if result.restock_closed else None,
    )  # fmt: skip
    return kit.note(text)


UNDO_REASONS = {
    "none": "undo.none",
    "too_old": "undo.too_old",
    "undone": "undo.undone",
    "not_yours": "undo.not_yours",
    "below_zero": "undo.below_zero",
}


def nothing_to_undo(say: Voice, result: NothingToUndo) -> SlackBlocks:
    return kit.note(say(UNDO_REASONS.get(result.reason, "undo.none")))


def threshold_set(say: Voice, result: ThresholdSet) -> SlackBlocks:
    item, place = title(say, result.product), say.place(result.position.location)
    if result.clear_level is None:
        return kit.note(say("threshold.off", item=item, place=place))
    point = result.position.reorder_point or 0
    return kit.note(
        say("threshold.set", item=item, place=place, point=point, clear=result.clear_level)
    )


def bad_threshold(say: Voice, result: BadThreshold) -> SlackBlocks:
    return kit.note(say("threshold.bad", point=result.point, clear=result.clear))


def person(say: Voice, value: str) -> Safe:
    """An address; an id that no mention can be made of is shown, to tell members apart."""
    way, _, number = value.partition(":")
    if say.view.context.ways.can_mention(WayName(way)):
        return say.person(value)
    return say("person.elsewhere", platform=say.title(WayName(way)), id=say.code(number))


def role_set(say: Voice, result: RoleSet) -> SlackBlocks:
    who, before = person(say, result.person), role_name(say, result.before)
    if result.role is None:
        return kit.note(say("roleset.removed", who=who, before=before))
    role = role_name(say, result.role)
    if result.role == result.before:
        return kit.note(say("roleset.same", who=who, role=role))
    return kit.note(say("roleset.done", who=who, role=role, before=before))


def role_list(say: Voice, result: RoleList) -> SlackBlocks:
    if not result.members:
        return kit.note(lines(say("roles.empty"), say("roles.hint")))
    head = say.n("roles.head", len(result.members))
    entries = [
        Safe(f"{person(say, address)} · {role_name(say, role)}")
        for address, role in sorted(result.members, key=lambda member: -member[1])
    ]
    sections, shown = kit.packed(entries)
    rest = len(entries) - shown
    more = say.n("list.more", rest) if rest else None
    return kit.message(head, kit.section(say.bold(head)), *sections,
                       kit.context(more, say("roles.hint")))  # fmt: skip


def last_admin(say: Voice, result: LastAdmin) -> SlackBlocks:
    return kit.note(say("role.last_admin", who=person(say, result.person)))


# What becomes of every write, and of one that nobody can tell what it is of.
WROTE: dict[type, Callable[[Voice, Any], SlackBlocks]] = {
    Moved: moved,
    Unchanged: unchanged,
    BelowZero: below_zero,
    NeedsConfirmation: needs_confirmation,
    ChangedMeanwhile: changed_meanwhile,
}
NOT_MEANT: dict[type, Callable[[Voice, Any], SlackBlocks]] = {
    WhichLocation: which_location,
    StaffNotFound: not_found,
}
