"""Routes are rows, read when a notice is queued: whoever changes one need not tell the bot."""

from typing import Any

from sqlalchemy import insert, select, update

from bot.app.ways import KNOWN
from bot.domain.alerts import Severity
from bot.domain.contacts import Address, Caller
from bot.domain.routes import Scope
from bot.domain.telling import AlertTold, DailyDigest, Fault
from bot.domain.ways import SLACK, TELEGRAM
from bot.services.bundle import build_services
from storage import contacts, positions
from storage.tables import route
from tests.support.shop import Shop
from tests.support.stockfiles import imported

ALERTS, BUYERS, LATE = (Address(SLACK, name) for name in ("C0ALERTS", "C0BUYERS", "C0L"))


async def routed(shop: Shop, to: Address, **bounds: Any) -> None:
    """As somebody in a chat would have it."""
    now = shop.clock()
    async with shop.database.write() as tx:
        contact = await contacts.channel(tx, shop.vault, to, now)
        values = {"origin": "chat", "state": "on", "created_at": now, "updated_at": now}
        await tx.execute(insert(route).values(contact_id=contact.id, **values, **bounds))


async def rows(shop: Shop) -> list[tuple[int, str, str]]:
    async with shop.database.read() as tx:
        found = await tx.execute(
            select(route.c.contact_id, route.c.origin, route.c.state).order_by(route.c.id)
        )
        return [(row.contact_id, row.origin, row.state) for row in found]


async def low(shop: Shop, sku: str = "MUG", place: str = "main") -> None:
    await shop.product(sku)
    async with shop.database.write() as tx:
        await positions.ensure_location(tx, place)
    await shop.moved(f"{sku}@{place} +20")
    await shop.stock(f"threshold {sku}@{place} 10")
    await shop.moved(f"{sku}@{place} =9")
    await shop.judge()


async def told(shop: Shop, kind: type) -> list[str]:
    news = await shop.deliver(SLACK)
    return sorted(where for where, data in news if isinstance(data, kind))


async def test_the_settings_send_everything_to_their_channels(shop: Shop) -> None:
    await shop.services.routes.follow_settings((ALERTS, BUYERS))
    await low(shop)
    await shop.services.reporting.queue_digest()
    await shop.services.refusing.form_refused(TELEGRAM, "why")
    news = await shop.deliver(SLACK)
    kinds = {kind: sorted(w for w, d in news if type(d) is kind) for _, kind in _types(news)}
    both = [ALERTS.value, BUYERS.value]
    assert kinds == {AlertTold: both, DailyDigest: both, Fault: both}


def _types(news: list[tuple[str, Any]]) -> set[tuple[str, type]]:
    return {(type(data).__name__, type(data)) for _, data in news}


async def test_at_a_start_what_vanished_from_the_settings_is_off_and_what_came_is_on(
    shop: Shop,
) -> None:
    await shop.services.routes.follow_settings((ALERTS, BUYERS))
    await routed(shop, LATE)
    await shop.services.routes.follow_settings((BUYERS,))
    one, two, late = [number for number, _, _ in await rows(shop)]
    assert await rows(shop) == [
        (one, "settings", "off"), (two, "settings", "on"), (late, "chat", "on"),
    ]  # fmt: skip
    await low(shop)
    assert await told(shop, AlertTold) == [BUYERS.value, LATE.value]
    await shop.services.routes.follow_settings((ALERTS, BUYERS))
    assert [state for _, _, state in await rows(shop)] == ["on", "on", "on"]


async def test_a_route_of_another_process_is_read_when_the_next_notice_is_queued(
    shop: Shop,
) -> None:
    other = build_services(shop.database, shop.vault, shop.clock, KNOWN)
    await other.routes.follow_settings((ALERTS,))
    await low(shop, "MUG")
    async with shop.database.write() as tx:
        await tx.execute(update(route).values(state="off"))
    await low(shop, "TEA")
    assert await told(shop, AlertTold) == [ALERTS.value]


async def test_an_alert_goes_where_its_severity_is_wanted_and_no_lower_one_follows_it(
    shop: Shop,
) -> None:
    await shop.services.routes.follow_settings((ALERTS,))
    await routed(shop, BUYERS, kind="quantity", severity="out")
    await low(shop)
    assert await told(shop, AlertTold) == [ALERTS.value]
    await shop.moved("MUG =0")
    await shop.judge()
    news = await shop.deliver(SLACK)
    said = [(where, data.alerts[0].severity) for where, data in news if isinstance(data, AlertTold)]
    assert sorted(said) == [(ALERTS.value, Severity.OUT)] * 2 + [(BUYERS.value, Severity.OUT)]


