"""How handlers answer: the only place among them that posts messages or opens views."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.domain.forms import SlackBlocks
from bot.domain.sending import RetryAfter, SendError
from bot.domain.staff import Card
from bot.domain.ways import SLACK
from bot.services.routing.refusing import Refusing
from handlers.slack.asked import Asked, Json
from handlers.slack.words import Words
from handlers.verbs.act import Done

Post = Callable[..., Coroutine[Any, Any, Any]]

log = logging.getLogger(__name__)
SPENT = {"expired_url", "used_url"}  # 5 uses in 30 minutes
OPENED_ALREADY = "exchanged_trigger_id"  # the trigger was used; docs.slack.dev, views.open
LONGEST = 3_000  # of plain text
OF_THE_FORM = ("block", "too_long", "invalid_payload")  # in Slack's words for such refusals
UNREACHABLE = (aiohttp.ClientError, TimeoutError, SendError)


class Client(Protocol):
    """The paced client, as far as answers use it. Raises SlackApiError or aiohttp's errors."""

    async def respond(self, url: str, body: Json) -> str: ...

    async def chat_postEphemeral(  # noqa: N802  # slack_sdk's name
        self, *, channel: str, user: str, text: str, blocks: list[Json]
    ) -> Any: ...

    async def chat_postMessage(  # noqa: N802  # slack_sdk's name
        self, *, channel: str, text: str, blocks: list[Json]
    ) -> Any: ...

    async def views_open(self, *, trigger_id: str, view: Json) -> Any: ...


class Answers:
    """Answers go out at once, in their own lane, seen by the person who asked alone.

    A response_url that is used up falls back to chat.postEphemeral and that to a direct message.
    A form that Slack refuses goes once more as plain text, and staff hear of it.
    What may work later (no connection, "too many requests") is raised: the inbox tries again, and
    the services answer as they did the first time.
    """

    def __init__(self, client: Client, words: Words, refusing: Refusing) -> None:
        self._client = client
        self.words = words
        self._refusing = refusing

    async def tell(self, asked: Asked, done: Done) -> None:
        """A new message under what was asked."""
        await self._say(asked, self.words.say(done), {"replace_original": False})

    async def replace(self, asked: Asked, done: Done) -> None:
        """In place of the message whose button was pressed, if only this person sees it."""
        await self._say(asked, self.words.say(done), {"replace_original": asked.alone})

    async def customer(self, asked: Asked, result: object, language: str, *, instead: bool) -> None:
        """To a customer; `instead` of the pressed message, theirs in a direct conversation.
        There an answer stays: one for this person alone is gone when Slack is opened again."""
        seen = "in_channel" if asked.direct else "ephemeral"
        how = {"response_type": seen, "replace_original": instead and (asked.direct or asked.alone)}
        await self._say(asked, self.words.customer(result, language), how)

    async def note(self, asked: Asked, msgid: str, *, instead: bool = False) -> None:
        """One of the bot's own short texts; `instead`: of the pressed message."""
        rendered = self.words.simple(msgid)
        await self._say(asked, rendered, {"replace_original": instead and asked.alone})

    async def share(self, asked: Asked, done: Done, card: Card) -> None:
        """For everybody in the channel; the card that was pressed then offers it no more."""
        await self._share(asked, self.words.shared(card, asked))
        if asked.alone:
            await self.replace(asked, Done(done.act, replace(card, shared=True)))

    async def _share(self, asked: Asked, rendered: SlackBlocks) -> None:
        """A response_url may post where the bot is no member."""
        body = {"response_type": "in_channel", "replace_original": False}
        if await self._respond(asked, rendered, body):
            return
        post = partial(self._client.chat_postMessage, channel=asked.channel)
        try:
            await self._post(post, rendered)
        except SlackApiError as refused:
            _raise_if_later(refused)
            await self._directly(asked, rendered)

    async def open_adjust(
        self, asked: Asked, card: Card, location_id: int | None, trigger_id: str
    ) -> bool:
        """Show the modal; False when the trigger's 3 seconds are over or Slack refuses.

        A press that Slack delivers once more has opened it already.
        """
        view = self.words.modal(card, asked, None, location_id)
        try:
            await self._client.views_open(trigger_id=trigger_id, view=view)
        except SlackApiError as refused:
            code = refused.response.get("error")
            log.warning("the modal could not be opened: %s", code)
            return bool(code == OPENED_ALREADY)
        except RetryAfter as later:
            log.warning("the modal could not be opened: %s", later)
            return False
        return True

    async def sorry(self, asked: Asked) -> None:
        """Something of ours failed; the failure itself is recorded elsewhere."""
        try:
            await self.note(asked, "error.failed")
        except (SlackApiError, RetryAfter, *UNREACHABLE) as unreachable:
            log.warning("a person could not be told of a failure: %s", type(unreachable).__name__)

    async def _say(self, asked: Asked, rendered: SlackBlocks, how: Json) -> None:
        if not await self._respond(asked, rendered, {"response_type": "ephemeral", **how}):
            await self._directly(asked, rendered)

    async def _respond(self, asked: Asked, rendered: SlackBlocks, how: Json) -> bool:
        """Through the response_url; False when that is no way (any more)."""
        if not asked.response_url:
            return False
        refusal = await self._client.respond(asked.response_url, {**how, **_content(rendered)})
        if refusal and refusal not in SPENT:
            await self._complain(refusal)
            body = {**how, "text": rendered.text[:LONGEST]}
            refusal = await self._client.respond(asked.response_url, body)
        return not refusal

    async def _complain(self, reason: str) -> None:
        log.warning("Slack refuses an answer, sent as plain text: %s", reason)
        if any(word in reason for word in OF_THE_FORM):
            await self._refusing.form_refused(SLACK, reason)

    async def _post(self, post: Post, rendered: SlackBlocks) -> None:
        """Raises SlackApiError when even plain text is refused."""
        try:
            await post(**_content(rendered))
        except SlackApiError as refused:
            reason = str(refused.response.get("error", ""))
            if not any(word in reason for word in OF_THE_FORM):
                raise
            await self._complain(reason)
            await post(text=rendered.text[:LONGEST], blocks=[])

    async def _directly(self, asked: Asked, rendered: SlackBlocks) -> None:
        """Without a response_url: in the channel for the person alone, else to the person."""
        post = partial(self._client.chat_postEphemeral, channel=asked.channel, user=asked.user)
        try:
            await self._post(post, rendered)
        except SlackApiError as refused:
            _raise_if_later(refused)
            await self._privately(asked, rendered)

    async def _privately(self, asked: Asked, rendered: SlackBlocks) -> None:
        try:
            await self._post(partial(self._client.chat_postMessage, channel=asked.user), rendered)
        except SlackApiError as refused:
            _raise_if_later(refused)
            log.warning("an answer could not be given: %s", refused.response.get("error"))


def _content(rendered: SlackBlocks) -> Json:
    return {"text": rendered.text, "blocks": list(rendered.blocks)}


def _raise_if_later(error: SlackApiError) -> None:
    """A refusal is final (status 200); anything else may pass when it is tried again."""
    if getattr(error.response, "status_code", 0) != 200:
        raise error
