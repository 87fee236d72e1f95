"""Says to staff when a platform refuses how the bot writes: a fault of the bot's own."""

import hashlib
import re
from dataclasses import dataclass

from bot.domain import subjects
from bot.domain.ways import WayName
from bot.services.ground import Ground
from bot.services.routing.routes import Routes
from storage import notices

# What differs from message to message: places, and the words of others that are quoted.
_PARTICULAR = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|\d+")


@dataclass(frozen=True, slots=True)
class Refusing:
    ground: Ground
    routes: Routes

    async def form_refused(self, way: WayName, reason: str) -> None:
        """A message goes out as plain text, because `platform` refuses its form for `reason`.

        Staff are told once a day for each kind of reason, not for each message. One transaction.
        """
        # The kind, not the words: they quote the message and count its bytes, so each would be new.
        kind, now = kind_of(reason), self.ground.now()
        mark = hashlib.sha256(kind.encode()).hexdigest()[:16]
        subject = subjects.of_fault("form", way, mark, now.date())
        payload = {"what": "fault.form", "platform": way, "detail": kind}
        async with self.ground.write() as tx:
            await notices.queue(tx, await self.routes.fault(tx, subject, subject, payload), now)


def kind_of(reason: str) -> str:
    """The reason without what only one message has.

    >>> kind_of('unsupported start tag "salt" at byte offset 17')
    'unsupported start tag … at byte offset …'
    """
    return _PARTICULAR.sub("…", reason)
