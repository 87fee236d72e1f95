"""Telegram: linking contacts, and what is told of it."""

from bot.domain.forms import TelegramHtml
from bot.domain.joining import CodeGiven, Joined, NothingParted, Parted, Refusal, ToldHere
from bot.domain.telling import JoinedTold
from bot.render import joining as words
from bot.render.customer_parts import Row, press
from bot.render.telegram_parts import message
from bot.render.voice import Voice, lines


def code_given(say: Voice, result: CodeGiven) -> TelegramHtml:
    return message(words.code_for_slack(say, result))


def joined(say: Voice, result: Joined) -> TelegramHtml:
    text = lines(*words.joined(say, result, words.IN_TELEGRAM))
    return message(text, _undo(say, result.joining_id))


def _undo(say: Voice, joining_id: int) -> Row:
    return (press(say.label("button.undo"), f"unlink:{joining_id}"),)


def refused(say: Voice, result: Refusal) -> TelegramHtml:
    return message(words.refused(say, result))


def parted(say: Voice, result: Parted) -> TelegramHtml:
    return message(words.parted(say, result))


def nothing_parted(say: Voice, result: NothingParted) -> TelegramHtml:
    return message(words.nothing_parted(say, result))


def told_here(say: Voice, result: ToldHere) -> TelegramHtml:
    return message(words.told_here(say, result))


def told(say: Voice, data: JoinedTold) -> TelegramHtml:
    undo = None if data.undone else _undo(say, data.joining_id)
    return message(words.told(say, data, words.IN_TELEGRAM), undo)
