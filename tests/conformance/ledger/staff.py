"""What staff do: type, type again, type at once, confirm, undo, set thresholds, acknowledge."""

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bot.domain.contacts import Caller
from bot.domain.preview import Preview
from bot.domain.staff import BelowZero, Moved, NeedsConfirmation, Unchanged, Undone
from handlers.verbs.pressed import ACKNOWLEDGE, CONFIRM
from tests.conformance.ledger.base import ALIVE, Cut, MachineBase, cuts, few, places, staff
from tests.support.shop import MANAGER

amounts = st.sampled_from(("+1", "+2", "-1"))


class StaffRules(MachineBase):
    @rule(place=places, sign=st.sampled_from("++-="), number=few, who=staff, cut=cuts)
    def types(self, place: str, sign: str, number: int, who: Caller, cut: Cut) -> None:
        line = (f"{place} {sign}{number} by hand", who, self.shop.key())
        self.typed.append(line)
        self.run(self._type(*line, cut))
        self.run(self._look())

    @rule(place=places, who=staff)
    def types_much(self, place: str, who: Caller) -> None:
        """Above the clerk's limit: a preview asks."""
        line = (f"{place} +9 pallet", who, self.shop.key())
        self.typed.append(line)
        self.run(self._type(*line))
        self.run(self._look())

    @precondition(lambda self: self.typed)
    @rule(number=st.integers(0, 9))
    def the_same_arrives_again(self, number: int) -> None:
        self.run(self._type(*self.typed[-1 - number % len(self.typed)]))
        self.run(self._look())

    @rule(lines=st.lists(st.tuples(places, amounts), min_size=2, max_size=5))
    def several_type_at_once(self, lines: list[tuple[str, str]]) -> None:
        typed = [(f"{place} {change}", MANAGER, self.shop.key()) for place, change in lines]
        self.typed += typed
        self.run(self.type_at_once(typed + typed[:1]))

    async def type_at_once(self, lines: list[tuple[str, Caller, str]]) -> None:
        answers = await asyncio.gather(*(self.shop.stock(*line) for line in lines))
        for (text, _, key), answer in sorted(
            zip(lines, answers, strict=True), key=lambda pair: getattr(pair[1], "repeated", False)
        ):
            self._account(text, key, answer, alone=False)
        await self._look(line=False)

    async def _type(self, text: str, who: Caller, key: str, cut: Cut = ALIVE) -> None:
        answer = await self._insist(lambda: self.shop.stock(text, who, key), cut)
        self._account(text, key, answer, cut=cut)

    def _account(
        self, text: str, key: str, answer: Any, *, cut: Cut = ALIVE, alone: bool = True
    ) -> None:
        """Bring the model to what the answer claims to have happened."""
        place = text.split()[0]
        if isinstance(answer, Moved):
            self._applied(place, key, answer, cut)
        elif isinstance(answer, NeedsConfirmation):
            self.tokens.append(answer.token)
        elif isinstance(answer, BelowZero):
            assert not alone or self.stock[place] + answer.quantity < 0, "refused though it fits"
        else:
            assert isinstance(answer, Unchanged), answer
        lost = alone and key in self.effects and not isinstance(answer, Moved)
        assert not lost, "the first answer is lost"

    def _applied(self, place: str, key: str, answer: Moved, cut: Cut = ALIVE) -> None:
        if key in self.effects:
            assert answer.repeated, f"{key} was applied a second time"
            assert self.effects[key] == (answer.move.id, answer.move.quantity)
            return
        assert not answer.repeated or cut[0] == "after", f"{key} was never applied before"
        self.effects[key] = (answer.move.id, answer.move.quantity)
        self.stock[place] += answer.move.quantity

    @rule(number=st.integers(0, 9), who=staff, cut=cuts)
    def confirms(self, number: int, who: Caller, cut: Cut) -> None:
        if not self.tokens:
            return
        token = self.tokens[-1 - number % len(self.tokens)]
        key = self.shop.key()
        answer = self.run(self._insist(lambda: self.shop.do(CONFIRM, token, who, key), cut))
        if isinstance(answer, Moved):
            place = f"{answer.product.sku}@{answer.move.location}"
            preview = Preview.from_token(token)
            assert preview is not None
            self._applied(place, preview.key, answer, cut)
        self.run(self._look())

    @rule(who=staff, cut=cuts, again=st.booleans())
    def undoes(self, who: Caller, cut: Cut, again: bool) -> None:
        key = self.shop.key()
        answer = self.run(self._insist(lambda: self.shop.stock("undo", who, key), cut))
        if isinstance(answer, Undone):
            place = f"{answer.product.sku}@{answer.move.location}"
            self.stock[place] += answer.move.quantity
            assert answer.move.quantity == -answer.undone.quantity
            self.run(self._look())
            if again:
                repeated = self.run(self.shop.stock("undo", who, key))
                assert isinstance(repeated, Undone)
                assert (repeated.move.id, repeated.repeated) == (answer.move.id, True)
        self.run(self._look())

    @rule(place=places, point=st.integers(0, 6))
    def sets_a_threshold(self, place: str, point: int) -> None:
        self.run(self.shop.stock(f"threshold {place} {point}"))
        self.run(self._look())

    @rule(cut=cuts)
    def rules_are_judged(self, cut: Cut) -> None:
        self.run(self._insist(lambda: self.services.alerting.judge_dirty(), cut))
        self.run(self._look())

    @rule(number=st.integers(0, 3), who=staff)
    def acknowledges(self, number: int, who: Caller) -> None:
        alerts = [row for row in self.last.alerts if row.resolved_at is None]
        if alerts:
            row = alerts[number % len(alerts)]
            self.run(self.shop.do(ACKNOWLEDGE, row.id, who))
            self.run(self._look())

    @rule()
    def the_sweep_finds_nothing_that_was_not_announced(self) -> None:
        swept = self.run(self.services.upkeep.sweep())
        assert (swept.alerts, swept.restocks) == (0, 0), f"the sweep had to mend: {swept}"
        self.run(self._look())
