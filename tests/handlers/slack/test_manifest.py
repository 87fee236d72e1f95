import json
import re
from typing import Any

import pytest

from handlers.slack.manifest import (
    LOOKING_SCOPES,
    REQUIRED_SCOPES,
    SCOPES,
    ManifestError,
    manifest,
)

# The keys that github.com/slackapi/manifest-schema (2.0.0) allows where we write any.
KEYS = {
    "": {"_metadata", "display_information", "features", "oauth_config", "settings"},
    "_metadata": {"major_version", "minor_version"},
    "display_information": {"name", "description", "background_color", "long_description"},
    "features": {"app_home", "bot_user", "slash_commands"},
    "features.app_home": {
        "home_tab_enabled",
        "messages_tab_enabled",
        "messages_tab_read_only_enabled",
    },
    "features.bot_user": {"display_name", "always_online"},
    "oauth_config": {"scopes", "redirect_urls"},
    "oauth_config.scopes": {"bot", "user"},
    "settings": {
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    },
    "settings.interactivity": {"is_enabled", "request_url"},
}
WAYS: list[dict[str, str]] = [
    {"mode": "socket"},
    {"mode": "http", "public_url": "https://stock.example.com"},
]


def at(document: dict[str, Any], path: str) -> dict[str, Any]:
    for part in filter(None, path.split(".")):
        document = document[part]
    return document


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", KEYS)
def test_it_has_only_keys_that_the_schema_knows(way: dict[str, str], path: str) -> None:
    assert set(at(manifest(**way), path)) <= KEYS[path]


@pytest.mark.parametrize("shop", ["", "Our shop", "茶与陶", "A shop with a name " * 9])
def test_names_keep_to_their_lengths(shop: str) -> None:
    made = manifest("socket", shop)
    assert 1 <= len(made["display_information"]["name"]) <= 35
    assert 1 <= len(made["features"]["bot_user"]["display_name"]) <= 80
    assert len(made["display_information"]["description"]) <= 140
    assert re.fullmatch("#[0-9a-f]{6}", made["display_information"]["background_color"])


def test_the_bot_is_called_after_the_shop() -> None:
    made = manifest("socket", "Mug & Co")
    assert made["features"]["bot_user"]["display_name"] == "Stockbell Mug & Co"


@pytest.mark.parametrize("way", WAYS)
def test_the_command_escapes_people(way: dict[str, str]) -> None:
    [command] = manifest(**way)["features"]["slash_commands"]
    assert command["command"] == "/stock"
    assert command["should_escape"] is True
    assert len(command["command"]) <= 32


def test_socket_mode_needs_no_address() -> None:
    made = manifest("socket")
    assert made["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(made)


@pytest.mark.parametrize(
    "url",
    [
        "https://stock.example.com",
        "https://stock.example.com/",
        "https://stock.example.com/slack/events",
    ],
)
def test_http_mode_names_the_address_everywhere(url: str) -> None:
    made = manifest("http", public_url=url)
    wanted = "https://stock.example.com/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["interactivity"]["request_url"] == wanted
    assert made["features"]["slash_commands"][0]["url"] == wanted


@pytest.mark.parametrize("url", ["", "stock.example.com", "http://stock.example.com"])
def test_http_mode_without_an_https_address_says_what_is_missing(url: str) -> None:
    with pytest.raises(ManifestError, match="https"):
        manifest("http", public_url=url)


def test_every_scope_has_its_reason() -> None:
    assert manifest("socket")["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert all(SCOPES.values())
    assert {*REQUIRED_SCOPES, *LOOKING_SCOPES} <= set(SCOPES)
