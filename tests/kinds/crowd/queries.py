"""Too many customers wait: as storage/rules/<kind>.py would ask it."""

from collections.abc import Sequence
from datetime import datetime

from storage import lines
from storage.rules.queries import Queries
from storage.tx import Tx
from tests.kinds.crowd.rule import Facts, Terms


class Crowd(Queries[Terms, Facts]):
    async def of_shop(self, tx: Tx, terms: Terms, now: datetime) -> Sequence[Facts]:
        del now
        return [Facts(await lines.count_waiting(tx), terms)]
