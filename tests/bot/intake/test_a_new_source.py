"""A source of stock is one file (scales.py) and one row: nothing else has to know of it."""

import pytest
from sqlalchemy import select

from bot.domain import sources
from bot.domain.bulk import Staged
from bot.domain.customers import CustomerWhy
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Card, StaffWhy, Undone
from bot.domain.stock import MoveKind
from bot.domain.telling import AlertTold, Fault, RestockTold
from bot.domain.ways import SLACK
from bot.formats.csv_in import read
from bot.intake.worker import InboxWorker
from bot.render import slack_card
from bot.render.voice import STYLES, speak
from bot.services.engine.bell import Bell
from bot.services.inbox.arriving import Outcome
from handlers.verbs.table import Verbs
from handlers.verbs.undo import UNDO, Undo
from storage import moves, positions
from storage.database import Database
from storage.tables import audit
from storage.vault import Vault
from tests.bot.intake.scales import SCALES, dispatch
from tests.bot.render import samples
from tests.support.clock import Clock
from tests.support.shop import MANAGER, Shop, customer

READY = {"id": "r1", "code": "MUG", "change": 5, "shelf": "back room"}


@pytest.fixture
async def shop(database: Database, vault: Vault, clock: Clock) -> Shop:
    return await Shop.open(database, vault, clock)


@pytest.fixture
async def mug(shop: Shop) -> int:
    """A mug that lies in two places, of which nobody has any."""
    product_id = await shop.product("MUG")
    async with shop.database.write() as tx:
        place = await positions.ensure_location(tx, "Back Room")
        await moves.ensure_position(tx, product_id, place.id, shop.clock())
    return product_id


async def reports(shop: Shop, *readings: dict[str, object]) -> None:
    """The scales send them; the worker does what is due until nothing is."""
    arriving = shop.services.arriving
    for reading in readings:
        await arriving.accept(SCALES, str(reading["id"]), "scale 1", reading)
    worker = InboxWorker(arriving, {SCALES: dispatch(shop.services)}, Bell())
    outcomes: list[Outcome] = []
    for _ in range(20):
        claimed = await arriving.turn(outcomes, 8)
        outcomes = [await worker.work(one) for one in claimed]
        shop.clock.forward(minutes=1)


@pytest.mark.usefixtures("mug")
async def test_who_waits_is_told_and_why_says_so(shop: Shop) -> None:
    await shop.notify(1, "MUG")
    await reports(shop, READY)
    assert [type(data) for _, data in await shop.deliver()] == [RestockTold]
    why = await shop.services.shelf.why(customer(1), "MUG")
    assert isinstance(why, CustomerWhy)
    assert [fact.kind for fact in why.told] == ["restock"]


@pytest.mark.usefixtures("mug")
async def test_it_stands_in_the_ledger_under_its_own_name(shop: Shop) -> None:
    await reports(shop, READY)
    card = await shop.stock("MUG")
    assert isinstance(card, Card)
    (move,) = card.moves
    assert (move.source, move.kind, move.location) == (SCALES, MoveKind.RECEIPT, "Back Room")
    assert SCALES in str(
        slack_card.card(speak(samples.view(), "en", STYLES[SlackBlocks]), card).blocks
    )
    why = await shop.stock("why MUG")
    assert isinstance(why, StaffWhy)
    assert (why.sellable_available, why.ledger_sum_matches) == (5, True)


@pytest.mark.usefixtures("mug")
async def test_what_is_reported_again_after_the_inbox_forgot_it_is_booked_once(shop: Shop) -> None:
    await reports(shop, READY)
    shop.clock.forward(days=30)
    await shop.services.upkeep.forget_old()
    await reports(shop, READY)
    assert [row.quantity for row in await shop.rows("move")] == [5]


@pytest.mark.usefixtures("mug")
async def test_its_low_stock_is_an_alert_like_any_other(shop: Shop) -> None:
    await shop.alert_channel()
    await shop.stock("threshold MUG@backroom 3")
    await reports(shop, READY, {**READY, "id": "r2", "change": -4})
    await shop.judge()
    (told,) = [data for _, data in await shop.deliver(SLACK) if isinstance(data, AlertTold)]
    assert [alert.position and alert.position.available for alert in told.alerts] == [1]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"code": "TEA"}, "no_such_sku"),
        ({"shelf": "attic"}, "no_such_location"),
        ({"shelf": ""}, "no_such_location"),  # the mug lies in two
        ({"change": -1}, "below_zero"),
    ],
)
@pytest.mark.usefixtures("mug")
async def test_what_cannot_be_booked_is_kept_and_staff_are_told(
    shop: Shop, wrong: dict[str, object], reason: str
) -> None:
    await shop.alert_channel()
    await reports(shop, READY | wrong)
    assert await shop.rows("move") == []
    (letter,) = (await shop.services.arriving.report(5)).letters
    assert (letter.source, reason in letter.error) == (SCALES, True)
    (fault,) = [data for _, data in await shop.deliver(SLACK) if isinstance(data, Fault)]
    assert SCALES in fault.detail


@pytest.mark.usefixtures("mug")
async def test_an_undo_is_of_the_source_it_came_in_by(shop: Shop) -> None:
    await reports(shop, READY)
    (move,) = await shop.rows("move")
    undone = await shop.do(UNDO, Undo(move.id), MANAGER, source=sources.TELEGRAM)
    assert isinstance(undone, Undone)
    assert (undone.undone.source, undone.move.source) == (SCALES, sources.TELEGRAM)


async def test_a_file_of_it_is_summed_up_as_no_import(shop: Shop) -> None:
    await shop.alert_channel()
    data = b"sku,quantity,reorder_point\nMUG,1,5\nTEA,1,5\n"
    staged = await shop.services.bulk.stage(read(data), SCALES, "night count")
    assert isinstance(staged, Staged)
    await shop.services.bulk.apply(staged.batch_id)
    await shop.judge()
    ((_, told),) = await shop.deliver(SLACK)
    assert isinstance(told, AlertTold)
    assert (told.summary, told.source) == (True, SCALES)
    assert {row.source for row in await shop.rows("move")} == {SCALES}


@pytest.mark.usefixtures("mug")
async def test_the_audit_keeps_where_a_level_was_set(shop: Shop) -> None:
    verb, request = Verbs().understand("threshold MUG@main 3")
    await shop.do(verb, request, MANAGER, source=sources.CLI)
    async with shop.database.read() as tx:
        assert (await tx.execute(select(audit.c.source))).scalars().all() == [sources.CLI]
