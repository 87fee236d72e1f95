"""What is pressed. Buttons carry ids; who may do it is asked on every press."""

import re
from collections.abc import Awaitable, Callable

from bot.domain.contacts import Role
from bot.domain.customers import Expired
from bot.domain.staff import Acknowledged, Card, Refused, Undone
from handlers.slack.answer import Answers
from handlers.slack.asked import Asked
from handlers.slack.ports import Json, Services

Action = Callable[[Services, Answers, Json], Awaitable[None]]
_NUMBERS = re.compile("[0-9]{1,18}(:[0-9]{1,18})*")


async def show(services: Services, answers: Answers, payload: Json) -> None:
    """A found product was chosen."""
    asked, numbers = Asked.of(payload), numbers_in(payload)
    card = await services.stocking.card(asked.caller, numbers[0]) if numbers else Expired()
    await answers.tell(asked, card)


async def share(services: Services, answers: Answers, payload: Json) -> None:
    """The card for everybody in the channel, with today's numbers."""
    asked, numbers = Asked.of(payload), numbers_in(payload)
    card = await services.stocking.card(asked.caller, numbers[0]) if numbers else Expired()
    if isinstance(card, Card):
        await answers.share(asked, card)
    else:
        await answers.tell(asked, card)


async def undo(services: Services, answers: Answers, payload: Json) -> None:
    asked, numbers = Asked.of(payload), numbers_in(payload)
    if not numbers:
        await answers.tell(asked, Expired())
        return
    result = await services.stocking.undo_move(asked.caller, numbers[0], asked.key)
    if isinstance(result, Undone):
        await answers.replace(asked, result)
    else:
        await answers.tell(asked, result)


async def confirm(services: Services, answers: Answers, payload: Json) -> None:
    """A preview was confirmed; what became of it takes its place, so it is pressed once."""
    asked = Asked.of(payload)
    result = await services.stocking.confirm(asked.caller, payload["value"], asked.key)
    await answers.replace(asked, result)


async def cancel(services: Services, answers: Answers, payload: Json) -> None:
    """A preview was not wanted; it had written nothing."""
    del services
    await answers.note(Asked.of(payload), "confirm.cancelled", instead=True)


async def acknowledge(services: Services, answers: Answers, payload: Json) -> None:
    """The alert's message itself shows who did it; only a press that did nothing is answered."""
    asked, numbers = Asked.of(payload), numbers_in(payload)
    if len(numbers) != 2:
        await answers.tell(asked, Expired())
        return
    alert_id, version = numbers
    result = await services.alerting.acknowledge(asked.caller, alert_id, version, asked.key)
    if not (isinstance(result, Acknowledged) and result.done):
        await answers.tell(asked, result)


async def open_adjust(services: Services, answers: Answers, payload: Json, trigger_id: str) -> None:
    """Adjust was pressed: the modal must be open within the trigger's 3 seconds."""
    asked, numbers = Asked.of(payload), numbers_in(payload)
    card = await services.stocking.card(asked.caller, numbers[0]) if numbers else Expired()
    if isinstance(card, Card) and not card.can_write:
        card = Refused(Role.VIEWER, Role.CLERK)
    if not isinstance(card, Card):
        await answers.tell(asked, card)
        return
    location_id = numbers[1] if len(numbers) > 1 else None
    if not await answers.open_adjust(asked, card, location_id, trigger_id):
        await answers.tell(asked, Expired())


def numbers_in(payload: Json) -> tuple[int, ...]:
    """The ids that a button carries ("12" or "12:3"); none when it is no button of ours."""
    value = payload["value"]
    if not _NUMBERS.fullmatch(value):
        return ()
    return tuple(map(int, value.split(":")))


KEPT: dict[str, Action] = {
    "stock_show": show,
    "stock_share": share,
    "stock_undo": undo,
    "stock_confirm": confirm,
    "stock_cancel": cancel,
    "alert_ack": acknowledge,
}
