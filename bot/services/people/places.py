"""Places in lines when two persons become one, and when they are two again.

Every method runs inside the caller's transaction, which holds both persons.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.joining import Half, Halves, Join, Merge, OnePlace
from bot.domain.stock import Product
from bot.domain.subscriptions import EndReason, StoredSubscription, SubscriptionState
from bot.services.line.restocking import Restocking
from storage import lines, notices, products, subscriptions
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Places:
    restocking: Restocking

    async def lock(self, tx: Tx, person_ids: Sequence[int]) -> dict[int, Product]:
        """The SKUs that one of them waits for, locked."""
        lines = [line for one in person_ids for line in await subscriptions.of_person(tx, one)]
        return await products.lock_all(tx, {line.product_id for line in lines})

    async def shared(self, tx: Tx, kept_id: int, gone_id: int) -> list[Merge]:
        """The lines in which both stand."""
        mine = {line.product_id: line for line in await subscriptions.of_person(tx, kept_id)}
        theirs = await subscriptions.of_person(tx, gone_id)
        return [Merge.of(mine[line.product_id], line) for line in theirs if line.product_id in mine]

    async def merge(
        self, tx: Tx, merges: Sequence[Merge], contact_ids: Collection[int], now: datetime
    ) -> None:
        """Of two places the earlier one stays; nobody is told twice. The SKUs are locked."""
        for merge in merges:
            kept, gone = merge.kept, merge.gone
            armed = kept.armed or gone.armed
            one = Half(kept.id, merge.quantity, merge.state, armed)
            await subscriptions.set_state(
                tx, gone.id, SubscriptionState.ENDED, now, reason=EndReason.JOINED
            )
            await self._remake(tx, kept.product_id, one, now)
            told_as_other = kept.state is not one.state is SubscriptionState.TOLD
            for line in (gone, kept) if told_as_other else (gone,):
                await notices.drop_of_line(tx, contact_ids, line.id, now)

    async def part(self, tx: Tx, join: Join, now: datetime) -> set[int]:
        """Each has the own place again; what was ended since stays so. Returns the SKUs."""
        moved = join.before.subscriptions
        await subscriptions.give(tx, moved, join.kept_id, join.gone_id)
        ids = [number for one in join.before.merges for number in (one.kept.id, one.gone.id)]
        lines = await subscriptions.by_ids(tx, ids)
        touched = set()
        for halves in join.before.merges:
            kept, gone = lines.get(halves.kept.id), lines.get(halves.gone.id)
            if kept is not None and gone is not None and _can_part(kept, gone):
                await self._halve(tx, halves, kept, now)
                touched.add(kept.product_id)
        return touched

    async def _halve(
        self, tx: Tx, halves: Halves, now_kept: StoredSubscription, now: datetime
    ) -> None:
        for half in (halves.kept, halves.gone):
            of_kept = half is halves.kept
            quantity = halves.quantity_again(now_kept.quantity) if of_kept else half.quantity
            state = halves.state_again(half, now_kept.state)
            again = Half(half.id, quantity, state, half.armed or now_kept.armed)
            await self._remake(tx, now_kept.product_id, again, now)

    async def _remake(self, tx: Tx, product_id: int, half: Half, now: datetime) -> None:
        """Whoever cannot buy what they want now is told at the next arrival."""
        available = await self.restocking.available(tx, product_id)
        enough = self.restocking.in_stock(available) and available >= half.quantity
        armed = half.armed or not enough
        made = Half(half.id, half.quantity, half.state, armed)
        await subscriptions.remake(tx, half.id, made, now)

    async def judge(self, tx: Tx, found: Collection[Product], now: datetime) -> None:
        """The lines look again at whom they tell; the SKUs are locked."""
        for product in found:
            await self.restocking.after_move(tx, product, now)

    async def views(self, tx: Tx, subscription_ids: Collection[int]) -> tuple[OnePlace, ...]:
        """The places as they are now, oldest first."""
        found = await subscriptions.by_ids(tx, subscription_ids)
        lines = [found[number] for number in sorted(found)]
        named = await products.by_ids(tx, {line.product_id for line in lines})
        return tuple([await _view(tx, named, line) for line in lines])


async def _view(tx: Tx, named: dict[int, Product], line: StoredSubscription) -> OnePlace:
    waits = line.state is SubscriptionState.WAITING
    place = await lines.place(tx, line.product_id, line.id) if waits else 0
    return OnePlace(named[line.product_id], place, line.quantity)


def _can_part(kept: StoredSubscription, gone: StoredSubscription) -> bool:
    """The one place is still there, and the other ended by the joining."""
    return kept.state is not SubscriptionState.ENDED and gone.reason == EndReason.JOINED
