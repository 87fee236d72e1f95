"""The Slack app's manifest, so that nobody has to click it together.

Its schema: github.com/slackapi/manifest-schema (version 2).
"""

from typing import Any

from handlers.slack.http import PATH

COMMAND = "/stock"
# Each scope and what needs it; nothing else is asked for.
SCOPES = {
    "commands": "/stock",
    "chat:write": "alerts, edits and answers: chat.postMessage, chat.update, chat.postEphemeral",
    "chat:write.public": "alerts in a public channel that nobody invited the bot to",
    "channels:history": "is an alert there whose post got no answer? conversations.history",
    "groups:history": "the same in a private channel",
    "im:history": "the same in messages to a person",
    "im:write": "which conversation those are in, after a restart: conversations.open",
}
REQUIRED_SCOPES = ("commands", "chat:write")  # without the others an invitation does it
# Without them everything works but looking whether a message is there (channels/slack_look.py).
LOOKING_SCOPES = ("channels:history", "groups:history", "im:history")
# Answers to a person who cannot be answered in the channel arrive there.
APP_HOME = {
    "home_tab_enabled": False,
    "messages_tab_enabled": True,
    "messages_tab_read_only_enabled": True,
}
NAME_LENGTH = 35
DISPLAY_LENGTH = 80


class ManifestError(ValueError):
    """The settings do not suffice for a manifest; the text says which one to write."""


def manifest(mode: str, shop_name: str = "", public_url: str = "") -> dict[str, Any]:
    """The manifest for SLACK_MODE `mode` (socket, http).

    `public_url`: where Slack reaches this bot over https, for http mode. Raises ManifestError.
    """
    url = _events_url(public_url) if mode == "http" else ""
    name = " ".join(f"Stockbell {shop_name}".split())
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": name[:NAME_LENGTH].strip(),
            "description": "Ask for and adjust stock, and hear of what runs low.",
            "background_color": "#1f2937",
        },
        "features": {
            "app_home": APP_HOME,
            "bot_user": {"display_name": name[:DISPLAY_LENGTH].strip(), "always_online": True},
            "slash_commands": [_command(url)],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": _with_url({"is_enabled": True}, "request_url", url),
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode != "http",
            "token_rotation_enabled": False,
        },
    }


def _command(url: str) -> dict[str, Any]:
    command = {
        "command": COMMAND,
        "description": "Look up and adjust stock",
        "usage_hint": "MUG-BLUE  |  MUG-BLUE +5 delivery  |  low  |  help",
        "should_escape": True,  # @person arrives with the id
    }
    return _with_url(command, "url", url)


def _with_url(part: dict[str, Any], name: str, url: str) -> dict[str, Any]:
    return {**part, name: url} if url else part


def _events_url(public_url: str) -> str:
    if not public_url.startswith("https://"):
        raise ManifestError(
            "SLACK_MODE=http needs the https address under which Slack reaches this bot, "
            "for example https://stock.example.com"
        )
    return public_url.rstrip("/").removesuffix(PATH) + PATH
