"""Codes as they are typed, and what two halves become and are again."""

from datetime import UTC, datetime

import pytest

from bot.domain.contacts import Role
from bot.domain.joining import (
    ALPHABET,
    Before,
    Half,
    Halves,
    Merge,
    joined_role,
    lowered_from,
    parted_role,
    read_code,
    write_code,
)
from bot.domain.subscriptions import StoredSubscription, SubscriptionState

SIGNATURE = bytes(range(200, 232))
OTHER = bytes(range(100, 132))
NOW = datetime(2026, 3, 2, tzinfo=UTC)
T, W, P = SubscriptionState.TOLD, SubscriptionState.WAITING, SubscriptionState.PAUSED


@pytest.mark.parametrize("number", [0, 1, 31, 32, 1000, 2**60 - 1])
def test_a_code_is_read_as_it_was_written(number: int) -> None:
    code = write_code(number, SIGNATURE)
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("-", "")):
        given = read_code(typed)
        assert given is not None
        assert given.number == number
        assert given.is_signed_by(SIGNATURE)
        assert not given.is_signed_by(OTHER)


def test_every_letter_of_a_code_counts() -> None:
    code = write_code(7, SIGNATURE).replace("-", "")
    for at, letter in enumerate(code):
        wrong = code[:at] + ALPHABET[(ALPHABET.index(letter) + 1) % 32] + code[at + 1 :]
        given = read_code(wrong)
        assert given is not None
        assert (given.number, given.is_signed_by(SIGNATURE)) != (7, True)


def test_letters_that_look_alike_are_the_same() -> None:
    code = write_code(33, b"\0" * 32).replace("-", "")
    assert code == "11" + "0" * 10
    given = read_code("li" + "O" * 10)
    assert given is not None
    assert given.number == 33


@pytest.mark.parametrize(
    "text", ["", "hello", "0123456789", "U" * 12, "九" * 12, "9" * 23, "/link"]
)
def test_what_cannot_be_a_code_is_none(text: str) -> None:
    assert read_code(text) is None


@pytest.mark.parametrize(
    ("roles", "counts"),
    [
        ((None, None), None),
        ((None, Role.ADMIN), Role.ADMIN),
        ((Role.MANAGER, Role.CLERK), Role.CLERK),
        ((Role.VIEWER, Role.VIEWER), Role.VIEWER),
    ],
)
def test_no_role_is_no_vote_and_of_two_the_lower_counts(
    roles: tuple[Role | None, Role | None], counts: Role | None
) -> None:
    assert joined_role(roles) is joined_role(roles[::-1]) is counts


def test_only_who_had_a_higher_role_is_lowered() -> None:
    assert lowered_from((Role.MANAGER, Role.CLERK), Role.CLERK) is Role.MANAGER
    assert lowered_from((None, Role.CLERK), Role.CLERK) is None
    assert lowered_from((Role.CLERK, None), Role.ADMIN) is None
    assert lowered_from((None, None), None) is None


def test_one_half_gets_no_more_than_an_admin_left_to_the_whole() -> None:
    assert parted_role(Role.MANAGER, None) is None
    assert parted_role(None, Role.ADMIN) is None
    assert parted_role(Role.MANAGER, Role.CLERK) is Role.CLERK
    assert parted_role(Role.CLERK, Role.ADMIN) is Role.CLERK


def line(number: int, state: SubscriptionState, quantity: int = 1) -> StoredSubscription:
    return StoredSubscription(number, 1, 1, quantity, state, True, "", NOW, NOW)


@pytest.mark.parametrize(
    ("one", "other", "state"),
    [(W, W, W), (P, P, P), (W, P, W), (T, W, T), (T, P, T), (T, T, T)],
)
def test_the_earlier_place_is_kept_and_what_was_told_is_told(
    one: SubscriptionState, other: SubscriptionState, state: SubscriptionState
) -> None:
    for halves in ((line(4, one, 2), line(9, other, 3)), (line(9, one, 3), line(4, other, 2))):
        merge = Merge.of(*halves)
        assert (merge.kept.id, merge.gone.id, merge.quantity, merge.state) == (4, 9, 3, state)


@pytest.mark.parametrize(
    ("kept", "gone", "now", "again"),
    [
        (W, P, W, (W, P)),  # as it was
        (P, W, W, (P, W)),
        (T, W, T, (T, W)),
        (W, T, T, (W, T)),
        (T, W, W, (W, W)),  # the restock is over, who was told is back in the line
        (W, T, W, (W, W)),
        (W, W, P, (P, W)),  # paused since
        (W, P, P, (P, P)),
        (P, P, W, (W, P)),  # resumed since
    ],
)
def test_halves_are_as_they_were_but_for_what_was_done_since(
    kept: SubscriptionState, gone: SubscriptionState, now: SubscriptionState,
    again: tuple[SubscriptionState, SubscriptionState],
) -> None:  # fmt: skip
    halves = Halves(Half(4, 1, kept, armed=True), Half(9, 1, gone, armed=True))
    states = tuple(halves.state_again(half, now) for half in (halves.kept, halves.gone))
    assert states == again


def test_what_is_remembered_is_read_as_it_was_written() -> None:
    halves = Halves(Half(4, 1, T, armed=True), Half(9, 3, P, armed=False))
    before = Before(1, [2, 3], [3], [9, 12], [halves], Role.ADMIN, None, "zh-hans")
    assert Before.of(before.as_json()) == before
