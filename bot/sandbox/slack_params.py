"""Parameters of a Web API call: form or JSON, the token in the header or among them.

https://docs.slack.dev/apis/web-api/#post_bodies
"""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.slack_state import SlackError
from bot.sandbox.state import Json


@dataclass
class SlackParams:
    values: Json

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int) -> int:
        text = self.text(name)
        return int(text) if text.isdigit() else default

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1")

    def json(self, name: str) -> Any:
        """A structure, given as JSON or as JSON in a string; None when it is not there."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            return value or None
        try:
            return json.loads(value)
        except ValueError:
            invalid = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
            raise SlackError(invalid) from None


async def read_params(request: web.Request) -> SlackParams:
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            parsed = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(parsed, dict):
            raise SlackError("json_not_object")
        values |= parsed
    elif request.method == "POST":
        values |= {name: str(value) for name, value in (await request.post()).items()}
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        values["token"] = header.removeprefix("Bearer ").strip()
    return SlackParams(values)
