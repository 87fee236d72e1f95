"""The way out to Slack: messages and their edits."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.channels.slack_client import PacedSlackClient
from bot.channels.slack_errors import RejectedContent, explain
from bot.domain.notices import Lane, Rendered
from bot.domain.sending import CannotLook, MessageLost

log = logging.getLogger(__name__)
LONGEST = 3_900  # characters; chat.update refuses more than 4,000
QUIET = {"unfurl_links": False, "unfurl_media": False}  # no previews under shop links


class SlackChannel:
    """A Channel over the paced client. An address is a channel, #name or person.

    A reference is `channel:ts`, because chat.update wants the id that chat.postMessage answered:
    #name and a person's id are not it.
    """

    def __init__(self, client: PacedSlackClient) -> None:
        self._client = client

    async def send(self, address: str, rendered: Rendered, lane: Lane) -> str:
        """Post a message. A form that Slack refuses is sent once more as plain text."""
        try:
            return await self._post(address, rendered, lane)
        except RejectedContent as refused:
            log.warning("Slack refuses the form of a message, sent as plain text: %s", refused)
            return await self._post(address, plain(rendered), lane)

    async def edit(self, address: str, ref: str, rendered: Rendered, lane: Lane) -> None:
        """Make the message show `rendered`."""
        channel, _, ts = ref.rpartition(":")
        target = {"channel": channel or address, "ts": ts}
        try:
            await self._update(target, rendered, lane)
        except RejectedContent as refused:
            log.warning("Slack refuses the form of an edit, shown as plain text: %s", refused)
            await self._update(target, plain(rendered), lane)

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        """The message whose metadata names the notice. Raises CannotLook."""
        del address, notice_id, since
        raise CannotLook("reading back")

    async def _post(self, address: str, rendered: Rendered, lane: Lane) -> str:
        body = {"channel": address, **_content(rendered), **QUIET}
        with _explained():
            answer = await self._client.call(lane, "chat.postMessage", json=body)
        where = answer.get("channel", address)  # of a message to a person: the conversation
        # The address is sealed in contacts and nowhere else: no reference repeats it.
        return str(answer["ts"]) if where == address else f"{where}:{answer['ts']}"

    async def _update(self, target: dict[str, str], rendered: Rendered, lane: Lane) -> None:
        if not target["ts"]:
            raise MessageLost("the reference to the message is empty")
        # without `blocks` an edit keeps the old ones
        body = {"blocks": [], **target, **_content(rendered)}
        with _explained():
            await self._client.call(lane, "chat.update", json=body)


def _content(rendered: Rendered) -> dict[str, Any]:
    content: dict[str, Any] = {"text": rendered.text}
    if rendered.blocks:
        content["blocks"] = list(rendered.blocks)
    if rendered.metadata:
        content["metadata"] = rendered.metadata
    return content


def plain(rendered: Rendered) -> Rendered:
    """The same as text alone, inside the length limit: what no check can refuse."""
    return replace(rendered, text=rendered.text[:LONGEST], blocks=(), metadata={})


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        raise explain(error) from error
