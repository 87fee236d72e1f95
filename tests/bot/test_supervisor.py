"""One part that fails does not stop the others, and stopping ends within seconds."""

import asyncio

import pytest

from bot.supervisor import Supervisor


class Fatal(Exception):
    """A part that must not be restarted."""


async def test_a_part_that_fails_is_restarted_and_the_others_go_on() -> None:
    stop = asyncio.Event()
    supervisor = Supervisor(stop)
    starts: list[str] = []
    restarted = asyncio.Event()

    async def shaky(stop: asyncio.Event) -> None:
        starts.append("shaky")
        if len(starts) == 1:
            raise RuntimeError("once")
        restarted.set()
        await stop.wait()

    async def steady(stop: asyncio.Event) -> None:
        await stop.wait()

    supervisor.start("shaky", shaky)
    supervisor.start("steady", steady)
    async with asyncio.timeout(5):
        await restarted.wait()
    assert supervisor.healthy
    stop.set()
    await supervisor.finish()
    assert supervisor.states == {"shaky": "stopped", "steady": "stopped"}


async def test_a_refused_token_stops_its_part_for_good_and_says_why() -> None:
    stop = asyncio.Event()
    supervisor = Supervisor(stop, fatal=(Fatal,))
    starts: list[int] = []

    async def refused(stop: asyncio.Event) -> None:
        del stop
        starts.append(1)
        raise Fatal("the token is wrong")

    supervisor.start("refused", refused)
    await supervisor.finish()
    assert supervisor.states["refused"] == "stopped: the token is wrong"
    assert not supervisor.healthy
    assert starts == [1]


class Passing(Exception):
    """Something outside is down for a while."""


async def test_a_passing_trouble_costs_no_traceback_and_no_growing_pause(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.supervisor.PASSING_PAUSE", 0.001)
    stop = asyncio.Event()
    supervisor = Supervisor(stop, passing=(Passing,))
    seen: list[str] = []

    async def patient(stop: asyncio.Event) -> None:
        seen.append(supervisor.states["patient"])
        if len(seen) < 40:  # with growing pauses this would take minutes
            raise Passing("the disk is full")
        stop.set()

    supervisor.start("patient", patient)
    async with asyncio.timeout(5):
        await stop.wait()
    await supervisor.finish()
    assert len(seen) == 40
    assert "Traceback" not in caplog.text


async def test_a_part_that_does_not_stop_is_cancelled() -> None:
    stop = asyncio.Event()
    supervisor = Supervisor(stop)
    cancelled = asyncio.Event()

    async def deaf(stop: asyncio.Event) -> None:
        del stop
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    supervisor.start("deaf", deaf)
    await asyncio.sleep(0)
    stop.set()
    await supervisor.finish(0.05)
    assert cancelled.is_set()
