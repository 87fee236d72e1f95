"""Reading back from Slack: is a message there whose post got no answer?

Each notice is posted with metadata (docs.slack.dev/messaging/message-metadata) that names it, and
conversations.history shows that again. Slack shows metadata to every member of the workspace, so
it holds a number and nothing else. chat.update keeps it: an edit does not name it again.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.channels.slack_client import PacedSlackClient
from bot.channels.slack_errors import explain_look
from bot.domain.notices import Lane
from bot.domain.sending import CannotLook

Json = dict[str, Any]

EVENT = "stockbell_notice"
EARLIER = timedelta(seconds=60)  # our clock and Slack's need not agree
PAGE, PAGES = 200, 25  # messages; nobody waits for more than 5,000
_CONVERSATION = re.compile(r"[CDG][A-Z0-9]+")
_PERSON = re.compile(r"[UW][A-Z0-9]+")
UNKNOWN = "no channel of this name can be found; write its id (C...) in SLACK_ALERT_CHANNEL"


def metadata_of(named: Json) -> Json:
    """`{"notice_id": 7}` in Slack's form."""
    return {"event_type": EVENT, "event_payload": named}


def ref_of(address: str, where: str, ts: object) -> str:
    """The address is sealed in contacts and nowhere else: no reference repeats it."""
    return str(ts) if where == address else f"{where}:{ts}"


class SlackReader:
    """Finds messages again. What posts have told (`learn`) spares it questions."""

    def __init__(self, client: PacedSlackClient) -> None:
        self._client = client
        self._conversations: dict[str, str] = {}
        self._own_bot = ""
        self._metadata_is_kept = True

    def learn(self, address: str, body: Json, answer: Any) -> None:
        """What the answer to chat.postMessage tells of the conversation and of metadata."""
        self._conversations[address] = str(answer.get("channel", address))
        if "metadata" in body:
            self._metadata_is_kept = bool((answer.get("message") or {}).get("metadata"))

    def metadata_refused(self) -> None:
        """From here on messages go out that cannot be found."""
        self._metadata_is_kept = False

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        """The reference of the notice's message. Raises CannotLook, RetryAfter or NotSent."""
        if not self._metadata_is_kept:
            raise CannotLook("Slack keeps no metadata of this app's messages")
        with _explained():
            where = await self._conversation(address)
            own = await self._own()
            oldest, cursor = f"{(since - EARLIER).timestamp():.6f}", ""
            for _ in range(PAGES):
                messages, cursor = await self._page(where, oldest, cursor)
                for message in messages:
                    if message.get("bot_id") == own and _names(message, notice_id):
                        return ref_of(address, where, message["ts"])
                if not cursor:
                    return None
        raise CannotLook(f"more than {PAGE * PAGES} messages came since")

    async def _page(self, where: str, oldest: str, cursor: str) -> tuple[list[Json], str]:
        answer = await self._read(
            "conversations.history",
            channel=where,
            oldest=oldest,
            inclusive=True,
            include_all_metadata=True,
            limit=PAGE,
            cursor=cursor,
        )
        return list(answer.get("messages") or []), _next(answer)

    async def _own(self) -> str:
        """Two shops may post in one channel, and both number their notices from 1."""
        if not self._own_bot:
            self._own_bot = str((await self._read("auth.test")).get("bot_id", ""))
        return self._own_bot

    async def _conversation(self, address: str) -> str:
        """The id that history wants, of a channel, #name or person."""
        if _CONVERSATION.fullmatch(address):
            return address
        if address not in self._conversations:
            ask = self._direct if _PERSON.fullmatch(address) else self._named
            self._conversations[address] = await ask(address)
        return self._conversations[address]

    async def _direct(self, person: str) -> str:
        answer = await self._read("conversations.open", users=person)
        return str(answer["channel"]["id"])

    async def _named(self, name: str) -> str:
        cursor = ""
        for _ in range(PAGES):
            answer = await self._read(
                "conversations.list",
                limit=PAGE,
                cursor=cursor,
                exclude_archived=True,
                types="public_channel,private_channel",
            )
            for channel in answer.get("channels") or []:
                if channel.get("name") == name.removeprefix("#"):
                    return str(channel["id"])
            if not (cursor := _next(answer)):
                break
        raise CannotLook(UNKNOWN)

    async def _read(self, method: str, **asked: object) -> Any:
        params = {name: value for name, value in asked.items() if value != ""}
        return await self._client.call(Lane.ALERT, method, http_verb="GET", params=params)


def _names(message: Json, notice_id: int) -> bool:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == EVENT and payload.get("notice_id") == notice_id


def _next(answer: Any) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        raise explain_look(error) from error
