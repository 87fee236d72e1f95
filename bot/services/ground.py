"""What every use case stands on."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from bot.domain.clock import Clock
from bot.domain.way import Ways
from storage.database import Database
from storage.tx import Tx
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Ground:
    """The database, the keys to what is sealed in it, the time, and the ways out that there are."""

    database: Database
    vault: Vault
    clock: Clock
    ways: Ways

    @property
    def write(self) -> Callable[[], AbstractAsyncContextManager[Tx]]:
        """See Database.write."""
        return self.database.write

    @property
    def read(self) -> Callable[[], AbstractAsyncContextManager[Tx]]:
        """See Database.read."""
        return self.database.read

    def now(self) -> datetime:
        return self.clock()
