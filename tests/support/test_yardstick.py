"""What a bar in seconds is worth on a machine that is not the one it was set on."""

from dataclasses import replace

import pytest

from tests.support.yardstick import COMMIT, LOOP, Machine, stretched

YARDSTICK = Machine(loop=LOOP, sqlite=COMMIT, postgresql=COMMIT, trip=0.0005)


@pytest.mark.parametrize(
    ("machine", "slower"),
    [
        (YARDSTICK, 1.0),
        (replace(YARDSTICK, loop=2 * LOOP), 2.0),
        (replace(YARDSTICK, sqlite=3 * COMMIT), 3.0),
        (replace(YARDSTICK, loop=2 * LOOP, sqlite=3 * COMMIT), 3.0),  # not six times
        (replace(YARDSTICK, loop=LOOP / 2, sqlite=COMMIT / 2), 1.0),  # bars are never harder
        (replace(YARDSTICK, loop=LOOP / 2, sqlite=2 * COMMIT), 2.0),  # a slow disk is enough
        (replace(YARDSTICK, postgresql=1.0, trip=1.0), 1.0),  # shown, and not counted
    ],
)
def test_a_machine_is_as_slow_as_the_worse_of_its_loop_and_its_commit(
    machine: Machine, slower: float
) -> None:
    assert machine.slower == pytest.approx(slower)


def test_a_bar_is_stretched_but_for_what_no_machine_changes() -> None:
    assert stretched(0.02, 1.0) == 0.02
    assert stretched(0.02, 2.5) == pytest.approx(0.05)
    assert stretched(340.0, 2.0, fixed=333.0) == 347.0
    assert stretched(30.0, 7.0, fixed=30.0) == 30.0


def test_the_machine_says_what_it_was_measured_at() -> None:
    said = str(replace(YARDSTICK, loop=2 * LOOP))
    assert "loop 8.4 ms (yardstick 4.2)" in said
    assert "SQLite 1.10 ms (yardstick 1.1)" in said
    assert said.endswith("bars in seconds are stretched by 2.00")
