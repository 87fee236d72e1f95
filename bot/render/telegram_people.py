"""Telegram: /start, /help, /language, and the person's own data."""

from bot.domain.customers import Expired, MyData, SubscriptionList, Welcome
from bot.domain.forms import TelegramHtml
from bot.render import customer_line
from bot.render.customer_parts import Row, press
from bot.render.escape import Safe
from bot.render.telegram_parts import in_html, message
from bot.render.voice import Voice, lines

# In the order in which /help and the command menu show them; each with its catalogue id.
COMMANDS = {
    "notify": "command.notify",
    "list": "command.list",
    "stop": "command.stop",
    "stock": "command.stock",
    "why": "command.why",
    "language": "command.language",
    "link": "command.link",
    "privacy": "command.privacy",
    "mydata": "command.mydata",
    "forget": "command.forget",
    "help": "command.help",
    "start": "command.start",
}
TAKES_CODE = ("notify", "stock", "why")


def welcome(say: Voice, result: Welcome) -> TelegramHtml:
    name = say.words(result.name, 60)
    if not result.is_new:
        head = say("start.again", name=name) if name else say("start.again_nameless")
    else:
        head = say("start.hello", name=name) if name else say("start.hello_nameless")
    text = lines(
        head,
        say("start.who", shop=say.shop),
        "",
        say("start.how", example=say.code("/notify MUG-BLUE")),
        say("start.more"),
    )
    return message(text, *_languages(say, result.languages))


def _languages(say: Voice, codes: tuple[str, ...]) -> list[Row]:
    if len(codes) < 2:
        return []
    texts = say.view.texts
    buttons = [press(texts.t(code, "language.name"), f"lang:{code}") for code in codes]
    return [tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3)]


def language_choice(say: Voice) -> TelegramHtml:
    return message(say("language.choose"), *_languages(say, say.view.texts.languages))


def language_set(say: Voice) -> TelegramHtml:
    return message(say("language.set"))


def help_text(say: Voice, *, staff: bool) -> TelegramHtml:
    text = lines(
        say("help.head"),
        "",
        *[_command(say, command) for command in COMMANDS],
        "",
        say("help.staff") if staff else say("help.code"),
    )
    return message(text)


def _command(say: Voice, command: str) -> Safe:
    argument = f" {say('help.argument')}" if command in TAKES_CODE else ""
    return Safe(f"/{command}{argument} · {say(COMMANDS[command])}")


def command_list(say: Voice) -> tuple[tuple[str, str], ...]:
    """For setMyCommands: plain text of 1 to 256 characters."""
    return tuple((command, say.label(msgid)) for command, msgid in COMMANDS.items())


def privacy(say: Voice) -> TelegramHtml:
    days = say.view.context.retention_days
    keep = say("privacy.keep") if days is None else say.n("privacy.keep_days", days)
    text = lines(
        say.bold(say("privacy.head", shop=say.shop)),
        "",
        say("privacy.what"),
        "",
        say("privacy.purpose"),
        "",
        keep,
        "",
        say("privacy.safe"),
        "",
        say("privacy.rights"),
        say("privacy.contact", shop=say.shop, url=say.address(say.view.context.shop_url))
        if say.view.context.shop_url
        else say("privacy.contact_no_url", shop=say.shop),
    )
    return message(text)


def my_data(say: Voice, result: MyData) -> TelegramHtml:
    """Short enough (1024) to be the caption of the file that holds `document`."""
    text = lines(
        say("mydata.head"),
        say.n("mydata.waiting", result.subscriptions),
        say("mydata.since", day=say.day(result.since)),
        say("mydata.forget"),
    )
    return message(text)


def forget_question(say: Voice, number: int) -> TelegramHtml:
    label = say.label
    yes = press(label("forget.yes"), f"forget:yes:{number}")
    no = press(label("forget.no"), f"forget:no:{number}")
    return message(lines(say("forget.question"), say("forget.means")), (yes, no))


def forgotten(say: Voice, ended: int) -> TelegramHtml:
    tail = say.n("forget.ended", ended) if ended else None
    return message(lines(say("forget.done"), tail, say("forget.return")))


def subscription_list(say: Voice, result: SubscriptionList) -> TelegramHtml:
    if result.subscriptions:
        return in_html(customer_line.subscription_list)(say, result)
    return message(lines(say("list.empty"), say("list.empty_hint")))


def expired(say: Voice, _: Expired) -> TelegramHtml:
    return message(say("expired.telegram"))
