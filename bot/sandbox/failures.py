"""One failure of one request: what the platform answers instead, or where the connection breaks."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass
class Failure:
    """One planned failure, taken from `fail_next`."""

    method: str = "*"
    status: int | None = None
    error: str | None = None
    description: str | None = None
    retry_after: int | None = None
    chat_id: str | None = None
    drop_before: bool = False
    drop_after: bool = False
    hold: bool = False  # refuse this chat until the seconds of `retry_after` are over
    times: int = 1

    @classmethod
    def of(cls, raw: Json) -> "Failure":
        known = {k: v for k, v in raw.items() if k in cls.__dataclass_fields__ and v is not None}
        chat = raw.get("chat_id", raw.get("channel"))
        known["chat_id"] = None if chat is None else str(chat)
        return cls(**known)

    def fits(self, method: str, chat: str) -> bool:
        return (
            self.times != 0
            and self.method in ("*", method)
            and (self.chat_id is None or self.chat_id == chat)
        )
