"""A way that only tests have: letters by pigeon. What is sent cannot be edited, nor looked for.

It is the example of docs/architecture.md: one file (form, channel, how it is opened) and one row.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from bot.app.ways import Row
from bot.app.ways.opened import Opened, Surroundings
from bot.channels.base import Channel, FormRefused
from bot.channels.pacer import Pacer
from bot.checking.finding import Finding
from bot.domain import sending, telling
from bot.domain.contacts import ContactState
from bot.domain.forms import Rendered
from bot.domain.health import Reach
from bot.domain.notices import Lane
from bot.domain.telling import AlertTold, DailyDigest, Fault, NoticeData
from bot.domain.way import AccountName, Way
from bot.domain.ways import WayName
from bot.render import alerts, customers
from bot.render.voice import LABEL, View, Voice, joined, lines, speak
from bot.settings import Settings

PIGEON = WayName("pigeon")
PER_SECOND = 200.0


@dataclass(frozen=True, slots=True)
class Letter(Rendered):
    """Words without markup; a link is written out."""


def notice(view: View, language: str, data: NoticeData) -> Letter:
    say = speak(view, language, LABEL)
    if type(data) in customers.NOTICES:
        said = customers.NOTICES[type(data)](say, data)
        links = [button.url for row in said.rows for button in row if button.url]
        return Letter(lines(said.text, *links))
    return Letter(STAFF[type(data)](say, data))


def of_alert(say: Voice, told: AlertTold) -> str:
    if told.summary:
        return alerts.summary_head(say, told)
    view = told.alerts[0]
    return joined([alerts.head(say, view), alerts.waiting(say, view.waiting)])


def of_day(say: Voice, told: DailyDigest) -> str:
    return lines(say("digest.head", day=say.day(told.day)), *alerts.digest_numbers(say, told))


STAFF: dict[type, Callable[[Voice, Any], str]] = {
    AlertTold: of_alert,
    DailyDigest: of_day,
    Fault: alerts.fault,
}
# What it has no words for, and why not.
UNSAID: dict[type, str] = {
    telling.JoinedTold: "nothing can be typed there, so nobody links it",
}


@dataclass(frozen=True, slots=True)
class PigeonChannel(Channel[Letter]):
    url: str
    session: aiohttp.ClientSession
    pacer: Pacer
    form_refused: FormRefused
    answered: Callable[[float], None] = lambda _: None

    async def send(self, address: str, rendered: Letter, lane: Lane) -> str:
        """In letters that every loft reads, if it refuses others."""
        try:
            return await self._post(address, rendered.text, lane)
        except Signs as refused:
            await self.form_refused(str(refused))
            plain = rendered.text.encode("ascii", "ignore").decode()
            return await self._post(address, plain, lane)

    async def _post(self, address: str, text: str, lane: Lane) -> str:
        await self.pacer.turn(address, lane)
        letter = {"to": address, "text": text}
        try:
            async with self.session.post(f"{self.url}/letters", json=letter) as answer:
                if answer.status == 429:
                    await self.pacer.refused(address, PAUSE)
                return str((await _said(answer))["number"])
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise sending.NotSent("no loft") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise sending.InDoubt("no answer") from error


class Signs(sending.Rejected):
    """The loft reads no signs; the words without them may pass."""


async def _said(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """Raises what the answer means; a page of some proxy is no word of the loft's."""
    status = answer.status
    if status == 429:
        raise sending.RetryAfter(PAUSE)
    if status >= 500:
        raise sending.InDoubt(f"HTTP {status}")
    if answer.content_type != "application/json":
        raise sending.NotSent("a page") if status >= 400 else sending.InDoubt("a page")
    if status >= 400:
        raise MEANS.get(status, sending.Rejected(f"HTTP {status}"))
    found: dict[str, Any] = await answer.json()
    return found


PAUSE = 7.0  # seconds; a loft names no number
MEANS = {
    404: sending.Gone(ContactState.GONE),
    410: sending.Gone(ContactState.BLOCKED),
    422: Signs("signs"),
}


async def open_at(url: str, around: Surroundings) -> Opened:
    session = await around.stack.enter_async_context(aiohttp.ClientSession())
    pacer = around.pacer(lambda memory: Pacer(PER_SECOND, 20, memory=memory))

    async def probe() -> Reach:
        async with session.get(url) as answer:
            return Reach.ANSWERS if answer.ok else Reach.SILENT

    channel = PigeonChannel(url, session, pacer, around.form_refused)
    return Opened(channel, partial(notice, around.view), pacer, probe)


async def check(_: Settings) -> AsyncIterator[Finding]:
    yield Finding(True, "Pigeon: it flies.")


@dataclass(frozen=True, slots=True)
class Room:
    open: Callable[[Surroundings], Awaitable[Opened]]
    check: Callable[[Settings], AsyncIterator[Finding]] = check


def row(url: str, loft: str = "alerts") -> Row:
    """`url` would be a setting."""
    return Row(
        Way(
            name=PIGEON,
            title="Pigeon",
            form=Letter,
            account=AccountName("pigeon"),
            is_address=str.isalnum,
            is_person=str.isalnum,
            example="roof7",
            id_hint="write the roof, pigeon:roof7",
            errors=frozenset(
                {
                    sending.RetryAfter,
                    sending.NotSent,
                    sending.InDoubt,
                    sending.Gone,
                    sending.Rejected,
                }
            ),
            can_edit=False,
            can_look_up=False,
        ),
        setting="PIGEON_URL",
        alerts_setting="PIGEON_ALERTS",
        is_set=lambda _: True,
        alerts=lambda _: [loft],
        refused="PIGEON_URL: no loft is there",
        load=lambda: Room(partial(open_at, url)),
    )
