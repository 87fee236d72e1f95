"""What must be true of the database after every step of the ledger machine. Pure, over rows."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from storage.database import Database
from storage.tables import alert, contact, move, notice, position, restock, subscription

TABLES = {
    "moves": move,
    "positions": position,
    "subscriptions": subscription,
    "notices": notice,
    "restocks": restock,
    "alerts": alert,
    "contacts": contact,
}
OUTSTANDING = ("queued", "sending")
# Heard of in this restock, or tried in vain: whoever waits on is told in the next one. (Told, and
# then asked for more than there was: once a restock is the promise.)
HAD_THEIR_TURN = ("sent", "failed", "uncertain")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every row that the checks look at, read in one transaction, in order of id."""

    moves: list[Row[Any]]
    positions: list[Row[Any]]
    subscriptions: list[Row[Any]]
    notices: list[Row[Any]]
    restocks: list[Row[Any]]
    alerts: list[Row[Any]]
    contacts: list[Row[Any]]

    @classmethod
    async def of(cls, database: Database) -> "Snapshot":
        rows: dict[str, Any] = {}
        async with database.read() as tx:
            for name, table in TABLES.items():
                statement = select(table).order_by(*table.primary_key.columns)
                rows[name] = list((await tx.execute(statement)).all())
        return cls(**rows)

    def available(self, product_id: int) -> int:
        return sum(
            row.on_hand - row.reserved - row.unsellable
            for row in self.positions
            if row.product_id == product_id
        )

    def reachable(self, person_id: int | None) -> bool:
        theirs = [row for row in self.contacts if row.person_id == person_id]
        return person_id is not None and any(row.state == "active" for row in theirs)

    def open_restock(self, product_id: int) -> Row[Any] | None:
        rows = [r for r in self.restocks if r.product_id == product_id and r.closed_at is None]
        return rows[0] if rows else None

    def to_tell(self, product_id: int) -> Iterator[Row[Any]]:
        """Who is to hear of what there is now, in the order of the line."""
        available = self.available(product_id)
        for row in self.subscriptions:
            waits = row.product_id == product_id and row.state == "waiting" and row.armed
            if waits and 0 < available >= row.quantity and self.reachable(row.person_id):
                yield row

    def noticed(self, restock_id: int) -> dict[int, str]:
        """The state of the restock's notice, by subscription."""
        return {r.subscription_id: r.state for r in self.notices if r.restock_id == restock_id}


def twice(values: Collection[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def check(now: Snapshot, *, below_zero_allowed: bool) -> None:
    """The invariants of one moment."""
    _check_ledger(now, below_zero_allowed=below_zero_allowed)
    pairs = [(r.restock_id, r.subscription_id) for r in now.notices if r.restock_id is not None]
    assert not twice(pairs), f"(restock, subscription) with two notices: {twice(pairs)}"
    opened = [row.product_id for row in now.restocks if row.closed_at is None]
    assert not twice(opened), f"SKUs with two open restocks: {twice(opened)}"
    firing = [row.fingerprint for row in now.alerts if row.resolved_at is None]
    assert not twice(firing), f"fingerprints with two open alerts: {twice(firing)}"
    for row in now.subscriptions:
        _check_subscription(now, row)


def _check_ledger(now: Snapshot, *, below_zero_allowed: bool) -> None:
    sums: Counter[tuple[int, int]] = Counter()
    for row in now.moves:
        sums[row.product_id, row.location_id] += row.quantity
    for row in now.positions:
        ledger = sums[row.product_id, row.location_id]
        assert row.on_hand == ledger, f"on hand {row.on_hand}, but the moves add up to {ledger}"
        assert row.on_hand >= 0 or below_zero_allowed, f"on hand is {row.on_hand}"
    keys = [row.key for row in now.moves]
    assert not twice(keys), f"keys applied twice: {twice(keys)}"
    undone = [row.undo_of for row in now.moves if row.undo_of is not None]
    assert not twice(undone), f"moves undone twice: {twice(undone)}"


def _check_subscription(now: Snapshot, row: Row[Any]) -> None:
    current = now.open_restock(row.product_id)
    if row.state == "told":
        state = now.noticed(current.id).get(row.id) if current else None
        assert state == "sent", f"subscription {row.id} is told, its notice is {state}"
    if row.state != "ended" and not row.armed:
        available = now.available(row.product_id)
        assert 0 < available >= row.quantity, f"{row.id} watches what is gone"


def check_step(before: Snapshot, now: Snapshot, asked: Collection[int]) -> None:
    """Who left the line in this step was told, or asked for it (person ids in `asked`)."""
    was = {row.id: row for row in before.subscriptions}
    for row in now.subscriptions:
        old = was.get(row.id)
        if old is None or old.state != "waiting" or row.state in ("waiting", "told"):
            continue  # that "told" means sent is checked at every moment
        assert old.person_id in asked, f"{row.id} went from waiting to {row.state} by itself"


def check_line(before: Snapshot, now: Snapshot) -> None:
    """Whom this ONE transaction chose to tell: nobody before them in the line was passed over."""
    known = {row.id for row in before.notices}
    for new in now.notices:
        if new.id in known or new.kind != "restock" or new.restock_id is None:
            continue
        told = now.noticed(new.restock_id)
        ahead = [row.id for row in now.to_tell(new.product_id) if row.id < new.subscription_id]
        passed = [number for number in ahead if number not in told]
        assert not passed, f"{new.subscription_id} is told before {passed}"


def check_drained(now: Snapshot) -> None:
    """Everything was delivered: nobody who could be told is left, and no alert is missing."""
    left = [row.id for row in now.notices if row.state in OUTSTANDING]
    assert not left, f"notices never settled: {left}"
    for product_id in {row.product_id for row in now.positions}:
        current = now.open_restock(product_id)
        noticed = now.noticed(current.id) if current else {}
        forgotten = [
            row.id for row in now.to_tell(product_id) if noticed.get(row.id) not in HAD_THEIR_TURN
        ]
        assert not forgotten, f"forgotten with {now.available(product_id)} left: {forgotten}"
    for row in now.positions:
        _check_alert(now, row)


def _check_alert(now: Snapshot, row: Row[Any]) -> None:
    here = (row.product_id, row.location_id)
    firing = any(
        (a.product_id, a.location_id) == here and a.resolved_at is None for a in now.alerts
    )
    point = row.reorder_point or 0
    clear = row.clear_level or point + max(1, -(-point * 15 // 100))
    available = row.on_hand - row.reserved - row.unsellable
    if point and available <= point:
        assert firing, f"{here} has {available}, its point is {point}, and no alert is open"
    if not point or available >= clear:
        assert not firing, f"{here} has {available}, its clear level is {clear}: still open"
