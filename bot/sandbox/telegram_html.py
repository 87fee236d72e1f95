"""Telegram's HTML: text with tags -> plain text and entities, and back to safe HTML for the page.

https://core.telegram.org/bots/api#html-style
"""

import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Entity = dict[str, Any]
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
}
# "The API currently supports only the following named HTML entities", and all numerical ones
REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot));?")
SPACE, NAME, TOKEN = re.compile(r"\s*"), re.compile(r"[^\s=>/\"']*"), re.compile(r"[a-zA-Z0-9.-]*")
LINK = re.compile(r"(?:https?://|tg://)?[^\s/.]+\.[^\s]+|tg://\S+", re.IGNORECASE)
SAFE_LINK = re.compile(r"https?://", re.IGNORECASE)


class HtmlError(ValueError):
    """The text after "can't parse entities: "."""


@dataclass
class Open:
    tag: str
    at: int
    attributes: dict[str, str]


def units(text: str) -> int:
    """Entity offsets count UTF-16 code units: https://core.telegram.org/api/entities"""
    return len(text.encode("utf-16-le")) // 2


def unescape(text: str) -> str:
    def char(match: re.Match[str]) -> str:
        hexadecimal, decimal, name = match.groups()
        if name:
            return REFERENCES[name]
        code = int(hexadecimal, 16) if hexadecimal else int(decimal)
        return chr(code) if 0 < code < 0x10FFFF else match.group()

    return REFERENCE.sub(char, text)


class HtmlParser:
    """One pass over one text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.text = ""
        self.at = 0
        self.open: list[Open] = []
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        position = 0
        while (start := self.source.find("<", position)) >= 0:
            self._write(unescape(self.source[position:start]))
            position = self._tag(start)
        self._write(unescape(self.source[position:]))
        if self.open:
            raise HtmlError(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        self.entities.sort(key=lambda e: (e["offset"], -e["length"]))
        return self.text, self.entities

    def _write(self, text: str) -> None:
        self.text += text
        self.at += units(text)

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode())

    def _tag(self, start: int) -> int:
        if self.source.startswith("</", start):
            return self._end_tag(start)
        match = re.compile(r"<([^\s>]*)").match(self.source, start)
        name = match.group(1).lower() if match else ""
        position = start + 1 + len(name)
        if position >= len(self.source):
            raise HtmlError(f"Unclosed start tag at byte offset {self._byte(start)}")
        if name not in TAGS:
            raise HtmlError(f'Unsupported start tag "{name}" at byte offset {self._byte(start)}')
        attributes, end = self._attributes(name, start, position)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            offset = self._byte(start)
            raise HtmlError(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
        self.open.append(Open(name, self.at, attributes))
        return end

    def _attributes(self, tag: str, start: int, position: int) -> tuple[dict[str, str], int]:
        """Those from `position` on, and where the tag ends; step by step as TDLib reads them."""
        found: dict[str, str] = {}
        offset = self._byte(start)
        while not self.source.startswith(">", position := self._past(SPACE, position)):
            end = self._past(NAME, position)
            name, position = self.source[position:end].lower(), self._past(SPACE, end)
            if not name:
                raise HtmlError(f'Empty attribute name in the tag "{tag}" at byte offset {offset}')
            found[name] = ""
            if position < len(self.source) and self.source[position] != "=":
                continue
            position = self._past(SPACE, position + 1)
            if position >= len(self.source):
                raise HtmlError(f'Unclosed start tag "{tag}" at byte offset {offset}')
            found[name], position = self._value(position)
            if position >= len(self.source):
                raise HtmlError(f"Unclosed start tag at byte offset {offset}")
        return found, position + 1

    def _value(self, position: int) -> tuple[str, int]:
        """An attribute's value and what comes behind it; the end of the text if it has no end."""
        quote = self.source[position]
        if quote in "\"'":
            end = self.source.find(quote, position + 1)
            rest = len(self.source) if end < 0 else end + 1
            return unescape(self.source[position + 1 : rest - 1]), rest
        end = self._past(TOKEN, position)
        if not re.compile(r"[\s>]|\Z").match(self.source, end):
            at = self._byte(position)
            raise HtmlError(f"Unexpected end of name token at byte offset {at}")
        return self.source[position:end], end

    def _past(self, some: re.Pattern[str], position: int) -> int:
        match = some.match(self.source, position)
        return match.end() if match else position

    def _end_tag(self, start: int) -> int:
        offset = self._byte(start)
        if not self.open:
            raise HtmlError(f"Unexpected end tag at byte offset {offset}")
        match = re.compile(r"</([^\s>]*)\s*>").match(self.source, start)
        if match is None:
            raise HtmlError(f"Unclosed end tag at byte offset {offset}")
        name, opened = match.group(1).lower(), self.open.pop()
        if name and name != opened.tag:
            raise HtmlError(
                f"Unmatched end tag at byte offset {offset}, "
                f'expected "</{opened.tag}>", found "</{name}>"'
            )
        if self.at > opened.at:
            self._close(opened)
        return match.end()

    def _close(self, opened: Open) -> None:
        entity: Entity = {
            "type": TAGS[opened.tag],
            "offset": opened.at,
            "length": self.at - opened.at,
        }
        language = opened.attributes.get("class", "")
        if opened.tag == "a" and not self._link(entity, opened):
            return
        if opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        if opened.tag == "code" and language.startswith("language-") and self._in_pre(opened):
            entity |= {"type": "pre", "language": language.removeprefix("language-")}
        if opened.tag == "pre" and self._holds_code(entity):
            return
        self.entities.append(entity)

    def _in_pre(self, opened: Open) -> bool:
        return bool(self.open) and self.open[-1].tag == "pre" and self.open[-1].at == opened.at

    def _holds_code(self, pre: Entity) -> bool:
        last = self.entities[-1] if self.entities else {}
        return "language" in last and all(last[k] == pre[k] for k in ("offset", "length"))

    def _link(self, entity: Entity, opened: Open) -> bool:
        target = opened.attributes.get("href") or slice_units(
            self.text, entity["offset"], entity["length"]
        )
        mention = re.fullmatch(r"tg://user\?id=(\d+)", target)
        if mention:
            person = {"id": int(mention.group(1)), "is_bot": False, "first_name": ""}
            entity |= {"type": "text_mention", "user": person}
        else:
            entity["url"] = target
        return bool(LINK.fullmatch(target))


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Text and entities with UTF-16 offsets; HtmlError in Telegram's own words."""
    return HtmlParser(source).parse()


