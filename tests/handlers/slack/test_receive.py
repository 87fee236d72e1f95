import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.faults import DatabaseDown
from bot.domain.inbox import Arrival
from bot.domain.staff import Acting
from bot.sandbox.server import Sandbox
from bot.services.staff.meaning import NotMeant
from bot.services.staff.writing import Writing, Wrote
from handlers.slack.receive import Receiver, build_app
from tests.handlers.slack.desk import Desk, by_http, by_socket, open_desk
from tests.support.shop import Shop


async def test_what_is_typed_is_acknowledged_and_answered_to_this_person_alone(
    open_both_ways: Desk,
) -> None:
    cleo = open_both_ways.person("cleo")
    ack = await cleo.command("/stock MUG-BLUE +5 pallet 7")
    assert ack["acked"]
    answer = await cleo.wait_for("25")
    assert answer["ephemeral"]
    assert await open_both_ways.on_hand() == 25


async def test_a_command_delivered_four_times_is_one_move(open_both_ways: Desk) -> None:
    cleo = open_both_ways.person("cleo")
    await cleo.command("/stock MUG-BLUE +5", times=4)
    await cleo.wait_for("25")
    assert [arrival for _, arrival in open_both_ways.accepted] == [
        Arrival.NEW,
        *[Arrival.REPEATED] * 3,
    ]
    assert await open_both_ways.on_hand() == 25


async def test_a_press_delivered_four_times_undoes_once(open_both_ways: Desk) -> None:
    cleo = open_both_ways.person("cleo")
    await cleo.command("/stock MUG-BLUE +5")
    message = await cleo.wait_for("25")
    await cleo.press("stock_undo", message, times=4)
    await cleo.wait_for("20")
    assert await open_both_ways.on_hand() == 20
    assert len(open_both_ways.accepted) == 5


async def test_a_form_delivered_four_times_is_one_move(open_both_ways: Desk) -> None:
    cleo = open_both_ways.person("cleo")
    await cleo.command("/stock MUG-BLUE")
    await cleo.press("stock_adjust", await cleo.wait_for("MUG-BLUE"))
    result = await cleo.submit({"mode": "add", "quantity": "4", "reason": "found"}, times=4)
    assert result["closed"]
    await cleo.wait_for("24")
    assert await open_both_ways.on_hand() == 24


async def test_one_persons_commands_are_worked_off_in_their_order(open_both_ways: Desk) -> None:
    cleo = open_both_ways.person("cleo")
    for number in range(1, 9):
        await cleo.command(f"/stock MUG-BLUE ={number}")
    await cleo.wait_for("8")
    moves = await open_both_ways.shop.rows("move")
    assert [move.after for move in moves] == [20, *range(1, 9)]


async def test_a_link_button_and_an_event_are_acknowledged_and_not_stored(
    open_both_ways: Desk,
) -> None:
    blocks: list[dict[str, Any]] = [
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "link",
                    "text": {"type": "plain_text", "text": "Open"},
                    "url": "https://shop.example",
                }
            ],
        }
    ]
    await open_both_ways.client.chat_postMessage(channel="C1", text="see", blocks=blocks)
    assert (await open_both_ways.person("cleo").press("link"))["acked"]
    event = {"type": "app_home_opened", "user": "U0CLERK"}
    assert (await open_both_ways.sandbox.slack.event(event))["acked"]
    assert open_both_ways.accepted == []


async def test_what_cannot_be_stored_is_not_acknowledged(
    open_both_ways: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    open_both_ways.refuse = OSError("a fault of ours")
    await open_both_ways.sandbox.driver.faults(slack={"ack_timeout_s": 0.3})
    ack = await open_both_ways.person("cleo").command("/stock MUG-BLUE +5")
    assert not ack["acked"]
    assert "a fault of ours" in caplog.text
    assert await open_both_ways.on_hand() == 20


async def test_a_database_that_is_down_is_not_told_again_for_each_command(
    open_both_ways: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    open_both_ways.refuse = DatabaseDown("the disk is full")
    await open_both_ways.sandbox.driver.faults(slack={"ack_timeout_s": 0.3})
    ack = await open_both_ways.person("cleo").command("/stock MUG-BLUE +5", trigger_id="1.2")
    assert not ack["acked"]
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []
    open_both_ways.refuse = None
    await open_both_ways.sandbox.driver.clear_faults()
    ack = await open_both_ways.person("cleo").command("/stock MUG-BLUE +5", trigger_id="1.2")
    assert ack["acked"]
    await open_both_ways.person("cleo").wait_for("25")


class Late(Writing):
    """Fails so many milliseconds after it was asked, the first time."""

    def __init__(self, shop: Shop, milliseconds: int) -> None:
        usual = shop.services.writing
        super().__init__(
            usual.ground, usual.members, usual.meaning, usual.ledger, usual.move_limits
        )
        self._seconds = milliseconds / 1000
        self.failures = 0

    async def change(
        self, acting: Acting, sku: str, location: str, quantity: int, reason: str
    ) -> Wrote | NotMeant:
        if not self.failures:
            self.failures += 1
            await asyncio.sleep(self._seconds)  # the trap: Bolt forgets acks of failing listeners
            raise RuntimeError("a fault of ours")
        return await super().change(acting, sku, location, quantity, reason)


@asynccontextmanager
async def failing(sandbox: Sandbox, shop: Shop, way: str, late: Late) -> AsyncIterator[Desk]:
    async with (
        open_desk(sandbox, shop, replace(shop.services, writing=late)) as desk,
        by_socket(desk) if way == "socket" else by_http(desk),
    ):
        yield desk


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 5, 8, 10, 12, 20, 50])
@pytest.mark.parametrize("way", ["socket", "http"])
async def test_an_error_after_the_ack_is_answered_and_the_work_is_done_later(
    sandbox: Sandbox, shop: Shop, way: str, milliseconds: int
) -> None:
    late = Late(shop, milliseconds)
    async with failing(sandbox, shop, way, late) as desk:
        cleo = desk.person("cleo")
        ack = await cleo.command("/stock MUG-BLUE +5")
        assert ack["acked"]
        assert ack["ms"] < 1_000
        await cleo.wait_for("my fault")
        await desk.written_down()
        shop.clock.forward(minutes=1)
        desk.bell.ring()
        await cleo.wait_for("25")
    assert late.failures == 1


class Broken(Late):
    """Always fails."""

    async def change(
        self, acting: Acting, sku: str, location: str, quantity: int, reason: str
    ) -> Wrote | NotMeant:
        self.failures = 0
        return await super().change(acting, sku, location, quantity, reason)


async def test_a_failure_that_stays_is_told_once(sandbox: Sandbox, shop: Shop) -> None:
    async with failing(sandbox, shop, "socket", Broken(shop, 0)) as desk:
        cleo = desk.person("cleo")
        await cleo.command("/stock MUG-BLUE +5")
        told = await cleo.wait_for("my fault")
        again = {"kind": "command", "key": f"slack:{desk.accepted[0][0]}", "text": "MUG-BLUE +5"}
        with pytest.raises(RuntimeError):
            await desk.side.dispatch(again | NOBODY)
        assert await cleo.messages() == [told]


NOBODY = {"user": "U0CLERK", "name": "cleo", "channel": "C1", "response_url": ""}


async def test_bolt_takes_nothing_from_the_environment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID"):
        monkeypatch.setenv(name, "xoxb-from-elsewhere")
    app = build_app(Receiver(desk.accept, desk.side.dispatch, desk.side.background))
    assert app.client.token is None
    assert not caplog.records
