"""The loop right after a commit that moved stock: rules are judged, old messages corrected."""

import asyncio
from dataclasses import dataclass, field

from bot.services.alerts.alerting import Alerting
from bot.services.engine.bell import Bell
from bot.services.line.living import Endings

AFTER_NOTICES = 0.012  # seconds: by then the first message of a restock has left
LOOK_AGAIN = 1.0  # seconds: what another process changed is judged at the latest by then


@dataclass(frozen=True, slots=True)
class DirtyLoop:
    alerting: Alerting
    endings: Endings
    bell: Bell
    notices: Bell = field(default_factory=Bell)

    async def run(self, stop: asyncio.Event) -> None:
        """Judge until `stop`. What the same commit queued for people goes before the rules: both
        need the one writer, and nobody waits for the rules as for a message."""
        while not stop.is_set():
            heard, queued = self.bell.rings, self.notices.rings
            judged = await self.alerting.judge_dirty()
            ended = await self.endings.step()
            if not judged and not ended:
                await self.bell.wait(stop, heard, LOOK_AGAIN)
                if self.notices.rings != queued:
                    await asyncio.sleep(AFTER_NOTICES)
