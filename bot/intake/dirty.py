"""The loop right after a commit that moved stock: rules are judged, old messages corrected."""

import asyncio
from dataclasses import dataclass

from bot.services.alerting import Alerting
from bot.services.bell import Bell
from bot.services.living import Endings

LOOK_AGAIN = 1.0  # seconds: what another process changed is judged at the latest by then


@dataclass(frozen=True, slots=True)
class DirtyLoop:
    alerting: Alerting
    endings: Endings
    bell: Bell

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            heard = self.bell.rings
            judged = await self.alerting.judge_dirty()
            ended = await self.endings.step()
            if not judged and not ended:
                await self.bell.wait(stop, heard, LOOK_AGAIN)
