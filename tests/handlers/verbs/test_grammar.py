"""How `/stock` lines are understood, each by its verb."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.contacts import Role
from bot.domain.stock_words import REASON_LENGTH, BadInput, Written
from handlers.verbs.act import Verb
from handlers.verbs.change import CHANGE
from handlers.verbs.health import HEALTH, Health
from handlers.verbs.help import Help
from handlers.verbs.low import LOW, Low
from handlers.verbs.role import ROLE, SetRole
from handlers.verbs.roles import ROLES, Roles
from handlers.verbs.search import SEARCH, Search
from handlers.verbs.set import SET
from handlers.verbs.show import SHOW, Show
from handlers.verbs.table import Verbs
from handlers.verbs.threshold import THRESHOLD, Threshold
from handlers.verbs.undo import UNDO, Undo
from handlers.verbs.why import WHY, Why

TABLE = Verbs()
HELP = TABLE.rows[-1]  # made of the other rows
WRITES = (CHANGE, SET, THRESHOLD, ROLE)
understand = TABLE.understand


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("MUG +5", 5),
        ("MUG -5", -5),
        ("MUG ＋5", 5),
        ("MUG －5", -5),  # full-width hyphen-minus
        ("MUG \u20135", -5),  # en dash, as phones write it
        ("MUG \u22125", -5),  # minus sign, as spreadsheets write it
        ("MUG ＋１２", 12),
        ("MUG +٣", 3),
        ("MUG - 5", -5),
        ("MUG ＋ ５", 5),
        ("MUG\u3000+5", 5),
        ("MUG \u200b+5\ufeff", 5),
        ("  MUG \t +5 \n", 5),
        ("MUG +005", 5),
        ("MUG +999999999999", 999_999_999_999),
    ],
)
def test_a_quantity_is_read_however_the_keyboard_writes_it(text: str, quantity: int) -> None:
    assert understand(text) == (CHANGE, Written("MUG", "", quantity))


@pytest.mark.parametrize(
    ("text", "verb", "request_"),
    [
        ("MUG =40", SET, Written("MUG", "", 40)),
        ("MUG = 40 counted twice", SET, Written("MUG", "", 40, "counted twice")),
        ("MUG ＝４０", SET, Written("MUG", "", 40)),
        ("MUG =0", SET, Written("MUG", "", 0)),
        ("MUG - 3 damaged", CHANGE, Written("MUG", "", -3, "damaged")),
        ("杯子 +5 到货", CHANGE, Written("杯子", "", 5, "到货")),
        ("MUG@main +5 delivery", CHANGE, Written("MUG", "main", 5, "delivery")),
        ("MUG＠main +5", CHANGE, Written("MUG", "main", 5)),
        ("MUG @main +5 delivery", CHANGE, Written("MUG", "main", 5, "delivery")),
        ("MUG +5 @main delivery", CHANGE, Written("MUG", "main", 5, "delivery")),
        ("MUG <@U9|main> +5", CHANGE, Written("MUG", "main", 5)),  # somebody is called main
        ("A@B@main +5", CHANGE, Written("A@B", "main", 5)),
        ('"red mug" +5', CHANGE, Written("red mug", "", 5)),
        (
            "\u201cred mug\u201d@shop =4",
            SET,
            Written("red mug", "shop", 4),
        ),  # as phones quote
        ("「red mug」 +5", CHANGE, Written("red mug", "", 5)),
        ('"A@B" +5', CHANGE, Written("A@B", "", 5)),
    ],
)
def test_one_code_and_a_signed_number_is_a_write(
    text: str, verb: Verb[Any], request_: object
) -> None:
    assert understand(text) == (verb, request_)


@pytest.mark.parametrize(
    ("text", "verb", "request_"),
    [
        ("MUG", SHOW, Show("MUG", "", "MUG")),
        ("mug-blue@main", SHOW, Show("mug-blue", "main", "mug-blue@main")),
        ("MUG @main", SHOW, Show("MUG", "main", "MUG @main")),
        ("MUG+5", SHOW, Show("MUG+5", "", "MUG+5")),  # a code may contain signs
        ("MUG-5", SHOW, Show("MUG-5", "", "MUG-5")),
        ("MUG=40", SHOW, Show("MUG=40", "", "MUG=40")),
        ('"low"', SHOW, Show("low", "", "low")),
        ("MUG@", SHOW, Show("MUG@", "", "MUG@")),
        ("red mug", SEARCH, Search("red mug")),
        ("iphone 15", SEARCH, Search("iphone 15")),  # a number without a sign is a word
        ("MUG - blue", SEARCH, Search("MUG - blue")),
        ("MUG -blue", SEARCH, Search("MUG -blue")),
        ('TV 55"', SEARCH, Search('TV 55"')),
        ("red mug +5", SEARCH, Search("red mug +5", was_write=True)),
        ("+5 MUG", SEARCH, Search("+5 MUG", was_write=True)),
        ("red mug - 5", SEARCH, Search("red mug - 5", was_write=True)),
    ],
)
def test_what_is_no_code_with_a_quantity_writes_nothing(
    text: str, verb: Verb[Any], request_: object
) -> None:
    assert understand(text) == (verb, request_)


@pytest.mark.parametrize(
    ("text", "verb", "request_"),
    [
        ("", HELP, Help()),
        (" \u200b\x00 ", HELP, Help()),
        ("help", HELP, Help()),
        ("HELP me", HELP, Help()),
        ("low", LOW, Low()),
        ("ＬＯＷ", LOW, Low()),
        ("low main", LOW, Low("main")),
        ("low @main", LOW, Low("main")),
        ("undo", UNDO, Undo()),
        ("undo 12", UNDO, Undo(12)),
        ("undo #１２", UNDO, Undo(12)),
        ("why MUG", WHY, Why("MUG")),
        ("why MUG@main", WHY, Why("MUG")),
        ("why red mug", WHY, Why("red mug")),
        ('why "red mug"', WHY, Why("red mug")),
        ("threshold MUG 10", THRESHOLD, Threshold("MUG", "", 10)),
        ("threshold MUG@main 10 clear 14", THRESHOLD, Threshold("MUG", "main", 10, 14)),
        ("threshold MUG １０ CLEAR １４", THRESHOLD, Threshold("MUG", "", 10, 14)),
        ("threshold MUG off", THRESHOLD, Threshold("MUG", "", 0)),
        ("health", HEALTH, Health()),
        ("Health now", HEALTH, Health()),
        ("role", ROLES, Roles()),
        ("role list", ROLES, Roles()),
        ("role <@U1|ann> clerk", ROLE, SetRole("slack:U1", Role.CLERK)),
        ("role <@W1> Manager", ROLE, SetRole("slack:W1", Role.MANAGER)),
        ("role <@U1|ann> none", ROLE, SetRole("slack:U1", None)),
        ("role telegram:123 clerk", ROLE, SetRole("telegram:123", Role.CLERK)),
    ],
)
def test_the_reserved_words(text: str, verb: Verb[Any], request_: object) -> None:
    assert understand(text) == (verb, request_)


@pytest.mark.parametrize(
    "word", ["low", "undo", "why", "threshold", "role", "health", "help", "LOW"]
)
def test_quotes_reach_a_sku_that_is_called_like_a_reserved_word(word: str) -> None:
    assert understand(f'"{word}" +5') == (CHANGE, Written(word, "", 5))
    assert understand(f"{word} +5")[0] is not CHANGE


@pytest.mark.parametrize(
    ("text", "code", "wrong"),
    [
        ("MUG +", "no_number", "+"),
        ("MUG =", "no_number", "="),
        ("MUG -", "no_number", "-"),
        ("MUG + five", "no_number", "+"),
        ("MUG +1.5", "not_whole", "+1.5"),
        ("MUG +1,000", "not_whole", "+1,000"),
        ("MUG +5kg", "not_whole", "+5kg"),
        ("MUG --5", "not_whole", "--5"),
        ("MUG +-5", "not_whole", "+-5"),
        ("MUG +0", "zero", "+0"),
        ("MUG － 0", "zero", "－ 0"),
        ("MUG =-5", "negative", "=-5"),
        ("MUG +1000000000000", "too_big", "+1000000000000"),
        ("MUG +5 " + "x" * (REASON_LENGTH + 1), "reason_too_long", str(REASON_LENGTH)),
        ("undo it", "move_number", "it"),
        ("undo 0", "move_number", "0"),
        ("undo 1 2", "usage_undo", ""),
        ("why", "usage_why", ""),
        ("low rise jeans", "usage_low", ""),
        ("threshold", "usage_threshold", ""),
        ("threshold MUG", "usage_threshold", ""),
        ("threshold red mug 10", "usage_threshold", ""),
        ("threshold MUG ten", "not_whole", "ten"),
        ("threshold MUG -1", "negative", "-1"),
        ("threshold MUG 10 clear -1", "negative", "-1"),
        ("role <@U1>", "usage_role", ""),
        ("role @ann clerk", "person", "@ann"),
        ("role ann clerk", "person", "ann"),
        ("role <@U1> boss", "role_word", "boss"),
    ],
)
def test_a_mistake_is_named_and_does_nothing(text: str, code: str, wrong: str) -> None:
    verb, request = understand(text)
    assert request == BadInput(code, wrong, example=verb.usage)


def test_a_number_of_a_thousand_digits_is_too_big_and_its_echo_is_short() -> None:
    _, request = understand("MUG +" + "9" * 3_900)
    assert (request.code, request.text) == ("too_big", "+" + "9" * 19 + "…")


def test_what_databases_refuse_is_taken_out_of_the_words() -> None:
    expected = (CHANGE, Written("MUG", "", 5, "a b\ufffdc"))
    assert understand("MUG +5 a\x00b\ud800\u202ec") == expected


PIECES = st.sampled_from(
    [
        "MUG",
        "@main",
        "+5",
        "-",
        "=",
        "= 40",
        '"',
        "\u201c",
        "\u201d",
        "low",
        "undo",
        "why",
        "role",
        "threshold",
        "clear",
        "<@U1|ann>",
        "<@",
        "|",
        ">",
        "\u2212",
        "－5",
        "１",
        "\u3000",
        "\x00",
    ]
)


@given(st.text(max_size=4_000) | st.lists(PIECES, max_size=12).map(" ".join))
@example("x" * 4_000)
@example("+5 " * 1_333)
@example('"' * 4_000)
@example("\u201ca " * 1_300)
@example("\udfff")
def test_no_text_breaks_it(text: str) -> None:
    _, request = understand(text)
    if isinstance(request, Written):
        assert request.sku.strip()
        assert abs(request.number) < 10**12
        assert "\x00" not in request.reason + request.sku + request.location
    if isinstance(request, Search | Show):
        assert len(request.words) <= 200


@given(st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=6).map(" ".join))
def test_plain_words_never_write(text: str) -> None:
    assert understand(text)[0] not in WRITES
