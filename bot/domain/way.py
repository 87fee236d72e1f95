"""A way out, as those need to know it who queue for it, write for it or check addresses.

How a message really leaves is the matter of the way's channel.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NewType

from bot.domain.contacts import Address
from bot.domain.forms import Rendered
from bot.domain.sending import SendError
from bot.domain.ways import WayName

AccountName = NewType("AccountName", str)  # stored with what is used up of its limits


@dataclass(frozen=True, slots=True)
class Way:
    """`errors`: what of bot.domain.sending its channel can raise; the others it never does.

    `can_edit`: a message can be made to show something else; where it cannot, no edit is queued.
    `can_look_up`: it can be asked whether a message is there; where it cannot, what is in doubt is
    sent once more. All its requests spend of `account`, as do those of any other way that names it.
    """

    name: WayName
    title: str  # for people, the same in every language
    form: type[Rendered]
    account: AccountName
    is_address: Callable[[str], bool]
    is_person: Callable[[str], bool]  # whether an address is of one, as far as it shows
    example: str  # of an address, for whoever wrote one that is none
    id_hint: str  # where the id of a person is found
    errors: frozenset[type[SendError]]
    can_mention: bool = False  # its clients show a person's address in a text as their name
    can_edit: bool = True
    can_look_up: bool = True


class Ways(Mapping[WayName, Way]):
    """Those there are. A contact may be on one that is no more: of that nothing can be edited."""

    def __init__(self, ways: Iterable[Way]) -> None:
        self._ways: dict[WayName, Way] = {}
        for way in ways:
            if way.name in self._ways:
                raise ValueError(f"two ways are named {way.name}")
            self._ways[way.name] = way

    def __getitem__(self, name: WayName) -> Way:
        return self._ways[name]

    def __iter__(self) -> Iterator[WayName]:
        return iter(self._ways)

    def __len__(self) -> int:
        return len(self._ways)

    def can_edit(self, name: WayName) -> bool:
        way = self.get(name)
        return way is not None and way.can_edit

    def can_mention(self, name: WayName) -> bool:
        way = self.get(name)
        return way is not None and way.can_mention

    def title(self, name: WayName) -> str:
        """As people read it; the name of one that is no more."""
        way = self.get(name)
        return name if way is None else way.title

    def address(self, text: str) -> Address:
        """Of a person or a chat, as `slack:C0123`. Raises ValueError in words for settings."""
        way, value = self._divided(text)
        if not way.is_address(value):
            raise self._unlike(text)
        return Address(way.name, value)

    def person(self, text: str) -> Address:
        """Of a person, as `telegram:42`. Raises ValueError in words for settings."""
        way, value = self._divided(text)
        if not way.is_person(value):
            raise ValueError(f"{text.strip()!r} is no id: {way.id_hint}")
        return Address(way.name, value)

    def _divided(self, text: str) -> tuple[Way, str]:
        name, _, value = text.strip().partition(":")
        way = self.get(WayName(name))
        if way is None or not value.strip():
            raise self._unlike(text)
        return way, value.strip()

    def _unlike(self, text: str) -> ValueError:
        like = " or ".join(f"{way.name}:{way.example}" for way in self.values())
        return ValueError(f"{text.strip()!r} is not like {like}")
