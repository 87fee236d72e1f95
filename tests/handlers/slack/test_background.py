import asyncio

import pytest

from handlers.slack.background import Background


async def test_a_failure_is_recorded_with_its_subject(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("no luck")

    background = Background()
    background.start(fail(), "opening the modal")
    await background.finish(1)
    assert "opening the modal failed" in caplog.text
    assert "no luck" in caplog.text


async def test_work_is_waited_for_and_then_cancelled() -> None:
    done, never = asyncio.Event(), asyncio.Event()

    async def quick() -> None:
        await asyncio.sleep(0)
        done.set()

    async def endless() -> None:
        await never.wait()

    background = Background()
    background.start(quick(), "quick")
    background.start(endless(), "endless")
    await background.finish(0.05)
    assert done.is_set()
    await background.finish(0.05)
