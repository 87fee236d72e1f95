"""`/stock ping MUG-BLUE`: whether the bot finds it; the verb of docs/architecture.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acting, Card, HelpLine
from bot.domain.stock_words import BadInput, Word, joined
from bot.render import slack_blocks as kit
from bot.render.voice import Voice
from bot.services.bundle import Services
from handlers.verbs.act import Verb


@dataclass(frozen=True, slots=True)
class Ping:
    sku: str


@dataclass(frozen=True, slots=True)
class Pong:
    sku: str
    found: bool


def read(words: Sequence[Word]) -> Ping | BadInput:
    return Ping(joined(words)) if words else BadInput("usage_why")


async def run(services: Services, acting: Acting, request: Ping) -> Pong:
    answer = await services.looking.show(acting, request.sku, request.sku)
    return Pong(request.sku, isinstance(answer, Card))


def pong(say: Voice, result: Pong) -> SlackBlocks:
    """Of a verb of the bot it stands in bot/render, and its words in the catalogues."""
    return kit.note(say.words(f"pong {result.sku} {'found' if result.found else 'lost'}"))


PING = Verb(
    role=Role.CLERK,
    word="ping",
    read=read,
    run=run,
    says={SlackBlocks: {Pong: pong}},
    help=(HelpLine("ping MUG-BLUE", "stockhelp.show"),),
    usage="ping MUG-BLUE",
)
