"""An update as it is kept until it is worked off."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from bot.domain import sources

Json = dict[str, Any]
SOURCE = sources.TELEGRAM
# What the bot works on; all else is never fetched. core.telegram.org/bots/api#update
ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")


class Arrival(NamedTuple):
    """One thing that arrived; `key` is unique per source, `sender` is whose order is kept."""

    source: str
    key: str
    sender: str
    payload: Json


# Stores all of them in one commit; what is known already by its key is skipped.
AcceptMany = Callable[[Sequence[Arrival]], Awaitable[object]]


def arrival_of(update: Json) -> Arrival:
    """Raises ValueError for what is no update."""
    update_id = update.get("update_id")
    if not isinstance(update_id, int):
        raise ValueError("not an update: it has no update_id")  # noqa: TRY004  # callers catch one kind
    return Arrival(SOURCE, str(update_id), sender_of(update), update)


def sender_of(update: Json) -> str:
    """The person who acted; else the chat; else the update stands for itself."""
    for kind in ALLOWED_UPDATES:
        body = update.get(kind)
        if isinstance(body, dict):
            for who in ("from", "chat"):
                if isinstance(body.get(who), dict) and "id" in body[who]:
                    return str(body[who]["id"])
    return f"update {update['update_id']}"
