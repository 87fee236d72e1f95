"""What the pacer of an account must still know after a restart."""

import asyncio
from datetime import timedelta

import structlog

from bot.domain.clock import Clock
from bot.domain.faults import DatabaseDown
from storage import pace
from storage.database import Database
from storage.pace import Used
from storage.vault import Vault

log = structlog.get_logger(__name__)

NOTHING = (0.0, 0.0)


class PaceMemory:
    """Keys of the account `account` (chats, channels, methods) that are used up or held.

    Only their blind indexes are stored: chat ids are personal data.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock, account: str) -> None:
        self._database, self._vault, self._clock = database, vault, clock
        self._account = account
        self._stored: dict[bytes, Used] = {}  # by an earlier run
        self._noted: dict[str, Used] = {}
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Read what an earlier run left."""
        async with self._database.read() as tx:
            self._stored = await pace.load(tx, self._account, self._clock())

    def recall(self, key: str) -> tuple[float, float]:
        """Seconds for which the key's turns are used up, and for which it is held. Asked once."""
        # Asked for every chat that is met for the first time; most often there is nothing, and a
        # blind index costs an HMAC under each key.
        if not self._stored:
            return NOTHING
        indexes = self._vault.indexes(self._namespace, key)
        found = [self._stored.pop(index) for index in indexes if index in self._stored]
        now = self._clock()
        left = [row.left(now) for row in found] or [NOTHING]
        return max(used for used, _ in left), max(held for _, held in left)

    def note(self, key: str, used_for: float, held_for: float) -> None:
        """To be stored by `run`; of many notes of a key only the last is."""
        now = self._clock()
        used, held = (now + timedelta(seconds=max(given, 0.0)) for given in (used_for, held_for))
        self._noted[key] = Used(used, held, now)
        self._news.set()

    async def keep(self) -> None:
        """Returns when what was noted is stored. While the database is down `run` goes on trying,
        for the hold itself stands, in this process."""
        try:
            await self._store()
        except DatabaseDown as error:
            log.warning("a hold could not be stored yet", reason=str(error))

    async def run(self, stop: asyncio.Event) -> None:
        """Store what is noted until `stop`. What comes during a commit is one more commit."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                news = asyncio.create_task(self._news.wait())
                await asyncio.wait({stopping, news}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                await self._store()
        finally:
            stopping.cancel()

    async def _store(self) -> None:
        # `keep` and `run` store at the same time: the older note must not be written last.
        async with self._turn:
            self._news.clear()
            noted, self._noted = self._noted, {}
            if not noted:
                return
            try:
                rows = {self._index(key): used for key, used in noted.items()}
                async with self._database.write() as tx:
                    await pace.put(tx, self._account, rows)
            except BaseException:
                # What was noted meanwhile is newer: it wins.
                self._noted = noted | self._noted
                self._news.set()
                raise

    def _index(self, key: str) -> bytes:
        return self._vault.index(self._namespace, key)

    @property
    def _namespace(self) -> str:
        """Not the platform: the index of a contact must not be found here."""
        return f"pace of {self._account}"
