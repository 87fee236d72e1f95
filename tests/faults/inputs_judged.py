"""What became of what was asked, read beside the bot and held against what it accepted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from bot.domain.inbox import InboxState
from bot.domain.subscriptions import SubscriptionState
from storage.database import Database
from storage.tables import contact, inbox, move, position, product, subscription
from storage.vault import Vault

WAITING = SubscriptionState.WAITING.value
OVER = (InboxState.DONE.value, InboxState.DEAD.value)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a customer wrote in Telegram: to wait for a product, or to stop that."""

    chat: int
    verb: str
    sku: str

    @property
    def words(self) -> str:
        return f"/{self.verb} {self.sku}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds after all that."""

    subscriptions: tuple[tuple[int, str, str], ...]  # chat, SKU, state
    moves: tuple[tuple[str, int], ...]  # reason, quantity
    shelf: dict[str, int]  # SKU -> on hand
    unfinished: int
    dead: int


@dataclass(frozen=True, slots=True)
class Found:
    """`lost`: accepted, and not there. `twice`: done more than once. `unasked`: nobody said so."""

    lost: list[str]
    twice: list[str]
    unasked: list[str]

    def __add__(self, other: "Found") -> "Found":
        return Found(self.lost + other.lost, self.twice + other.twice, self.unasked + other.unasked)


def judge(accepted: Iterable[str], effects: Iterable[str], asked: Iterable[str] = ()) -> Found:
    """Hold the effects against what was accepted; `asked` may be there without that."""
    wanted, there = set(accepted), Counter(effects)
    return Found(
        lost=sorted(wanted - there.keys()),
        twice=sorted(effect for effect, times in there.items() if times > 1),
        unasked=sorted(there.keys() - wanted - set(asked)),
    )


def judge_telegram(asked: Iterable[Asked], kept: Kept) -> Found:
    """Every (chat, SKU) has one subscription, and its state is what the last words made of it.

    Words that are done a second time after the next ones show as the wrong state, or as a second
    subscription.
    """
    last = {(one.chat, one.sku): one.verb for one in asked}
    words = {True: "waits", False: "stopped"}
    expected = [f"{chat} {sku} {words[verb == 'notify']}" for (chat, sku), verb in last.items()]
    there = [f"{chat} {sku} {words[state == WAITING]}" for chat, sku, state in kept.subscriptions]
    again = Counter((chat, sku) for chat, sku, _ in kept.subscriptions)
    found = judge(expected, there)
    doubled = [f"{chat} {sku}" for (chat, sku), times in again.items() if times > 1]
    return Found(found.lost, found.twice + doubled, found.unasked)


def judge_slack(typed: dict[str, int], acknowledged: Iterable[str], kept: Kept) -> Found:
    """Each acknowledged command is one move, each move is what was typed, and the sums agree."""
    wanted = [f"{reason} {typed[reason]}" for reason in acknowledged]
    there = [f"{reason} {quantity}" for reason, quantity in kept.moves]
    found = judge(wanted, there, [f"{reason} {quantity}" for reason, quantity in typed.items()])
    total, shelf = sum(quantity for _, quantity in kept.moves), sum(kept.shelf.values())
    odd = [] if total == shelf else [f"the ledger says {total}, the shelf {shelf}"]
    return Found(found.lost, found.twice, found.unasked + odd)


async def read(database: Database, vault: Vault) -> Kept:
    """Beside a running bot, or after it."""
    live = select(contact.c.address, product.c.sku, subscription.c.state).select_from(
        subscription.join(contact, contact.c.person_id == subscription.c.person_id).join(product)
    )
    states = select(inbox.c.state, func.count()).group_by(inbox.c.state)
    shelves = select(product.c.sku, func.sum(position.c.on_hand)).join(position)
    async with database.read() as tx:
        people = (await tx.execute(live)).all()
        moves = (await tx.execute(select(move.c.reason, move.c.quantity))).all()
        shelf = (await tx.execute(shelves.group_by(product.c.sku))).all()
        counts = {state: int(n) for state, n in (await tx.execute(states)).all()}
    return Kept(
        subscriptions=tuple((int(vault.open(row.address)), row.sku, row.state) for row in people),
        moves=tuple((reason, int(quantity)) for reason, quantity in moves),
        shelf={sku: int(total) for sku, total in shelf},
        unfinished=sum(n for state, n in counts.items() if state not in OVER),
        dead=counts.get(InboxState.DEAD.value, 0),
    )
