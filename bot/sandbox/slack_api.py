"""The Slack Web API over HTTP. https://docs.slack.dev/apis/web-api"""

import math

from aiohttp import web

from bot.sandbox.failures import Failure
from bot.sandbox.faults import Bucket
from bot.sandbox.gate import Call, Reply, pass_through
from bot.sandbox.slack_chat import METHODS as CHAT
from bot.sandbox.slack_chat import respond
from bot.sandbox.slack_conversations import METHODS as CONVERSATIONS
from bot.sandbox.slack_conversations import NEEDED
from bot.sandbox.slack_delivery import SocketHub
from bot.sandbox.slack_params import SlackParams, read_params
from bot.sandbox.slack_state import Slack, SlackError
from bot.sandbox.slack_views import METHODS as VIEWS

METHODS = CHAT | CONVERSATIONS | VIEWS
OPEN_CONNECTION = "apps.connections.open"
# https://docs.slack.dev/apis/web-api/rate-limits tier -> calls a minute
TIERS = {"chat.update": 50, "chat.delete": 50, "conversations.history": 50, "views.open": 100}
BURST = 3.0


def limited(seconds: float) -> Reply:
    retry = str(max(1, math.ceil(seconds)))
    return Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": retry})


def planned(failure: Failure) -> Reply:
    if failure.status == 429 or failure.error == "ratelimited" or failure.retry_after:
        return limited(failure.retry_after or 1)
    error = failure.error or ("internal_error" if failure.status else "fatal_error")
    return Reply(failure.status or 200, {"ok": False, "error": error})


def reply_of(error: SlackError) -> Reply:
    return Reply(error.status, error.as_json())


class SlackApi:
    def __init__(self, slack: Slack, hub: SocketHub) -> None:
        self.slack = slack
        self.hub = hub

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(r"/slack/api/{method:[\w.]+}", self.handle),
            web.get(r"/slack/api/{method:[\w.]+}", self.handle),
            web.post("/slack/response/{team}/{key}", self.handle_response),
            web.get("/slack/link/", self.hub.handle),
            web.get("/slack/link", self.hub.handle),
        ]

    async def handle(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        params, broken = SlackParams({}), None
        try:
            params = await read_params(request)
        except SlackError as error:
            broken = error

        async def work() -> Reply:
            return reply_of(broken) if broken else self.run(name, params)

        chat = params.text("channel") or params.text("user_id")
        call = Call("slack", name, chat, params.values, request)
        return await pass_through(self.slack.world, call, work, planned)

    def run(self, name: str, params: SlackParams) -> Reply:
        try:
            self.check_token(name, params)
            if name == OPEN_CONNECTION:
                return Reply(200, {"ok": True, "url": self.hub.open()})
            self.check_name(name)
            self.check_scope(name)
            wait = self.limit(name, params)
            if wait:
                return limited(wait)
            result = METHODS[name](self.slack, params)
        except SlackError as error:
            return reply_of(error)
        # https://docs.slack.dev/reference/methods/auth.test the scopes come as a header
        headers = {"x-oauth-scopes": ",".join(self.slack.scopes)}
        return Reply(200, {"ok": True, **result}, headers)

    def check_token(self, name: str, params: SlackParams) -> None:
        token = params.text("token")
        if not token:
            raise SlackError("not_authed")
        expected = self.slack.app_token if name == OPEN_CONNECTION else self.slack.bot_token
        if token == expected:
            return
        known = (self.slack.app_token, self.slack.bot_token)
        raise SlackError("not_allowed_token_type" if token in known else "invalid_auth")

    def check_name(self, name: str) -> None:
        if name not in METHODS:
            raise SlackError("unknown_method", req_method=name)

    def check_scope(self, name: str) -> None:
        needed = NEEDED.get(name)
        if needed and needed not in self.slack.scopes:
            provided = ",".join(self.slack.scopes)
            raise SlackError("missing_scope", needed=needed, provided=provided)

    def limit(self, name: str, params: SlackParams) -> float:
        """https://docs.slack.dev/apis/web-api/rate-limits; seconds to wait, 0 if there is room."""
        faults = self.slack.world.faults
        if not faults.get("slack", "limits"):
            return 0.0
        buckets: dict[str, Bucket] = {}
        if name == "chat.postMessage":  # "1 per second per channel", "short bursts" allowed
            buckets[f"post {params.text('channel')}"] = Bucket(1.0, BURST)
        elif name in TIERS:
            buckets[name] = Bucket(TIERS[name] / 60, TIERS[name] / 5)
        return faults.limits["slack"].spend({}, buckets)

    async def handle_response(self, request: web.Request) -> web.Response:
        params, key = SlackParams({}), request.match_info["key"]
        params = await read_params(request)

        async def work() -> Reply:
            try:
                respond(self.slack, key, params)
            except SlackError as error:
                return reply_of(error)
            return Reply(200, {"ok": True})

        ticket = self.slack.response_urls.get(key)
        chat = ticket.channel if ticket else ""
        call = Call("slack", "response_url", chat, params.values, request)
        return await pass_through(self.slack.world, call, work, planned)
