"""A small seeded share of the campaign of two processes, and what its judge finds."""

from pathlib import Path

import pytest

from tests.faults.judging import Copies, Json
from tests.faults.leader import Kill, in_flight, judged, led_on, taken_over
from tests.faults.rows import SEED, failed, holds
from tests.support.databases import PostgresServer


@pytest.mark.promises
async def test_a_share_of_the_campaign_of_two_processes_reaches_every_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    monkeypatch.setenv("STOCKBELL_LED_NOTICES", "80")
    monkeypatch.setenv("STOCKBELL_LEADER_KILLS", "2")
    rows = await led_on(postgres, tmp_path, SEED)
    postgres.drop()
    holds("led", rows)


def send(chat: str, at: float, *, ok: bool = True) -> Json:
    return {"chat": chat, "t": at, "ok": ok}


KILL = Kill(at=10.0, settled={"1"}, led_at=12.0)
SENDS = [send("1", 9.0), send("2", 9.9), send("3", 9.95, ok=False), send("4", 14.5)]


def test_in_flight_is_what_was_accepted_and_not_settled_when_the_leader_died() -> None:
    assert in_flight(KILL, SENDS) == ["2"]


def test_a_takeover_ends_with_the_first_message_of_the_next_leader() -> None:
    assert taken_over(KILL, SENDS) == 4.5
    assert taken_over(KILL, SENDS[:3]) is None


@pytest.mark.parametrize(
    ("found", "led_at", "bar"),
    [
        (Copies(lost=[("R0000", "7")]), 12.0, "lost"),
        (Copies(repeated=[("R0000", "2"), ("R0000", "1")]), 12.0, "in flight"),
        (Copies(repeated=[("R0000", "2")], unmarked=[("R0000", "2")]), 12.0, "without a word"),
        (Copies(third=[("R0000", "2")]), 12.0, "third"),
        (Copies(), 40.5, "takeover"),
    ],
)
def test_the_judge_finds(found: Copies, led_at: float, bar: str) -> None:
    sends = [*SENDS[:3], send("4", led_at + 0.1)]
    rows = judged("", found, [Kill(10.0, {"1"}, led_at)], sends)
    assert [bar in row.what for row in failed(rows, timing=True)] == [True]


def test_the_judge_is_content_with_what_was_in_flight() -> None:
    assert not failed(judged("", Copies(repeated=[("R0000", "2")]), [KILL], SENDS), timing=True)
