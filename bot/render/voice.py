"""Speaking to one reader: a message's words, safely, in their language and platform."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from bot.domain.alerts import AlertView
from bot.domain.forms import Rendered, SlackBlocks, TelegramHtml
from bot.domain.rules.kind import Explained
from bot.domain.stock import Location, Product
from bot.domain.ways import WayName
from bot.render import escape, formatting
from bot.render.catalogue import Texts
from bot.render.escape import Safe, clean
from bot.render.view import RenderContext

NAME, CODE, WORDS = 100, 60, 200  # characters shown of a name, a code, a reason or query
_SLACK_USER = re.compile(r"slack:([UW][A-Z0-9]{1,20})")


@dataclass(frozen=True, slots=True)
class Style:
    """A form's markup.

    `own` escapes the catalogue's words, `foreign` those of others, `verbatim` a code's.
    """

    own: Callable[[str], str]
    foreign: Callable[[str], str]
    verbatim: Callable[[str], str]
    bold: str = "{}"
    code: str = "{}"
    mention: str = ""  # of a Slack user id


STYLES: Mapping[type[Rendered], Style] = {
    TelegramHtml: Style(
        escape.telegram, escape.telegram_foreign, escape.telegram, "<b>{}</b>", "<code>{}</code>"
    ),
    SlackBlocks: Style(
        escape.slack, escape.slack_foreign, escape.slack_code, "*{}*", "`{}`", "<@{}>"
    ),
}
LABEL = Style(escape.plain, escape.plain_foreign, escape.plain_foreign)


class Face(Protocol):
    """The words of one kind, in the reader's markup. What all kinds have in common (the sign, since
    when, who has it, how many wait) stands around them already."""

    def name(self, say: "Voice", alert: AlertView) -> Safe:
        """What it is about, in an answer or on a button."""

    def head(self, say: "Voice", alert: AlertView) -> Safe:
        """What is the matter, in one line."""

    def numbers(self, say: "Voice", alert: AlertView) -> Safe:
        """How bad, as short as a phone's lock screen."""

    def arithmetic(self, say: "Voice", alert: AlertView) -> list[Safe]:
        """Why it fires, term by term, and when it will be over."""

    def row(self, say: "Voice", alert: AlertView) -> Safe:
        """Its numbers behind the name, in a list."""

    def ended(self, say: "Voice", alert: AlertView, when: datetime) -> Safe:
        """Why and when it was over."""

    def why(self, say: "Voice", item: Explained) -> Safe:
        """What the rule decides now, and the sums, for /stock why; without the open alert."""


@dataclass(frozen=True, slots=True)
class View:
    """`faces`: the words of each kind of rule, by its name; from the table of bot.app."""

    texts: Texts
    context: RenderContext
    faces: Mapping[str, Face]


@dataclass(frozen=True, slots=True)
class Voice:
    """What it returns is in the platform's markup; arguments that are not are escaped."""

    view: View
    language: str
    style: Style

    def __call__(self, msgid: str, /, **args: object) -> Safe:
        return self._say(msgid, None, args)

    def n(self, msgid: str, count: int, /, **args: object) -> Safe:
        return self._say(msgid, count, args)

    def _say(self, msgid: str, count: int | None, args: dict[str, object]) -> Safe:
        given = {key: self._argument(value) for key, value in args.items()}
        texts = self.view.texts
        return Safe(texts.say(self.language, msgid, count, given, self.style.own))

    def _argument(self, value: object) -> Safe:
        if isinstance(value, Safe):
            return value
        if isinstance(value, int):
            return self.number(value)
        return self.words(str(value))

    @property
    def label(self) -> "Voice":
        """The same reader, for buttons and other places without markup."""
        return Voice(self.view, self.language, LABEL)

    @property
    def quiet(self) -> "Voice":
        """The same reader and escapes, without emphasis."""
        return replace(self, style=replace(self.style, bold="{}", code="{}"))

    def words(self, text: str, limit: int = WORDS) -> Safe:
        """Somebody's words, in one line."""
        return Safe(self.style.foreign(clean(text, limit)))

    def bold(self, text: str) -> Safe:
        return Safe(self.style.bold.format(self._argument(text)))

    def code(self, text: str, limit: int = CODE) -> Safe:
        """A code as the platform's clients let people copy it."""
        return Safe(self.style.code.format(self.style.verbatim(clean(text, limit)) or "?"))

    def address(self, url: str) -> Safe:
        """A web address of the shop's own settings: unlike others' words it may come alive."""
        return Safe(self.style.own(clean(url, 300)))

    def name(self, product: Product, limit: int = NAME) -> Safe:
        """The product's name; its code where it has none."""
        return self.bold(clean(product.name, limit) or clean(product.sku, limit) or "?")

    def place(self, location: Location) -> Safe:
        """`main`, or `Back room (back)` when the name says more than the code."""
        code, name = clean(location.code, 40), clean(location.name, 60)
        same = not name or name.casefold() == code.casefold()
        return self.words(code if same else f"{name} ({code})")

    def number(self, value: int) -> Safe:
        return Safe(self.style.own(formatting.number(value, self.language)))

    def signed(self, value: int) -> Safe:
        return Safe(self.style.own(formatting.signed(value, self.language)))

    def price(self, product: Product) -> Safe | None:
        if product.price is None:
            return None
        currency = clean(product.currency, 10)
        return self.words(formatting.price(product.price, currency, self.language))

    def moment(self, value: datetime) -> Safe:
        context = self.view.context
        return self.words(formatting.moment(value, self.language, context.zone, context.now()))

    def lasting(self, since: datetime, until: datetime | None = None) -> Safe:
        until = until or self.view.context.now()
        return self.words(formatting.lasting(since, self.language, until))

    def day(self, value: date | datetime) -> Safe:
        zone = self.view.context.zone
        this_year = self.view.context.now().astimezone(zone).year
        local = value.astimezone(zone).date() if isinstance(value, datetime) else value
        return self.words(formatting.day(local, self.language, this_year))

    def person(self, who: str) -> Safe:
        """`slack:U1` as a mention where that works, an address of elsewhere as a colleague."""
        user = _SLACK_USER.fullmatch(who.strip()) if self.style.mention else None
        if user:
            return Safe(self.style.mention.format(user.group(1)))
        if who.strip().partition(":")[0] in self.view.context.ways:
            return self("person.colleague")
        return self.words(who, 60) if clean(who) else self("person.somebody")

    def title(self, way: WayName) -> str:
        """A platform's name, the same in every language."""
        return self.view.context.ways.title(way)

    @property
    def shop(self) -> Safe:
        return self.words(self.view.context.shop_name, 80) or self("shop.nameless")


def speak(view: View, language: str, style: Style) -> Voice:
    """A voice in the catalogue that fits the language code."""
    return Voice(view, view.texts.pick(language), style)


def joined(parts: Sequence[Safe | None], separator: str = " · ") -> Safe:
    """The parts there are, in one line."""
    return Safe(separator.join(part for part in parts if part))


def lines(*parts: str | None) -> Safe:
    """The parts there are, one below the other; "" makes an empty line."""
    return Safe("\n".join(part for part in parts if part is not None))
