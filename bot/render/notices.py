"""What is told without being asked: every kind of it in every form."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.domain.forms import Rendered, SlackBlocks, TelegramHtml
from bot.render import slack, telegram
from bot.render.voice import Voice

Tell = Callable[[Voice, Any], Rendered]

# Whoever adds a kind or a form meets the test that asks for every cell of this table.
WORDS: Mapping[type[Rendered], Mapping[type, Tell]] = {
    TelegramHtml: telegram.NOTICES,
    SlackBlocks: slack.NOTICES,
}
