"""The dirty-SKU loop: rules are judged right after the commit that moved the stock."""

import asyncio
from dataclasses import dataclass

from bot.services.alerting import Alerting
from bot.services.bell import Bell

LOOK_AGAIN = 1.0  # seconds: what another process changed is judged at the latest by then


@dataclass(frozen=True, slots=True)
class DirtyLoop:
    alerting: Alerting
    bell: Bell

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            heard = self.bell.rings
            if not await self.alerting.judge_dirty():
                await self.bell.wait(stop, heard, LOOK_AGAIN)