def slice_units(text: str, offset: int, length: int) -> str:
    raw = text.encode("utf-16-le")
    return raw[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")


AUTOMATIC = {
    # https://core.telegram.org/bots/api#messageentity
    "bot_command": re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/])"),
    "url": re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]", re.IGNORECASE),
    "mention": re.compile(r"(?<!\w)@[A-Za-z]\w{3,31}\b"),
}


def found_by_itself(text: str, taken: list[Entity]) -> list[Entity]:
    """The commands, links and mentions that Telegram marks without being told to."""
    spans = [(e["offset"], e["offset"] + e["length"]) for e in taken if e["type"] in OPAQUE]
    found: list[Entity] = []
    for kind, pattern in AUTOMATIC.items():
        for match in pattern.finditer(text):
            offset, length = units(text[: match.start()]), units(match.group())
            if all(offset + length <= start or offset >= end for start, end in spans):
                found.append({"type": kind, "offset": offset, "length": length})
                spans.append((offset, offset + length))
    return found


OPAQUE = ("code", "pre", "text_link", "text_mention")


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Telegram cuts white space off both ends of a message and moves the entities."""
    left = units(text) - units(text.lstrip())
    result = text.strip()
    end = units(result)
    moved = []
    for entity in entities:
        start = max(entity["offset"] - left, 0)
        stop = min(entity["offset"] - left + entity["length"], end)
        if stop > start:
            moved.append({**entity, "offset": start, "length": stop - start})
    return result, moved


MARKS = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "code": ("<code>", "</code>"),
    "pre": ("<pre>", "</pre>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ('<blockquote class="expandable">', "</blockquote>"),
    "spoiler": ('<span class="spoiler">', "</span>"),
    "bot_command": ('<span class="command">', "</span>"),
    "mention": ('<span class="mention">', "</span>"),
    "text_mention": ('<span class="mention">', "</span>"),
}


def _marks(text: str, entity: Entity) -> tuple[str, str]:
    if entity["type"] in ("url", "text_link"):
        url = entity.get("url") or slice_units(text, entity["offset"], entity["length"])
        if SAFE_LINK.match(url):
            return f'<a href="{html.escape(url)}" target="_blank" rel="noopener">', "</a>"
        return "", ""
    return MARKS.get(entity["type"], ("", ""))


def _pieces(text: str, entities: list[Entity]) -> Iterator[tuple[str, list[Entity]]]:
    ends = {e["offset"] + e["length"] for e in entities}
    cuts = sorted({0, units(text)} | {e["offset"] for e in entities} | ends)
    for start, stop in itertools.pairwise(cuts):
        active = [e for e in entities if e["offset"] < stop and e["offset"] + e["length"] > start]
        yield slice_units(text, start, stop - start), active


def render_html(text: str, entities: list[Entity]) -> str:
    """Safe HTML: the text is escaped, tags come only from the table above and always nest."""
    out: list[str] = []
    stack: list[Entity] = []
    for piece, active in _pieces(text, entities):
        keep = 0
        while keep < len(stack) and stack[keep] in active:
            keep += 1
        out += [_marks(text, entity)[1] for entity in reversed(stack[keep:])]
        added = [entity for entity in active if entity not in stack[:keep]]
        out += [_marks(text, entity)[0] for entity in added]
        stack = stack[:keep] + added
        out.append(html.escape(piece, quote=False))
    out += [_marks(text, entity)[1] for entity in reversed(stack)]
    return "".join(out)