async def test_an_alert_goes_to_those_who_look_after_its_location(shop: Shop) -> None:
    async with shop.database.write() as tx:
        back = await positions.ensure_location(tx, "back")
    await routed(shop, BUYERS, scope=Scope(back.id).as_json())
    await routed(shop, ALERTS, kind="quantity")
    await low(shop, "MUG", "main")
    assert await told(shop, AlertTold) == [ALERTS.value]
    await low(shop, "TEA", "back")
    assert await told(shop, AlertTold) == [ALERTS.value, BUYERS.value]
    await shop.services.reporting.queue_digest()
    assert await told(shop, DailyDigest) == []  # of no location, and nobody else wants it


async def test_faults_go_where_faults_are_wanted(shop: Shop) -> None:
    await routed(shop, BUYERS, kind="fault")
    await routed(shop, ALERTS, kind="quantity")
    await shop.services.refusing.form_refused(TELEGRAM, "why")
    assert await told(shop, Fault) == [BUYERS.value]


async def test_a_summary_stays_true_for_all_who_have_it_though_one_of_its_places_changes(
    shop: Shop,
) -> None:
    await shop.product("MUG")
    await shop.product("TEA")
    async with shop.database.write() as tx:
        back = await positions.ensure_location(tx, "back")
        main = await positions.ensure_location(tx, "main")
    await routed(shop, ALERTS, scope=Scope(main.id).as_json())
    await routed(shop, BUYERS, scope=Scope(back.id).as_json())
    data = "sku,location,quantity,reorder_point\nMUG,main,1,10\nTEA,back,1,10\n"
    await imported(shop.services.bulk, data)
    await shop.judge()
    await shop.moved("MUG@main =0")  # before the summary has left
    await shop.judge()
    assert await told(shop, AlertTold) == [ALERTS.value, ALERTS.value, BUYERS.value]
    await shop.moved("TEA@back =2")
    await shop.judge()
    assert await told(shop, AlertTold) == [ALERTS.value, BUYERS.value]


async def test_a_message_stays_true_where_its_severity_is_no_longer_routed_to(shop: Shop) -> None:
    await routed(shop, ALERTS)
    await low(shop)
    assert await told(shop, AlertTold) == [ALERTS.value]
    async with shop.database.write() as tx:
        await tx.execute(update(route).values(severity="out"))
    await shop.moved("MUG =20")
    await shop.judge()
    assert await told(shop, AlertTold) == [ALERTS.value]


async def test_who_has_two_routes_is_told_once(shop: Shop) -> None:
    await shop.services.routes.follow_settings((ALERTS,))
    await routed(shop, ALERTS, kind="quantity")
    await low(shop)
    assert await told(shop, AlertTold) == [ALERTS.value]


GROUP, SUPERGROUP = (Address(TELEGRAM, number) for number in ("-555", "-100555"))


async def test_a_chat_that_moves_takes_its_routes_along_and_of_two_alike_one_stays(
    shop: Shop,
) -> None:
    await shop.services.routes.follow_settings((GROUP,))
    await shop.services.people.moved(GROUP, SUPERGROUP)
    there = await shop.contact_id(Caller(SUPERGROUP))
    assert await rows(shop) == [(there, "settings", "on")]
    await routed(shop, SUPERGROUP, kind="quantity")
    await shop.services.routes.follow_settings((GROUP,))  # a start: the settings name the old id
    await shop.services.people.moved(GROUP, SUPERGROUP)
    assert await rows(shop) == [(there, "settings", "on"), (there, "chat", "on")]


async def test_a_person_to_whom_a_route_leads_is_not_forgotten_for_silence(shop: Shop) -> None:
    someone = Address(TELEGRAM, "7")
    await shop.services.people.start(Caller(someone))
    await routed(shop, someone)
    shop.clock.forward(days=1000)
    await shop.services.upkeep.forget_old()
    assert await shop.contact_id(Caller(someone))
    await shop.services.people.forget(Caller(someone))
    assert await rows(shop) == []
