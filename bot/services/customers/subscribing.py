"""What customers do: subscribe, list, pause, stop."""

import re
from dataclasses import dataclass, replace

from bot.domain.codes import plain_number, sku_key
from bot.domain.contacts import Caller, Person
from bot.domain.customers import (
    Changed,
    Expired,
    InStockAlready,
    LimitReached,
    NotForSale,
    NotFound,
    Stopped,
    Subscribed,
    SubscriptionList,
    Welcome,
)
from bot.domain.stock import Product
from bot.domain.subscriptions import EndReason, StoredSubscription, SubscriptionState
from bot.services.customers.shelf import Shelf
from bot.services.ground import Ground
from bot.services.line.restocking import Restocking
from bot.services.people.people import People
from storage import products, subscriptions
from storage.tx import Tx

# What people write for a quantity: +2, x3, 5 pcs, 1.5, 两个. Matched against the last word.
QUANTITY_LIKE = re.compile(r"[-+x×*]?\d|[一二三四五六七八九十两几]")
PAGE = 5  # subscriptions a page of /list: one screen of a phone

Asked = Subscribed | InStockAlready | NotFound | LimitReached | NotForSale | Expired


@dataclass(frozen=True, slots=True)
class Limits:
    """`per_person` live subscriptions at most; "few left" from `few` units down."""

    per_person: int = 50
    few: int = 5


