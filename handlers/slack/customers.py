"""What customers press under what they are told. Whose it is, is asked on every press."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain.customers import PRESSED, Changed, Expired
from bot.services.bundle import Services
from handlers.slack.answer import Answers
from handlers.slack.asked import Asked, Json, numbers_in

Run = Callable[[Services, Asked, tuple[int, ...]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Press:
    """A button that carries so many numbers. Its answer takes the place of the message or, if the
    message is still wanted, comes `below` it."""

    carries: tuple[int, ...]
    run: Run
    below: bool = False

    async def __call__(self, services: Services, answers: Answers, payload: Json) -> None:
        asked, numbers = Asked.of(payload), numbers_in(payload["value"])
        result: object = Expired()
        if len(numbers) in self.carries:
            result = await self.run(services, asked, numbers)
        language = await services.people.language(asked.caller)
        instead = not self.below and not isinstance(result, Expired)
        await answers.customer(asked, result, language, instead=instead)


async def subscribe(services: Services, asked: Asked, numbers: tuple[int, ...]) -> object:
    product_id, quantity = numbers
    subscribing = services.subscribing
    return await subscribing.notify_product(asked.caller, product_id, max(1, quantity), asked.key)


async def watch(services: Services, asked: Asked, numbers: tuple[int, ...]) -> object:
    product_id, quantity = numbers
    return await services.subscribing.watch(asked.caller, product_id, max(1, quantity), asked.key)


async def look(services: Services, asked: Asked, numbers: tuple[int, ...]) -> object:
    return await services.shelf.look_product(asked.caller, numbers[0])


async def why(services: Services, asked: Asked, numbers: tuple[int, ...]) -> object:
    return await services.shelf.why_product(asked.caller, numbers[0])


async def turn_page(services: Services, asked: Asked, numbers: tuple[int, ...]) -> object:
    return await services.subscribing.list(asked.caller, numbers[0])


async def undo_stop(services: Services, asked: Asked, numbers: tuple[int, ...]) -> object:
    return await services.subscribing.undo_stop(asked.caller, numbers[0])


def change(verb: str) -> Run:
    """With a page it was pressed in the list, and shows that anew."""

    async def run(services: Services, asked: Asked, numbers: tuple[int, ...]) -> object:
        result = await services.subscribing.change(asked.caller, numbers[0], verb)
        if len(numbers) > 1 and isinstance(result, Changed):
            return await services.subscribing.list(asked.caller, numbers[1])
        return result

    return run


# By the word that a button's data begins with, whatever the form (render.customer_parts).
PRESSES = {
    "sub": Press((2,), subscribe),
    "watch": Press((2,), watch),
    "look": Press((1,), look),
    "why": Press((1,), why, below=True),
    "list": Press((1,), turn_page),
    "stopundo": Press((1,), undo_stop),
    **{word: Press((1, 2), change(verb)) for word, verb in PRESSED.items()},
}
