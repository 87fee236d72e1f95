"""Everything that people read in Slack: results, notices, the modal and the bot's own words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain import customers, health, staff, stock_command, telling
from bot.domain.notices import Rendered
from bot.domain.stock import Position, Product
from bot.domain.telling import NoticeData
from bot.render import slack_alerts as told
from bot.render import slack_blocks as kit
from bot.render import slack_card as read
from bot.render import slack_health, slack_why, slack_words
from bot.render import slack_modal as modal
from bot.render import slack_writes as wrote
from bot.render.view import View
from bot.render.voice import Voice

ANSWERS: dict[type, Callable[[Voice, Any], Rendered]] = {
    staff.Card: read.card,
    staff.StaffNotFound: read.not_found,
    staff.LowList: read.low_list,
    staff.StaffWhy: slack_why.why,
    staff.Moved: wrote.moved,
    staff.Unchanged: wrote.unchanged,
    staff.BelowZero: wrote.below_zero,
    staff.NeedsConfirmation: wrote.needs_confirmation,
    staff.ChangedMeanwhile: wrote.changed_meanwhile,
    staff.WhichLocation: wrote.which_location,
    staff.Undone: wrote.undone,
    staff.NothingToUndo: wrote.nothing_to_undo,
    staff.ThresholdSet: wrote.threshold_set,
    staff.BadThreshold: wrote.bad_threshold,
    staff.RoleSet: wrote.role_set,
    staff.RoleList: wrote.role_list,
    staff.LastAdmin: wrote.last_admin,
    staff.Refused: slack_words.refused,
    health.HealthCard: slack_health.health,
    staff.Acknowledged: told.acknowledged,
    stock_command.Help: slack_words.help_text,
    stock_command.BadInput: slack_words.bad_input,
    customers.Expired: slack_words.expired,
    customers.NotForSale: slack_words.not_for_sale,
}
NOTICES: dict[type, Callable[[Voice, Any], Rendered]] = {
    telling.AlertTold: told.alert_told,
    telling.DailyDigest: told.digest,
    telling.Fault: told.fault,
}


def answer(view: View, language: str, result: object) -> Rendered:
    """What a service answered, as a message. Raises KeyError for a type it does not know."""
    return ANSWERS[type(result)](kit.voice(view, language), result)


def notice(view: View, language: str, data: NoticeData) -> Rendered:
    """What is told without being asked, as a message or as its edit. Customers are in Telegram."""
    return NOTICES[type(data)](kit.voice(view, language), data)


def shared_card(view: View, language: str, card: staff.Card, by: str) -> Rendered:
    """For the channel: the card without buttons; `by` is an address ("slack:U1")."""
    return read.shared_card(kit.voice(view, language), card, by)


def simple(view: View, language: str, msgid: str, /, **args: object) -> Rendered:
    """One message of the catalogue, its arguments escaped; SIMPLE lists the ids for handlers."""
    return kit.note(kit.voice(view, language)(msgid, **args))


SIMPLE = (
    "error.failed",  # an unexpected fault; nothing the person did
    "confirm.cancelled",
)


def help(view: View, language: str) -> Rendered:
    return slack_words.help_text(kit.voice(view, language))


def bad_input(view: View, language: str, result: stock_command.BadInput) -> Rendered:
    return slack_words.bad_input(kit.voice(view, language), result)


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
    """{block_id: error code} of Stocking.validate_adjust as {block_id: text} for the ack."""
    return modal.errors(kit.voice(view, language), codes)
