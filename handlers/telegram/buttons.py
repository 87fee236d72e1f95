"""Inline buttons. They carry ids; whose they are is asked on every press, so they fail closed."""

from collections.abc import Awaitable, Callable

from bot.domain.customers import PRESSED, Expired
from bot.domain.staff import Acting, Refused
from bot.render import telegram as render
from handlers.telegram.arrivals import SOURCE
from handlers.telegram.desk import Desk, Pressed
from handlers.verbs.act import do
from handlers.verbs.pressed import ACKNOWLEDGE

Button = Callable[[Desk, Pressed], Awaitable[None]]


async def subscribe(desk: Desk, pressed: Pressed) -> None:
    """A suggestion, or "tell me" under a product that is out."""
    numbers = pressed.press.numbers(2)
    if not numbers:
        await expired(desk, pressed)
        return
    product_id, quantity = numbers
    result = await desk.services.subscribing.notify_product(
        pressed.caller, product_id, max(1, quantity), pressed.key
    )
    await replace(desk, pressed, result)


async def watch(desk: Desk, pressed: Pressed) -> None:
    """ "Tell me next time" under a product that is in stock."""
    numbers = pressed.press.numbers(2)
    if not numbers:
        await expired(desk, pressed)
        return
    product_id, quantity = numbers
    result = await desk.services.subscribing.watch(
        pressed.caller, product_id, max(1, quantity), pressed.key
    )
    await replace(desk, pressed, result)


async def look(desk: Desk, pressed: Pressed) -> None:
    numbers = pressed.press.numbers(1)
    if not numbers:
        await expired(desk, pressed)
        return
    result = await desk.services.shelf.look_product(pressed.caller, numbers[0])
    await replace(desk, pressed, result)


async def why(desk: Desk, pressed: Pressed) -> None:
    """Under a restock message the reasons come below it: its other buttons are still wanted."""
    numbers = pressed.press.numbers(1)
    if not numbers:
        await expired(desk, pressed)
        return
    result = await desk.services.shelf.why_product(pressed.caller, numbers[0])
    if pressed.press.a_choice or isinstance(result, Expired):
        await replace(desk, pressed, result)
        return
    await close(desk, pressed, result)
    code = await desk.language(pressed.caller)
    await desk.answers.say(pressed.press.chat, render.answer(desk.view, code, result))


async def change(desk: Desk, pressed: Pressed) -> None:
    """`<verb>:<subscription>[:<page>]`: with a page it was pressed on /list and shows that anew."""
    numbers = pressed.press.numbers(1, 2)
    if not numbers:
        await expired(desk, pressed)
        return
    verb = PRESSED[pressed.press.verb]
    result = await desk.services.subscribing.change(pressed.caller, numbers[0], verb)
    if len(numbers) == 1:
        await replace(desk, pressed, result)
        return
    await close(desk, pressed, result)
    await show(desk, pressed, await desk.services.subscribing.list(pressed.caller, numbers[1]))


async def turn_page(desk: Desk, pressed: Pressed) -> None:
    """`list:<page>`: another page, or /list from elsewhere."""
    page = (pressed.press.numbers(1) or (0,))[0]
    await replace(desk, pressed, await desk.services.subscribing.list(pressed.caller, page))


async def undo_stop(desk: Desk, pressed: Pressed) -> None:
    numbers = pressed.press.numbers(1)
    if not numbers:
        await expired(desk, pressed)
        return
    result = await desk.services.subscribing.undo_stop(pressed.caller, numbers[0])
    await replace(desk, pressed, result)


async def set_language(desk: Desk, pressed: Pressed) -> None:
    """In the chosen language: what the bot can do, which is what the message offered before."""
    words = pressed.press.words
    code = await desk.services.people.set_language(pressed.caller, words[0] if words else "")
    toast = render.simple_toast(desk.view, code, "language.set")
    await desk.answers.close(pressed.press, toast)
    staff = await desk.services.people.is_staff(pressed.caller)
    await desk.answers.show(pressed.press, render.help(desk.view, code, staff))


async def forget(desk: Desk, pressed: Pressed) -> None:
    """The answer to /forget's question, from the contact that was asked."""
    verb, number = (*pressed.press.words, "", "")[:2]
    people = desk.services.people
    if not number.isdecimal() or not await people.is_number(pressed.caller, int(number)):
        await expired(desk, pressed)
        return
    code = await desk.language(pressed.caller)  # afterwards nothing is known of the person
    if verb == "yes":
        ended = await desk.services.people.forget(pressed.caller)
        rendered = render.forgotten(desk.view, code, ended)
    else:
        rendered = render.simple(desk.view, code, "forget.kept")
    await desk.answers.close(pressed.press)
    await desk.answers.show(pressed.press, rendered)


async def unlink(desk: Desk, pressed: Pressed) -> None:
    """Under the message that told of a joining."""
    numbers = pressed.press.numbers(1)
    if not numbers:
        await expired(desk, pressed)
        return
    acting = Acting(pressed.caller, SOURCE, pressed.key)
    result = await desk.services.parting.undo(acting, numbers[0])
    await replace(desk, pressed, result)


async def acknowledge(desk: Desk, pressed: Pressed) -> None:
    """Under a low-stock alert. The outbox edits the message, here and wherever else it stands."""
    numbers = pressed.press.numbers(2)
    if not numbers:
        await expired(desk, pressed)
        return
    acting = Acting(pressed.caller, SOURCE, pressed.key)
    done = await do(desk.services, ACKNOWLEDGE, numbers[0], acting)
    await close(desk, pressed, done.result)


async def expired(desk: Desk, pressed: Pressed) -> None:
    """A button of an older version, or data that nobody of ours wrote."""
    await close(desk, pressed, Expired())


async def replace(desk: Desk, pressed: Pressed, result: object) -> None:
    """The message under the button becomes the answer. A button that is void leaves it as it is."""
    await close(desk, pressed, result)
    if not isinstance(result, Expired):
        await show(desk, pressed, result)


async def close(desk: Desk, pressed: Pressed, result: object) -> None:
    """Every press is answered, once, with a few words when they say more than the message."""
    toast = render.toast(desk.view, await desk.language(pressed.caller), result)
    must_see = isinstance(result, Refused | Expired)
    await desk.answers.close(pressed.press, toast, alert=must_see)


async def show(desk: Desk, pressed: Pressed, result: object) -> None:
    rendered = render.answer(desk.view, await desk.language(pressed.caller), result)
    await desk.answers.show(pressed.press, rendered)


BUTTONS: dict[str, Button] = {
    "sub": subscribe,
    "watch": watch,
    "look": look,
    "why": why,
    **dict.fromkeys(PRESSED, change),
    "list": turn_page,
    "stopundo": undo_stop,
    "lang": set_language,
    "forget": forget,
    "unlink": unlink,
    "ack": acknowledge,
}
