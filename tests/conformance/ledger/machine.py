"""A Hypothesis state machine over the services: what staff, customers, platforms and death do."""

from hypothesis.stateful import rule

from bot.domain.telling import AlertTold
from bot.domain.ways import SLACK, TELEGRAM
from tests.conformance.ledger.checks import check_drained
from tests.conformance.ledger.customers import CustomerRules
from tests.conformance.ledger.staff import StaffRules
from tests.conformance.ledger.wire import WireRules
from tests.support.wire import Fate

ROUNDS = 60  # far more than it takes to tell all there is


class LedgerMachine(StaffRules, CustomerRules, WireRules):
    @rule()
    def all_is_told(self) -> None:
        self.run(self._drain())

    def teardown(self) -> None:
        try:
            if self.sound:
                self.run(self._drain())
        finally:
            self.run(self.lets_go())

    async def _drain(self) -> None:
        """Everything goes well from here until nothing is left to do."""
        for _ in range(ROUNDS):
            while await self.services.alerting.judge_dirty():
                pass
            await self._look(line=False)
            for way in (TELEGRAM, SLACK):
                self.hands += await self.claim(way, 10)
            if not self.hands:
                if all(row.settled_at is not None for row in self.last.notices):
                    break
                self.clock.forward(minutes=6)
            for hand in list(self.hands):
                await self.finish(hand, Fate.OK)
                await self._look()
        check_drained(self.last)
        self._check_alert_channel()

    def _check_alert_channel(self) -> None:
        """Each alert's newest message shows the alert as it is, unless it could not be sent."""
        failed = {r.subject for r in self.last.notices if r.state in ("failed", "uncertain")}
        for row in self.last.alerts:
            shown = self.shown.get(row.subject)
            if row.subject in failed or (shown is None and row.resolved_at is not None):
                continue
            assert isinstance(shown, AlertTold), f"alert {row.id} was never shown"
            (view,) = shown.alerts
            assert view.version == row.version, f"alert {row.id} shows an old state"