class Subscribing:
    """Each public method is one use case in one transaction."""

    def __init__(
        self, ground: Ground, people: People, restocking: Restocking, shelf: Shelf, limits: Limits
    ) -> None:
        self.ground = ground
        self.people = people
        self.restocking = restocking
        self.shelf = shelf
        self.limits = limits

    async def start(self, caller: Caller) -> Welcome:
        """/start without a link."""
        return await self.people.start(caller)

    async def notify(self, caller: Caller, words: str, quantity: int | None, key: str) -> Asked:
        """/notify: wait for the SKU with this code; other words get the closest five.

        `quantity` None: one, or as many as were wanted before.
        """
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            product = await products.by_key(tx, sku_key(words))
            if product is None:
                found = await self.shelf.not_found(tx, words)
                return replace(found, bad_quantity=await self._bad_quantity(tx, words))
            return await self._ask(tx, person, product.id, quantity, key)

    async def _bad_quantity(self, tx: Tx, words: str) -> bool:
        """`MUG-BLUE -3`: the code is right, what follows is meant as a quantity and is none."""
        code, _, last = words.rpartition(" ")
        if not code or not QUANTITY_LIKE.match(plain_number(last)):
            return False
        return await products.by_key(tx, sku_key(code)) is not None

    async def notify_short(self, caller: Caller, short_id: str, key: str) -> Asked:
        """The deep link of a product page."""
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            product = await products.by_short_id(tx, short_id)
            if product is None:
                return NotFound(query="")
            return await self._ask(tx, person, product.id, 1, key)

    async def notify_product(
        self, caller: Caller, product_id: int, quantity: int, key: str
    ) -> Asked:
        """The button of a suggestion."""
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            return await self._ask(tx, person, product_id, quantity, key)

    async def watch(self, caller: Caller, product_id: int, quantity: int, key: str) -> Asked:
        """ "Tell me next time" on an item that is in stock."""
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            return await self._ask(tx, person, product_id, quantity, key, watch=True)

    async def _ask(
        self,
        tx: Tx,
        person: Person,
        product_id: int,
        given: int | None,
        key: str,
        *,
        watch: bool = False,
    ) -> Asked:
        product = await products.lock(tx, product_id)
        if product is None:
            return Expired()
        # The effect key: the same message delivered twice is one wish, and its answer the same.
        if (earlier := await subscriptions.by_key(tx, key)) is not None:
            return Subscribed(await self.shelf.view(tx, earlier), watching=not earlier.armed)
        live = await subscriptions.live(tx, person.id, product.id)
        # `/notify MUG` again must not make one of the five that were wanted.
        quantity = given or (live.quantity if live else 1)
        available = await self.restocking.available(tx, product.id)
        enough = self.restocking.in_stock(available) and available >= quantity
        if not product.active and live is None:
            return NotForSale(product)
        if enough and not watch and product.active:
            return InStockAlready(await self.shelf.availability(tx, product), quantity)
        if live is not None:
            return await self._again(tx, live, quantity, enough=enough)
        return await self._join(tx, person, product, quantity, key, watching=enough)

    async def _again(
        self, tx: Tx, live: StoredSubscription, quantity: int, *, enough: bool
    ) -> Subscribed:
        """Asked twice: the place stays; another quantity is taken over; a paused one goes on."""
        now = self.ground.now()
        changed = live.quantity != quantity
        if changed:
            await subscriptions.set_quantity(tx, live.id, quantity, not enough, now)
        if live.state is SubscriptionState.PAUSED:
            await subscriptions.set_state(
                tx, live.id, SubscriptionState.WAITING, now, armed=not enough
            )
        view = await self.shelf.view(tx, live.id)
        return Subscribed(view, already=True, quantity_changed=changed, watching=not view.armed)

    async def _join(
        self,
        tx: Tx,
        person: Person,
        product: Product,
        quantity: int,
        key: str,
        *,
        watching: bool,
    ) -> Subscribed | LimitReached:
        if await subscriptions.count_of_person(tx, person.id) >= self.limits.per_person:
            return LimitReached(self.limits.per_person)
        new = await subscriptions.add(
            tx,
            person_id=person.id,
            product_id=product.id,
            quantity=quantity,
            armed=not watching,
            key=key,
            now=self.ground.now(),
        )
        return Subscribed(await self.shelf.view(tx, new), watching=watching)

    async def list(self, caller: Caller, page: int = 0) -> SubscriptionList:
        """/list: what the person waits for, oldest first, in pages."""
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            return await self._list(tx, person, page)

    async def _list(self, tx: Tx, person: Person, page: int) -> SubscriptionList:
        rows = await subscriptions.of_person(tx, person.id)
        pages = max(1, -(-len(rows) // PAGE))
        page = max(0, min(page, pages - 1))
        shown = rows[page * PAGE : (page + 1) * PAGE]
        views = tuple([await self.shelf.view(tx, row) for row in shown])
        return SubscriptionList(views, page=page, pages=pages)

    async def change(self, caller: Caller, subscription_id: int, verb: str) -> Changed | Expired:
        """A button of /list or of a restock message, pressed by the subscription's owner."""
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            row = await self._meant(tx, person, subscription_id)
            if row is None or verb not in VERBS:
                return Expired()
            await products.lock(tx, row.product_id)
            # Read anew under the SKU's lock: a restock may have told them in between.
            row = await subscriptions.by_id(tx, row.id) or row
            done = await self._turn(tx, row, verb)
            return Changed(verb, await self.shelf.view(tx, row.id), done=done)

    async def _meant(
        self, tx: Tx, person: Person, subscription_id: int
    ) -> StoredSubscription | None:
        """The person's own; the button of a place that became one with another means that one."""
        row = await subscriptions.by_id(tx, subscription_id)
        if row is None or row.person_id != person.id:
            return None
        if row.reason == EndReason.JOINED:
            return await subscriptions.live(tx, person.id, row.product_id) or row
        return row

    async def _turn(self, tx: Tx, row: StoredSubscription, verb: str) -> bool:
        wanted, sources, reason = VERBS[verb]
        if row.state not in sources:
            return False
        # They subscribed anew meanwhile: two live ones of one SKU the index would refuse.
        if verb == "undo" and await subscriptions.live(tx, row.person_id or 0, row.product_id):
            return False
        armed: bool | None = None
        if wanted is SubscriptionState.WAITING:
            available = await self.restocking.available(tx, row.product_id)
            enough = self.restocking.in_stock(available) and available >= row.quantity
            # What can be bought now is no news: they are told at the next arrival.
            armed = not enough
        await subscriptions.set_state(
            tx, row.id, wanted, self.ground.now(), reason=reason, armed=armed
        )
        if wanted is SubscriptionState.ENDED:
            await self.restocking.living.answered(tx, row, self.ground.now())
        return True

    async def stop(self, caller: Caller, words: str = "") -> Stopped | NotFound:
        """/stop ends everything, /stop SKU that one; both can be undone."""
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            rows = await subscriptions.of_person(tx, person.id)
            if words:
                product = await products.by_key(tx, sku_key(words))
                if product is None:
                    return await self.shelf.not_found(tx, words)
                rows = [row for row in rows if row.product_id == product.id]
            now = self.ground.now()  # one instant for all: it is what Undo finds them by
            for row in rows:
                await subscriptions.set_state(
                    tx, row.id, SubscriptionState.ENDED, now, reason=EndReason.STOPPED
                )
            ended = tuple([await self.shelf.view(tx, row.id) for row in rows])
        return Stopped(ended, everything=not words)

    async def undo_stop(self, caller: Caller, first_id: int) -> SubscriptionList:
        """Bring back what the /stop that ended `first_id` ended, each to its old place."""
        async with self.ground.write() as tx:
            person = await self.people.ensure(tx, caller)
            for row in await subscriptions.stopped_with(tx, person.id, first_id):
                await self._turn(tx, row, "undo")
            return await self._list(tx, person, 0)


S = SubscriptionState
LIVE = (S.WAITING, S.TOLD, S.PAUSED)
# verb: (becomes, from these states, why it ended)
VERBS: dict[str, tuple[S, tuple[S, ...], EndReason | None]] = {
    "remove": (S.ENDED, LIVE, EndReason.STOPPED),
    "pause": (S.PAUSED, (S.WAITING, S.TOLD), None),
    "resume": (S.WAITING, (S.PAUSED,), None),
    "undo": (S.WAITING, (S.ENDED,), None),
    "bought": (S.ENDED, LIVE, EndReason.BOUGHT),
    "no_thanks": (S.ENDED, LIVE, EndReason.NO_THANKS),
}
