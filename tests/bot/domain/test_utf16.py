"""Platforms count UTF-16 code units."""

import pytest

from bot.domain.utf16 import units


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("mug", 3),
        ("茶杯é", 3),
        ("👍", 2),
        ("👨‍👩‍👧", 8),
        ("\ud83d", 1),
        ("a\ud83d茶👍", 5),
    ],
)
def test_what_lies_beyond_the_first_plane_counts_twice(text: str, length: int) -> None:
    assert units(text) == length
