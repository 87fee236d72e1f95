"""The way out to Telegram: messages, their edits, files, and the answer that a press waits for."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import CallbackQueryLimit, MessageLimit, ParseMode
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.channels.base import Channel, FormRefused, unheard
from bot.channels.splitting import one_by_one
from bot.channels.telegram_errors import RejectedContent, explain
from bot.channels.telegram_split import LONGEST, cut_html, cut_words, split_html, words_of
from bot.domain.forms import Button, TelegramHtml
from bot.domain.notices import Lane
from bot.domain.sending import MessageLost

log = structlog.get_logger(__name__)
Result = TypeVar("Result")
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
CAPTION = int(MessageLimit.CAPTION_LENGTH)
MOST_PARTS = 3  # messages that one text may become; a longer one comes as a file
FILE = "message.txt"


class TelegramChannel(Channel[TelegramHtml]):
    """A channel over one paced bot; everything that goes to Telegram chats goes through it.

    Bots see no history, so it cannot look: github.com/tdlib/telegram-bot-api/issues/482.

    `form_refused` hears, before the plain words are sent, why Telegram refuses a form.
    """

    def __init__(self, bot: ExtBot[Lane], form_refused: FormRefused = unheard) -> None:
        self._bot = bot
        self._form_refused = form_refused

    async def send(self, address: str, rendered: TelegramHtml, lane: Lane) -> str:
        """Post a message. Content that Telegram refuses is sent once more as plain text.

        What is too long becomes up to three messages, or a file over a message that begins like
        it. The buttons are on the last message, which rings, and the reference is to that one.
        """
        posts = [partial(self._post, part=part) for part in parts_of(rendered)]
        if len(posts) > MOST_PARTS:
            posts = [partial(self._as_file, part=rendered), partial(self._post, part=cut(rendered))]
        return await one_by_one(posts, lambda post: post(address, lane))

    async def edit(self, address: str, ref: str, rendered: TelegramHtml, lane: Lane) -> None:
        """Make the message show `rendered`, as much of it as fits; without rows its buttons go."""

        async def show(form: TelegramHtml, mode: ParseMode | None) -> None:
            await self._edit(address, ref, form, lane, mode)

        await self._in_some_form(cut(rendered), show)

    async def send_document(
        self, address: str, name: str, content: bytes, caption: TelegramHtml, lane: Lane
    ) -> str:
        """Post a file with a short text under it."""

        async def post(form: TelegramHtml, mode: ParseMode | None) -> str:
            with _explained():
                message = await self._bot.send_document(
                    chat_of(address),
                    content,
                    filename=name,
                    caption=form.text or None,
                    parse_mode=mode,
                    reply_markup=keyboard(form),
                    disable_notification=form.silent or None,
                    rate_limit_args=lane,
                )
            return str(message.message_id)

        return await self._in_some_form(cut(caption, CAPTION), post)

    async def answer_press(self, press_id: str, words: str = "", *, alert: bool = False) -> bool:
        """End the wait that a pressed button shows; False when Telegram no longer waits."""
        try:
            with _explained():
                await self._bot.answer_callback_query(
                    press_id,
                    text=words[: CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH] or None,
                    show_alert=alert or None,
                )
        except MessageLost:
            return False
        return True

    async def _post(self, address: str, lane: Lane, part: TelegramHtml) -> str:
        return await self._in_some_form(part, partial(self._send, address, lane))

    async def _as_file(self, address: str, lane: Lane, part: TelegramHtml) -> str:
        words = words_of(part.text).encode()
        return await self.send_document(address, FILE, words, TelegramHtml("", silent=True), lane)

    async def _in_some_form(
        self,
        rendered: TelegramHtml,
        put: Callable[[TelegramHtml, ParseMode | None], Awaitable[Result]],
    ) -> Result:
        """As HTML; if Telegram refuses that, whoever listens hears of it and the words go plain."""
        try:
            return await put(rendered, ParseMode.HTML)
        except RejectedContent as refused:
            log.warning("telegram refuses the form", shown_as="plain text", reason=str(refused))
            await self._form_refused(str(refused))
            return await put(plain(rendered), None)

    async def _send(
        self, address: str, lane: Lane, rendered: TelegramHtml, parse_mode: ParseMode | None
    ) -> str:
        with _explained():
            message = await self._bot.send_message(
                chat_of(address),
                rendered.text,
                parse_mode=parse_mode,
                reply_markup=keyboard(rendered),
                disable_notification=rendered.silent or None,
                link_preview_options=NO_PREVIEW,
                rate_limit_args=lane,
            )
        return str(message.message_id)

    async def _edit(
        self,
        address: str,
        ref: str,
        rendered: TelegramHtml,
        lane: Lane,
        parse_mode: ParseMode | None,
    ) -> None:
        with _explained():
            await self._bot.edit_message_text(
                rendered.text,
                chat_of(address),
                int(ref),
                parse_mode=parse_mode,
                reply_markup=keyboard(rendered),
                link_preview_options=NO_PREVIEW,
                rate_limit_args=lane,
            )


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except TelegramError as error:
        raise explain(error) from error


def chat_of(address: str) -> int | str:
    """Chats have numbers; public groups and channels may be written as @name."""
    return address if address.startswith("@") else int(address)


def keyboard(rendered: TelegramHtml) -> InlineKeyboardMarkup | None:
    rows = [[_button(button) for button in row] for row in rendered.rows if row]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    if button.url:
        return InlineKeyboardButton(button.text, url=button.url)
    return InlineKeyboardButton(button.text, callback_data=button.data)


def parts_of(rendered: TelegramHtml) -> list[TelegramHtml]:
    """The message as parts that fit; the buttons are on the last one, which alone may ring."""
    *earlier, last = split_html(rendered.text)
    quiet = [TelegramHtml(text, silent=True) for text in earlier]
    return [*quiet, replace(rendered, text=last)]


def cut(rendered: TelegramHtml, limit: int = LONGEST) -> TelegramHtml:
    """The same with its text cut to what fits."""
    return replace(rendered, text=cut_html(rendered.text, limit))


def plain(rendered: TelegramHtml) -> TelegramHtml:
    """The same without markup and links, inside the length limit: what no check can refuse."""
    words = cut_words(words_of(rendered.text))
    rows = tuple(tuple(button for button in row if not button.url) for row in rendered.rows)
    return TelegramHtml(words, rows, silent=rendered.silent)
