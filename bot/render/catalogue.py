"""The catalogues: a message's words in a language, falling back to English, never to an error."""

from collections.abc import Callable, Mapping
from importlib.resources.abc import Traversable
from io import BytesIO

import structlog
from babel.messages.catalog import Catalog as Catalogue
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

import locales
from bot.render.formatting import number

SOURCE = "en"
MOST_CODES = 500  # remembered of platforms, which may give any
_log = structlog.get_logger(__name__)

Escape = Callable[[str], str]


class _Lenient(dict[str, object]):
    """The last resort for a template whose argument was not given."""

    def __missing__(self, key: str) -> str:
        return "…"


def _same(text: str) -> str:
    return text


class Texts:
    """Loads every `<language>/LC_MESSAGES/stockbell.po` of `folder` (default: package locales)."""

    def __init__(self, default_language: str = SOURCE, folder: Traversable | None = None) -> None:
        read = {
            language.name: read_catalogue(po, language.name)
            for language in (folder or locales.folder()).iterdir()
            if (po := language / "LC_MESSAGES" / "stockbell.po").is_file()
        }
        self._catalogues = {code: _compiled(catalogue) for code, catalogue in read.items()}
        self._ids = frozenset(name(message) for message in read[SOURCE] if message.id)
        self._kept: dict[tuple[str, str, Escape], str | None] = {}
        self._picked: dict[str, str] = {}  # by the code that a platform gives
        self._default = SOURCE
        self._default = self._pick(default_language)

    @property
    def languages(self) -> tuple[str, ...]:
        """English first, then by code."""
        return tuple(sorted(self._catalogues, key=lambda code: (code != SOURCE, code)))

    @property
    def ids(self) -> frozenset[str]:
        """Every message of the English catalogue."""
        return self._ids

    def pick(self, code: str) -> str:
        """The catalogue for a platform's language code ("zh-hans", "en-GB"), else the default."""
        if (known := self._picked.get(code)) is not None:
            return known
        if len(self._picked) >= MOST_CODES:
            self._picked.clear()
        return self._picked.setdefault(code, self._pick(code))

    def _pick(self, code: str) -> str:
        wanted = code.strip().replace("-", "_").casefold()
        names = {name.casefold(): name for name in self.languages}
        if wanted in names:
            return names[wanted]
        primary = {name.partition("_")[0]: names[name] for name in reversed(names)}
        return primary.get(wanted.partition("_")[0], self._default)

    def t(self, language: str, msgid: str, /, **args: object) -> str:
        """The message; in English when it is missing or does not take the arguments."""
        return self.say(language, msgid, None, args)

    def n(self, language: str, msgid: str, count: int, /, **args: object) -> str:
        """The plural form for `count`, which is written `%(n)s` in the message."""
        return self.say(language, msgid, count, args)

    def say(
        self,
        language: str,
        msgid: str,
        count: int | None,
        args: Mapping[str, object],
        escape: Escape = _same,
    ) -> str:
        """`escape` is laid on the message's own words; the arguments come escaped."""
        for code in (language, SOURCE) if language != SOURCE else (SOURCE,):
            template = self._escaped(code, msgid, count, escape)
            if template is None:
                _log.warning("text_missing", language=code, msgid=msgid)
                continue
            given = args if count is None else {"n": escape(number(count, code)), **args}
            try:
                return template % given
            except (KeyError, ValueError, TypeError) as error:
                _log.warning("text_broken", language=code, msgid=msgid, error=repr(error))
        return _last_resort(escape(self._template(SOURCE, msgid, count) or msgid), args)

    def _escaped(self, language: str, msgid: str, count: int | None, escape: Escape) -> str | None:
        """The template in a platform's markup; kept, because a broadcast says the same again."""
        if count is not None:
            template = self._template(language, msgid, count)
            return None if template is None else escape(template)
        key = (language, msgid, escape)
        if key not in self._kept:
            template = self._template(language, msgid, None)
            self._kept[key] = None if template is None else escape(template)
        return self._kept[key]

    def _template(self, language: str, msgid: str, count: int | None) -> str | None:
        catalogue = self._catalogues.get(language)
        if catalogue is None:
            return None
        if count is None:
            found = catalogue.gettext(msgid)
        else:
            found = catalogue.ngettext(msgid, msgid, abs(count))
        return None if found == msgid else str(found)


def read_catalogue(po: Traversable, language: str) -> Catalogue:
    with po.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def name(message: Message) -> str:
    """Its id: the singular's, where there is a plural."""
    return str(message.id if isinstance(message.id, str) else message.id[0])


def _compiled(catalogue: Catalogue) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain="stockbell")


def _last_resort(template: str, args: Mapping[str, object]) -> str:
    try:
        return template % _Lenient(args)
    except (ValueError, TypeError):
        return template  # a stray per cent sign: people still read the words
