"""People and chats that messages go to, and what staff may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from bot.domain.ways import WayName


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

    @property
    def text(self) -> str:
        """What settings have and Ways.address reads."""
        return f"{self.way}:{self.value}"


@dataclass(frozen=True, slots=True)
class Contact:
    """One address of a person, or a chat that belongs to nobody (`person_id` None)."""

    id: int
    person_id: int | None
    address: Address
    kind: ContactKind
    name: str
    language: str  # to write to it in: its person's; "" = the shop's default
    state: ContactState
    verified: bool  # the platform said that the person wrote from it
    preferred: bool = False  # the person asked to be told there


@dataclass(frozen=True, slots=True)
class Member:
    """A person who is staff, as met at one of their contacts; `id` is the person's."""

    id: int
    role: Role
    contact: Contact

    def may(self, needed: Role) -> bool:
        return self.role >= needed


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as met at one of their contacts."""

    id: int
    contact: Contact
    language: str  # "" = the shop's default
    language_chosen: bool  # by /language; then the platform's guess no longer changes it
    zone: str  # "" = the shop's
    preferences: Mapping[str, Any]
    role: Role | None
    created_at: datetime

    def as_member(self) -> Member | None:
        """None: not staff."""
        return None if self.role is None else Member(self.id, self.role, self.contact)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, as the platform said it; services turn it into a Person."""

    address: Address
    name: str = ""
    language: str = ""  # the platform's guess, e.g. "zh-hans"
