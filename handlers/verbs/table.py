"""The verbs of `/stock`, one row each, and how a line finds its own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.domain.stock_words import BadInput, Word, clean, words_of
from handlers.verbs.act import Verb
from handlers.verbs.change import CHANGE
from handlers.verbs.health import HEALTH
from handlers.verbs.help import WORD, help_of
from handlers.verbs.link import LINK
from handlers.verbs.low import LOW
from handlers.verbs.role import ROLE
from handlers.verbs.roles import ROLES
from handlers.verbs.search import SEARCH
from handlers.verbs.set import SET
from handlers.verbs.show import SHOW
from handlers.verbs.threshold import THRESHOLD
from handlers.verbs.undo import UNDO
from handlers.verbs.why import WHY

# In the order in which they are asked, and in which help lists them.
VERBS: tuple[Verb[Any], ...] = (
    SHOW,
    CHANGE,
    SET,
    SEARCH,
    LOW,
    UNDO,
    WHY,
    THRESHOLD,
    ROLES,
    ROLE,
    LINK,
    HEALTH,
)


class Verbs:
    """A table of verbs, with the one that explains them."""

    def __init__(self, rows: Sequence[Verb[Any]] = VERBS) -> None:
        self.rows: tuple[Verb[Any], ...] = (*rows, help_of(rows))

    def understand(self, text: str) -> tuple[Verb[Any], Any]:
        """The verb and its request, or BadInput. Any text gives one; no write is guessed."""
        words = words_of(clean(text)) or [Word(WORD)]
        named = [verb for verb in self.rows if verb.word and verb.word == words[0].folded]
        rest = words[1:] if named else words
        candidates = named or [verb for verb in self.rows if not verb.word]
        for verb in candidates:
            request = verb.read(rest)
            if isinstance(request, BadInput):
                return verb, replace(request, example=verb.usage)
            if request is not None:
                return verb, request
        return candidates[-1], BadInput("other", example=candidates[-1].usage)
