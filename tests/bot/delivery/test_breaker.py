"""A wire that is broken: one question at a time goes out on it, and no message."""

import asyncio
from dataclasses import dataclass, field

from bot.delivery.breaker import Breaker
from bot.domain.health import Reach


@dataclass
class Platform:
    """Answers what it is told to; `asked` counts the questions."""

    says: list[Reach]
    asked: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def probe(self) -> Reach:
        self.asked += 1
        self.news.set()
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]


async def test_a_wire_that_was_never_broken_lets_everything_pass() -> None:
    platform = Platform([Reach.SILENT])
    assert await Breaker(platform.probe).ready(1)
    assert platform.asked == 0


async def test_after_one_lost_answer_a_question_is_enough() -> None:
    platform = Platform([Reach.ANSWERS])
    breaker = Breaker(platform.probe)
    breaker.failed()
    assert not breaker.whole
    assert await breaker.ready(5)
    assert platform.asked == 1


async def test_a_platform_that_refuses_the_token_answers() -> None:
    breaker = Breaker(Platform([Reach.REFUSES]).probe)
    breaker.failed()
    assert await breaker.ready(5)


async def test_nothing_may_leave_until_the_platform_answers_again() -> None:
    platform = Platform([Reach.SILENT])
    breaker = Breaker(platform.probe, ask_again=0.01)
    breaker.failed()
    assert not await breaker.ready(0.05)
    platform.says = [Reach.ANSWERS]
    assert await breaker.ready(5)
    await breaker.close()


async def test_many_failures_are_one_question() -> None:
    platform = Platform([Reach.ANSWERS])
    breaker = Breaker(platform.probe)
    for _ in range(20):
        breaker.failed()
    assert await breaker.ready(5)
    assert platform.asked == 1


async def test_a_stop_ends_the_questions() -> None:
    platform = Platform([Reach.SILENT])
    breaker = Breaker(platform.probe, ask_again=60)
    breaker.failed()
    await platform.news.wait()
    await breaker.close()
    assert not breaker.whole
    assert platform.asked == 1
