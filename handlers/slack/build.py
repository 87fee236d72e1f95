"""The Slack side as bot.app wires it."""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from bot.render.view import View
from handlers.slack.answer import Answers
from handlers.slack.background import Background
from handlers.slack.dispatch import Dispatcher
from handlers.slack.ports import Accept, Client, Services
from handlers.slack.receive import Receiver, build_app
from handlers.slack.words import Words


@dataclass(frozen=True, slots=True)
class SlackSide:
    """`app` is for SlackSocket or slack_route; `dispatch` is the inbox's way in for "slack".

    `background` is finished at the end, after the inputs have stopped.
    """

    app: AsyncApp
    dispatch: Dispatcher
    background: Background


def build_slack(client: Client, services: Services, view: View, accept: Accept) -> SlackSide:
    """Builds, and connects to nothing."""
    dispatch = Dispatcher(services, Answers(client, Words(view), services.refusing))
    background = Background()
    return SlackSide(build_app(Receiver(accept, dispatch, background)), dispatch, background)
