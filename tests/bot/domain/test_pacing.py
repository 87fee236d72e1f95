from bot.domain.pacing import GROWTH, LEAST, REST, SETTLE, Pace, PaceReason, grown, refused

CUT_AT_ONCE = [1, 2, 3, 4, 5, 6]


def after(pace: Pace, requests: list[int], used: float = 1.0, now: float = 0.0) -> Pace:
    """After refusals of different chats at these requests."""
    for request in requests:
        pace, _ = refused(pace, request, used, now)
    return pace


def test_a_few_refusals_are_chance() -> None:
    pace, reason = refused(Pace(), 100, used=1.0, now=0.0)
    assert (pace.share, reason) == (1.0, PaceReason.CHANCE)
    assert after(Pace(), [50 * n for n in range(1, 200)]).share == 1  # 1 in 50, for hours


def test_many_refusals_at_once_cut_the_rate() -> None:
    pace = after(Pace(), [30, 32, 35, 38, 39])
    assert pace.share == 1
    pace, reason = refused(pace, 40, used=1.0, now=0.0)
    assert (pace.share, reason) == (0.8, PaceReason.STRICTER)


def test_one_in_ten_for_a_while_cuts_the_rate_too() -> None:
    assert after(Pace(), [10 * n for n in range(1, 9)]).share == 1
    assert after(Pace(), [10 * n for n in range(1, 10)]).share == 0.8


def test_the_cut_is_from_what_was_really_used() -> None:
    assert after(Pace(), CUT_AT_ONCE, used=0.5).share == 0.4


def test_what_was_asked_for_before_the_cut_does_not_cut_again() -> None:
    pace = after(Pace(), CUT_AT_ONCE)
    assert refused(pace, 9, 1.0, SETTLE - 0.1) == (pace, PaceReason.SETTLING)
    assert after(pace, [40, 41, 42, 43], now=SETTLE).share < pace.share


def test_who_was_cut_before_doubts_sooner() -> None:
    pace = after(Pace(), CUT_AT_ONCE)
    assert after(pace, [40, 60, 80, 100], now=60.0).share < pace.share


def test_the_rate_never_falls_to_nothing() -> None:
    pace = Pace()
    for now in range(0, 100, 2):
        pace = after(pace, [now * 5 + n for n in range(6)], used=0.001, now=float(now))
    assert pace.share == LEAST


def test_the_rate_grows_slowly_after_a_rest_and_never_above_the_documented_one() -> None:
    pace = after(Pace(), CUT_AT_ONCE)
    assert grown(pace, REST) == pace
    assert grown(pace, REST + 10).share == 0.8 + 10 * GROWTH
    assert grown(grown(pace, REST + 10), REST + 20).share == 0.8 + 20 * GROWTH
    assert grown(pace, REST + 1e6).share == 1
    assert grown(Pace(), 1e6) == Pace()
