"""Reading what people type and press."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import CallbackQuery, User

from handlers.telegram.arrivals import arrival_of, sender_of
from handlers.telegram.incoming import (
    Command,
    Press,
    chat_address,
    read_command,
    read_press,
    split_quantity,
    words_of,
)

ANN = User(501, "Ann", is_bot=False)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/notify MUG-BLUE 3", Command("notify", "", "MUG-BLUE 3")),
        ("/Notify@Stockbell_Bot  mug \n blue", Command("notify", "stockbell_bot", "mug blue")),
        ("/list", Command("list", "", "")),
        ("/stop\u3000ＭＵＧ", Command("stop", "", "ＭＵＧ")),
        ("/start n_abcdefghij", Command("start", "", "n_abcdefghij")),
        ("hello", None),
        ("/", None),
        ("/ notify", None),
        ("/notify-me", None),
        ("see /notify", None),
        ("", None),
    ],
)
def test_a_command_is_read_from_the_text_alone(text: str, command: Command | None) -> None:
    assert read_command(text) == command


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("MUG-BLUE", ("MUG-BLUE", None)),
        ("MUG-BLUE 3", ("MUG-BLUE", 3)),
        ("MUG-BLUE ３", ("MUG-BLUE", 3)),
        ("MUG BLUE 12", ("MUG BLUE", 12)),
        ("MUG-BLUE 0", ("MUG-BLUE", 0)),
        ("4006381333931", ("4006381333931", None)),
        ("4006381333931 2", ("4006381333931", 2)),
        ("MUG 4006381333931", ("MUG 4006381333931", None)),
        ("MUG -2", ("MUG -2", None)),
        ("MUG +2", ("MUG +2", None)),
        ("MUG 2x", ("MUG 2x", None)),
        ("3", ("3", None)),
        ("", ("", None)),
    ],
)
def test_the_last_word_is_a_quantity_when_it_is_a_small_number_after_something(
    words: str, expected: tuple[str, int | None]
) -> None:
    assert split_quantity(words) == expected


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    command = read_command(text)
    split_quantity(words_of(command.rest if command else text))


@given(st.text(max_size=64))
def test_no_button_data_breaks_the_reading(data: str) -> None:
    press = read_press(CallbackQuery("1", ANN, "1", data=data))
    assert press.chat == chat_address(501)
    assert press.message_ref is None
    assert all(number >= 0 for number in press.numbers(1, 2) or ())


def test_a_press_carries_its_verb_and_numbers() -> None:
    press = read_press(CallbackQuery("1", ANN, "1", data="rm:12:3"))
    assert press == Press("1", chat_address(501), None, "rm", ("12", "3"))
    assert press.numbers(1, 2) == (12, 3)
    assert press.numbers(1) is None


def test_the_sender_is_the_person_and_else_the_chat() -> None:
    person, chat = {"from": {"id": 5}, "chat": {"id": -7}}, {"chat": {"id": -7}}
    assert sender_of({"update_id": 1, "message": person}) == "5"
    assert sender_of({"update_id": 1, "callback_query": {"from": {"id": 5}}}) == "5"
    assert sender_of({"update_id": 1, "message": chat}) == "-7"
    assert sender_of({"update_id": 1, "poll": {}}) == "update 1"


@pytest.mark.parametrize("update", [{}, {"update_id": "7"}, {"update_id": None}])
def test_what_has_no_number_is_no_update(update: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="update_id"):
        arrival_of(update)
