"""Which share of a platform's documented rate it is asked for, by what it refuses."""

import structlog

from bot.domain.pacing import Pace, PaceReason, grown, refused

log = structlog.get_logger(__name__)

SAME_CHAT = 300  # requests in which a chat's refusals speak for one


class Adapting:
    """Counts requests and refusals; bot.domain.pacing decides."""

    def __init__(self) -> None:
        self.requests = 0
        self._pace = Pace()
        self._refused: dict[str, int] = {}  # chat -> the request at which its refusal counted

    @property
    def share(self) -> float:
        return self._pace.share

    def refused(self, chat: str, used: float, now: float) -> PaceReason:
        """The platform refused a request of this chat; `used` is the share that was used."""
        if self.requests - self._refused.get(chat, -SAME_CHAT) < SAME_CHAT:
            return PaceReason.CHANCE
        if len(self._refused) >= SAME_CHAT:
            self._forget()
        self._refused[chat] = self.requests
        self._pace, reason = refused(self._pace, self.requests, used, now)
        if reason is PaceReason.STRICTER:
            log.warning("platform is stricter than it documents", share=round(self.share, 3))
        return reason

    def grow(self, now: float) -> float:
        """Let the rate come back; returns the share."""
        before, self._pace = self._pace.share, grown(self._pace, now)
        if before < 1 == self._pace.share:
            log.info("platform is asked for its documented rate again")
        return self._pace.share

    def _forget(self) -> None:
        since = self.requests - SAME_CHAT
        self._refused = {chat: at for chat, at in self._refused.items() if at > since}
