"""When a restock message changes itself: the decision, over everything it can be asked."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from bot.domain.living import (
    EDITS,
    INTERVAL,
    MOST_EDITS,
    LivingReason,
    Present,
    Says,
    Shown,
    decide,
    due_at,
)
from bot.domain.subscriptions import SubscriptionState

NOW = datetime(2026, 11, 20, 14, 41, tzinfo=UTC)
R, S = LivingReason, SubscriptionState
EVERYTHING = [
    (Shown(says, edits, state), Present(available, few, over=over))
    for says, edits, state, available, few, over in product(
        Says, range(5), S, range(-1, 14), (0, 1, 5), (False, True)
    )
]


@pytest.mark.parametrize(
    ("says", "available", "reason"),
    [
        (Says.BACK, 6, R.STILL_TRUE),
        (Says.BACK, 5, R.FEW_LEFT),
        (Says.BACK, 1, R.FEW_LEFT),
        (Says.FEW, 5, R.STILL_TRUE),
        (Says.FEW, 10, R.STILL_TRUE),
        (Says.FEW, 11, R.MORE_CAME),
        (Says.UNKNOWN, 1, R.STILL_TRUE),
        (Says.UNKNOWN, 99, R.STILL_TRUE),
    ],
)
def test_it_changes_at_what_matters_and_not_in_between(
    says: Says, available: int, reason: LivingReason
) -> None:
    assert decide(Shown(says, 0, S.TOLD), Present(available, 5, over=False)) is reason


def test_a_shop_that_never_says_few_left_edits_only_the_end() -> None:
    reasons = {
        decide(shown, present)
        for shown, present in EVERYTHING
        if present.few == 0 and present.available > 0 and shown.says is Says.BACK
    }
    assert reasons & set(EDITS) == {R.IS_OVER}


def test_the_end_is_told_to_everybody_who_has_not_answered_however_often_it_was_edited() -> None:
    for shown, present in EVERYTHING:
        if present.over and shown.subscription is not S.ENDED and shown.says is not Says.OVER:
            assert decide(shown, present) is R.IS_OVER


def test_who_answered_sees_no_edit_and_who_paused_only_the_end() -> None:
    for shown, present in EVERYTHING:
        reason = decide(shown, present)
        if shown.subscription is S.ENDED:
            assert reason is R.ANSWERED
        if shown.subscription is S.PAUSED and reason in EDITS:
            assert present.over


def test_no_message_is_edited_more_often_than_the_budget() -> None:
    for shown, present in EVERYTHING:
        if decide(shown, present) in (R.FEW_LEFT, R.MORE_CAME):
            assert shown.edits < MOST_EDITS - 1
    spent = Shown(Says.BACK, MOST_EDITS - 1, S.TOLD)
    assert decide(spent, Present(1, 5, over=False)) is R.SPENT


def test_what_sql_leaves_out_is_never_edited() -> None:
    """storage.living selects by what a message says; services.living says which to ask for."""
    for shown, present in EVERYTHING:
        if present.over:
            continue
        if decide(shown, present) in EDITS:
            assert present.few_left or present.plenty
            assert shown.says is (Says.BACK if present.few_left else Says.FEW)


@pytest.mark.parametrize("ago", [0, 1, 59])
def test_a_message_that_has_just_changed_waits_a_minute(ago: int) -> None:
    changed = NOW - timedelta(seconds=ago)
    assert due_at(changed, NOW) == changed + INTERVAL


def test_a_message_that_stood_for_a_minute_changes_at_once() -> None:
    assert due_at(NOW - INTERVAL, NOW) == NOW
