"""What people read in Slack beside the answers of handlers.verbs: notices, the modal, own words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain import customers, staff, telling
from bot.domain.forms import SlackBlocks
from bot.domain.stock import Position, Product
from bot.domain.telling import NoticeData
from bot.render import customers as everywhere
from bot.render import slack_alerts as told
from bot.render import slack_blocks as kit
from bot.render import slack_card as read
from bot.render import slack_joining, slack_words
from bot.render import slack_modal as modal
from bot.render.voice import View, Voice

# Answers to customers. Those to staff are the verbs'; what customers can type is in Telegram.
ANSWERS: dict[type, Callable[[Voice, Any], SlackBlocks]] = {
    **{kind: kit.in_blocks(words) for kind, words in everywhere.ANSWERS.items()},
    customers.Expired: slack_words.button_expired,
}
NOTICES: dict[type, Callable[[Voice, Any], SlackBlocks]] = {
    **{kind: kit.in_blocks(words) for kind, words in everywhere.NOTICES.items()},
    telling.JoinedTold: slack_joining.told,
    telling.AlertTold: told.alert_told,
    telling.DailyDigest: told.digest,
    telling.Fault: told.fault,
}


def answer(view: View, language: str, result: object) -> SlackBlocks:
    """What a service answered a customer. Raises KeyError for a type it does not know."""
    return ANSWERS[type(result)](kit.voice(view, language), result)


def notice(view: View, language: str, data: NoticeData) -> SlackBlocks:
    """What is told without being asked, as a message or as its edit."""
    return NOTICES[type(data)](kit.voice(view, language), data)


def shared_card(view: View, language: str, card: staff.Card, by: str) -> SlackBlocks:
    """For the channel: the card without buttons; `by` is an address ("slack:U1")."""
    return read.shared_card(kit.voice(view, language), card, by)


def simple(view: View, language: str, msgid: str, /, **args: object) -> SlackBlocks:
    """One message of the catalogue, its arguments escaped; SIMPLE lists the ids for handlers."""
    return kit.note(kit.voice(view, language)(msgid, **args))


SIMPLE = (
    "error.failed",  # an unexpected fault; nothing the person did
    "confirm.cancelled",
)


def adjust_modal(
    view: View,
    language: str,
    product: Product,
    positions: Sequence[Position],
    private_metadata: str,
    location_id: int | None = None,
    values: staff.AdjustForm | None = None,
) -> dict[str, Any]:
    """The view for views.open; `positions` is not empty, `values` was typed into an older one."""
    say = kit.voice(view, language)
    return modal.adjust(say, product, positions, private_metadata, location_id, values)


def adjust_errors(view: View, language: str, codes: Mapping[str, str]) -> dict[str, str]:
    """{block_id: error code} of FormChecked as {block_id: text} for the ack."""
    return modal.errors(kit.voice(view, language), codes)
