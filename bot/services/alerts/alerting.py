"""Alerts in their life: judged when something moved, acknowledged, and found by the sweep."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import alerts as life
from bot.domain import subjects
from bot.domain.alerts import GONE, Alert, Decision, Measure, Step
from bot.domain.customers import Expired
from bot.domain.rules.kind import Judged, Rule
from bot.domain.sources import Source
from bot.domain.staff import Acknowledged, Acting
from bot.domain.stock import Product
from bot.services.alerts.kinds import Rulebook, Ruled, candidates, values
from bot.services.alerts.showing import Showing
from bot.services.alerts.telling import Telling
from bot.services.ground import Ground
from bot.services.people.members import Members
from storage import alerts, applying, audit, dirty, products
from storage.tx import Tx

JUDGED_AT_ONCE = 100  # SKUs a transaction: far under 250 ms of the one writer


@dataclass(frozen=True, slots=True)
class Round:
    """What is judged together. `batch_of`: the bulk change that marked a SKU, if one did."""

    now: datetime
    products: Mapping[int, Product]
    batch_of: Mapping[int, int | None]

    def product(self, alert: Alert) -> Product | None:
        return self.products.get(alert.about.product_id or 0)

    def fired(self, rule: Rule, item: Judged) -> Alert:
        """A new alert. The message that carries it is named by its id, or by the bulk change."""
        new = life.raised(rule.id, rule.kind, item.about, item.decision, item.measure, self.now)
        batch_id = self.batch_of.get(item.about.product_id or 0)
        return replace(
            new, batch_id=batch_id, subject=subjects.of_summary(batch_id) if batch_id else ""
        )


@dataclass(frozen=True, slots=True)
class Alerting:
    ground: Ground
    members: Members
    book: Rulebook
    telling: Telling
    showing: Showing

    async def judge_dirty(self) -> int:
        """Judge the next dirty SKUs; returns how many there were, 0 when none is left."""
        # Looked at first by a reader: this runs each second, and an idle bot takes no write lock.
        async with self.ground.read() as tx:
            if not await dirty.following(tx, 1) and not await alerts.batches_to_tell(tx):
                return 0
        async with self.ground.write() as tx:
            await applying.one_at_a_time(tx)
            now = self.ground.now()
            ruled = await self.book.begun(tx, now)
            # First, in one statement, all that no rule can have anything to say about: after an
            # import of 100,000 SKUs that is nearly all of them.
            await dirty.unmark_quiet(tx, candidates(ruled), values(ruled, now))
            batch_of = await dirty.following(tx, JUDGED_AT_ONCE)
            of_now = Round(now, await products.lock_all(tx, batch_of), batch_of)
            await self._judge_products(tx, ruled, of_now)
            await dirty.unmark(tx, list(batch_of))
            # Only now, with the last of its SKUs judged, is a bulk change's one summary whole.
            for batch_id in await alerts.batches_to_tell(tx):
                await self.telling.batch(tx, batch_id)
        return len(batch_of)

    async def _judge_products(self, tx: Tx, ruled: Iterable[Ruled], of_now: Round) -> None:
        open_ones = await alerts.open_of_products(tx, of_now.products)
        for one in ruled:
            mine = {a.fingerprint: a for a in open_ones if a.kind == one.rule.kind}
            judged = await one.of_products(tx, of_now.products, mine, of_now.now)
            await self._apply(tx, one, judged, mine, of_now)

    async def _judge_shop(self, tx: Tx, one: Ruled, now: datetime) -> int:
        mine = {a.fingerprint: a for a in await alerts.open_of_shop(tx, one.rule.kind)}
        judged = await one.of_shop(tx, mine, now)
        return await self._apply(tx, one, judged, mine, Round(now, {}, {}))

    async def _apply(
        self, tx: Tx, one: Ruled, judged: Iterable[Judged], mine: Mapping[str, Alert], of_now: Round
    ) -> int:
        """Do what was decided, and end what nothing was judged about; returns how many changed."""
        left, changed, firing = dict(mine), 0, []
        for item in judged:
            alert = left.pop(item.about.fingerprint(one.rule.kind), None)
            if alert is not None:
                changed += await self._go_on(tx, alert, item.decision, item.measure, of_now)
            elif item.decision.step is Step.FIRES:
                firing.append(of_now.fired(one.rule, item))
        # Nothing was judged about these: the position, the product or the rule is gone.
        for alert in left.values():
            changed += await self._go_on(tx, alert, GONE, alert.measure, of_now)
        return changed + await self._fire(tx, firing, of_now)

    async def _fire(self, tx: Tx, firing: Sequence[Alert], of_now: Round) -> int:
        """What a bulk change raised is told in its summary."""
        ids = await alerts.raise_all(tx, firing)
        # Those that are missing another process raised a moment ago: the unique index knows.
        new = [replace(a, id=ids[a.fingerprint]) for a in firing if a.fingerprint in ids]
        single = [replace(a, subject=subjects.of_alert(a.id)) for a in new if a.batch_id is None]
        await alerts.set_subjects(tx, {alert.id: alert.subject for alert in single})
        for alert in single:
            await self.telling.post(tx, alert, of_now.product(alert))
        return len(new)

    async def _go_on(
        self, tx: Tx, alert: Alert, decision: Decision, measure: Measure, of_now: Round
    ) -> bool:
        changed = life.moved_on(alert, decision, measure, of_now.now)
        if changed is alert:
            return False
        await alerts.save(tx, changed)
        product = of_now.product(alert)
        await self.telling.edit(tx, alert, changed.version, product)
        if decision.step is Step.RISES:
            await self.telling.post(tx, changed, product)
        return True

    async def acknowledge(self, acting: Acting, alert_id: int) -> Acknowledged | Expired:
        """Who does it second is told who was first: an alert's own state is the effect key.

        Raises NotAllowed.
        """
        async with self.members.write(acting) as (tx, member):
            alert = await alerts.lock(tx, alert_id)
            if alert is None or not self.book.knows(alert):
                return Expired()
            taken = life.acknowledged(alert, member.id, self.ground.now())
            if taken is not None:
                await self._take(tx, alert, taken, member.id, acting.source)
            (view,) = await self.showing.views(tx, [taken or alert])
            return Acknowledged(view, done=taken is not None)

    async def _take(
        self, tx: Tx, alert: Alert, taken: Alert, person_id: int, source: Source
    ) -> None:
        await alerts.save(tx, taken)
        subject, now = subjects.of_alert(alert.id), taken.updated_at
        await audit.write(tx, person_id, source, "acknowledge", subject, {}, now)
        product = await products.get(tx, alert.about.product_id or 0)
        await self.telling.edit(tx, alert, taken.version, product)

    async def sweep(self, limit: int = 1000) -> int:
        """Find what no event announced: SKUs are marked, what is about no SKU is judged at once.

        Returns how many.
        """
        now, found = self.ground.now(), 0
        async with self.ground.write() as tx:
            await applying.one_at_a_time(tx)
            for one in await self.book.begun(tx, now):
                found += await self._mark(tx, one, now, limit)
                found += await self._judge_shop(tx, one, now)
        return found

    async def _mark(self, tx: Tx, one: Ruled, now: datetime, limit: int) -> int:
        if one.is_on:
            found = await one.kind.unannounced(tx, one.rule, now, limit)
        else:
            found = await alerts.open_products(tx, one.rule.kind, limit)
        for product_id in found:
            await dirty.mark(tx, product_id, now)
        return len(found)
