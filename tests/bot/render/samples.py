"""Every thing that is told, in every state, with given names and counts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.app.rules import RULES, faces_of
from bot.app.ways import KNOWN
from bot.domain import customers, joining, sources, staff, telling
from bot.domain.alerts import AlertState, AlertView, Decision, Severity, Step
from bot.domain.contacts import Role
from bot.domain.living import Says
from bot.domain.notices import NoticeKind, NoticeState, SettleReason
from bot.domain.rules.kind import Explained, Judged
from bot.domain.rules.quantity import KIND, Facts, Quantities, Reason
from bot.domain.stock import Location, Move, MoveKind, Position, Product
from bot.domain.subscriptions import EndReason, Subscription, SubscriptionState
from bot.domain.ways import SLACK, TELEGRAM
from bot.render.alerts import FAULTS
from bot.render.catalogue import Texts
from bot.render.view import RenderContext
from bot.render.voice import View

NOW = datetime(2026, 11, 20, 13, 41, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
COUNTS = (0, 1, 2, 5, 21, 1234)
PLAIN = "Blue mug"
HOSTILE = (
    '<b>bold</b> & <i>"q"</i> \'x\' <a href="tg://user?id=1">y</a>',
    "<!channel> <!here> <@U1> <#C1> <!subteam^S1> <https://evil.example|click>",
    "x" * 4000,
    "<&>" * 1400,
    "\u202egnp.exe \u2066\u200b\ufeffx",
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪👍🏽" * 300,
    "two\nlines\r\n\t\x00\x07\u2028end",
    "%(x)s %s %d %% {} {0} {name!r}",
    "*bold* _it_ ~no~ `code` ```pre``` :skull: @channel @durov /start https://evil.example",
    "e" + "\u0301" * 3000,
    "中文名称" * 900,
    "\ud800 half",
    "   ",
    "",
)


def view(texts: Texts | None = None, **changes: object) -> View:
    context = RenderContext(
        shop_name="Mug & Co",
        shop_url="https://mugs.example/shop",
        zone=ZONE,
        now=lambda: NOW,
        ways=KNOWN,
        bot_username=lambda: "mug_bell_bot",
        retention_days=90,
    )
    return View(texts or Texts(), replace(context, **changes), faces_of(RULES))  # type: ignore[arg-type]


def product(name: str = PLAIN, **changes: object) -> Product:
    plain = name == PLAIN
    made = Product(
        id=7,
        sku="MUG-BLUE" if plain else name,
        short_id="abcdefghij",
        name=name,
        supplier="" if plain else name,
        price=1250,
        currency="EUR" if plain else name[:3],
        url="https://mugs.example/blue" if plain else name,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def position(count: int = 12, name: str = "Main", **changes: object) -> Position:
    location = Location(1, "main" if name in ("Main", PLAIN) else name, name, sellable=True)
    return replace(Position(7, location, on_hand=count), **changes)  # type: ignore[arg-type]


def full_position(count: int, name: str = "Back room") -> Position:
    return position(
        count, name, reserved=2, unsellable=1, incoming=count, reorder_point=5,
        incoming_due=NOW + timedelta(days=3), clear_level=14,
    )  # fmt: skip


def stock(name: str = PLAIN, count: int = 12) -> customers.Availability:
    return customers.Availability(
        product(name), count, in_stock=count > 0, few=0 < count <= 5, waiting=count
    )


def subscription(name: str = PLAIN, count: int = 3, **changes: object) -> Subscription:
    made = Subscription(
        id=10**15, product=product(name), quantity=count, state=SubscriptionState.WAITING,
        armed=True, place=count, available=0, created_at=NOW - timedelta(days=count),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def subscriptions(name: str, count: int) -> tuple[Subscription, ...]:
    """One in each state."""
    states = [subscription(name, count, state=state) for state in SubscriptionState]
    return (*states, subscription(name, count, armed=False))


def alert(name: str = PLAIN, count: int = 3, **changes: object) -> AlertView:
    place = full_position(count, name)
    made = AlertView(
        id=10**15,
        kind=KIND,
        product=product(name),
        location=place.location,
        position=place,
        state=AlertState.FIRING,
        severity=Severity.LOW,
        numbers=Quantities(place.available, count, 5, 14),
        waiting=count,
        opened_at=NOW - timedelta(hours=2),
        version=99,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def explained(place: Position, numbers: Quantities, reason: Reason) -> Explained:
    decision = Decision(Step.STAYS, reason, Severity.LOW)
    return Explained(KIND, Judged(Facts(product(), place), decision, numbers), alert())


def alerts(name: str, count: int) -> tuple[AlertView, ...]:
    """Every severity and state."""
    taken = alert(name, count, state=AlertState.ACKNOWLEDGED, acknowledged_by="slack:U0ADA",
                  acknowledged_at=NOW)  # fmt: skip
    return (
        *[alert(name, count, severity=severity) for severity in Severity],
        taken,
        replace(taken, acknowledged_by=name),
        replace(taken, state=AlertState.RECOVERING, acknowledged_by=""),
        replace(taken, state=AlertState.RESOLVED, resolved_at=NOW),
        alert(name, count, superseded=True),
        alert(name, count, location=None, position=None),
        replace(taken, location=None, position=None, product=None, waiting=0),
    )


def move(name: str = PLAIN, count: int = 5, **changes: object) -> Move:
    made = Move(
        id=10**15,
        product_id=1,
        location_id=1,
        kind=MoveKind.RECEIPT,
        quantity=count,
        before=12,
        after=12 + count,
        reason=name,
        source=sources.SLACK,
        created_at=NOW - timedelta(minutes=5),
        location="main",
        actor_id=3,
        actor="slack:U0ADA",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def moves(name: str) -> tuple[Move, ...]:
    return tuple(
        move(name, -3, kind=kind, actor=actor, source=sources.CLI, undone=kind is MoveKind.SALE)
        for kind, actor in zip(
            MoveKind, ("slack:U1", "telegram:4", name, "", "x") * 2, strict=False
        )
    )


def card(name: str = PLAIN, count: int = 12, places: int = 2, **changes: object) -> staff.Card:
    first = full_position(count, name)
    positions = (first, *[position(count, f"{name[:20]}{n}") for n in range(1, places)])
    made = staff.Card(
        product(name),
        positions[:places],
        count,
        moves(name),
        can_write=True,
        alerts=alerts(name, 1),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def customer_answers(name: str, count: int) -> Iterator[object]:
    yield from looks(name, count)
    yield from subscribing(name, count)
    yield from customer_whys(name, count)
    yield from lists(name, count)
    yield customers.Expired()
    yield customers.MyData('{"name": "x"}', count, NOW - timedelta(days=400))
    for known in (name, ""):
        yield customers.Welcome(known, is_new=True, languages=("en", "zh_CN"))
        yield customers.Welcome(known, is_new=False, languages=("en",))


def looks(name: str, count: int) -> Iterator[object]:
    yield stock(name, count)
    yield stock(name, count + 10)
    yield replace(stock(name, 0), waiting=count)
    yield customers.NotFound("")
    yield customers.NotFound(name)
    yield customers.NotFound(name, (stock(name, count),) * 5)


def subscribing(name: str, count: int) -> Iterator[object]:
    for each in (*subscriptions(name, count), subscription(name, 1)):
        yield customers.Subscribed(each)
        yield customers.Subscribed(each, already=True)
        yield customers.Subscribed(each, already=True, quantity_changed=True)
        yield customers.Subscribed(each, watching=True)
        yield customers.Subscribed(each, already=True, watching=True)
        for verb in ("remove", "pause", "resume", "undo", "bought", "no_thanks", "other"):
            yield customers.Changed(verb, each, done=count != 0)
    yield customers.InStockAlready(stock(name, count), count)
    yield customers.LimitReached(count)
    yield customers.NotForSale(product(name))


def customer_whys(name: str, count: int) -> Iterator[object]:
    item = product(name)
    for each in (*subscriptions(name, count), subscription(name, 1)):
        yield customers.CustomerWhy(item, count, count > 0, each, None)
    for reason in (None, *EndReason):
        yield customers.CustomerWhy(item, count, count > 0, None, reason)
    for start in range(0, len(told_facts()), 5):
        facts = told_facts()[start : start + 5]
        yield customers.CustomerWhy(item, count, count > 0, None, None, facts)
    gone = replace(item, active=False)
    yield customers.CustomerWhy(gone, count, in_stock=False, subscription=None, ended=None)


def lists(name: str, count: int) -> Iterator[object]:
    one = subscription(name, count)
    yield customers.SubscriptionList(())
    yield customers.SubscriptionList(subscriptions(name, count), page=1, pages=3)
    yield customers.SubscriptionList((one,) * 40)
    yield customers.Stopped((), everything=True)
    yield customers.Stopped((), everything=False)
    yield customers.Stopped((one,), everything=False)
    yield customers.Stopped((one,) * 50, everything=True)


def told_facts() -> tuple[customers.ToldFact, ...]:
    kinds = [*NoticeKind, "other"]
    states = [*NoticeState, "other"]
    reasons = [*[""] * len(states), *SettleReason, "other"]
    length = max(len(kinds), len(states), len(reasons))
    return tuple(
        customers.ToldFact(
            kinds[n % len(kinds)],
            states[n % len(states)],
            reasons[n % len(reasons)],
            NOW,
            says=list(Says)[n % len(Says)],
            edited_at=NOW if n % 3 else None,
        )
        for n in range(length)
    )


def acknowledgements(name: str, count: int) -> Iterator[object]:
    for each in alerts(name, count):
        yield staff.Acknowledged(each, done=True)
        yield staff.Acknowledged(each, done=False)
    for role in (None, Role.VIEWER, Role.CLERK):
        yield staff.Refused(role, Role.ADMIN)


def links(name: str, count: int) -> Iterator[object]:
    """Answers to /link, in both forms."""
    yield joining.CodeGiven("12K7-Q3MX-D9P2", count)
    places = tuple(joining.OnePlace(product(name), place, count) for place in (0, 1, count))
    for role, lowered in ((None, None), (Role.CLERK, None), (Role.CLERK, Role.ADMIN)):
        yield joining.Joined(10**15, (TELEGRAM, SLACK), places * 5, role, lowered)
    for reason in joining.NotJoined:
        yield joining.Refusal(reason, count)
    for role in (None, Role.MANAGER):
        yield joining.Parted(role)
    for why in joining.NotParted:
        yield joining.NothingParted(why)
    yield joining.ToldHere(SLACK)


def joinings() -> Iterator[telling.NoticeData]:
    """What is told of it, in both forms."""
    for undone in (False, True):
        yield telling.JoinedTold(TELEGRAM, 10**15, undone)


def customer_notices(name: str, count: int) -> Iterator[telling.NoticeData]:
    yield telling.RestockTold(stock(name, count), 10**15, count)
    yield telling.RestockTold(stock(name, count), 10**15, count, repeated=True)
    yield telling.RestockAnswered(subscription(name, count, state=SubscriptionState.ENDED))
    for more in (False, True):
        yield telling.RestockChanged(stock(name, count), 10**15, count, NOW, more=more)
    yield telling.RestockOver(product(name), count, NOW, 4)
    yield telling.RestockOver(product(name), count, NOW - timedelta(days=400), 4, withdrawn=True)
    yield telling.RestockOver(product(name), count, NOW, 4, not_sold=True)
    yield telling.SoldOut(product(name), count, 10**15)
    yield telling.SubscriptionExpired(product(name), count)


def staff_notices(name: str, count: int) -> Iterator[telling.NoticeData]:
    for each in alerts(name, count):
        yield telling.AlertTold((each,), 1)
    for each in enough(name, count):
        yield telling.AlertTold((each,), 1)
    over = alert(name, count, state=AlertState.RESOLVED, resolved_at=NOW)
    yield telling.AlertTold((over,) * 3, 3, summary=True, source=sources.CLI)
    many = alerts(name, count) * 25
    yield telling.AlertTold(many, max(count, len(many)), summary=True, source=sources.CLI)
    yield telling.AlertTold(many[:1], max(count, 1), summary=True)
    wanted = ((product(name), count),) * 50
    yield telling.DailyDigest(
        date(2026, 11, 20), many, max(count, 200), count, count, count, wanted
    )
    yield telling.DailyDigest(date(2025, 11, 20), (), 0, count, count, count, ())
    for what in (*FAULTS, "fault.nobody_knows_this"):
        yield telling.Fault(what, name)
        yield telling.Fault(what, name, SLACK, NOW - timedelta(minutes=12), None, count)
        yield telling.Fault(what, "", TELEGRAM, NOW - timedelta(days=400), NOW)


def enough(name: str, count: int) -> tuple[AlertView, ...]:
    """Open but over the point, and one that ended because there is enough."""
    return (
        alert(name, 40, numbers=Quantities(37, 80, 5, 14), state=AlertState.RECOVERING),
        alert(
            name,
            40,
            numbers=Quantities(37, 37, 5, 14),
            state=AlertState.RESOLVED,
            resolved_at=NOW,
            waiting=count,
        ),
    )
