"""Slack: over a socket or signed HTTP."""

from functools import partial

from bot.app.ways.opened import Opened, Surroundings, WayIn
from bot.channels import slack_probing
from bot.channels.slack import SlackChannel
from bot.channels.slack_client import PacedSlackClient, slack_pacer, slack_session
from bot.checking.slack import check
from bot.domain.clock import Clock
from bot.render import slack as render
from bot.settings import Settings
from handlers.slack.asked import SOURCE
from handlers.slack.build import SlackSide, build_slack
from handlers.slack.http import slack_route
from handlers.slack.manifest import COMMAND
from handlers.slack.socket import SlackSocket, SlackTokenRefused

__all__ = ["check", "open"]

BACKGROUND_WITHIN = 1.0  # seconds; a modal can be opened for 3, and has had some of them


async def open(around: Surroundings) -> Opened:
    """See Room."""
    settings, services = around.settings, around.services
    session = await around.stack.enter_async_context(slack_session())
    pacer = around.pacer(lambda memory: slack_pacer(memory=memory))
    client = PacedSlackClient(
        settings.slack_token, pacer, session, settings.slack_api_url, around.answered
    )
    side = build_slack(client, services, around.view, services.arriving.accept)
    around.stack.push_async_callback(side.background.finish, BACKGROUND_WITHIN)
    return Opened(
        channel=SlackChannel(client, around.form_refused),
        render=partial(render.notice, around.view),
        pacer=pacer,
        probe=partial(slack_probing.reach, client),
        way_in=_way_in(settings, side, client, services.ground.clock),
    )


def _way_in(settings: Settings, side: SlackSide, client: PacedSlackClient, clock: Clock) -> WayIn:
    way_in = partial(WayIn, {SOURCE: side.dispatch}, lambda: f"{COMMAND} in Slack")
    if settings.slack_mode == "http":
        secret = settings.slack_signing_secret.get_secret_value()
        return way_in(routes=(slack_route(side.app, secret, clock),))
    socket = SlackSocket(side.app, settings.slack_app_token.get_secret_value(), client)
    return way_in(
        parts={"slack": socket.run},
        link=lambda: socket.connected,
        must_stand=True,
        fatal=(SlackTokenRefused,),
    )
