"""What people do in Slack: type a command, press, submit and close; and events."""

from typing import Any

from bot.sandbox import slack_payloads as payloads
from bot.sandbox.slack_blocks import elements_of
from bot.sandbox.slack_chat import MAX_TEXT, answer_in_channel, content
from bot.sandbox.slack_delivery import Ack, Delivery
from bot.sandbox.slack_params import SlackParams
from bot.sandbox.slack_state import (
    APP_ID,
    BOT_USER,
    TEAM,
    Channel,
    Slack,
    SlackError,
    SlackMessage,
    Trigger,
    User,
    View,
)
from bot.sandbox.slack_views import add_view, checked_view, close_top, is_open, replace_view
from bot.sandbox.state import Json, Refused


class SlackPeople:
    def __init__(self, slack: Slack, delivery: Delivery) -> None:
        self.slack = slack
        self.delivery = delivery

    def user(self, user_id: Any) -> User:
        found = self.slack.users.get(str(user_id))
        if found is None:
            raise Refused(f"no such Slack user: {user_id}", 404)
        return found

    def channel(self, wanted: Any) -> Channel:
        try:
            return self.slack.channel(str(wanted))
        except SlackError:
            raise Refused(f"no such Slack channel: {wanted}", 404) from None

    def add_user(self, body: Json) -> User:
        user_id = str(body.get("id") or self.slack.new_id("U"))
        name = str(body.get("name") or user_id.lower())
        user = User(user_id, name, str(body.get("real_name") or name.title()))
        self.slack.users[user_id] = user
        self.slack.world.changes.bump()
        return user

    def add_channel(self, body: Json) -> Channel:
        channel_id = str(body.get("id") or self.slack.new_id("C"))
        name = str(body.get("name") or channel_id.lower()).removeprefix("#")
        private = bool(body.get("is_private"))
        channel = Channel(channel_id, name, bool(body.get("member", True)), private)
        self.slack.channels[channel_id] = channel
        self.slack.world.changes.bump()
        return channel

    async def command(self, body: Json) -> Json:
        user, channel = self.user(body.get("user")), self.channel(body.get("channel"))
        command, text = str(body.get("command") or "/stock"), str(body.get("text") or "")
        if command not in self.slack.commands:
            self.tell(user, channel, f"{command} is not a valid command.")
            return {"trigger_id": None, "acked": False, "ms": 0.0, "error": "not_a_command"}
        payload = payloads.slash(self.slack, user, channel, command, text)
        payload = self.redelivered(body, payload)
        ack = await self.delivery.send("slash_commands", payload, int(body.get("times", 1)))
        if ack.error:
            self.tell(user, channel, f'{command} failed with the error "{ack.error}"')
        elif ack.body:
            self.show_ack(user, channel, ack.body)
        return {"trigger_id": payload["trigger_id"], **ack.as_json()}

    def redelivered(self, body: Json, payload: Json) -> Json:
        """`trigger_id` gives the payload a known one, so that the same command comes again."""
        wanted = body.get("trigger_id")
        if wanted:
            fresh = self.slack.triggers.pop(payload["trigger_id"])
            self.slack.triggers.setdefault(str(wanted), Trigger(fresh.at, fresh.user, fresh.view))
            payload["trigger_id"] = str(wanted)
        return payload

    def tell(self, user: User, channel: Channel, text: str) -> None:
        """Slack's own words, which only the person sees."""
        message = SlackMessage(channel.id, self.slack.new_ts(), "USLACKBOT", text)
        message.ephemeral_for = user.id
        self.slack.add_message(message)

    def show_ack(self, user: User, channel: Channel, body: Json) -> None:
        """https://docs.slack.dev/interactivity/implementing-slash-commands#responding_to_commands"""
        params = SlackParams(body)
        try:
            fields = content(self.slack, params, MAX_TEXT)
        except SlackError as error:
            self.tell(user, channel, f'failed with the error "{error.error}"')
            return
        answer_in_channel(self.slack, channel.id, user.id, params, fields)

    async def press(self, body: Json) -> Json:
        user = self.user(body.get("user"))
        view = self.slack.views.get(str(body.get("view_id", "")))
        message = None if view else self.message(user, body)
        blocks = view.body["blocks"] if view else (message.blocks if message else None) or []
        block, element = self.find_element(blocks, body)
        action = payloads.action_of(block, element, body.get("value"), self.slack.new_ts())
        if view:
            payload = payloads.view_press(self.slack, user, view, action)
        else:
            assert message is not None  # noqa: S101  one of the two is there
            payload = payloads.message_press(self.slack, user, message, action)
        payload = self.redelivered(body, payload)
        ack = await self.delivery.send("interactive", payload, int(body.get("times", 1)))
        return {"trigger_id": payload["trigger_id"], **ack.as_json()}

    def message(self, user: User, body: Json) -> SlackMessage:
        ts = str(body.get("ts", ""))
        ephemeral = self.slack.ephemerals.get(ts)
        if ephemeral and ephemeral.ephemeral_for == user.id:
            return ephemeral
        for channel in self.slack.channels.values():
            if ts in channel.messages and body.get("channel") in (None, channel.id, channel.name):
                return channel.messages[ts]
        raise Refused("no such message", 404)

    def find_element(self, blocks: list[Json], body: Json) -> tuple[Json, Json]:
        """The element with this action_id; block_id and value choose among several.

        `force` makes one up: a press on a button that has been edited away meanwhile."""
        action, block_id = body.get("action_id"), body.get("block_id")
        found = [
            (block, element)
            for block in blocks
            for element in elements_of(block)
            if element.get("action_id") == action and block_id in (None, block["block_id"])
        ]
        exact = [pair for pair in found if pair[1].get("value") == body.get("value")]
        if found:
            return (exact or found)[0]
        if not body.get("force"):
            raise Refused(f"no such element: {action}")
        return {"block_id": block_id or "gone"}, {"type": "button", "action_id": action}

    def view(self, user: User, body: Json) -> View:
        view = self.slack.views.get(str(body.get("view_id", "")))
        if view is None or view.user != user.id:
            raise Refused("no such view", 404)
        if not is_open(self.slack, view) and not body.get("force"):
            raise Refused("the view is closed")
        return view

    async def submit(self, body: Json) -> Json:
        user = self.user(body.get("user"))
        view = self.view(user, body)
        missing = payloads.fill_form(view, body.get("values") or {})
        if missing:
            return self.failed(view, missing)
        payload = {
            "type": "view_submission",
            **payloads.common(user),
            "trigger_id": self.slack.new_trigger(user.id, view.id),
            "view": view.as_api(),
            "response_urls": [],
        }
        payload = self.redelivered(body, payload)
        ack = await self.delivery.send("interactive", payload, int(body.get("times", 1)))
        result = self.after_submit(user, view, ack)
        return {**result, "trigger_id": payload["trigger_id"], **ack.as_json()}

    def failed(self, view: View, errors: dict[str, str]) -> Json:
        view.errors = errors
        self.slack.world.changes.bump()
        return {"closed": False, "errors": errors, "acked": False, "error": None, "ms": 0.0}

    def after_submit(self, user: User, view: View, ack: Ack) -> Json:
        """https://docs.slack.dev/surfaces/modals#response_actions"""
        action = (ack.body or {}).get("response_action")
        if not ack.acked:
            # "We had some trouble connecting. Try again?": the form stays open
            return self.failed(view, {"": "We had some trouble connecting. Try again?"})
        if action == "errors":
            return self.failed(view, dict((ack.body or {}).get("errors") or {}))
        view.errors = {}
        if action in ("update", "push"):
            fresh = checked_view(self.slack, (ack.body or {})["view"])
            if action == "update":
                replace_view(self.slack, view, fresh)
            else:
                add_view(self.slack, user.id, fresh, under=view.id)
            return {"closed": False, "errors": None}
        close_top(self.slack, user.id, all_views=action == "clear")
        return {"closed": True, "errors": None}

    async def close(self, body: Json) -> Json:
        """The person closes the view; the app hears of it if it asked to."""
        user = self.user(body.get("user"))
        self.view(user, body)
        error = None
        for view in close_top(self.slack, user.id, all_views=bool(body.get("all"))):
            if view.body.get("notify_on_close"):
                whole = {"is_cleared": bool(body.get("all")), "view": view.as_api()}
                payload = {"type": "view_closed", **payloads.common(user), **whole}
                error = (await self.delivery.send("interactive", payload)).error
        return {"closed": True, "error": error}

    async def event(self, body: Json) -> Json:
        """https://docs.slack.dev/apis/events-api/#event-type-structure"""
        event = dict(body.get("event") or {})
        event.setdefault("event_ts", self.slack.new_ts())
        payload = {
            "token": payloads.TOKEN,
            "team_id": TEAM["id"],
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": str(body.get("event_id") or self.slack.new_id("Ev")),
            "event_time": self.slack.world.now(),
            "authorizations": [{"team_id": TEAM["id"], "user_id": BOT_USER, "is_bot": True}],
        }
        ack = await self.delivery.send("events_api", payload, int(body.get("times", 1)))
        return {"event_id": payload["event_id"], **ack.as_json()}

    async def say(self, body: Json) -> Json:
        """An ordinary message of a person in a channel."""
        user, channel = self.user(body.get("user")), self.channel(body.get("channel"))
        message = SlackMessage(channel.id, self.slack.new_ts(), user.id, str(body.get("text", "")))
        self.slack.add_message(message)
        kind = "im" if channel.im_with else "channel"
        event = {**message.as_api(), "channel": channel.id, "channel_type": kind}
        wanted = {"im": "message.im", "channel": "message.channels"}[kind] in self.slack.events
        ack = await self.event({"event": event}) if channel.member and wanted else {}
        return {"ts": message.ts, **ack}

    async def open_home(self, body: Json) -> Json:
        """https://docs.slack.dev/reference/events/app_home_opened"""
        user = self.user(body.get("user"))
        event = {"type": "app_home_opened", "user": user.id, "tab": "home"}
        event["channel"] = self.slack.direct(user.id).id
        return await self.event({"event": event})
