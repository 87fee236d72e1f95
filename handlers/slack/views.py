"""What is submitted: the Adjust modal."""

from handlers.slack.answer import Answers
from handlers.slack.asked import Asked, form_of
from handlers.slack.ports import Json, Services


async def wrong(services: Services, answers: Answers, payload: Json) -> dict[str, str]:
    """What is wrong with the form, as texts by block; reads only."""
    asked = Asked.of(payload)
    codes = await services.stocking.validate_adjust(asked.caller, form_of(payload))
    return answers.words.errors(codes)


async def adjust(services: Services, answers: Answers, payload: Json) -> None:
    """The form was right when it came; what changed since is answered."""
    asked = Asked.of(payload)
    result = await services.stocking.adjust(asked.caller, form_of(payload), asked.key)
    await answers.tell(asked, result)
