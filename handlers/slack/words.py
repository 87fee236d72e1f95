"""What the Slack handlers say, in the language of the shop."""

import json
from dataclasses import dataclass

from bot.domain.forms import SlackBlocks
from bot.domain.staff import AdjustForm, Card
from bot.render import slack as render_slack
from bot.render.slack_modal import OPTIONS
from bot.render.voice import View
from handlers.slack.asked import Asked, Json
from handlers.verbs.act import Done, say


@dataclass(frozen=True, slots=True)
class Words:
    """Slack does not tell the person's language with a command; `language` "" is the shop's."""

    view: View
    language: str = ""

    def say(self, done: Done) -> SlackBlocks:
        return say(self.view, SlackBlocks, self.language, done)

    def customer(self, result: object, language: str) -> SlackBlocks:
        return render_slack.answer(self.view, language, result)

    def simple(self, msgid: str) -> SlackBlocks:
        return render_slack.simple(self.view, self.language, msgid)

    def shared(self, card: Card, asked: Asked) -> SlackBlocks:
        by = asked.caller.address.text
        return render_slack.shared_card(self.view, self.language, card, by)

    def modal(
        self, card: Card, asked: Asked, values: AdjustForm | None, location_id: int | None = None
    ) -> Json:
        """The Adjust modal; what its submission needs travels in it, also what it shows."""
        shown = {str(p.location.id): p.on_hand for p in card.positions[:OPTIONS]}
        metadata = {
            "product_id": card.product.id,
            "channel": asked.channel,
            "response_url": asked.response_url,
            "shown": shown,
        }
        packed = json.dumps(metadata, separators=(",", ":"))
        return render_slack.adjust_modal(
            self.view, self.language, card.product, card.positions, packed, location_id, values
        )

    def errors(self, codes: dict[str, str]) -> dict[str, str]:
        return render_slack.adjust_errors(self.view, self.language, codes)
