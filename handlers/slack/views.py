"""What is submitted: the Adjust modal."""

from bot.domain.staff import Card
from handlers.slack.answer import Answers
from handlers.slack.asked import Asked, form_of
from handlers.slack.ports import Json, Services


async def correction(services: Services, answers: Answers, payload: Json) -> Json:
    """What the acknowledgement asks of the person; {} when all is right. Reads only.

    When the stock is another than the form shows, the form shows what there is now, and keeps what
    was typed.
    """
    asked, form = Asked.of(payload), form_of(payload)
    codes = await services.stocking.validate_adjust(asked.caller, form)
    if "changed_meanwhile" in codes.values():
        card = await services.stocking.card(asked.caller, form.product_id)
        if isinstance(card, Card):
            return {"response_action": "update", "view": answers.words.modal(card, asked, form)}
    errors = answers.words.errors(codes)
    return {"response_action": "errors", "errors": errors} if errors else {}


async def adjust(services: Services, answers: Answers, payload: Json) -> None:
    """The form was right when it came; what changed since is answered."""
    asked = Asked.of(payload)
    result = await services.stocking.adjust(asked.caller, form_of(payload), asked.key)
    await answers.tell(asked, result)
