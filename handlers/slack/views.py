"""What is submitted: the Adjust modal."""

from bot.domain.staff import FormChecked, Refused
from bot.services.bundle import Services
from handlers.slack.answer import Answers
from handlers.slack.asked import Asked, Json, form_of
from handlers.verbs.act import do
from handlers.verbs.pressed import ADJUST, CHECK_ADJUST


async def correction(services: Services, answers: Answers, payload: Json) -> Json:
    """What the acknowledgement asks of the person; {} when all is right. Reads only.

    When the stock is another than the form shows, the form shows what there is now, and keeps what
    was typed.
    """
    asked, form = Asked.of(payload), form_of(payload)
    checked = (await do(services, CHECK_ADJUST, form, asked.acting)).result
    if isinstance(checked, FormChecked) and checked.card is not None:
        return {
            "response_action": "update",
            "view": answers.words.modal(checked.card, asked, form),
        }
    refused = {"quantity": "refused"} if isinstance(checked, Refused) else {}
    codes = checked.wrong if isinstance(checked, FormChecked) else refused
    errors = answers.words.errors(codes)
    return {"response_action": "errors", "errors": errors} if errors else {}


async def adjust(services: Services, answers: Answers, payload: Json) -> None:
    """The form was right when it came; what changed since is answered."""
    asked = Asked.of(payload)
    await answers.tell(asked, await do(services, ADJUST, form_of(payload), asked.acting))
