"""views.*: modals and the App Home. https://docs.slack.dev/surfaces/modals"""

from collections.abc import Callable
from typing import Any

from bot.sandbox.slack_blocks import check_view
from bot.sandbox.slack_params import SlackParams
from bot.sandbox.slack_state import Slack, SlackError, Trigger, View
from bot.sandbox.state import Json

TRIGGER_SECONDS = 3  # https://docs.slack.dev/surfaces/modals#opening
STACK_DEPTH = 3  # https://docs.slack.dev/surfaces/modals#pushing


def use_trigger(slack: Slack, params: SlackParams) -> Trigger:
    """https://docs.slack.dev/reference/methods/views.open#errors"""
    trigger = slack.triggers.get(params.text("trigger_id"))
    if trigger is None:
        raise SlackError("invalid_trigger_id")
    if trigger.used:
        raise SlackError("exchanged_trigger_id")
    if slack.world.clock() - trigger.at > TRIGGER_SECONDS:
        raise SlackError("expired_trigger_id")
    return trigger


def checked_view(slack: Slack, view: Any) -> Json:
    if not view:
        raise SlackError("invalid_arguments", "[ERROR] missing required field: view")
    check_view(view)
    return {**view, "blocks": slack.named_blocks(view["blocks"]) or []}


def add_view(slack: Slack, user: str, body: Json, under: str | None = None) -> View:
    view_id = slack.new_id("V")
    root = slack.views[under].root if under else view_id
    view = View(view_id, user, body, root, slack.new_ts(), previous=under)
    slack.views[view_id] = view
    slack.stacks[user] = [*(slack.stacks.get(user, []) if under else []), view_id]
    slack.world.changes.bump()
    return view


def replace_view(slack: Slack, view: View, body: Json) -> None:
    view.body, view.hash, view.errors = body, slack.new_ts(), {}
    slack.world.changes.bump()


def open_view(slack: Slack, params: SlackParams) -> Json:
    trigger = use_trigger(slack, params)
    body = checked_view(slack, params.json("view"))
    trigger.used = True
    return {"view": add_view(slack, trigger.user, body).as_api()}


def push_view(slack: Slack, params: SlackParams) -> Json:
    trigger = use_trigger(slack, params)
    stack = slack.stacks.get(trigger.user, [])
    if trigger.view is None or trigger.view not in stack:
        raise SlackError("not_found")
    if len(stack) >= STACK_DEPTH:
        raise SlackError("push_limit_reached")
    body = checked_view(slack, params.json("view"))
    trigger.used = True
    return {"view": add_view(slack, trigger.user, body, under=stack[-1]).as_api()}


def update_view(slack: Slack, params: SlackParams) -> Json:
    """https://docs.slack.dev/reference/methods/views.update"""
    view = find_view(slack, params)
    if params.text("hash") and params.text("hash") != view.hash:
        raise SlackError("hash_conflict")
    replace_view(slack, view, checked_view(slack, params.json("view")))
    return {"view": view.as_api()}


def find_view(slack: Slack, params: SlackParams) -> View:
    external = params.text("external_id")
    for view in slack.views.values():
        named = external and view.body.get("external_id") == external
        if (named or view.id == params.text("view_id")) and is_open(slack, view):
            return view
    raise SlackError("not_found")


def is_open(slack: Slack, view: View) -> bool:
    return view.id in slack.stacks.get(view.user, [])


def publish_view(slack: Slack, params: SlackParams) -> Json:
    """https://docs.slack.dev/reference/methods/views.publish"""
    user = params.text("user_id")
    if user not in slack.users:
        raise SlackError("invalid_arguments", "[ERROR] user_id not found")
    body = checked_view(slack, params.json("view"))
    old = slack.homes.get(user)
    if old and params.text("hash") and params.text("hash") != old.hash:
        raise SlackError("hash_conflict")
    view_id = old.id if old else slack.new_id("V")
    view = View(view_id, user, body, view_id, slack.new_ts())
    slack.homes[user] = slack.views[view_id] = view
    slack.world.changes.bump()
    return {"view": view.as_api()}


def close_top(slack: Slack, user: str, *, all_views: bool = False) -> list[View]:
    """Closes the user's top view, or all; returns what was closed."""
    stack = slack.stacks.get(user, [])
    keep = 0 if all_views else max(len(stack) - 1, 0)
    closed = [slack.views[view_id] for view_id in stack[keep:]]
    slack.stacks[user] = stack[:keep]
    slack.world.changes.bump()
    return closed


Method = Callable[[Slack, SlackParams], Any]
METHODS: dict[str, Method] = {
    "views.open": open_view,
    "views.push": push_view,
    "views.update": update_view,
    "views.publish": publish_view,
}
