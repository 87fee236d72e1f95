"""Everything that people read in Telegram: results, notices and the bot's own words."""

from collections.abc import Callable
from typing import Any

from bot.domain import customers, joining, staff, telling
from bot.domain.forms import TelegramHtml
from bot.domain.telling import NoticeData
from bot.render import alerts, roles
from bot.render import customer_line as line
from bot.render import customers as everywhere
from bot.render import telegram_joining as link
from bot.render import telegram_people as people
from bot.render import telegram_staff as crew
from bot.render.escape import Safe, truncate
from bot.render.telegram_parts import in_html, message, toast_text, voice
from bot.render.voice import LABEL, View, Voice, speak

ANSWERS: dict[type, Callable[[Voice, Any], TelegramHtml]] = {
    **{kind: in_html(words) for kind, words in everywhere.ANSWERS.items()},
    customers.SubscriptionList: people.subscription_list,
    customers.Expired: people.expired,
    customers.MyData: people.my_data,
    customers.Welcome: people.welcome,
    joining.CodeGiven: link.code_given,
    joining.Joined: link.joined,
    joining.Refusal: link.refused,
    joining.Parted: link.parted,
    joining.NothingParted: link.nothing_parted,
    joining.ToldHere: link.told_here,
    staff.Acknowledged: crew.acknowledged,
    staff.Refused: crew.refused,
}
NOTICES: dict[type, Callable[[Voice, Any], TelegramHtml]] = {
    **{kind: in_html(words) for kind, words in everywhere.NOTICES.items()},
    telling.JoinedTold: link.told,
    telling.AlertTold: crew.alert_told,
    telling.DailyDigest: crew.digest,
    telling.Fault: crew.fault,
}


def answer(view: View, language: str, result: object) -> TelegramHtml:
    """What a service answered, as a message. Raises KeyError for a type it does not know."""
    return ANSWERS[type(result)](voice(view, language), result)


def notice(view: View, language: str, data: NoticeData) -> TelegramHtml:
    """What is told without being asked, as a message or as its edit."""
    return NOTICES[type(data)](voice(view, language), data)


def not_found(
    view: View, language: str, result: customers.NotFound, verb: str = "sub", quantity: int = 1
) -> TelegramHtml:
    """Suggestions whose buttons do `verb`: sub (with `quantity`), look or why."""
    made = line.not_found(voice(view, language), result, verb, quantity)
    return TelegramHtml(made.text, made.rows)


def simple(view: View, language: str, msgid: str, /, **args: object) -> TelegramHtml:
    """One message of the catalogue, its arguments escaped; SIMPLE lists the ids for handlers."""
    return message(voice(view, language)(msgid, **args))


SIMPLE = (
    "error.failed",  # an unexpected fault; nothing the person did
    "error.later",  # too many presses or messages
    "error.private",  # a customer command in a group
    "error.quantity",  # /notify CODE 0, or a number that is too large
    "usage.notify",
    "usage.stock",
    "usage.why",
    "unknown.command",
    "unknown.text",
    "forget.kept",  # "No" on the question
)


def help(view: View, language: str, staff: bool = False) -> TelegramHtml:
    return people.help_text(voice(view, language), staff=staff)


def privacy(view: View, language: str) -> TelegramHtml:
    return people.privacy(voice(view, language))


def language_choice(view: View, language: str) -> TelegramHtml:
    return people.language_choice(voice(view, language))


def language_set(view: View, language: str) -> TelegramHtml:
    """Said in the new language."""
    return people.language_set(voice(view, language))


def forget_question(view: View, language: str, number: int) -> TelegramHtml:
    """`number` is the contact's: the buttons are good for nobody else, nor after an erase."""
    return people.forget_question(voice(view, language), number)


def forgotten(view: View, language: str, ended: int) -> TelegramHtml:
    """After /forget: `ended` subscriptions went with it."""
    return people.forgotten(voice(view, language), ended)


def command_list(view: View, language: str) -> tuple[tuple[str, str], ...]:
    """(command, description) for setMyCommands in this language."""
    return people.command_list(voice(view, language))


def description(view: View, language: str) -> str:
    """For setMyDescription: shown before the first message, at most 512 characters."""
    say = speak(view, language, LABEL)
    return truncate(say("bot.description", shop=say.shop), 512)


def short_description(view: View, language: str) -> str:
    """For setMyShortDescription: on the bot's profile, at most 120 characters."""
    say = speak(view, language, LABEL)
    return truncate(say("bot.short", shop=say.shop), 120)


def toast(view: View, language: str, result: object) -> str:
    """The short plain answer to a pressed button; "" when the message itself says it all."""
    say = speak(view, language, LABEL)
    made = TOASTS.get(type(result))
    return toast_text(made(say, result)) if made else ""


def simple_toast(view: View, language: str, msgid: str, /, **args: object) -> str:
    return toast_text(speak(view, language, LABEL)(msgid, **args))


TOASTS: dict[type, Callable[[Voice, Any], Safe]] = {
    customers.Changed: line.changed_words,
    customers.Subscribed: line.subscribed_words,
    customers.Expired: lambda say, _: say("expired.telegram"),
    customers.LimitReached: lambda say, result: say.n("limit.reached", result.limit),
    staff.Acknowledged: alerts.acknowledged,
    staff.Refused: roles.refused,
}
