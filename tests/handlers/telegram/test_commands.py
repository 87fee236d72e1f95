"""What a customer reads after each command, in a private chat, on the wire."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.telegram_driver import Customer
from bot.services.stock.searching import reindex
from tests.handlers.telegram.live import Live
from tests.support.shop import ADMIN


@pytest.fixture
async def bot(live: Live) -> AsyncIterator[Live]:
    await live.shop.product("MUG-BLUE", "Blue mug", url="https://shop.example/mug")
    await live.shop.product("4006381333931", "Marker")
    await live.shop.product("PHONE15", "Phone 15")
    await reindex(live.shop.database, live.shop.clock)
    async with live.running():
        yield live


@pytest.fixture
async def ann(bot: Live) -> Customer:
    return await bot.sandbox.telegram.customer("Ann", id=501)


async def quantities(bot: Live) -> list[int]:
    return [row.quantity for row in await bot.shop.rows("subscription")]


async def test_start_greets_by_name_and_offers_the_languages(bot: Live, ann: Customer) -> None:
    await ann.start()
    welcome = await ann.wait_for("Ann")
    assert "Corner Shop" in welcome["text"]
    buttons = [b["callback_data"] for r in welcome["reply_markup"]["inline_keyboard"] for b in r]
    assert buttons == ["lang:en", "lang:zh_CN"]


async def test_a_product_pages_link_subscribes_at_once(bot: Live, ann: Customer) -> None:
    product = await bot.shop.services.shelf.look(None, "MUG-BLUE")  # type: ignore[arg-type]
    await ann.start(f"n_{product.product.short_id}")  # type: ignore[union-attr]
    assert "Blue mug" in (await ann.wait_for("line"))["text"]
    assert await quantities(bot) == [1]


async def test_a_dead_link_is_told_kindly(bot: Live, ann: Customer) -> None:
    await ann.start("n_zzzzzzzzzz")
    await ann.wait_for("link")
    assert await quantities(bot) == []


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("/notify MUG-BLUE", 1),
        ("/notify mug–blue", 1),
        ("/notify  mug-blue   3", 3),
        ("/notify ｍｕｇ－ｂｌｕｅ ３", 3),
        ("/NOTIFY MUG-BLUE 2", 2),
        ("/notify@stockbell_demo_bot MUG-BLUE 2", 2),
        ("/notify 4006381333931", 1),
        ("/notify 4006381333931 4", 4),
        ("/notify Phone 15", 1),
        ("/notify Phone 15 2", 2),
    ],
)
async def test_notify_understands(bot: Live, ann: Customer, text: str, quantity: int) -> None:
    await ann.say(text)
    await ann.wait_for("first in line")
    assert await quantities(bot) == [quantity]


async def test_notify_without_a_code_explains_with_an_example(bot: Live, ann: Customer) -> None:
    await ann.say("/notify")
    await ann.wait_for("/notify MUG-BLUE")
    assert await quantities(bot) == []


async def test_a_quantity_of_nothing_is_refused(bot: Live, ann: Customer) -> None:
    await ann.say("/notify MUG-BLUE 0")
    await ann.wait_for("whole number")
    assert await quantities(bot) == []


async def test_asking_twice_says_so_and_keeps_the_place(bot: Live, ann: Customer) -> None:
    await ann.say("/notify MUG-BLUE")
    first = await ann.wait_for("first in line")
    await ann.say("/notify MUG-BLUE")
    again = await ann.wait_for("already", after=first["message_id"])
    assert "first in line" in again["text"]
    assert await quantities(bot) == [1]


async def test_an_item_in_stock_is_offered_and_can_be_watched(bot: Live, ann: Customer) -> None:
    await bot.shop.moved("MUG-BLUE +20")
    await ann.say("/notify MUG-BLUE")
    offer = await ann.wait_for("Blue mug")
    links = [b.get("url") for r in offer["reply_markup"]["inline_keyboard"] for b in r]
    assert "https://shop.example/mug" in links
    await ann.press("watch:1:1", offer)
    shown = await ann.wait_until(lambda chat: chat["messages"][-1]["edits"] == 1)
    assert shown["messages"][-1]["message_id"] == offer["message_id"]
    assert await quantities(bot) == [1]


async def test_stock_tells_whether_it_can_be_bought(bot: Live, ann: Customer) -> None:
    await ann.say("/stock MUG-BLUE")
    out = await ann.wait_for("Blue mug")
    await bot.shop.moved("MUG-BLUE +3")
    await ann.say("/stock mug-blue")
    few = await ann.wait_for("3", after=out["message_id"])
    assert "Blue mug" in few["text"]


async def test_plain_words_are_taken_as_a_product(bot: Live, ann: Customer) -> None:
    await ann.say("mug-blue")
    exact = await ann.wait_for("Blue mug")
    await ann.say("a blue mug please")
    found = await ann.wait_for(lambda m: "look:1" in str(m["reply_markup"]))
    await ann.press("look:1", found)
    await ann.wait_for("Blue mug", after=exact["message_id"])


async def test_words_that_mean_nothing_get_a_hint(bot: Live, ann: Customer) -> None:
    await ann.say("qqqqqq zzzzzz")
    await ann.wait_for("/notify")


@pytest.mark.parametrize("command", ["/stock", "/why"])
async def test_a_command_without_its_code_explains_with_an_example(
    bot: Live, ann: Customer, command: str
) -> None:
    await ann.say(command)
    await ann.wait_for(f"{command} MUG-BLUE")


async def test_an_unknown_command_points_to_help(bot: Live, ann: Customer) -> None:
    await ann.say("/frobnicate now")
    await ann.wait_for("/help")


async def test_help_lists_every_command_and_privacy_answers(bot: Live, ann: Customer) -> None:
    await ann.say("/help")
    text = (await ann.wait_for("/notify"))["text"]
    for command in ("list", "stop", "stock", "language", "privacy", "mydata", "forget", "why"):
        assert f"/{command}" in text
    await ann.say("/privacy")
    await ann.wait_for("Corner Shop", after=2)


async def test_help_tells_staff_where_their_work_is_done(bot: Live, ann: Customer) -> None:
    await ann.say("/help")
    assert "/stock in Slack" not in (await ann.wait_for("/notify"))["text"]
    assert await bot.shop.stock("role telegram:501 clerk", ADMIN)
    await ann.say("/help")
    await ann.wait_for("You are staff: stock is adjusted with /stock in Slack", after=2)


async def test_why_tells_the_place_and_what_was_sent(bot: Live, ann: Customer) -> None:
    await ann.say("/notify MUG-BLUE")
    first = await ann.wait_for("first in line")
    await ann.say("/why mug-blue")
    await ann.wait_for("Blue mug", after=first["message_id"])


async def test_stop_ends_all_and_undo_brings_the_places_back(bot: Live, ann: Customer) -> None:
    for code in ("MUG-BLUE", "PHONE15"):
        await ann.say(f"/notify {code}")
    await ann.wait_for("Phone 15")
    await ann.say("/stop")
    stopped = await ann.wait_for(lambda m: "stopundo:" in str(m["reply_markup"]))
    assert [row.state for row in await bot.shop.rows("subscription")] == ["ended", "ended"]
    await ann.press("stopundo:1", stopped)
    await ann.wait_for(lambda m: m["message_id"] == stopped["message_id"] and m["edits"])
    assert [row.state for row in await bot.shop.rows("subscription")] == ["waiting", "waiting"]


async def test_stop_with_a_code_ends_that_one(bot: Live, ann: Customer) -> None:
    for code in ("MUG-BLUE", "PHONE15"):
        await ann.say(f"/notify {code}")
    await ann.wait_for("Phone 15")
    await ann.say("/stop phone15")
    await ann.wait_for(lambda m: "stopundo:2" in str(m["reply_markup"]))
    assert [row.state for row in await bot.shop.rows("subscription")] == ["waiting", "ended"]


async def test_mydata_is_a_file_with_all_that_is_kept(bot: Live, ann: Customer) -> None:
    await ann.say("/notify MUG-BLUE")
    await ann.wait_for("in line")
    await ann.say("/mydata")
    message = await ann.wait_for(lambda m: m["document"])
    assert message["document"]["file_name"] == "my-data.json"
    (file,) = bot.sandbox._telegram.files.values()
    assert b"MUG-BLUE" in file[2]


async def test_forget_asks_first_and_then_forgets(bot: Live, ann: Customer) -> None:
    await ann.say("/notify MUG-BLUE")
    await ann.wait_for("in line")
    await ann.say("/forget")
    question = await ann.wait_for(lambda m: "forget:yes" in str(m["reply_markup"]))
    yes, no = (button["callback_data"] for button in question["reply_markup"]["inline_keyboard"][0])
    await ann.press_data(question["message_id"], no)
    kept = await ann.wait_for(lambda m: m["message_id"] == question["message_id"] and m["edits"])
    assert [row.state for row in await bot.shop.rows("subscription")] == ["waiting"]
    await ann.press_data(kept["message_id"], yes)
    await ann.wait_for("erased")
    (row,) = await bot.shop.rows("subscription")
    assert (row.state, row.person_id) == ("ended", None)
    await ann.say("/notify MUG-BLUE")
    await ann.wait_for("in line", after=kept["message_id"])
    for late in (no, yes):
        await ann.press_data(kept["message_id"], late)
    await ann.say("/list")  # answered after what was pressed before
    await ann.wait_for("Your list")
    assert [row.state for row in await bot.shop.rows("subscription")] == ["ended", "waiting"]


@pytest.mark.parametrize("typed", ["-3", "+2", "1.5", "x3", "5pcs", "两个", "99999999999999999999"])
async def test_a_quantity_that_is_none_is_named_and_not_the_code(
    bot: Live, ann: Customer, typed: str
) -> None:
    await ann.say(f"/notify MUG-BLUE {typed}")
    await ann.wait_for("whole number")
    assert await bot.shop.rows("subscription") == []


async def test_the_language_is_guessed_and_can_be_chosen(bot: Live, ann: Customer) -> None:
    mei = await bot.sandbox.telegram.customer("Mei", "zh-hans")
    await mei.say("/notify")
    await mei.wait_for("编码")
    await ann.say("/language")
    menu = await ann.wait_for(lambda m: "lang:zh_CN" in str(m["reply_markup"]))
    await ann.press("lang:zh_CN", menu)
    await ann.wait_for("到货")
    await ann.say("/notify")
    await ann.wait_for("编码", after=menu["message_id"])


async def test_in_a_group_it_says_one_line_and_only_when_addressed(
    bot: Live, ann: Customer
) -> None:
    group = await bot.sandbox.telegram.group("Friends")
    await group.say("/help", ann)
    await group.say("hello @stockbell_demo_bot", ann)
    await group.say("/stock@stockbell_demo_bot MUG-BLUE", ann)
    await group.wait_for("private")
    assert len(await group.messages()) == 1
