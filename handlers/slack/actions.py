"""What is pressed. Buttons carry ids; who may do it is asked on every press."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic

from bot.domain.customers import Expired
from bot.domain.staff import Acknowledged, Card, Undone
from bot.render.slack_blocks import LINE
from bot.services.bundle import Services
from handlers.slack.answer import Answers
from handlers.slack.asked import Asked, Json, numbers_in
from handlers.slack.customers import PRESSES
from handlers.verbs.act import Act, Done, Request, do
from handlers.verbs.pressed import ACKNOWLEDGE, CARD, CONFIRM, OPEN_ADJUST
from handlers.verbs.undo import UNDO, Undo

Action = Callable[[Services, Answers, Json], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Button(Generic[Request]):
    """`read` makes the request of the button's value; None: no button of ours, or an older one."""

    act: Act[Request]
    read: Callable[[str], Request | None]
    answer: Callable[[Answers, Asked, Done], Awaitable[None]]

    async def __call__(self, services: Services, answers: Answers, payload: Json) -> None:
        asked = Asked.of(payload)
        request = self.read(payload["value"])
        if request is None:
            await answers.tell(asked, Done(self.act, Expired()))
            return
        await self.answer(answers, asked, await do(services, self.act, request, asked.acting))


def first_number(value: str) -> int | None:
    return next(iter(numbers_in(value)), None)


def undo_of(value: str) -> Undo | None:
    move_id = first_number(value)
    return None if move_id is None else Undo(move_id)


def alert_of(value: str) -> int | None:
    """`<alert>:<version>`."""
    numbers = numbers_in(value)
    return numbers[0] if len(numbers) == 2 else None


async def tell(answers: Answers, asked: Asked, done: Done) -> None:
    await answers.tell(asked, done)


async def share(answers: Answers, asked: Asked, done: Done) -> None:
    """The card for everybody in the channel, with today's numbers."""
    if isinstance(done.result, Card):
        await answers.share(asked, done, done.result)
    else:
        await answers.tell(asked, done)


async def undone(answers: Answers, asked: Asked, done: Done) -> None:
    if isinstance(done.result, Undone):
        await answers.replace(asked, done)
    else:
        await answers.tell(asked, done)


async def instead(answers: Answers, asked: Asked, done: Done) -> None:
    """What became of a preview takes its place, so it is pressed once."""
    await answers.replace(asked, done)


async def acknowledged(answers: Answers, asked: Asked, done: Done) -> None:
    """The alert's message itself shows who did it; only a press that did nothing is answered."""
    if not (isinstance(done.result, Acknowledged) and done.result.done):
        await answers.tell(asked, done)


async def cancel(services: Services, answers: Answers, payload: Json) -> None:
    """A preview was not wanted; it had written nothing."""
    del services
    await answers.note(Asked.of(payload), "confirm.cancelled", instead=True)


async def open_adjust(services: Services, answers: Answers, payload: Json, trigger_id: str) -> None:
    """Adjust was pressed: the modal must be open within the trigger's 3 seconds."""
    asked, numbers = Asked.of(payload), numbers_in(payload["value"])
    done = Done(OPEN_ADJUST, Expired())
    if numbers:
        done = await do(services, OPEN_ADJUST, numbers[0], asked.acting)
    if not isinstance(done.result, Card):
        await answers.tell(asked, done)
        return
    location_id = numbers[1] if len(numbers) > 1 else None
    if not await answers.open_adjust(asked, done.result, location_id, trigger_id):
        await answers.tell(asked, Done(OPEN_ADJUST, Expired()))


KEPT: dict[str, Action] = {
    "stock_show": Button(CARD, first_number, tell),
    "stock_share": Button(CARD, first_number, share),
    "stock_undo": Button(UNDO, undo_of, undone),
    "stock_confirm": Button(CONFIRM, str, instead),
    "stock_cancel": cancel,
    "alert_ack": Button(ACKNOWLEDGE, alert_of, acknowledged),
    **{f"{LINE}{word}": press for word, press in PRESSES.items()},
}
