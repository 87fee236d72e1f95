"""People and chats that messages go to, and what staff may do."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bot.domain.ways import SLACK, TELEGRAM, WayName


class ContactKind(StrEnum):
    PERSON = "person"
    CHANNEL = "channel"  # a Slack channel or a Telegram staff group that alerts go to


class ContactState(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"  # the person blocked the bot; subscriptions are kept
    GONE = "gone"  # the account or chat is deleted


class Role(IntEnum):
    """What a member may do; each role may do all that the ones below it may."""

    VIEWER = 1
    CLERK = 2
    MANAGER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> "Role | None":
        return cls.__members__.get(word.strip().upper())


@dataclass(frozen=True, slots=True)
class Address:
    """Where a contact is reached: a Telegram chat id or a Slack user or channel id, as text."""

    way: WayName
    value: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`slack:U123` or `telegram:42`; raises ValueError in words for a settings file."""
        way, _, value = text.strip().partition(":")
        if way not in (TELEGRAM, SLACK) or not value.strip():
            raise ValueError(f"{text.strip()!r} is not like slack:U0123 or telegram:12345")
        return cls(WayName(way), value.strip())


@dataclass(frozen=True, slots=True)
class Contact:
    id: int
    address: Address
    kind: ContactKind
    name: str
    language: str  # "" = the shop's default
    language_chosen: bool  # by /language; then the platform's guess no longer changes it
    state: ContactState
    role: Role | None

    def may(self, needed: Role) -> bool:
        return self.role is not None and self.role >= needed


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, as the platform said it; services turn it into a Contact."""

    address: Address
    name: str = ""
    language: str = ""  # the platform's guess, e.g. "zh-hans"
