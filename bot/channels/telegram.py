"""The way out to Telegram: messages, their edits, files, and the answer that a press waits for."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import CallbackQueryLimit, MessageLimit, ParseMode
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.channels.telegram_errors import RejectedContent, explain
from bot.domain.notices import Button, Lane, Rendered
from bot.domain.sending import CannotLook, MessageLost

log = structlog.get_logger(__name__)
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_TAG = re.compile(r"<[^>]*>")


class TelegramChannel:
    """A Channel over one paced bot; everything that goes to Telegram chats goes through it."""

    def __init__(self, bot: ExtBot[Lane]) -> None:
        self._bot = bot

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        """Post a message. Content that Telegram refuses is sent once more as plain text."""
        try:
            return await self._send(address, rendered, lane, ParseMode.HTML)
        except RejectedContent as refused:
            log.warning("telegram refuses the form", sent_as="plain text", reason=str(refused))
            return await self._send(address, plain(rendered), lane, None)

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None:
        """Make the message show `rendered`; without rows its buttons go."""
        try:
            await self._edit(address, ref, rendered, lane, ParseMode.HTML)
        except RejectedContent as refused:
            log.warning("telegram refuses the form", shown_as="plain text", reason=str(refused))
            await self._edit(address, ref, plain(rendered), lane, None)

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        """Bots see no history: github.com/tdlib/telegram-bot-api/issues/482. Raises CannotLook."""
        del address, notice_id, since
        raise CannotLook("Telegram shows a bot no history")

    async def send_document(
        self, address: str, name: str, content: bytes, caption: Rendered, lane: Lane
    ) -> str:
        """Post a file with a short text under it."""
        with _explained():
            message = await self._bot.send_document(
                chat_of(address),
                content,
                filename=name,
                caption=caption.text,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard(caption),
                disable_notification=caption.silent or None,
                rate_limit_args=lane,
            )
        return str(message.message_id)

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

    async def _send(
        self, address: str, rendered: Rendered, lane: Lane, parse_mode: ParseMode | None
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
        self, address: str, ref: str, rendered: Rendered, lane: Lane, parse_mode: ParseMode | None
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


def keyboard(rendered: Rendered) -> InlineKeyboardMarkup | None:
    rows = [[_button(button) for button in row] for row in rendered.rows if row]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    if button.url:
        return InlineKeyboardButton(button.text, url=button.url)
    return InlineKeyboardButton(button.text, callback_data=button.data)


def plain(rendered: Rendered) -> Rendered:
    """The same without markup and links, inside the length limit: what no check can refuse."""
    words = html.unescape(_TAG.sub("", rendered.text))[: MessageLimit.MAX_TEXT_LENGTH]
    rows = tuple(tuple(button for button in row if not button.url) for row in rendered.rows)
    return Rendered(words, rows, silent=rendered.silent)
