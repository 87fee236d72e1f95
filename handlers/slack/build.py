"""The Slack side as bot.app wires it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.render.voice import View
from bot.services.bundle import Services
from handlers.slack.answer import Answers, Client
from handlers.slack.background import Background
from handlers.slack.dispatch import Dispatcher
from handlers.slack.receive import Accept, Receiver, build_app
from handlers.slack.words import Words
from handlers.verbs.act import Verb
from handlers.verbs.table import VERBS, Verbs


@dataclass(frozen=True, slots=True)
class SlackSide:
    """`app` is for SlackSocket or slack_route; `dispatch` is the inbox's way in for "slack".

    `background` is finished at the end, after the inputs have stopped.
    """

    app: AsyncApp
    dispatch: Dispatcher
    background: Background


def build_slack(
    client: Client,
    services: Services,
    view: View,
    accept: Accept,
    verbs: Sequence[Verb[Any]] = VERBS,
) -> SlackSide:
    """Builds, and connects to nothing."""
    answers = Answers(client, Words(view), services.refusing)
    dispatch = Dispatcher(services, answers, Verbs(verbs))
    background = Background()
    return SlackSide(build_app(Receiver(accept, dispatch, background)), dispatch, background)
