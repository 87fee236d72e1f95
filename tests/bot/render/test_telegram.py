"""What customers and staff chats read in Telegram."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import customers, staff, telling
from bot.domain.alerts import AlertState
from bot.domain.forms import TelegramHtml
from bot.domain.living import Says
from bot.domain.sources import CLI
from bot.domain.subscriptions import SubscriptionState
from bot.render import telegram
from bot.render.customer_parts import good_url
from bot.render.voice import View
from tests.bot.render import samples
from tests.bot.render.samples import NOW, PLAIN


def data(rendered: TelegramHtml) -> list[str]:
    return [button.data or button.url for row in rendered.rows for button in row]


def test_a_restock_says_it_all_in_its_first_line(view: View) -> None:
    told = telling.RestockTold(samples.stock(count=5), 4, 1)
    rendered = telegram.notice(view, "en", told)
    assert rendered.text.splitlines()[0] == "🔔 <b>Blue mug</b> is back in stock (5 left)"
    assert "<code>MUG-BLUE</code> · €12.50" in rendered.text
    assert data(rendered) == ["https://mugs.example/blue", "bought:4", "nothx:4", "why:7"]


def test_a_restock_with_plenty_names_no_number(view: View) -> None:
    rendered = telegram.notice(view, "en", telling.RestockTold(samples.stock(count=500), 4, 1))
    assert rendered.text.splitlines()[0] == "🔔 <b>Blue mug</b> is back in stock"
    assert "wanted" not in rendered.text


def test_a_restock_that_may_be_a_repeat_says_so(view: View) -> None:
    told = telling.RestockTold(samples.stock(), 4, 2, repeated=True)
    text = telegram.notice(view, "en", told).text
    assert "You wanted 2." in text
    assert text.endswith("(You may have this message twice. Sorry!)")


def test_a_restock_that_is_over_keeps_the_place(view: View) -> None:
    over = telling.RestockOver(samples.product(), 3, NOW, subscription_id=4)
    text = telegram.notice(view, "en", over).text
    assert text.splitlines()[0] == "❌ Sold out again at 14:41: <b>Blue mug</b>"
    assert "You keep place 3." in text
    assert "rm:4" in data(telegram.notice(view, "en", over))
    gone = telegram.notice(view, "en", replace(over, place=0, withdrawn=True)).text
    assert "mistake" in gone
    assert "place" not in gone


@pytest.mark.parametrize(("count", "words"), [(1, "Only 1 left"), (4, "Only 4 left")])
def test_a_restock_message_that_says_few_left_still_leads_to_the_product(
    view: View, count: int, words: str
) -> None:
    few = telling.RestockChanged(samples.stock(count=count), 4, 2, NOW)
    rendered = telegram.notice(view, "en", few)
    assert rendered.text.splitlines()[0] == f"⏳ {words} at 14:41: <b>Blue mug</b>"
    assert "You wanted 2." in rendered.text
    assert data(rendered) == ["https://mugs.example/blue", "bought:4", "nothx:4", "why:7"]
    chinese = telegram.notice(view, "zh_CN", few).text
    assert chinese.startswith(f"⏳ 14:41 只剩 {count} 件：")


def test_a_restock_message_that_says_more_came_names_no_number(view: View) -> None:
    more = telling.RestockChanged(samples.stock(count=500), 4, 1, NOW, more=True)
    rendered = telegram.notice(view, "en", more)
    assert rendered.text.splitlines()[0] == "🔔 More came in, seen at 14:41: <b>Blue mug</b>"
    assert "500" not in rendered.text
    assert data(rendered)[0] == "https://mugs.example/blue"


def test_a_restock_message_of_something_out_of_sale_promises_no_next_time(view: View) -> None:
    over = telling.RestockOver(samples.product(), 3, NOW, subscription_id=4, not_sold=True)
    text = telegram.notice(view, "en", over).text
    assert "no longer sold" in text
    assert "place" not in text


def test_a_restock_message_put_right_offers_to_take_the_answer_back(view: View) -> None:
    item = samples.subscription(id=4, state=SubscriptionState.ENDED)
    rendered = telegram.notice(view, "en", telling.RestockAnswered(item))
    assert "is off your list" in rendered.text
    assert data(rendered) == ["undo:4"]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://mugs.example/blue?x=1&y=2", True),
        ("http://mugs.example", True),
        ("https://杯子.example/蓝", True),
        ("", False),
        ("javascript:alert(1)", False),
        ("mugs.example/blue", False),
        ("https://localhost/blue", False),
        ("https://mugs.example/a b", False),
        ("https://mugs.example/\n", False),
        ("https://[broken", False),
        ("tg://user?id=1", False),
        ("https://mugs.example/" + "x" * 2000, False),
    ],
)
def test_only_an_address_that_telegram_takes_becomes_a_button(
    view: View, url: str, good: bool
) -> None:
    assert good_url(url) is good
    stock = replace(samples.stock(), product=samples.product(url=url))
    told = telegram.notice(view, "en", telling.RestockTold(stock, 4, 1))
    assert (url in data(told)) is good


def test_a_new_subscription_tells_the_place_and_who_is_first(view: View) -> None:
    rendered = telegram.answer(view, "en", customers.Subscribed(samples.subscription(count=3)))
    assert rendered.text.startswith("🔔 I'll tell you when <b>Blue mug</b> is back.")
    assert "You have place 3 in line." in rendered.text
    first = customers.Subscribed(samples.subscription(count=1))
    assert "You are first in line." in telegram.answer(view, "en", first).text


def test_who_was_told_already_gets_the_link_again(view: View) -> None:
    told = samples.subscription(state=SubscriptionState.TOLD, place=0)
    rendered = telegram.answer(view, "en", customers.Subscribed(told, already=True))
    assert rendered.text.startswith("🔔 <b>Blue mug</b> is back, as I told you.")
    assert data(rendered)[0] == "https://mugs.example/blue"


def test_in_stock_offers_the_link_and_to_watch_the_next_time(view: View) -> None:
    rendered = telegram.answer(view, "en", customers.InStockAlready(samples.stock(count=2), 3))
    assert rendered.text.startswith("✅ <b>Blue mug</b> is in stock: only 2 left.")
    assert data(rendered) == ["https://mugs.example/blue", "watch:7:3"]


@pytest.mark.parametrize(
    ("verb", "button"), [("sub", "sub:7:2"), ("look", "look:7"), ("why", "why:7")]
)
def test_suggestions_do_what_was_asked_for(view: View, verb: str, button: str) -> None:
    found = customers.NotFound("blu mug", (samples.stock(), samples.stock(count=0)))
    rendered = telegram.not_found(view, "en", found, verb, 2)
    assert data(rendered) == [button, button]
    assert [row[0].text for row in rendered.rows] == [
        "✅ Blue mug · MUG-BLUE", "⏳ Blue mug · MUG-BLUE",
    ]  # fmt: skip


def test_the_list_has_buttons_for_each_entry_and_pages(view: View) -> None:
    waiting = samples.subscription(id=4)
    paused = samples.subscription(id=5, state=SubscriptionState.PAUSED)
    result = customers.SubscriptionList((waiting, paused), page=1, pages=3)
    rendered = telegram.answer(view, "en", result)
    assert data(rendered) == ["pause:4:1", "rm:4:1", "resume:5:1", "rm:5:1", "list:0", "list:2"]
    assert "1. <b>Blue mug</b> <code>MUG-BLUE</code>\n    place 3 in line" in rendered.text


def test_one_page_needs_no_paging(view: View) -> None:
    result = customers.SubscriptionList((samples.subscription(id=4),))
    assert data(telegram.answer(view, "en", result)) == ["pause:4:0", "rm:4:0"]


@pytest.mark.parametrize(
    ("verb", "state", "button"),
    [
        ("remove", SubscriptionState.ENDED, "undo:4"),
        ("bought", SubscriptionState.ENDED, "undo:4"),
        ("no_thanks", SubscriptionState.ENDED, "undo:4"),
        ("pause", SubscriptionState.PAUSED, "resume:4"),
        ("resume", SubscriptionState.WAITING, "rm:4"),
        ("undo", SubscriptionState.WAITING, "rm:4"),
    ],
)
def test_each_button_says_what_it_did_and_can_be_taken_back(
    view: View, verb: str, state: SubscriptionState, button: str
) -> None:
    result = customers.Changed(verb, samples.subscription(id=4, state=state))
    assert data(telegram.answer(view, "en", result))[0] == button
    assert "Blue mug" in telegram.toast(view, "en", result)


def test_a_second_press_tells_how_it_stands(view: View) -> None:
    item = samples.subscription(state=SubscriptionState.PAUSED)
    result = customers.Changed("pause", item, done=False)
    assert telegram.toast(view, "en", result) == "Blue mug: paused, you keep your place."


def test_stop_can_be_undone(view: View) -> None:
    ended = tuple(samples.subscription(id=number) for number in (8, 9))
    rendered = telegram.answer(view, "en", customers.Stopped(ended, everything=True))
    assert data(rendered) == ["stopundo:8"]
    assert rendered.text.count("Blue mug") == 2


def test_why_shows_the_arithmetic(view: View) -> None:
    item = samples.subscription(count=3)
    told = customers.ToldFact("restock", "dropped", "sold_out_before", NOW)
    text = telegram.answer(
        view, "en", customers.CustomerWhy(item.product, 0, False, item, None, (told,))
    ).text
    assert "Out of stock: 0 can be bought now." in text
    assert "You have waited since Nov 17 (3 days)." in text
    assert "You have place 3: 2 people are told before you." in text
    assert "it is back: not sent, it was gone before your turn; you keep your place" in text


@pytest.mark.parametrize(
    ("says", "words"),
    [(Says.FEW, "only a few left"), (Says.BACK, "more came in"), (Says.OVER, "gone again")],
)
def test_why_says_what_a_message_was_changed_to(view: View, says: Says, words: str) -> None:
    item = samples.subscription(count=3)
    sent = NOW - timedelta(minutes=31)
    told = customers.ToldFact("restock", "sent", "delivered", sent, says=says, edited_at=NOW)
    why = customers.CustomerWhy(item.product, 0, False, item, None, (told,))
    text = telegram.answer(view, "en", why).text
    assert f"14:10, it is back: delivered; edited at 14:41: {words}" in text


def test_help_lists_exactly_the_registered_commands(view: View) -> None:
    commands = [command for command, _ in telegram.command_list(view, "en")]
    assert commands == [
        "notify", "list", "stop", "stock", "why", "language", "link", "privacy", "mydata",
        "forget", "help", "start",
    ]  # fmt: skip
    text = telegram.help(view, "en").text
    assert [line.split()[0][1:] for line in text.splitlines() if line.startswith("/")] == commands
    assert all(1 <= len(words) <= 256 for _, words in telegram.command_list(view, "zh_CN"))


def test_privacy_says_what_how_long_and_how_to_delete(view: View) -> None:
    text = telegram.privacy(view, "en").text
    for promise in ("encrypted", "/forget", "/mydata", "90 days", "https://mugs.example/shop"):
        assert promise in text
    assert "90" not in telegram.privacy(samples.view(retention_days=None), "en").text


def test_the_caption_of_the_data_file_fits_under_a_file(view: View) -> None:
    mine = customers.MyData("{}", 3, NOW)
    assert len(telegram.answer(view, "en", mine).text) <= 1024


def test_profile_texts_fit(view: View) -> None:
    long = samples.view(shop_name="Ümläut " * 400)
    for language in view.texts.languages:
        assert len(telegram.description(long, language)) <= 512
        assert len(telegram.short_description(long, language)) <= 120
        assert "Mug & Co" in telegram.short_description(view, language)


def test_languages_are_offered_in_their_own_names(view: View) -> None:
    rendered = telegram.language_choice(view, "en")
    assert [button.text for row in rendered.rows for button in row] == ["English", "简体中文"]
    assert data(rendered) == ["lang:en", "lang:zh_CN"]


def test_the_question_carries_its_answers(view: View) -> None:
    assert data(telegram.forget_question(view, "en", 7)) == ["forget:yes:7", "forget:no:7"]


def test_an_alert_in_a_staff_chat_can_be_acknowledged_once(view: View) -> None:
    open_alert = samples.alert(id=9, version=2)
    rendered = telegram.notice(view, "en", telling.AlertTold((open_alert,), 1))
    assert data(rendered) == ["ack:9:2"]
    taken = replace(open_alert, state=AlertState.ACKNOWLEDGED, acknowledged_at=NOW)
    assert telegram.notice(view, "en", telling.AlertTold((taken,), 1)).rows == ()
    newer = replace(open_alert, superseded=True)
    assert telegram.notice(view, "en", telling.AlertTold((newer,), 1)).rows == ()


def test_a_summary_counts_what_it_does_not_show(view: View) -> None:
    told = telling.AlertTold((samples.alert(),) * 30, 5000, summary=True, source=CLI)
    text = telegram.notice(view, "en", told).text
    assert text.startswith("<b>📦 The import left 5,000 products low</b>")
    assert text.endswith("… and 4,980 more")


def test_a_digest_makes_no_sound(view: View) -> None:
    (digest, _) = [n for n in samples.staff_notices(PLAIN, 2) if isinstance(n, telling.DailyDigest)]
    assert telegram.notice(view, "en", digest).silent


def test_who_was_first_is_told_to_who_comes_second(view: View) -> None:
    taken = samples.alert(acknowledged_by="Ada", acknowledged_at=NOW)
    toast = telegram.toast(view, "en", staff.Acknowledged(taken, done=False))
    assert toast == "Ada already looks after Blue mug."


def test_an_unknown_language_is_answered_in_the_shops(view: View) -> None:
    assert telegram.language_set(view, "zh-hans").text.startswith("👍 好的")
    assert telegram.language_set(view, "pt-br").text.startswith("👍 I speak English")


def test_a_type_without_words_is_an_error_of_ours(view: View) -> None:
    with pytest.raises(KeyError):
        telegram.answer(view, "en", object())
