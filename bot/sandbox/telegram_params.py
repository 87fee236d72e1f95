"""Parameters of a Bot API call: "four ways of passing parameters".

https://core.telegram.org/bots/api#making-requests
"""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.state import Json
from bot.sandbox.telegram_state import bad_request


@dataclass
class Upload:
    name: str
    mime: str
    data: bytes


@dataclass
class Params:
    values: Json = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        try:
            return int(self.values[name]) if self.has(name) else default
        except (TypeError, ValueError):
            raise bad_request(f'parameter "{name}" must be an Integer') from None

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in ("true", "1", "yes")

    def json(self, name: str) -> Any:
        """A JSON-serialised parameter, or None when it is not there."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None


async def read_params(request: web.Request) -> Params:
    params = Params(dict(request.query))
    if request.content_type == "application/json":
        body = await request.text()
        try:
            parsed = json.loads(body or "{}")
        except ValueError:
            raise bad_request("can't parse request body JSON object") from None
        params.values |= parsed if isinstance(parsed, dict) else {}
    elif request.method == "POST":
        await _read_form(request, params)
    return params


async def _read_form(request: web.Request, params: Params) -> None:
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            data = value.file.read()
            mime = value.content_type or "application/octet-stream"
            params.files[name] = Upload(value.filename, mime, data)
        else:
            params.values[name] = value if isinstance(value, str) else bytes(value).decode()
