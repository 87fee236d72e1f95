"""Slack: the /stock card, search results, the low list and other things to read."""

import re

from bot.domain.alerts import Severity
from bot.domain.forms import SlackBlocks
from bot.domain.rules.quantity import Terms, severity_of, terms_at
from bot.domain.sources import CLI, LONGEST, Source
from bot.domain.staff import Card, LowList, LowRow, StaffNotFound
from bot.domain.stock import Move, MoveKind, Position, Product, available_to_customers
from bot.render import alerts
from bot.render import slack_blocks as kit
from bot.render.escape import Safe, clean
from bot.render.slack_blocks import Block
from bot.render.voice import Voice, joined, lines

MOST_LOCATIONS = 20  # sections of a card; a message may have 50 blocks
MOST_FOUND = 10
_UNDO = re.compile(r"undo of #(\d+)")  # services.staff.undoing writes it
KINDS = {
    MoveKind.RECEIPT: "kind.receipt",
    MoveKind.SALE: "kind.sale",
    MoveKind.RETURN: "kind.return",
    MoveKind.ADJUSTMENT: "kind.adjustment",
    MoveKind.COUNT: "kind.count",
    MoveKind.TRANSFER_OUT: "kind.transfer_out",
    MoveKind.TRANSFER_IN: "kind.transfer_in",
    MoveKind.WRITE_OFF: "kind.write_off",
}


def dot(card: Card) -> str:
    """The state at a glance: gone, an open alert's severity, fine, not sold."""
    if not card.product.active:
        return "⚪"
    if available_to_customers(card.positions) <= 0:
        return alerts.MARKS[Severity.OUT]
    open_ones = [alert.severity for alert in card.alerts if alert.resolved_at is None]
    return alerts.MARKS[max(open_ones)] if open_ones else "🟢"


def title(say: Voice, product: Product) -> Safe:
    """Name and code, as in every answer to staff."""
    return Safe(f"{say.name(product)} {say.code(product.sku)}")


def card(say: Voice, result: Card) -> SlackBlocks:
    product = result.product
    share = None if result.shared else _share(say, product)
    buttons = kit.actions(_adjust(say, result), share)
    noted = kit.context(say("card.was_shared")) if result.shared else None
    return kit.message(_fallback(say, result), *_card_blocks(say, result), buttons, noted)


def shared_card(say: Voice, result: Card, by: str) -> SlackBlocks:
    """The card for a channel: the same without buttons, and who shared it."""
    signed = kit.context(say("card.shared", who=say.person(by)))
    return kit.message(_fallback(say, result), *_card_blocks(say, result), signed)


def _adjust(say: Voice, result: Card) -> Block | None:
    if not result.can_write:
        return None
    product, only = result.product, len(result.positions) == 1
    value = f"{product.id}:{result.positions[0].location.id}" if only else str(product.id)
    return kit.button(say.label("button.adjust"), "stock_adjust", value, "primary")


def _share(say: Voice, product: Product) -> Block:
    return kit.button(say.label("button.share"), "stock_share", str(product.id))


def _fallback(say: Voice, result: Card) -> Safe:
    quiet, available = say.quiet, available_to_customers(result.positions)
    return quiet("card.fallback", dot=Safe(dot(result)), name=quiet.name(result.product),
                 sku=quiet.code(result.product.sku), available=available)  # fmt: skip


def _card_blocks(say: Voice, result: Card) -> list[Block | None]:
    product, label = result.product, say.label
    head = f"{dot(result)} {label.name(product, 90)} · {clean(product.sku, 40)}"
    shown = kit.fitting(
        _location(say, item, result.terms) for item in result.positions[:MOST_LOCATIONS]
    )
    rest = len(result.positions) - len(shown)
    return [
        kit.header(label.words(head, kit.HEADER)),
        *shown,
        kit.context(say.n("card.more_locations", rest)) if rest else None,
        kit.section(say("card.nowhere")) if not shown else None,
        kit.context(_about(say, result), _sign_up(say, product)),
        _moves(say, result.moves),
    ]


def _location(say: Voice, position: Position, shop: Terms) -> Block:
    place = say.bold(say.place(position.location))
    head = place if position.location.sellable else Safe(f"{place} · {say('card.not_sold_here')}")
    pairs = [
        (say("card.on_hand"), say.number(position.on_hand)),
        (say("card.available"), say.number(position.available)),
        (say("card.reserved"), say.number(position.reserved)),
        (say("card.incoming"), _incoming(say, position)),
    ]
    if position.unsellable:
        pairs.append((say("card.unsellable"), say.number(position.unsellable)))
    return kit.fields([*pairs, *_rule(say, terms_at(position, shop))], head=head)


