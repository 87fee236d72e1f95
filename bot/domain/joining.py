"""Two persons become one, by a code that is sent to a contact of the one and given by the other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Any

from bot.domain.contacts import Role
from bot.domain.stock import Product
from bot.domain.subscriptions import StoredSubscription, SubscriptionState
from bot.domain.ways import WayName

CODE_LASTS = timedelta(minutes=10)
UNDO_WINDOW = timedelta(days=1)
WRONG_TRIES = 5  # of one contact within TRIES_COUNT_FOR; a code's signature has 50 bits
TRIES_COUNT_FOR = timedelta(hours=1)

# Crockford's base 32, which is read aloud and typed without mistakes: no I, L, O and U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALIKE = str.maketrans("OIL", "011")
BITS = 5
SIGNATURE_LENGTH = 10  # characters
LONGEST_NUMBER = 12  # characters: what fits a row id
GROUP = 4


def write_code(number: int, signature: bytes) -> str:
    """`12K7-Q3MX-D9P2`: the code's number and the first 50 bits of its signature."""
    head = ""
    while number or not head:
        number, rest = divmod(number, len(ALPHABET))
        head = ALPHABET[rest] + head
    text = head + _signed(signature)
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def _signed(signature: bytes) -> str:
    value = int.from_bytes(signature[:8], "big") >> (64 - SIGNATURE_LENGTH * BITS)
    shifts = range((SIGNATURE_LENGTH - 1) * BITS, -1, -BITS)
    return "".join(ALPHABET[value >> shift & 31] for shift in shifts)


@dataclass(frozen=True, slots=True)
class GivenCode:
    """What somebody typed, as `write_code` made it."""

    number: int
    signature: str

    def is_signed_by(self, signature: bytes) -> bool:
        return compare_digest(self.signature, _signed(signature))


def read_code(text: str) -> GivenCode | None:
    """None for what cannot be a code. Case, spaces and hyphens do not matter."""
    plain = "".join(text.upper().split()).replace("-", "").translate(ALIKE)
    head, tail = plain[:-SIGNATURE_LENGTH], plain[-SIGNATURE_LENGTH:]
    if not 0 < len(head) <= LONGEST_NUMBER or not set(plain) <= set(ALPHABET):
        return None
    number = 0
    for letter in head:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    return GivenCode(number, tail)


class NotJoined(StrEnum):
    """Why a code joins nobody; nothing was changed."""

    UNKNOWN = "unknown"  # never given out, mistyped, or thrown away long ago
    EXPIRED = "expired"
    USED = "used"
    OWN = "own"  # of the same person: it is to be given by the other contact
    TRIES = "tries"  # too many wrong ones
    LIMIT = "limit"  # together they would wait for more than one person may


def parted_role(before: Role | None, present: Role | None) -> Role | None:
    """What one half may do again when an admin has decided about the whole since: no more."""
    if before is None or present is None:
        return None
    return min(before, present)


def joined_role(roles: Collection[Role | None]) -> Role | None:
    """No role is no vote; of two the lower counts, until an admin says otherwise."""
    return min((role for role in roles if role is not None), default=None)


def one_state(one: SubscriptionState, other: SubscriptionState) -> SubscriptionState:
    """Told once is told; who waits on one of the two waits."""
    for state in (SubscriptionState.TOLD, SubscriptionState.WAITING):
        if state in (one, other):
            return state
    return SubscriptionState.PAUSED


def lowered_from(roles: Collection[Role | None], now: Role | None) -> Role | None:
    """The higher of these roles, if `now` is a lower one."""
    highest = max((role for role in roles if role is not None), default=None)
    return highest if highest is not None and (now is None or now < highest) else None


@dataclass(frozen=True, slots=True)
class Merge:
    """One place of two: `kept` has the earlier one and stays, `gone` ends."""

    kept: StoredSubscription
    gone: StoredSubscription

    @classmethod
    def of(cls, one: StoredSubscription, other: StoredSubscription) -> "Merge":
        first, second = sorted((one, other), key=lambda line: line.id)
        return cls(first, second)

    @property
    def quantity(self) -> int:
        """The larger wish: the smaller one is content with it too."""
        return max(self.kept.quantity, self.gone.quantity)

    @property
    def state(self) -> SubscriptionState:
        return one_state(self.kept.state, self.gone.state)

    @property
    def before(self) -> "Halves":
        return Halves(Half.of(self.kept), Half.of(self.gone))


