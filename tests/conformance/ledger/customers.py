"""What customers do: wait, watch, press, stop, block, come back, want to be forgotten."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bot.domain.contacts import Caller
from tests.conformance.ledger.base import SKUS, Cut, MachineBase, cuts, few, people, skus
from tests.conformance.ledger.checks import Snapshot
from tests.support.shop import customer

verbs = st.sampled_from(("remove", "pause", "resume", "undo", "bought", "no_thanks"))


class CustomerRules(MachineBase):
    @rule(who=people, sku=skus, quantity=few, cut=cuts)
    def asks_to_be_told(self, who: Caller, sku: str, quantity: int, cut: Cut) -> None:
        asked = (int(who.address.value), sku, quantity, self.shop.key())
        self.asked_for.append(asked)
        self.run(self._insist(lambda: self.shop.notify(*asked), cut))
        self.run(self._look(who))

    @precondition(lambda self: self.asked_for)
    @rule(number=st.integers(0, 5))
    def asking_arrives_again(self, number: int) -> None:
        asked = self.asked_for[-1 - number % len(self.asked_for)]
        before = len(self.last.subscriptions)
        made = any(row.key == asked[3] for row in self.last.subscriptions)
        self.run(self.shop.notify(*asked))
        self.run(self._look(customer(asked[0])))
        assert not made or len(self.last.subscriptions) == before, "the same wish joined twice"

    @rule(who=people, sku=skus, quantity=few, cut=cuts)
    def watches(self, who: Caller, sku: str, quantity: int, cut: Cut) -> None:
        key, product = self.shop.key(), self.products[sku]
        watch = self.services.subscribing.watch
        self.run(self._insist(lambda: watch(who, product, quantity, key), cut))
        self.run(self._look(who))

    @precondition(lambda self: self.last.subscriptions)
    @rule(who=people, number=st.integers(0, 5), verb=verbs, cut=cuts)
    def presses(self, who: Caller, number: int, verb: str, cut: Cut) -> None:
        mine = [
            row for row in self.last.subscriptions if row.person_id == self.run(self._person(who))
        ]
        if mine:
            row = mine[-1 - number % len(mine)]
            change = self.services.subscribing.change
            self.run(self._insist(lambda: change(who, row.id, verb), cut))
            self.run(self._look(who))

    @rule(who=people, sku=st.sampled_from(("", *SKUS)), undone=st.booleans())
    def stops(self, who: Caller, sku: str, undone: bool) -> None:
        stopped = self.run(self.services.subscribing.stop(who, sku))
        self.run(self._look(who))
        ended = getattr(stopped, "subscriptions", ())
        if ended and undone:
            self.clock.forward(seconds=1)
            self.run(self.services.subscribing.undo_stop(who, ended[0].id))
            self.run(self._look(who))

    @rule(who=people, back=st.booleans())
    def blocks_or_comes_back(self, who: Caller, back: bool) -> None:
        people = self.services.people
        self.run((people.came_back if back else people.blocked)(who.address))
        self.run(self._look(who, line=False))

    @rule(who=people)
    def is_forgotten(self, who: Caller) -> None:
        number = self.run(self._person(who))
        self.run(self.services.people.forget(who))
        mine = [row.id for row in self.last.subscriptions if row.person_id == number]
        self.last = self.run(Snapshot.of(self.database))
        assert all(row.state == "ended" for row in self.last.subscriptions if row.id in mine)