def _incoming(say: Voice, position: Position) -> Safe:
    if position.incoming and position.incoming_due is not None:
        due = say.day(position.incoming_due)
        return say("card.incoming_due", number=position.incoming, day=due)
    return say.number(position.incoming)


def _rule(say: Voice, terms: Terms) -> list[tuple[Safe, Safe]]:
    if terms.level is None or terms.point is None:
        return [(say("card.point"), say("card.point_off"))]
    return [
        (say("card.point"), say.number(terms.point)),
        (say("card.clear"), say.number(terms.level)),
    ]


def _about(say: Voice, result: Card) -> Safe:
    product = result.product
    waiting = say.n("alert.waiting", result.waiting)
    inactive = None if product.active else say("card.inactive")
    supplier = say.words(product.supplier, 60) if product.supplier.strip() else None
    return joined([inactive, waiting, say.price(product), supplier])


def _sign_up(say: Voice, product: Product) -> Safe | None:
    """The link for the product page: who follows it is told when it is back."""
    bot = clean(say.view.context.bot_username(), 40)
    if not bot or not product.short_id:
        return None
    return say("card.link", url=say.code(f"https://t.me/{bot}?start=n_{product.short_id}", 90))


def _moves(say: Voice, moves: tuple[Move, ...]) -> Block | None:
    if not moves:
        return None
    return kit.context(say("card.moves"), *[move_line(say, move) for move in moves[:5]])


def move_line(say: Voice, move: Move) -> Safe:
    """`#31 +5 → 12 main · receipt · pallet 7 · @ada · 14:41`; the number is for `/stock undo`."""
    numbers = say(
        "move.numbers", number=Safe(str(move.id)), quantity=say.signed(move.quantity),
        after=move.after,
        place=say.words(move.location, 40),
    )  # fmt: skip
    reason = reason_of(say, move)
    who = say.person(move.actor) if move.actor.strip() else _source(say, move.source)
    undone = say("move.undone") if move.undone else None
    when = say.moment(move.created_at)
    return joined([numbers, say(KINDS[move.kind]), reason, who or None, when, undone])


def _source(say: Voice, source: Source) -> Safe:
    """A feed by its own name."""
    return say("source.cli") if source == CLI else say.words(source, LONGEST)


def reason_of(say: Voice, move: Move) -> Safe | None:
    """As somebody wrote it; the ledger's own words for a counter-move are translated."""
    if undo := _UNDO.fullmatch(move.reason):
        return say("move.undo_of", number=Safe(undo.group(1)))
    return say.words(move.reason, 120) if move.reason.strip() else None


def not_found(say: Voice, result: StaffNotFound) -> SlackBlocks:
    query = say.words(result.query, 80)
    head = say("found.not_written" if result.was_write else "found.head", query=query)
    if not result.found:
        return kit.note(lines(head, say("found.nothing")))
    results = kit.fitting(
        kit.section(_found(say, item), kit.show_button(say, item.product.id))
        for item in result.found[:MOST_FOUND]
    )
    return kit.message(head, kit.section(lines(head, say("found.closest"))), *results)


def _found(say: Voice, item: Card) -> Safe:
    available = available_to_customers(item.positions)
    numbers = say("found.available", available=available)
    about = joined([numbers, alerts.waiting(say, item.waiting)])
    return lines(f"{dot(item)} {title(say, item.product)}", about)


def low_list(say: Voice, result: LowList) -> SlackBlocks:
    if result.unknown:
        known = say.words(", ".join(result.places), 300)
        return kit.note(say("low.no_place", place=say.words(result.unknown, 40), places=known))
    if not result.rows:
        return kit.note(say("low.nothing"))
    head = say.n("low.head", result.total)
    sections, shown = kit.packed([_low_row(say, row) for row in result.rows])
    rest = max(result.total, len(result.rows)) - shown
    more = kit.context(say.n("list.more", rest)) if rest > 0 else None
    return kit.message(head, kit.header(say.label.n("low.head", result.total)), *sections, more)


def _low_row(say: Voice, row: LowRow) -> Safe:
    kept = row.numbers
    severity = severity_of(kept.available, kept.point)
    mark = alerts.mark(row.alert) if row.alert else alerts.MARKS[severity]
    numbers = say(
        "low.row",
        place=say.place(row.position.location),
        available=kept.available,
        projected=kept.projected,
        point=kept.point,
    )
    waits = alerts.waiting(say, row.alert.waiting) if row.alert else None
    return Safe(f"{mark} {title(say, row.product)} · {joined([numbers, waits])}")
