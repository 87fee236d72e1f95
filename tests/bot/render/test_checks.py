"""The checks find what they are there for: each mistake is planted once."""

from typing import Any

import pytest

from bot.domain.forms import Button, SlackBlocks, TelegramHtml
from tests.bot.render import slack_check, telegram_check

OK = Button("OK", data="ok:1")


@pytest.mark.parametrize(
    ("rendered", "problem"),
    [
        (TelegramHtml("a < b"), "parse"),
        (TelegramHtml("<b>open"), "parse"),
        (TelegramHtml("<foo>x</foo>"), "parse"),
        (TelegramHtml(""), "0 characters"),
        (TelegramHtml("x" * 4097), "4097 characters"),
        (TelegramHtml("👍" * 2049), "4098 characters"),
        (TelegramHtml("x", rows=((Button("OK", data="é" * 32),),)), "callback_data of 64 bytes"),
        (TelegramHtml("x", rows=((Button("OK", data="x" * 65),),)), "callback_data of 65 bytes"),
        (TelegramHtml("x", rows=((Button("OK"),),)), "not exactly one"),
        (
            TelegramHtml("x", rows=((Button("OK", data="a", url="https://a.b"),),)),
            "not exactly one",
        ),
        (TelegramHtml("x", rows=((Button(" ", data="a"),),)), "label"),
        (TelegramHtml("x", rows=((),)), "an empty row"),
        (TelegramHtml("x", rows=((OK,) * 9,)), "too many buttons"),
        (TelegramHtml("x", rows=((OK,),) * 101), "too many buttons"),
    ],
)
def test_the_telegram_check_finds(rendered: TelegramHtml, problem: str) -> None:
    found = telegram_check.problems(rendered)
    assert any(problem in line for line in found), found


def test_the_telegram_check_finds_nothing_in_a_good_message() -> None:
    good = TelegramHtml("<b>a</b> &lt; <code>b</code>" + "&amp;" * 4000, rows=((OK, OK), (OK,)))
    assert telegram_check.problems(good) == []


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}, **more}


def button(label: str = "OK", action: str = "a", value: str = "v") -> dict[str, Any]:
    text = {"type": "plain_text", "text": label, "emoji": False}
    return {"type": "button", "text": text, "action_id": action, "value": value}


def actions(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(buttons)}


def fields(count: int, length: int) -> dict[str, Any]:
    cell = {"type": "mrkdwn", "text": "x" * length, "verbatim": True}
    return {"type": "section", "fields": [cell] * count}


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (section("<!channel>"), "markup"),
        (section("<@U0EVE>"), "markup"),
        (section("<https://a.b|x>"), "markup"),
        (section("a > b"), "markup"),
        (section("a & b"), "markup"),
        (section(""), "empty"),
        (section("x" * 3001), "3000"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": "x"}}, "come alive"),
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "150"),
        ({"type": "header", "text": {"type": "plain_text", "text": "<b>"}}, "angle brackets"),
        ({"type": "wonder"}, "unknown block"),
        (actions(button("x" * 76)), "75"),
        (actions(button(value="x" * 2001)), "2000"),
        (actions(button(), button()), "action_id twice"),
        (actions(*[button(action=str(n)) for n in range(26)]), "25"),
        (fields(11, 5), "10"),
        (fields(1, 2001), "long field"),
    ],
)
def test_the_slack_check_finds(block: dict[str, Any], problem: str) -> None:
    found = slack_check.problems(SlackBlocks("x", blocks=(block,)))
    assert any(problem in line for line in found), found


@pytest.mark.parametrize(
    ("rendered", "problem"),
    [
        (SlackBlocks("x", blocks=(section("x"),) * 51), "51 blocks"),
        (SlackBlocks("x"), "0 blocks"),
        (SlackBlocks(" ", blocks=(section("x"),)), "no fallback"),
        (SlackBlocks("<!here>", blocks=(section("x"),)), "markup"),
        (SlackBlocks("x", blocks=(section("x" * 2900),) * 5), "too_long"),
        (SlackBlocks("x", blocks=(section("x", block_id="b"),) * 2), "block_id twice"),
    ],
)
def test_the_slack_check_finds_in_a_message(rendered: SlackBlocks, problem: str) -> None:
    found = slack_check.problems(rendered)
    assert any(problem in line for line in found), found


def test_the_slack_check_finds_nothing_in_a_good_message() -> None:
    blocks = (
        section("*a* &lt; <@U0ADA> `b`"),
        actions(button(), button(action="b")),
        fields(10, 9),
    )
    assert slack_check.problems(SlackBlocks("x", blocks=blocks)) == []
