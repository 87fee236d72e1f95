"""Pieces that Telegram messages are made of."""

from collections.abc import Callable
from typing import Any

from bot.domain.forms import TelegramHtml
from bot.render.customer_parts import Row, Said
from bot.render.escape import truncate
from bot.render.voice import STYLES, View, Voice, speak

TOAST = 200  # https://core.telegram.org/bots/api#answercallbackquery


def voice(view: View, language: str) -> Voice:
    return speak(view, language, STYLES[TelegramHtml])


def message(text: str, *rows: Row | None, silent: bool = False) -> TelegramHtml:
    """The text over the rows of buttons that are not empty."""
    return TelegramHtml(text=text, rows=tuple(row for row in rows if row), silent=silent)


def in_html(words: Callable[[Voice, Any], Said]) -> Callable[[Voice, Any], TelegramHtml]:
    """What is told in every form, in this one."""

    def told(say: Voice, data: Any) -> TelegramHtml:  # what `words` takes
        made = words(say, data)
        return TelegramHtml(made.text, made.rows)

    return told


def toast_text(text: str) -> str:
    return truncate(text, TOAST)
