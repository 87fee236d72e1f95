"""The scheduler under a clock that somebody sets."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from handlers.schedule import jobs
from handlers.schedule.jobs import Clockwork, Job


class Wall:
    """The clock on the wall; `by` is how wrong it is."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by  # noqa: TID251  # what APScheduler itself reads


class Runs:
    def __init__(self) -> None:
        self.count = 0
        self.more = asyncio.Event()

    async def __call__(self) -> int:
        self.count += 1
        self.more.set()
        return self.count


@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(hours=1)], ids=["back", "ahead"])
async def test_a_step_of_the_clock_is_seen_within_a_second(
    monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.02)
    wall, seen, stop = Wall(), Runs(), asyncio.Event()
    clockwork = Clockwork((), wall, Job("clock", each_second, seen))
    running = asyncio.create_task(clockwork.run(stop))
    await asyncio.sleep(0)
    assert seen.count == 0
    wall.by = by
    await asyncio.wait_for(seen.more.wait(), 10)
    stop.set()
    await running


def each_second() -> BaseTrigger:
    return IntervalTrigger(seconds=1)


async def test_a_job_runs_on_though_the_clock_went_back_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As APScheduler plans: its job was next due an hour from now."""
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.02)
    wall, work, stop = Wall(), Runs(), asyncio.Event()
    made: list[BaseTrigger] = []

    def trigger() -> BaseTrigger:
        ahead = datetime.now(UTC) + timedelta(hours=0 if made else 1)  # noqa: TID251
        made.append(IntervalTrigger(seconds=1, start_date=ahead))
        return made[-1]

    clockwork = Clockwork((Job("work", trigger, work),), wall, Job("clock", each_second, Runs()))
    running = asyncio.create_task(clockwork.run(stop))
    await asyncio.sleep(0)
    wall.by = timedelta(hours=-1)
    await asyncio.wait_for(work.more.wait(), 10)
    stop.set()
    await running