@dataclass(frozen=True, slots=True)
class Half:
    """A subscription as it was before it became one with another."""

    id: int
    quantity: int
    state: SubscriptionState
    armed: bool

    @classmethod
    def of(cls, line: StoredSubscription) -> "Half":
        return cls(line.id, line.quantity, line.state, line.armed)

    def as_json(self) -> list[Any]:
        return [self.id, self.quantity, self.state.value, self.armed]

    @classmethod
    def read(cls, stored: Sequence[Any]) -> "Half":
        number, quantity, state, armed = stored
        return cls(number, quantity, SubscriptionState(state), armed)


@dataclass(frozen=True, slots=True)
class Halves:
    """`kept` stayed as the one place, `gone` ended."""

    kept: Half
    gone: Half

    def quantity_again(self, now: int) -> int:
        """Of the one that stayed: as it was, unless the person asked for another one since."""
        return self.kept.quantity if now == max(self.kept.quantity, self.gone.quantity) else now

    def state_again(self, half: Half, now: SubscriptionState) -> SubscriptionState:
        """What `half` is again, when the one place is `now`.

        What the person has done to the place since stays; who was told then and is back in the
        line by now waits.
        """
        merged = one_state(self.kept.state, self.gone.state)
        told, waiting = SubscriptionState.TOLD, SubscriptionState.WAITING
        touched = now is not merged and (merged, now) != (told, waiting)
        if touched and half is self.kept:
            return now
        return waiting if half.state is told and now is not told else half.state


@dataclass(frozen=True, slots=True)
class Before:
    """What a joining changed, as it was: ids and numbers, enough to take it apart again."""

    asked_at: int  # the contact that the code was sent to
    contacts: Sequence[int]  # of the person who is gone
    preferred: Sequence[int]  # those of them
    subscriptions: Sequence[int]
    merges: Sequence[Halves]
    role_kept: Role | None
    role_gone: Role | None
    language: str | None  # the guess of the person who stays, if they took over a chosen one

    def as_json(self) -> dict[str, Any]:
        return {
            "asked_at": self.asked_at,
            "contacts": list(self.contacts),
            "preferred": list(self.preferred),
            "subscriptions": list(self.subscriptions),
            "merges": [[one.kept.as_json(), one.gone.as_json()] for one in self.merges],
            "roles": [role.word if role else None for role in (self.role_kept, self.role_gone)],
            "language": self.language,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Before":
        kept, gone = (Role.from_word(word) if word else None for word in stored["roles"])
        return cls(
            asked_at=stored["asked_at"],
            contacts=stored["contacts"],
            preferred=stored["preferred"],
            subscriptions=stored["subscriptions"],
            merges=[Halves(Half.read(one), Half.read(other)) for one, other in stored["merges"]],
            role_kept=kept,
            role_gone=gone,
            language=stored["language"],
        )


@dataclass(frozen=True, slots=True)
class Join:
    """Two persons who are one: `gone_id` was joined into `kept_id`."""

    id: int
    kept_id: int
    gone_id: int
    before: Before
    role_said: bool  # an admin has said since what the role is
    created_at: datetime
    undone: bool


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """/link: a code that is good for so long."""

    code: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """/link CODE joined nobody. `limit`: how many live subscriptions a person may have."""

    reason: NotJoined
    limit: int = 0


@dataclass(frozen=True, slots=True)
class OnePlace:
    """A line in which both stood: the earlier place is kept, for the larger quantity."""

    product: Product
    place: int  # 0: not in the line (told, paused)
    quantity: int


@dataclass(frozen=True, slots=True)
class Joined:
    """/link CODE: the two are one. `lowered`: from which role, if they had another one."""

    joining_id: int
    ways: tuple[WayName, ...]  # on which the person is known now
    places: tuple[OnePlace, ...]
    role: Role | None
    lowered: Role | None


class NotParted(StrEnum):
    """Why nothing was taken apart."""

    NOTHING = "nothing"  # never joined, or taken apart already
    TOO_LATE = "too_late"
    NOT_LAST = "not_last"  # what was joined later has to go first


@dataclass(frozen=True, slots=True)
class Parted:
    """/link undo: two again, each with what was theirs."""

    role: Role | None  # of who asked


@dataclass(frozen=True, slots=True)
class NothingParted:
    reason: NotParted


@dataclass(frozen=True, slots=True)
class ToldHere:
    """/link here: restocks are told at this contact from now on."""

    way: WayName


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was given out, as it is kept: the text itself is not."""

    id: int
    contact_id: int
    created_at: datetime
    expires_at: datetime
    used: bool

    @property
    def signs(self) -> str:
        """What its signature is made of."""
        return f"join {self.id} {self.contact_id} {self.created_at.isoformat()}"
