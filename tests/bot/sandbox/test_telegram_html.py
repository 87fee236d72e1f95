"""The sandbox reads Telegram HTML as TDLib does, which the real Bot API server is built on."""

import json
from typing import Any

import pytest
import tdjson
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.telegram_html import (
    HtmlError,
    found_by_itself,
    parse_html,
    render_html,
    trimmed,
)

NAMES = {
    "Bold": "bold",
    "Italic": "italic",
    "Underline": "underline",
    "Strikethrough": "strikethrough",
    "Code": "code",
    "Pre": "pre",
    "PreCode": "pre",
    "BlockQuote": "blockquote",
    "ExpandableBlockQuote": "expandable_blockquote",
    "Spoiler": "spoiler",
    "TextUrl": "text_link",
    "MentionName": "text_mention",
}


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> None:
    tdjson.td_execute(b'{"@type":"setLogVerbosityLevel","new_verbosity_level":0}')


def as_tdlib(source: str) -> Any:
    """(text, entities) or the error's words."""
    request = {
        "@type": "parseTextEntities",
        "text": source,
        "parse_mode": {"@type": "textParseModeHTML"},
    }
    answer = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}")
    if answer["@type"] == "error":
        return str(answer["message"]).removeprefix("Can't parse entities: ")
    found = set()
    for entity in answer["entities"]:
        kind = NAMES[entity["type"]["@type"].removeprefix("textEntityType")]
        found.add((kind, entity["offset"], entity["length"]))
    return answer["text"], found


def as_sandbox(source: str) -> Any:
    try:
        text, entities = parse_html(source)
    except HtmlError as error:
        return str(error)
    return text, {(e["type"], e["offset"], e["length"]) for e in entities}


@pytest.mark.parametrize(
    "source",
    [
        "plain",
        "<b>a</b> <strong>b</strong> <i>c</i> <em>d</em> <u>e</u> <ins>f</ins>",
        "<s>a</s> <strike>b</strike> <del>c</del> <code>d</code> <pre>e</pre>",
        "<tg-spoiler>a</tg-spoiler> <span class='tg-spoiler'>b</span>",
        "<blockquote>a</blockquote> <blockquote expandable>b</blockquote>",
        "<pre><code class='language-python'>x</code></pre>",
        "<code class='language-python'>x</code>",
        '<a href="http://shop.test/?a=1&amp;b=2">link</a>',
        "<a href='tg://user?id=5'>Ann</a>",
        "<a href='x'>no link</a>",
        "<a>http://shop.test/</a>",
        "<b>😀é漢</b> then <i>字</i>",
        "<b>a<i>b</i></b>",
        "<B>upper</B> <b >space</b >",
        "<b></b>empty",
        "&lt;&gt;&amp;&quot;&nbsp;&#65;&#x41;&copy; & alone",
        "<b>a</>",
        "<foo>x</foo>",
        "<br/>",
        "5 < 6",
        "<>",
        "x<",
        "<b",
        "<b>open",
        "<b><i>crossed</b></i>",
        "</b>",
        "<b>a</i>",
        "<b>a</b",
        "<b>a</b x>",
        "<b>a</ b>",
        "<span>x</span>",
        "<span class='other'>x</span>",
        "<b =1>a</b>",
        "<b\n",
        "<a b",
        "<a b=",
        '<a b="x',
        '<a b="x"',
        '<a b="x" ',
        "<a b=x",
        "<a b c>x</a>",
        '<a b"c',
        "<a b=x=y>z</a>",
        "<a b=>z</a>",
        '<a href="x>t</a>',
        "é<foo>",
    ],
)
def test_it_agrees_with_tdlib(source: str) -> None:
    assert as_sandbox(source) == as_tdlib(source)


TAGS = st.sampled_from(["<b>", "</b>", "<i>", "</i>", "<code>", "</code>", "<u>", "</u>", "<x>"])
WORDS = st.sampled_from(["a", "😀", "é", " & ", "&lt;", "<", ">", "漢 字", "\n"])


@given(st.lists(st.one_of(TAGS, WORDS), max_size=8).map("".join))
def test_it_agrees_with_tdlib_on_any_mixture_that_both_can_show(source: str) -> None:
    mine, theirs = as_sandbox(source), as_tdlib(source)
    if isinstance(theirs, str) or isinstance(mine, str):
        assert mine == theirs
    else:  # TDLib also merges and splits entities; the text must be the same
        assert mine[0] == theirs[0]


def test_the_page_gets_only_safe_html() -> None:
    text, entities = parse_html('<b>5 &lt; 6</b> <a href="http://x.test/?a=1&amp;b">go</a>')
    link = '<a href="http://x.test/?a=1&amp;b" target="_blank" rel="noopener">go</a>'
    assert render_html(text, entities) == f"<b>5 &lt; 6</b> {link}"


def test_a_link_that_is_no_web_address_is_not_shown_as_one() -> None:
    entity = {"type": "text_link", "offset": 0, "length": 2, "url": "javascript:alert(1)"}
    assert render_html("go", [entity]) == "go"


def test_overlapping_entities_still_nest_in_the_page() -> None:
    crossed = [
        {"type": "bold", "offset": 0, "length": 4},
        {"type": "italic", "offset": 2, "length": 4},
    ]
    assert render_html("abcdef", crossed) == "<b>ab<i>cd</i></b><i>ef</i>"


def test_white_space_is_cut_off_both_ends_and_entities_move() -> None:
    text, entities = trimmed(*parse_html("\n  <b>a </b>  "))
    assert (text, entities) == ("a", [{"type": "bold", "offset": 0, "length": 1}])


def test_commands_links_and_mentions_are_found_but_not_inside_code() -> None:
    text, entities = parse_html("/list or https://x.test/a. or @shop_bot, not <code>/stop</code>")
    found = [(e["type"], e["offset"], e["length"]) for e in found_by_itself(text, entities)]
    assert found == [("bot_command", 0, 5), ("url", 9, 16), ("mention", 30, 9)]
