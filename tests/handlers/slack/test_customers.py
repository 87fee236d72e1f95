"""A customer whose contact is in Slack: told there, and every button under it does what it says."""

from functools import partial
from typing import Any

import pytest

from bot.app.ways import KNOWN
from bot.channels.slack import SlackChannel
from bot.delivery.worker import OutboxWorker
from bot.domain.contacts import Caller
from bot.domain.customers import InStockAlready, Subscribed
from bot.domain.notices import Lane, NewNotice, NoticeKind
from bot.domain.subscriptions import SubscriptionState
from bot.domain.ways import SLACK
from bot.render import slack as render
from bot.services.engine.bell import Bell
from storage import notices
from tests.handlers.slack.desk import Desk, view_of
from tests.support.shop import STRANGER

Json = dict[str, Any]
SAM = STRANGER  # in Slack, and none of the staff


@pytest.fixture(autouse=True)
def _(open_socket: Desk) -> None:
    """Every press here comes through the socket."""


async def waits(desk: Desk, who: Caller = SAM, sku: str = "BOWL-RED") -> Subscribed:
    result = await desk.shop.services.subscribing.notify(who, sku, 1, desk.shop.key())
    assert isinstance(result, Subscribed)
    return result


async def deliver(desk: Desk) -> None:
    """What is due goes out through the real channel."""
    services, view = desk.shop.services, view_of(desk.shop)
    worker = OutboxWorker(
        way=KNOWN[SLACK],
        channel=SlackChannel(desk.client),
        settling=services.settling,
        composing=services.composing,
        render=partial(render.notice, view),
        bell=Bell(),
    )
    while claimed := await services.settling.claim(SLACK, 10):
        for notice in claimed:
            await worker.guarded(notice)


async def told(desk: Desk) -> Json:
    """The red bowl is back, and Sam reads it."""
    await waits(desk)
    await desk.shop.moved("BOWL-RED +5")
    await deliver(desk)
    return await desk.person("sam").wait_for("is back in stock")


async def state(desk: Desk) -> str:
    return str((await desk.shop.rows("subscription"))[-1].state)


async def after(desk: Desk, button: str, message: Json) -> Json:
    """What the message shows once the button has been worked off."""
    sam, edits = desk.person("sam"), message["edits"]
    await sam.press(button, message)
    return await sam.wait_for(lambda m: m["ts"] == message["ts"] and m["edits"] > edits)


async def test_who_waits_in_slack_gets_a_real_answer(desk: Desk) -> None:
    view = view_of(desk.shop)
    answer = render.answer(view, "en", await waits(desk))
    assert "I'll tell you when *Red bowl* is back" in str(answer.blocks)
    again = await desk.shop.services.subscribing.notify(SAM, "MUG-BLUE", 1, desk.shop.key())
    assert isinstance(again, InStockAlready)
    assert "line_watch" in str(render.answer(view, "en", again).blocks)


async def test_a_restock_is_told_in_slack_and_answered_there(desk: Desk) -> None:
    message = await told(desk)
    assert await state(desk) == SubscriptionState.TOLD
    done = await after(desk, "line_bought", message)
    assert "Enjoy" in str(done["blocks"])
    assert await state(desk) == SubscriptionState.ENDED
    undone = await after(desk, "line_undo", done)
    assert "back in line" in str(undone["blocks"])


async def test_no_thanks_ends_it_and_no_edit_writes_over_that(desk: Desk) -> None:
    done = await after(desk, "line_nothx", await told(desk))
    assert "All right" in str(done["blocks"])
    await desk.shop.moved("BOWL-RED -5")
    await deliver(desk)
    assert len(await desk.person("sam").messages()) == 1


async def test_why_comes_below_a_message_that_is_still_wanted(desk: Desk) -> None:
    message, sam = await told(desk), desk.person("sam")
    await sam.press("line_why", message)
    reasons = await sam.wait_for("How it stands with")
    assert reasons["ts"] > message["ts"]
    (first, _) = await sam.messages()
    assert first["edits"] == 0


async def test_a_message_whose_restock_is_over_is_edited_and_offers_to_stop(desk: Desk) -> None:
    message = await told(desk)
    await desk.shop.moved("BOWL-RED -5")
    await deliver(desk)
    over = await desk.person("sam").wait_for("Sold out again")
    assert over["ts"] == message["ts"]
    assert "You keep place 1" in str(over["blocks"])
    stopped = await after(desk, "line_rm", over)
    assert "no longer wait" in str(stopped["blocks"])


async def test_a_wish_that_ran_out_is_renewed_by_a_press(desk: Desk) -> None:
    item = (await waits(desk)).subscription
    sam = await desk.shop.contact_id(SAM)
    await desk.shop.services.subscribing.change(SAM, item.id, "remove")
    lapsed = NewNotice(
        NoticeKind.SUBSCRIPTION_EXPIRED, "lapsed:1", sam, Lane.DIGEST, "lapsed:1",
        payload={"days": 365}, product_id=item.product.id, subscription_id=item.id,
    )  # fmt: skip
    async with desk.shop.database.write() as tx:
        await notices.queue(tx, [lapsed], desk.shop.clock())
    await deliver(desk)
    message = await desk.person("sam").wait_for("I stopped looking out for it")
    renewed = await after(desk, "line_sub", message)
    assert "I'll tell you when" in str(renewed["blocks"])
    assert await state(desk) == SubscriptionState.WAITING


async def test_the_list_is_paused_resumed_and_left_by_its_buttons(desk: Desk) -> None:
    done = await after(desk, "line_undo", await after(desk, "line_bought", await told(desk)))
    listed = await after(desk, "line_list", done)
    assert "Your list" in str(listed["blocks"])
    paused = await after(desk, "line_pause", listed)
    assert "paused, you keep your place" in str(paused["blocks"])
    resumed = await after(desk, "line_resume", paused)
    assert "paused" not in str(resumed["text"])
    left = await after(desk, "line_rm", resumed)
    assert "You are not waiting for anything" in str(left["blocks"])
    assert "/notify" not in str(left["blocks"])  # there is no such command in Slack


async def test_a_button_of_somebody_else_or_of_none_does_nothing(desk: Desk) -> None:
    item = (await waits(desk)).subscription
    max_ = desk.person("max")
    for value in (str(item.id), "x", "", "1:2:3"):
        payload = {
            "kind": "action", "key": desk.shop.key(), "user": max_.id, "name": "max",
            "channel": "C1", "response_url": "", "action": "line_rm", "value": value,
        }  # fmt: skip
        await desk.side.dispatch(payload)
        await max_.wait_for("out of date")
    assert await state(desk) == SubscriptionState.WAITING


async def test_a_customer_in_slack_reads_the_language_they_chose(desk: Desk) -> None:
    await waits(desk)
    await desk.shop.services.people.set_language(SAM, "zh_CN")
    await desk.shop.moved("BOWL-RED +5")
    await deliver(desk)
    message = await desk.person("sam").wait_for("Red bowl")
    assert "is back" not in str(message["blocks"])
    assert "Enjoy" not in str((await after(desk, "line_bought", message))["blocks"])
