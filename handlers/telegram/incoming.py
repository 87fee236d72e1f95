"""Telegram's updates in Stockbell's words: who asks, what they typed, which button they pressed."""

import re
from dataclasses import dataclass

from telegram import CallbackQuery, Chat, MaybeInaccessibleMessage, Message, Update, User

from bot.domain.codes import whole_number
from bot.domain.contacts import Address, Caller
from bot.domain.ways import TELEGRAM
from handlers.telegram.arrivals import SOURCE

MAX_QUANTITY = 99_999  # a longer number is rather part of a code, e.g. an EAN
DEEP_LINK = "n_"  # t.me/<bot>?start=n_<short id>
MAX_WORDS = 200  # of what somebody looks for
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,32}))?(?=\s|$)")
_NUMBER = re.compile(r"[0-9]{1,18}")  # what fits a row id
_BUTTON = re.compile(r"([a-z]{1,16})((?::[A-Za-z0-9_-]{1,20})*)")


@dataclass(frozen=True, slots=True)
class Command:
    """`/name@bot rest`; `addressed` is the bot it names, in lower case, or ""."""

    name: str
    addressed: str
    rest: str


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed inline button. `message_ref` is None when Telegram no longer shows the message.

    `a_choice`: all buttons of the message do the same, so it has served once one is pressed.
    """

    id: str
    chat: Address
    message_ref: str | None
    verb: str
    words: tuple[str, ...]
    a_choice: bool = True

    def numbers(self, *counts: int) -> tuple[int, ...] | None:
        """The words as whole numbers, or None when they are not, or not that many."""
        if len(self.words) not in counts or not all(map(_NUMBER.fullmatch, self.words)):
            return None
        return tuple(int(word) for word in self.words)


def caller_of(user: User) -> Caller:
    return Caller(Address(TELEGRAM, str(user.id)), user.full_name, user.language_code or "")


def chat_address(chat: Chat | int) -> Address:
    return Address(TELEGRAM, str(chat if isinstance(chat, int) else chat.id))


def key_of(update: Update) -> str:
    """The arrival key that services keep as the effect's key: a repeated update changes nothing."""
    return f"{SOURCE}:{update.update_id}"


def read_command(text: str) -> Command | None:
    """None for plain words. Read from the text: not every server marks commands as entities."""
    found = _COMMAND.match(text)
    if found is None:
        return None
    name, addressed = found.group(1).lower(), (found.group(2) or "").lower()
    return Command(name, addressed, words_of(text[found.end() :]))


def words_of(text: str) -> str:
    """The words of a text in one line."""
    return " ".join(text.split())[:MAX_WORDS].rstrip()


def split_quantity(words: str) -> tuple[str, int | None]:
    """`MUG-BLUE 3` -> (MUG-BLUE, 3). A number that stands alone is a SKU, a long one part of it."""
    sku, _, last = words.rpartition(" ")
    number = whole_number(last) if sku and last[:1].isdecimal() else None
    if number is None or number > MAX_QUANTITY:
        return words, None
    return sku, number


def read_press(query: CallbackQuery) -> Press:
    """Whatever the data are: a verb that is not known makes a press that has expired."""
    message, found = query.message, _BUTTON.fullmatch(query.data or "")
    verb = found.group(1) if found else ""
    chat = message.chat.id if message else query.from_user.id
    return Press(
        id=query.id,
        chat=chat_address(chat),
        message_ref=str(message.message_id) if message else None,
        verb=verb,
        words=tuple(found.group(2).split(":")[1:]) if found else (),
        a_choice=all(data.partition(":")[0] == verb for data in _buttons_of(message)),
    )


def _buttons_of(message: MaybeInaccessibleMessage | None) -> list[str]:
    markup = message.reply_markup if isinstance(message, Message) else None
    rows = markup.inline_keyboard if markup else ()
    return [str(button.callback_data or button.url) for row in rows for button in row]
