"""Which update goes to which handler: PTB's side of the handlers."""

from telegram import Message, Update
from telegram.constants import ChatType
from telegram.ext import (
    CallbackQueryHandler,
    ChatMemberHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.render import telegram as render
from handlers.telegram.build import AnyApplication
from handlers.telegram.buttons import BUTTONS, expired
from handlers.telegram.commands import COMMANDS, unknown, words
from handlers.telegram.desk import Asked, Desk, Pressed
from handlers.telegram.incoming import (
    caller_of,
    chat_address,
    key_of,
    read_command,
    read_press,
    words_of,
)
from handlers.telegram.members import membership, migration

Context = ContextTypes.DEFAULT_TYPE


class Routes:
    """PTB's callbacks: each reads its update and calls one handler."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, application: AnyApplication) -> None:
        """One group: an update goes to the first handler that fits. Commands are told apart by
        their text, because a code typed after one may be anything."""
        said = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE & ~filters.StatusUpdate.ALL
        application.add_handlers(
            [
                MessageHandler(filters.StatusUpdate.MIGRATE, self.moved),
                MessageHandler(said, self.private),
                MessageHandler(filters.UpdateType.MESSAGE & filters.ChatType.GROUPS, self.group),
                CallbackQueryHandler(self.pressed),
                ChatMemberHandler(self.member, ChatMemberHandler.MY_CHAT_MEMBER),
            ]
        )

    async def private(self, update: Update, context: Context) -> None:
        """Whatever a person writes to the bot alone."""
        del context
        message = _message(update)
        if message.from_user is None:
            return
        text = message.text or ""
        command = read_command(text)
        rest = command.rest if command else words_of(text)
        asked = Asked(caller_of(message.from_user), rest, key_of(update))
        handler = COMMANDS.get(command.name, unknown) if command else words
        await handler(self._desk, asked)

    async def group(self, update: Update, context: Context) -> None:
        """In groups the bot only says where it can be talked to, and only when it is addressed."""
        message = _message(update)
        command = read_command(message.text or "")
        if command is None or command.addressed != context.bot.username.lower():
            return
        code = ""
        if message.from_user is not None:
            code = await self._desk.language(caller_of(message.from_user))
        line = render.simple(self._desk.view, code, "error.private")
        await self._desk.answers.say(chat_address(message.chat), line)

    async def pressed(self, update: Update, context: Context) -> None:
        del context
        query = update.callback_query
        if query is None:
            return
        press = read_press(query)
        pressed = Pressed(caller_of(query.from_user), press, key_of(update))
        await BUTTONS.get(press.verb, expired)(self._desk, pressed)

    async def sorry(self, update: Update) -> None:
        """What was asked fails again and again; the person hears of it."""
        user = update.effective_user
        if user is None:
            return
        view, code = self._desk.view, await self._desk.language(caller_of(user))
        if update.callback_query is not None:
            words = render.simple_toast(view, code, "error.failed")
            await self._desk.answers.close(read_press(update.callback_query), words, alert=True)
        elif update.message is not None and update.message.chat.type == ChatType.PRIVATE:
            rendered = render.simple(view, code, "error.failed")
            await self._desk.answers.say(chat_address(update.message.chat), rendered)

    async def member(self, update: Update, context: Context) -> None:
        del context
        if update.my_chat_member is not None:
            await membership(self._desk.services.people, update.my_chat_member)

    async def moved(self, update: Update, context: Context) -> None:
        del context
        await migration(self._desk.services.people, _message(update))


def _message(update: Update) -> Message:
    """allowed_updates has neither edits nor channel posts; what is stored may be older."""
    message = update.effective_message
    if message is None:
        raise LookupError(f"update {update.update_id} has no message")
    return message
