"""A bot with a planted mistake: it confirms updates before it has stored them, as libraries do that
keep what they fetched in memory. `python -m tests.faults.confirms_first run`
"""

import asyncio

from telegram import Update

import bot.commands
from handlers.telegram import side
from handlers.telegram.arrivals import arrival_of
from handlers.telegram.poll import Poller
from handlers.telegram.raw_updates import raw
from handlers.telegram.waiting import until_stopped

SLOWLY = 0.02  # seconds: so that a kill finds something in memory


class Forgetful(Poller):
    async def run(self, stop: asyncio.Event) -> None:
        queue: asyncio.Queue[Update] = asyncio.Queue()
        storing = asyncio.create_task(self._store(queue))
        await self._leave_webhook(stop)
        while not stop.is_set():
            for update in await until_stopped(self._fetch(stop), stop) or ():
                queue.put_nowait(update)
                self._offset = update.update_id + 1
        storing.cancel()

    async def _store(self, queue: asyncio.Queue[Update]) -> None:
        while True:
            await self._accept_many([arrival_of(raw(await queue.get()))])
            await asyncio.sleep(SLOWLY)


if __name__ == "__main__":
    vars(side)["Poller"] = Forgetful  # the mistake
    bot.commands.main()
