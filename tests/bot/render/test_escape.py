"""Foreign words stay words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.utf16 import units
from bot.render import escape
from tests.bot.render import samples, slack_check, telegram_check

ANY = st.text(max_size=300) | st.text(
    alphabet="<>&\"'@!#/._*~`:\u202e\u2066\u200d\u0301👍🏽🇩🇪\n\0%{}a", max_size=60
)


@given(ANY)
def test_nothing_in_foreign_words_is_markup_in_telegram(text: str) -> None:
    html = escape.telegram_foreign(escape.clean(text))
    parsed = telegram_check.parsed(f"x{html}x")
    assert parsed["@type"] == "formattedText"
    assert parsed["entities"] == []


@given(ANY)
def test_nothing_in_foreign_words_is_markup_in_slack(text: str) -> None:
    assert slack_check.markup(escape.slack_foreign(escape.clean(text))) == []


@given(ANY, st.integers(min_value=1, max_value=120))
def test_clean_words_are_one_visible_line_within_the_limit(text: str, limit: int) -> None:
    line = escape.clean(text, limit)
    assert units(line) <= limit
    kinds = {unicodedata.category(char) for char in line} - {"Cf"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff") & set(line)
    assert line == line.strip()


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("ab 👍🏽 c", 7, "ab…"),  # a hand keeps its colour
        ("ae\u0301o", 3, "a…"),  # an accent keeps its letter
        ("👩‍👩‍👧‍👦👍", 11, "…"),  # a family stays together
        ("🇩🇪🇫🇷🇬🇧", 9, "🇩🇪🇫🇷…"),  # flags are pairs
        ("🇩🇪🇫🇷🇬🇧", 8, "🇩🇪…"),
    ],
)
def test_a_cut_parts_no_grapheme(text: str, limit: int, cut: str) -> None:
    assert escape.truncate(text, limit) == cut


def test_what_people_may_write_is_left_alone() -> None:
    for name in ("Blue mug", "蓝色马克杯", "Ünïcödé", "👩‍👩‍👧‍👦 set", "M&M's 2.5 kg", "کتاب‌ها"):
        assert escape.clean(name) == name
    assert escape.slack_foreign("M&M A_B") == "M&amp;M A_B"
    assert escape.telegram_foreign("5 < 6, 2.5") == "5 &lt; 6, 2.5"


def test_emphasis_in_a_name_is_shown_and_not_obeyed_in_slack() -> None:
    assert escape.slack_foreign("*a* _b_ ~c~ `d`") == "∗a∗ ＿b＿ ∼c∼ ˋdˋ"


def test_addresses_and_mentions_in_a_name_do_not_come_alive_in_telegram() -> None:
    for name in ("@channel", "https://evil.example/x", "evil.com", "www.evil.de/x", "/start"):
        assert telegram_check.live(name) != []
        assert telegram_check.live(escape.telegram_foreign(name)) == []


def test_stacked_accents_do_not_smear_over_other_lines() -> None:
    assert len(escape.clean(samples.HOSTILE[9])) == 1 + escape.MOST_MARKS
