"""What Telegram would refuse, found with TDLib's own parser and the documented limits."""

import json
from typing import Any

import tdjson

from bot.domain.forms import Button, TelegramHtml

# https://core.telegram.org/bots/api
TEXT, CALLBACK_DATA, BUTTONS, ROW = 4096, 64, 100, 8
LIVE = ("BotCommand", "Mention", "MentionName", "Url", "TextUrl", "EmailAddress")


def execute(request: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}")
    return answer


execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})


def parsed(text: str) -> dict[str, Any]:
    """The text and entities, or an error, as Telegram's servers see them."""
    return execute(
        {"@type": "parseTextEntities", "text": text, "parse_mode": {"@type": "textParseModeHTML"}}
    )


def live(text: str) -> list[str]:
    """Mentions, links and commands, written ones and those that clients find by themselves."""
    seen = parsed(text)
    found = execute({"@type": "getTextEntities", "text": seen["text"]})["entities"]
    opaque = [e for e in seen["entities"] if e["type"]["@type"] == "textEntityTypeCode"]
    outside = [e for e in found if not any(_inside(e, code) for code in opaque)]
    kinds = [e["type"]["@type"].removeprefix("textEntityType") for e in seen["entities"] + outside]
    return [kind for kind in kinds if kind in LIVE]


def _inside(entity: dict[str, Any], code: dict[str, Any]) -> bool:
    start, end = entity["offset"], entity["offset"] + entity["length"]
    return bool(code["offset"] <= start and end <= code["offset"] + code["length"])


def problems(rendered: TelegramHtml) -> list[str]:
    """In words; empty when Telegram takes it."""
    answer = parsed(rendered.text)
    if answer["@type"] != "formattedText":
        return [f"{answer['message']}: {rendered.text[:200]!r}"]
    length = len(answer["text"].encode("utf-16-le")) // 2
    found = [] if 0 < length <= TEXT else [f"{length} characters of text"]
    if any("\ud800" <= char <= "\udfff" for char in rendered.text):
        found.append("half a surrogate pair")
    if sum(map(len, rendered.rows)) > BUTTONS or any(len(row) > ROW for row in rendered.rows):
        found.append("too many buttons")
    if not all(rendered.rows):
        found.append("an empty row of buttons")
    return found + [problem for row in rendered.rows for b in row for problem in _button(b)]


def _button(button: Button) -> list[str]:
    size = len(button.data.encode())
    found = []
    if bool(button.data) == bool(button.url):
        found.append(f"not exactly one of data and url: {button}")
    if size > CALLBACK_DATA or not button.data.isascii():
        found.append(f"callback_data of {size} bytes: {button.data!r}")
    if not button.text.strip() or len(button.text) > 80:
        found.append(f"label {button.text!r}")
    return found
