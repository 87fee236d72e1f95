"""What somebody typed, pressed or submitted in Slack: Slack's body as our payload and back.

A payload is kept encrypted in the inbox, so it holds what an answer needs and nothing else.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from bot.domain import sources
from bot.domain.contacts import Address, Caller
from bot.domain.staff import Acting, AdjustForm
from bot.domain.ways import SLACK

Json = dict[str, Any]

SOURCE = sources.SLACK  # of arrivals in the inbox, and of what they write
_NUMBERS = re.compile("[0-9]{1,18}(:[0-9]{1,18})*")
ONCE = {"stock_share"}
TEXT_LENGTH = 4_000  # Slack's input box takes no more


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, under which effect key, and where the answer goes.

    `alone`: the pressed message is shown to this person only, so it may be replaced.
    """

    key: str
    user: str
    name: str
    channel: str
    response_url: str
    alone: bool = False

    @classmethod
    def of(cls, payload: Json) -> "Asked":
        return cls(
            key=payload["key"],
            user=payload["user"],
            name=payload["name"],
            channel=payload["channel"],
            response_url=payload["response_url"],
            alone=payload.get("alone", False),
        )

    @property
    def direct(self) -> bool:
        """Whether it is the conversation between this person and the bot (Slack: D...)."""
        return self.channel.startswith("D")

    @property
    def caller(self) -> Caller:
        return Caller(Address(SLACK, self.user), self.name)

    @property
    def acting(self) -> Acting:
        return Acting(self.caller, SOURCE, self.key)


def arrival_key(payload: Json) -> str:
    """The key under which the inbox knows it; the effect key is the same with its source."""
    return str(payload["key"]).removeprefix(f"{SOURCE}:")


def of_command(body: Json) -> Json:
    """A slash command. The trigger is made once for what was typed; a redelivery carries it too."""
    return {
        "kind": "command",
        "key": _key("command", body.get("trigger_id") or _digest(body)),
        "user": body["user_id"],
        "name": body.get("user_name", ""),
        "channel": body.get("channel_id", ""),
        "response_url": body.get("response_url", ""),
        "text": body.get("text", "")[:TEXT_LENGTH],
    }


def of_action(body: Json, action: Json) -> Json:
    """A pressed button. action_ts tells apart what shares a trigger.

    What a message can do once is keyed by the message: pressed twice it is done once.
    """
    trigger = body.get("trigger_id") or _digest(body)
    container = body.get("container") or {}
    key = _key("action", trigger, action.get("action_ts", ""))
    if action.get("action_id") in ONCE and container.get("message_ts"):
        key = _key("once", action["action_id"], body["user"]["id"], container["message_ts"])
    return {
        "kind": "action",
        "key": key,
        **_person(body),
        "channel": (body.get("channel") or {}).get("id") or container.get("channel_id", ""),
        "response_url": body.get("response_url", ""),
        "alone": bool(container.get("is_ephemeral")),
        "action": action.get("action_id", ""),
        "value": str(action.get("value") or ""),
    }


def of_submission(body: Json) -> Json:
    """A submitted Adjust modal. One opening is one effect: corrected or pressed twice it keeps its
    view id, so that is both keys."""
    view = body["view"]
    meta = metadata_of(view)
    return {
        "kind": "adjust",
        "key": _key("view", view.get("root_view_id") or view["id"]),
        **_person(body),
        "channel": str(meta.get("channel", "")),
        "response_url": str(meta.get("response_url", "")),
        "form": _form(view, meta),
    }


def form_of(payload: Json) -> AdjustForm:
    return AdjustForm(**payload["form"])


def metadata_of(view: Json) -> Json:
    """What `opening` put into the view; {} when it is none of ours."""
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _form(view: Json, meta: Json) -> Json:
    location = _number(_value(view, "location"))
    shown = meta.get("shown") or {}
    return {
        "product_id": _number(meta.get("product_id")),
        "location_id": location,
        "mode": _value(view, "mode"),
        "quantity": _value(view, "quantity"),
        "reason": _value(view, "reason"),
        "shown": _number(shown.get(str(location))),
    }


def _value(view: Json, block_id: str) -> str:
    """What was typed or chosen in an input; "" for nothing."""
    block = (view.get("state") or {}).get("values", {}).get(block_id) or {}
    filled: Json = next(iter(block.values()), {})
    chosen = (filled.get("selected_option") or {}).get("value")
    return str(chosen or filled.get("value") or "").strip()


def _number(value: Any) -> int:
    """0, which is the id of nothing, for what is no number."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _person(body: Json) -> Json:
    user = body["user"]
    return {"user": user["id"], "name": user.get("username") or user.get("name") or ""}


def _key(*parts: str) -> str:
    return ":".join((SOURCE, *parts))


def _digest(body: Json) -> str:
    """Stands in for a trigger that is missing: the same body is the same arrival."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


def numbers_in(value: str) -> tuple[int, ...]:
    """The ids that a button carries ("12" or "12:3"); none when it is no button of ours."""
    if not _NUMBERS.fullmatch(value):
        return ()
    return tuple(map(int, value.split(":")))
