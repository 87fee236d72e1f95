"""The commands of a private chat, and words that are none."""

from collections.abc import Awaitable, Callable

from bot.domain.customers import NotFound
from bot.domain.forms import TelegramHtml
from bot.domain.staff import Acting
from bot.render import telegram as render
from handlers.telegram.arrivals import SOURCE
from handlers.telegram.desk import Asked, Desk
from handlers.telegram.incoming import DEEP_LINK, split_quantity
from handlers.verbs.act import do
from handlers.verbs.link import LINK, Link

Command = Callable[[Desk, Asked], Awaitable[None]]
DATA_FILE = "my-data.json"


async def start(desk: Desk, asked: Asked) -> None:
    """/start, or the Start button behind a link of a product page, which subscribes at once."""
    if asked.words.startswith(DEEP_LINK):
        short_id = asked.words.removeprefix(DEEP_LINK)
        result: object = await desk.services.subscribing.notify_short(
            asked.caller, short_id, asked.key
        )
    else:
        result = await desk.services.subscribing.start(asked.caller)
    await answer(desk, asked, result)


async def notify(desk: Desk, asked: Asked) -> None:
    """/notify SKU [quantity]. A code may end in a number too: `Phone 15` is looked for as well."""
    sku, quantity = split_quantity(asked.words)
    if not sku:
        await say(desk, asked, "usage.notify")
    elif quantity == 0:
        await say(desk, asked, "error.quantity")
    else:
        subscribing = desk.services.subscribing
        result = await subscribing.notify(asked.caller, sku, quantity, asked.key)
        if isinstance(result, NotFound) and quantity:
            whole = await subscribing.notify(asked.caller, asked.words, None, asked.key)
            result = result if isinstance(whole, NotFound) else whole
        if isinstance(result, NotFound) and result.bad_quantity:
            await say(desk, asked, "error.quantity")
        else:
            await answer(desk, asked, result, quantity=quantity or 1)


async def stock(desk: Desk, asked: Asked) -> None:
    """/stock SKU: in stock, few left or out."""
    if not asked.words:
        await say(desk, asked, "usage.stock")
        return
    result = await desk.services.shelf.look(asked.caller, asked.words)
    await answer(desk, asked, result, verb="look")


async def why(desk: Desk, asked: Asked) -> None:
    """/why SKU: the arithmetic behind what was told and what was not."""
    if not asked.words:
        await say(desk, asked, "usage.why")
        return
    result = await desk.services.shelf.why(asked.caller, asked.words)
    await answer(desk, asked, result, verb="why")


async def subscriptions(desk: Desk, asked: Asked) -> None:
    """/list: what the person waits for, with buttons."""
    await answer(desk, asked, await desk.services.subscribing.list(asked.caller))


async def stop(desk: Desk, asked: Asked) -> None:
    """/stop [SKU]: at once, because Undo brings everything back to its place."""
    result = await desk.services.subscribing.stop(asked.caller, asked.words)
    await answer(desk, asked, result, verb="look")


async def language(desk: Desk, asked: Asked) -> None:
    await put(desk, asked, render.language_choice(desk.view, await desk.language(asked.caller)))


async def link(desk: Desk, asked: Asked) -> None:
    """/link [CODE]: one person in Telegram and Slack."""
    acting = Acting(asked.caller, SOURCE, asked.key)
    done = await do(desk.services, LINK, Link(asked.words), acting)
    await answer(desk, asked, done.result)


async def privacy(desk: Desk, asked: Asked) -> None:
    """Telegram's terms ask for it: telegram.org/tos/bot-developers, section 4."""
    await put(desk, asked, render.privacy(desk.view, await desk.language(asked.caller)))


async def my_data(desk: Desk, asked: Asked) -> None:
    """Everything that is kept about the person, as a file."""
    code = await desk.language(asked.caller)
    data = await desk.services.people.my_data(asked.caller)
    caption = render.answer(desk.view, code, data)
    await desk.answers.document(asked.caller.address, DATA_FILE, data.document, caption)


async def forget(desk: Desk, asked: Asked) -> None:
    """Asks first: what is forgotten cannot be brought back."""
    number = await desk.services.people.number(asked.caller)
    code = await desk.language(asked.caller)
    await put(desk, asked, render.forget_question(desk.view, code, number))


async def help_(desk: Desk, asked: Asked) -> None:
    staff = await desk.services.people.is_staff(asked.caller)
    await put(desk, asked, render.help(desk.view, await desk.language(asked.caller), staff))


async def unknown(desk: Desk, asked: Asked) -> None:
    """A command that does not exist."""
    await say(desk, asked, "unknown.command")


async def words(desk: Desk, asked: Asked) -> None:
    """No command: taken as the name or code of a product. A picture or a sticker has no words."""
    if not asked.words:
        await say(desk, asked, "unknown.text")
        return
    result = await desk.services.shelf.look(asked.caller, asked.words)
    if isinstance(result, NotFound) and not result.closest:
        await say(desk, asked, "unknown.text")
    else:
        await answer(desk, asked, result, verb="look")


async def answer(
    desk: Desk, asked: Asked, result: object, *, verb: str = "sub", quantity: int = 1
) -> None:
    """Tell what the service found; the buttons of suggestions do `verb`."""
    code = await desk.language(asked.caller)
    if isinstance(result, NotFound):
        rendered = render.not_found(desk.view, code, result, verb, quantity)
    else:
        rendered = render.answer(desk.view, code, result)
    await put(desk, asked, rendered)


async def say(desk: Desk, asked: Asked, msgid: str) -> None:
    await put(desk, asked, render.simple(desk.view, await desk.language(asked.caller), msgid))


async def put(desk: Desk, asked: Asked, rendered: TelegramHtml) -> None:
    await desk.answers.say(asked.caller.address, rendered)


COMMANDS: dict[str, Command] = {
    "start": start,
    "notify": notify,
    "list": subscriptions,
    "stop": stop,
    "stock": stock,
    "why": why,
    "language": language,
    "link": link,
    "privacy": privacy,
    "mydata": my_data,
    "forget": forget,
    "help": help_,
}
