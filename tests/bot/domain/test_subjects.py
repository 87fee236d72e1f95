"""Subjects are read as they are made, and those of the version before are read too."""

from datetime import date

import pytest

from bot.domain import subjects
from bot.domain.subjects import AlertSubject


def test_what_names_an_alert_s_message_is_read_back() -> None:
    assert subjects.as_alert(subjects.of_alert(7)) == AlertSubject(7, summary=False)
    assert subjects.as_alert(subjects.of_alert(7, "out")) == AlertSubject(7, summary=False)
    assert subjects.as_alert(subjects.of_summary(3)) == AlertSubject(3, summary=True)
    with pytest.raises(ValueError, match="no alert"):
        subjects.as_alert(subjects.of_restock(1, 2))


def test_messages_that_are_there_keep_their_names() -> None:
    made = [
        subjects.of_alert(5),
        subjects.of_alert(5, "critical"),
        subjects.of_summary(1),
        subjects.of_restock(4, 9),
        subjects.of_restock(4, None),
        subjects.of_sold_out(9, 31),
        subjects.of_expired(9),
        subjects.of_digest(date(2026, 3, 2)),
        subjects.of_fault("channel", 7, "x"),
        subjects.of_product(8),
    ]
    assert made == [
        "alert:5", "alert:5:critical", "batch:1", "restock:4:9", "restock:4:", "sold_out:9:31",
        "expired:9", "digest:2026-03-02", "fault:channel:7:x", "product:8",
    ]  # fmt: skip
