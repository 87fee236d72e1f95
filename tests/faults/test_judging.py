"""The judges of the campaigns find what they are there for: each mistake is planted once."""

import pytest

from tests.faults.judging import (
    Copies,
    Copy,
    before_their_time,
    judge_copies,
    later_by,
    most_in_a_second,
    share_refused,
)
from tests.faults.rows import Row, at_most, failed, line, none_of, p95

CHATS = [("R0000", str(chat)) for chat in range(5)]


def delivered(*more: Copy) -> list[Copy]:
    """Everybody once, and what a test plants."""
    return [Copy(*told, order=1) for told in CHATS] + list(more)


def test_what_arrives_once_everywhere_is_found_good() -> None:
    assert judge_copies(CHATS, delivered()) == Copies()


def test_one_lost_is_found() -> None:
    assert judge_copies(CHATS, delivered()[1:]).lost == [("R0000", "0")]


def test_a_repeat_is_counted_and_a_mark_makes_it_a_good_one() -> None:
    found = judge_copies(CHATS, delivered(Copy("R0000", "3", 2, marked=True)))
    assert (found.repeated, found.unmarked, found.third) == ([("R0000", "3")], [], [])


def test_a_repeat_without_a_word_is_found() -> None:
    found = judge_copies(CHATS, delivered(Copy("R0000", "3", 2)))
    assert found.unmarked == [("R0000", "3")]


def test_a_first_copy_that_bears_the_mark_does_not_excuse_the_second() -> None:
    copies = [Copy("R0000", "3", 1, marked=True), Copy("R0000", "3", 2)]
    assert judge_copies([("R0000", "3")], copies).unmarked == [("R0000", "3")]


def test_a_third_copy_is_found_however_it_is_marked() -> None:
    copies = [Copy("R0000", "3", order, marked=True) for order in (2, 3)]
    assert judge_copies(CHATS, delivered(*copies)).third == [("R0000", "3")]


def test_a_message_to_somebody_who_waits_for_something_else_is_found() -> None:
    found = judge_copies(CHATS, delivered(Copy("R0001", "3", 2)))
    assert found.unasked == [("R0001", "3")]
    assert not found.repeated


def request(chat: str, t: float, retry_after: int | None = None) -> dict[str, object]:
    """An entry of the sandbox's log, dealt with after 20 ms."""
    status = 429 if retry_after else 200
    entry = {"platform": "telegram", "chat": chat, "t": t, "t_end": t + 0.02, "status": status}
    return entry | {"retry_after": retry_after}


def test_one_request_before_its_time_is_found() -> None:
    log = [request("1", 0.0, 5), request("2", 1.0), request("1", 4.9), request("1", 5.1)]
    ((chat, missing),) = before_their_time(log)
    assert chat == "1"
    assert missing == pytest.approx(0.12)


def test_a_longer_wait_is_not_shortened_by_a_later_refusal() -> None:
    log = [request("1", 0.0, 60), request("1", 1.0, 1), request("1", 30.0), request("1", 60.1)]
    assert [round(missing) for _, missing in before_their_time(log)] == [59, 30]


def test_who_waits_as_long_as_asked_is_not_accused() -> None:
    log = [request("1", 0.0, 5), request("2", 1.0), request("1", 5.03), request("", 5.04, 3)]
    assert before_their_time([*log, request("", 5.05)]) == []


def test_a_burst_is_found_wherever_the_second_begins() -> None:
    steady = [number / 30 for number in range(90)]
    assert most_in_a_second(steady) <= 31  # the last one is 1.0 s after the first
    assert most_in_a_second([*steady, 1.51, 1.52, 1.53]) > 32
    assert most_in_a_second([]) == 0


def test_a_pause_in_which_others_waited_is_found_though_the_rest_is_quick() -> None:
    steady = [number / 30 for number in range(90)]
    assert later_by(steady, [at + 100 for at in steady]) < 0.001
    stalled = [at + (1.5 if at > 1 else 0) for at in steady]
    assert 1.4 < later_by(steady, stalled) < 1.6


def test_the_share_of_429_is_of_all_requests() -> None:
    assert share_refused([request("1", 0, 5)] + [request("1", n) for n in range(9)]) == 10
    assert share_refused([]) == 0


def test_the_p95_is_one_that_95_of_100_do_not_exceed() -> None:
    assert p95([float(n) for n in range(1, 101)]) == 95
    assert p95([3.0]) == 3


def test_a_row_that_misses_its_bar_fails_and_one_about_seconds_only_where_they_are_judged() -> None:
    good, bad = none_of("lost", []), none_of("lost", CHATS)
    late = at_most("took", 341, 340, " s", timing=True)
    assert failed([good, bad, late]) == [bad]
    assert failed([good, bad, late], timing=True) == [bad, late]
    assert isinstance(good, Row)
    assert line("at30", late) == "FAILED at30       took: 341 s (to reach: <= 340 s)"
    assert "('R0000', '0')" in line("kills", bad)


def test_a_machine_half_as_fast_gets_twice_the_seconds_but_not_of_what_limits_take() -> None:
    late = at_most("p95", 35, 20, " ms", timing=True)
    paced = at_most("took", 345, 340, " s", timing=True, fixed=330)
    for row in (late, paced):
        assert failed([row], timing=True)
        assert not failed([row], timing=True, slower=2)
    assert failed([at_most("took", 351, 340, " s", timing=True, fixed=330)], timing=True, slower=2)
    assert "<= 40 ms here, <= 20 ms on the yardstick" in line("idle", late, 2)


def test_what_is_counted_is_the_same_on_every_machine() -> None:
    for row in (
        none_of("lost", 1),
        at_most("repeated", 2, 1),
        at_most("a second", 31, 30, timing=True, fixed=30),
    ):
        assert failed([row], timing=True, slower=5) == [row]
