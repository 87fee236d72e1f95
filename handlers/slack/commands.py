"""What is typed: `/stock ...`."""

import re

from bot.services.bundle import Services
from handlers.slack.answer import Answers
from handlers.slack.asked import Asked, Json
from handlers.verbs.act import do
from handlers.verbs.table import Verbs

# What Slack makes of addresses and channels that it finds in a text: <https://a.io|a.io>, <#C1|x>
_LINK = re.compile(r"<(?:https?://|mailto:)([^|>]*)(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#[CG][A-Z0-9]+\|([^>]*)>")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


async def stock(verbs: Verbs, services: Services, answers: Answers, payload: Json) -> None:
    """`/stock`: one line in, one answer out."""
    asked = Asked.of(payload)
    verb, request = verbs.understand(as_typed(payload["text"]))
    await answers.tell(asked, await do(services, verb, request, asked.acting))


def as_typed(text: str) -> str:
    """What the person typed, but for mentions of people, which carry the id: <@U1|ann>.

    docs.slack.dev/messaging/formatting-message-text: only &, < and > are written as entities.
    """
    text = _LINK.sub(lambda found: found[2] or found[1], text)
    text = _CHANNEL.sub(r"#\1", text)
    return re.sub("&(?:lt|gt|amp);", lambda found: _ENTITIES[found[0]], text)
