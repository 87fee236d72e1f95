"""The way out to Slack: messages and their edits."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.channels.base import Channel, FormRefused, unheard
from bot.channels.slack_client import PacedSlackClient
from bot.channels.slack_errors import RejectedContent, RejectedMetadata, explain
from bot.channels.slack_look import SlackReader, metadata_of, ref_of
from bot.channels.slack_split import cut, cut_text, parts_of
from bot.channels.splitting import one_by_one
from bot.domain.forms import SlackBlocks
from bot.domain.notices import Lane
from bot.domain.sending import MessageLost

log = logging.getLogger(__name__)
Result = TypeVar("Result")
QUIET = {"unfurl_links": False, "unfurl_media": False}  # no previews under shop links


class SlackChannel(Channel[SlackBlocks]):
    """A channel over the paced client. An address is a channel, #name or person.

    A reference is `channel:ts`, because chat.update wants the id that chat.postMessage answered:
    #name and a person's id are not it. `form_refused` hears, before a plainer form is sent, why
    Slack refuses one.
    """

    def __init__(self, client: PacedSlackClient, form_refused: FormRefused = unheard) -> None:
        self._client = client
        self._reader = SlackReader(client)
        self._form_refused = form_refused

    async def send(self, address: str, rendered: SlackBlocks, lane: Lane) -> str:
        """Post a message. A form that Slack refuses is sent once more in a plainer one.

        What is too long becomes several messages; the reference is to the last one.
        """
        post = partial(self._post, address, lane)
        return await one_by_one(parts_of(rendered), partial(self._in_some_form, put=post))

    async def edit(self, address: str, ref: str, rendered: SlackBlocks, lane: Lane) -> None:
        """Make the message show `rendered`, as much of it as fits."""
        channel, _, ts = ref.rpartition(":")
        if not ts:
            raise MessageLost("the reference to the message is empty")
        update = partial(self._update, {"channel": channel or address, "ts": ts}, lane)
        await self._in_some_form(cut(rendered), put=update)

    async def find(self, address: str, notice_id: int, since: datetime) -> str | None:
        """The message whose metadata names the notice. Raises CannotLook, RetryAfter, NotSent."""
        return await self._reader.find(address, notice_id, since)

    async def _in_some_form(
        self, rendered: SlackBlocks, put: Callable[[SlackBlocks], Awaitable[Result]]
    ) -> Result:
        while True:
            try:
                return await put(rendered)
            except RejectedContent as refused:
                plainer = plainer_than(rendered, refused)
                if plainer == rendered:
                    raise
                log.warning("Slack refuses the form of a message, made plainer: %s", refused)
                await self._form_refused(str(refused))
                if isinstance(refused, RejectedMetadata):
                    self._reader.metadata_refused()
                rendered = plainer

    async def _post(self, address: str, lane: Lane, rendered: SlackBlocks) -> str:
        body = {"channel": address, **_content(rendered), **QUIET}
        if rendered.metadata:
            body["metadata"] = metadata_of(rendered.metadata)
        with _explained():
            answer = await self._client.call(lane, "chat.postMessage", json=body)
        self._reader.learn(address, body, answer)
        # of a message to a person: the conversation
        return ref_of(address, str(answer.get("channel", address)), answer["ts"])

    async def _update(self, target: dict[str, str], lane: Lane, rendered: SlackBlocks) -> None:
        """Without `metadata` an edit keeps what was posted, and with it the notice is found."""
        body = {"blocks": [], **target, **_content(rendered)}  # [] takes the old blocks away
        with _explained():
            await self._client.call(lane, "chat.update", json=body)


def _content(rendered: SlackBlocks) -> dict[str, Any]:
    content: dict[str, Any] = {"text": rendered.text}
    if rendered.blocks:
        content["blocks"] = list(rendered.blocks)
    return content


def plainer_than(rendered: SlackBlocks, refused: RejectedContent) -> SlackBlocks:
    """Without what Slack refuses; what is refused as plain text too is returned as it is."""
    if isinstance(refused, RejectedMetadata):
        return replace(rendered, metadata={})
    return plain(rendered)


def plain(rendered: SlackBlocks) -> SlackBlocks:
    """The same as text alone, inside the length limit; it can still be found."""
    return replace(rendered, text=cut_text(rendered.text), blocks=())


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        raise explain(error) from error
