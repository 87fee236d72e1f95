"""Messages in the forms that ways want: what a renderer makes and a channel sends.

A form is a class. Only its renderer and its channels look inside; whoever queues, paces and settles
knows a Rendered.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in some form. What there is beside the text (a subject line, headers, a template
    with its parameters) the form's own class adds."""

    text: str

    @property
    def visible(self) -> tuple[object, ...]:
        """What a reader sees, to tell whether an edit would change anything."""
        return (self.text,)

    def marked(self, notice_id: int) -> Self:
        """The same, to be found by its notice where a way can be looked through."""
        del notice_id
        return self


@dataclass(frozen=True, slots=True)
class Button:
    """Of an inline keyboard: `data` of at most 64 bytes comes back when it is pressed, or `url`."""

    text: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class TelegramHtml(Rendered):
    """`text` is Telegram's HTML, over an inline keyboard; `silent` does not ring."""

    rows: tuple[tuple[Button, ...], ...] = ()
    silent: bool = False

    @property
    def visible(self) -> tuple[object, ...]:
        """Its text and its buttons."""
        return self.text, self.rows


@dataclass(frozen=True, slots=True)
class SlackBlocks(Rendered):
    """Block Kit; `text` is what a phone's push and a screen reader say, and alone it is mrkdwn.

    `metadata` is shown to nobody and can be read back.
    """

    blocks: tuple[dict[str, Any], ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def visible(self) -> tuple[object, ...]:
        """Its text and its blocks."""
        return self.text, self.blocks

    def marked(self, notice_id: int) -> Self:
        """With the notice's number in its metadata."""
        return replace(self, metadata={"notice_id": notice_id})
