"""Whatever the text, nothing of it is lost, every part fits, and every part is valid by itself."""

import html
import re
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels import slack_split, telegram
from bot.channels.telegram_split import cut_html, split_html, words_of
from bot.domain.forms import Button, SlackBlocks, TelegramHtml
from bot.domain.utf16 import units
from tests.bot.render.telegram_check import parsed, problems

NAMES = st.sampled_from(["b", "i", "u", "code", "blockquote"])
LETTERS = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs", "Cc")),
        st.sampled_from("<>&\"' \n\n\n👍🏽👨‍👩‍👧🇩🇪é茶"),
    ),
    min_size=1,
)


@st.composite
def markup(draw: st.DrawFn, depth: int = 0) -> str:
    """Telegram HTML as the renderers write it: escaped words, tags that close in order."""
    pieces = []
    for _ in range(draw(st.integers(1, 4))):
        words = html.escape(draw(LETTERS) * draw(st.sampled_from([1, 1, 7, 60])))
        if depth < 3 and draw(st.booleans()):
            name = draw(NAMES)
            words = f"<{name}>{words}{draw(markup(depth + 1))}</{name}>"
        pieces.append(words)
    return "".join(pieces)


def shown(text: str) -> str:
    """What a reader sees, without blanks: those at the ends of a message are cut off."""
    answer = parsed(text)
    if answer["@type"] != "formattedText":  # Telegram shows nothing of blanks alone
        assert not html.unescape(re.sub("<[^>]*>", "", text)).strip(), answer
        return ""
    return seen(answer["text"])


def seen(words: str) -> str:
    """Parsers normalize a few characters; letters and digits tell whether words are lost."""
    return "".join(char for char in words if char.isalnum())


@given(text=markup(), limit=st.sampled_from([40, 100, 4096]))
@example(text="<b>" + "x" * 5000 + "</b>", limit=4096)
@example(text="👨‍👩‍👧" * 1000, limit=4096)
@example(text="&amp;" * 5000, limit=4096)
@example(text="<b>a</b>" + " " * 200 + "\n" * 200, limit=40)
def test_html_is_split_into_valid_messages_that_say_it_all(text: str, limit: int) -> None:
    parts = split_html(text, limit)
    assert "".join(shown(part) for part in parts) == shown(text)
    if units(text) > limit:
        for part in parts:
            assert units(html.unescape(re.sub("<[^<>]*>", "", part))) <= limit
    for part in parts:
        assert parsed(part)["@type"] == "formattedText" or not words_of(text).strip()


@given(text=markup(), limit=st.sampled_from([40, 100, 4096]))
def test_html_that_is_cut_is_valid_and_begins_like_the_whole(text: str, limit: int) -> None:
    cut = cut_html(text, limit)
    assert shown(text).startswith(shown(cut))
    assert units(words_of(cut)) <= max(limit, 0)
    if cut != text:
        assert cut.endswith("…")


@given(text=markup())
def test_a_split_message_is_one_that_telegram_takes_with_the_buttons_on_the_last(text: str) -> None:
    long = "<b>head</b>\n" + text * (5000 // max(1, len(words_of(text))) + 1) + "end"
    row = (Button("Why", data="why:1"),)
    parts = telegram.parts_of(TelegramHtml(long, (row,)))
    assert len(parts) > 1
    assert [problem for part in parts for problem in problems(part)] == []
    assert [part.rows for part in parts] == [()] * (len(parts) - 1) + [(row,)]
    assert [part.silent for part in parts] == [True] * (len(parts) - 1) + [False]


def test_lines_stay_whole_where_they_can() -> None:
    lines = [f"• <b>Mug {n}</b> &amp; saucer" for n in range(500)]
    for part in split_html("\n".join(lines)):
        assert set(part.splitlines()) <= set(lines)


def test_a_character_is_never_torn_apart() -> None:
    family = "👨‍👩‍👧"
    for part in split_html(family * 3000, 4096):
        assert part == family * (len(part) // len(family))


MRKDWN = (
    st.lists(
        st.one_of(
            st.sampled_from(["<@U0ADA>", "&amp;", "&lt;", "*bold*", "\n", " ", "🇩🇪", "👍🏽"]),
            st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<>&")),
        ),
        min_size=1,
    )
    .map("".join)
    .filter(bool)
)


@given(piece=MRKDWN, times=st.sampled_from([1, 50, 2000]))
@example(piece="x", times=9000)
def test_a_slack_text_is_split_into_messages_that_say_it_all(piece: str, times: int) -> None:
    text = piece * min(times, 30_000 // len(piece) + 1) + "end"
    parts = slack_split.parts_of(SlackBlocks(text, metadata={"notice_id": 7}))
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())
    assert all(units(part.text) <= 4_000 for part in parts)
    assert all(part.text.count("<@") == part.text.count("<@U0ADA>") for part in parts)
    assert [part.metadata for part in parts[:-1]] == [{}] * (len(parts) - 1)
    assert parts[-1].metadata == {"notice_id": 7}


@given(texts=st.lists(st.integers(1, 9_000), min_size=1, max_size=70), header=st.integers(1, 400))
def test_blocks_are_split_into_messages_within_every_limit(texts: list[int], header: int) -> None:
    blocks: tuple[dict[str, Any], ...] = (
        {"type": "header", "text": {"type": "plain_text", "text": "h" * header}},
        *({"type": "section", "text": {"type": "mrkdwn", "text": "s" * size}} for size in texts),
        {"type": "actions", "elements": []},
    )
    parts = slack_split.parts_of(SlackBlocks("push", blocks=blocks))
    every = [block for part in parts for block in part.blocks]
    said = "".join(block["text"]["text"] for block in every if "text" in block)
    assert said == "h" * header + "s" * sum(texts)
    assert every[-1]["type"] == "actions"
    for part in parts:
        sizes = [len(block.get("text", {}).get("text", "")) for block in part.blocks]
        assert (len(sizes) <= 50, max(sizes) <= 3_000, sum(sizes) <= 13_000) == (True,) * 3


@given(count=st.integers(1, 200))
def test_an_edit_shows_as_many_blocks_as_one_message_holds(count: int) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "s" * 100}}
    cut = slack_split.cut(SlackBlocks("push", blocks=(section,) * count, metadata={"notice_id": 7}))
    assert len(cut.blocks) == min(count, 50)
    assert (cut.blocks[-1] == section) == (count <= 50)


def test_a_button_beside_a_long_text_stays() -> None:
    text = {"type": "mrkdwn", "text": "word " * 1_000}
    block = {"type": "section", "text": text, "accessory": {"type": "button"}}
    (part,) = slack_split.parts_of(SlackBlocks("push", blocks=(block,)))
    assert [("accessory" in piece) for piece in part.blocks] == [False, True]
