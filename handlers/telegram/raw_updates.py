"""getUpdates with the updates as they were sent, so that an unreadable one stops nothing."""

import json
from typing import Any

from telegram import Update
from telegram.error import TelegramError
from telegram.request import BaseRequest

Json = dict[str, Any]
LONG_POLL = 25  # seconds; the read timeout comes on top


class RawUpdatesRequest(BaseRequest):
    """PTB's transport for getUpdates alone, over another one.

    PTB parses a whole batch or raises; then one odd update would block all behind it for ever.
    Here it only sees the update_id, and the update itself rides along untouched.
    """

    def __init__(self, transport: BaseRequest) -> None:
        self._transport = transport

    @property
    def read_timeout(self) -> float | None:
        """That of the transport."""
        return self._transport.read_timeout

    async def initialize(self) -> None:
        """Open the transport."""
        await self._transport.initialize()

    async def shutdown(self) -> None:
        """Close the transport."""
        await self._transport.shutdown()

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """As the transport does it."""
        return await self._transport.do_request(*args, **kwargs)

    @staticmethod
    def parse_json_payload(payload: bytes) -> Json:
        try:
            body = json.loads(payload)
        except ValueError as error:  # PTB would log the whole payload, with people's data in it
            raise TelegramError("Invalid server response") from error
        if not isinstance(body, dict):
            raise TelegramError("Invalid server response")
        if isinstance(body.get("result"), list):
            body["result"] = [
                {"update_id": update.get("update_id", 0), "raw": update}
                for update in body["result"]
            ]
        return body


def raw(update: Update) -> Json:
    """The update as Telegram sent it."""
    return dict(update.api_kwargs["raw"])
