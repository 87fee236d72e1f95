"""The ways there are: a new one is a file beside these and a row of WAYS.

What a row loads has the platform's library: only the bot and `check` need it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import sending
from bot.domain.contacts import Address
from bot.domain.forms import SlackBlocks, TelegramHtml
from bot.domain.way import AccountName, Way, Ways
from bot.domain.ways import SLACK, TELEGRAM
from bot.settings import Settings, SettingsError

if TYPE_CHECKING:
    from bot.app.ways.opened import Room


@dataclass(frozen=True, slots=True)
class Row:
    """A way, what the settings say of it, and what opens and checks it.

    `setting` sets it up: `is_set` says whether it does. `alerts`: where on it staff are told, by
    `alerts_setting`.
    """

    way: Way
    setting: str
    alerts_setting: str
    is_set: Callable[[Settings], bool]
    alerts: Callable[[Settings], Sequence[str]]
    refused: str  # what to do about a token that is not taken
    load: "Callable[[], Room]"


def _telegram() -> "Room":
    from bot.app.ways import telegram

    return telegram


def _slack() -> "Room":
    from bot.app.ways import slack

    return slack


def _fits(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


OF_ALL: frozenset[type[sending.SendError]] = frozenset((
    sending.RetryAfter, sending.NotSent, sending.InDoubt, sending.Gone, sending.Rejected,
    sending.MessageLost, sending.CannotLook,
))  # fmt: skip

WAYS = (
    Row(
        Way(
            name=TELEGRAM,
            title="Telegram",
            form=TelegramHtml,
            account=AccountName("telegram"),
            is_address=_fits(r"-?[1-9][0-9]{0,19}|@[A-Za-z0-9_]{1,64}"),  # a chat, a public group
            is_person=_fits(r"[1-9][0-9]{0,19}"),
            example="12345",
            id_hint="write the number of the account, telegram:12345;"
            " a bot sees no other name of it",
            errors=OF_ALL | {sending.Moved, sending.Unchanged},
            can_look_up=False,
        ),
        setting="TELEGRAM_BOT_TOKEN",
        alerts_setting="TELEGRAM_ALERT_CHATS",
        is_set=lambda settings: bool(settings.telegram_token),
        alerts=lambda settings: settings.telegram_alert_chats,
        refused="TELEGRAM_BOT_TOKEN: Telegram does not accept it; copy it again from @BotFather"
        " (or look at TELEGRAM_API_URL)",
        load=_telegram,
    ),
    Row(
        Way(
            name=SLACK,
            title="Slack",
            form=SlackBlocks,
            account=AccountName("slack"),
            is_address=_fits(r"#?[^\s#@:,]{1,80}"),  # the id of a person or channel, or its name
            is_person=_fits(r"[UW][A-Z0-9]+"),
            can_mention=True,
            example="U0123",
            id_hint="write the member ID that Slack shows in the profile, slack:U0123456789",
            errors=OF_ALL,
        ),
        setting="SLACK_BOT_TOKEN",
        alerts_setting="SLACK_ALERT_CHANNEL",
        is_set=lambda settings: bool(settings.slack_token),
        alerts=lambda settings: [channel for channel in [settings.slack_alert_channel] if channel],
        refused="SLACK_BOT_TOKEN: Slack does not accept it; copy it again from the app's page,"
        " OAuth & Permissions (or look at SLACK_API_URL)",
        load=_slack,
    ),
)


def ways_of(rows: Iterable[Row]) -> Ways:
    return Ways(row.way for row in rows)


KNOWN = ways_of(WAYS)


@dataclass(frozen=True, slots=True)
class Named:
    """The addresses in the settings: admins, and where alerts go on the ways that are set up."""

    admins: tuple[Address, ...]
    alerts: tuple[Address, ...]


def named(settings: Settings, rows: Sequence[Row]) -> Named:
    """Raises SettingsError for what is no address of any way."""
    ways = ways_of(rows)
    told = [
        _told(row, ways, chat)
        for row in rows
        if row.is_set(settings)
        for chat in row.alerts(settings)
    ]
    return Named(tuple(map(ways.person, settings.admins)), tuple(told))


def _told(row: Row, ways: Ways, chat: str) -> Address:
    try:
        return ways.address(f"{row.way.name}:{chat}")
    except ValueError:
        raise SettingsError(f"{row.alerts_setting}: {chat!r} is no address there") from None


def require_one(settings: Settings, rows: Sequence[Row]) -> None:
    """`run` needs something to talk to. Raises SettingsError."""
    if not any(row.is_set(settings) for row in rows):
        names = " and ".join(row.setting for row in rows)
        raise SettingsError(f"{names}: all are empty; set at least one in .env")
