"""What somebody of staff can ask for, typed or pressed: one way to do it and one to say it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from bot.domain.contacts import Role
from bot.domain.customers import Expired
from bot.domain.forms import Rendered, SlackBlocks
from bot.domain.staff import Acting, HelpLine, NotAllowed, Refused
from bot.domain.stock_words import BadInput, Word
from bot.render import slack_words
from bot.render.voice import STYLES, View, Voice, speak
from bot.services.bundle import Services

Request = TypeVar("Request")
Form = TypeVar("Form", bound=Rendered)
Renderer = Callable[[Voice, Any], Rendered]
Says = Mapping[type[Rendered], Mapping[type, Renderer]]

# What may become of anything, in every form.
ALWAYS: Says = {
    SlackBlocks: {
        Refused: slack_words.refused,
        Expired: slack_words.expired,
        BadInput: slack_words.bad_input,
    },
}


@dataclass(frozen=True)
class Act(Generic[Request]):
    """`run` calls ONE service, which opens its transaction as a member with `role` (None: anybody
    may ask, and the service asks for no role).

    `says` has the words for every type that `run` can return, by form; none where something else
    than a message is the answer (a modal).
    """

    role: Role | None
    run: Callable[[Services, Acting, Request], Awaitable[object]]
    says: Says = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Verb(Act[Request]):
    """`word` comes first and `read` gets the words after it; "" has no word and gets them all.

    `read` returns None for what is not meant for this verb; the next one is asked. `help` has what
    can be typed, `usage` is the example for what was not understood.
    """

    read: Callable[[Sequence[Word]], Request | BadInput | None]
    word: str = ""
    help: tuple[HelpLine, ...] = ()
    usage: str


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it, and the row that has the words for it."""

    act: Act[Any]
    result: object


async def do(
    services: Services, act: Act[Request], request: Request | BadInput, acting: Acting
) -> Done:
    """What the role does not allow is a result too: Refused.

    What was not understood, any member may hear of; it needs no more than that.
    """
    try:
        if isinstance(request, BadInput):
            await services.members.admit(replace(acting, needed=Role.VIEWER))
            return Done(act, request)
        if act.role is not None:
            acting = replace(acting, needed=act.role)
        return Done(act, await act.run(services, acting, request))
    except NotAllowed as not_allowed:
        return Done(act, not_allowed.refused)


def say(view: View, form: type[Form], language: str, done: Done) -> Form:
    """Raises KeyError for a result or a form that the row has no words for."""
    words = {**ALWAYS[form], **done.act.says.get(form, {})}
    said = words[type(done.result)](speak(view, language, STYLES[form]), done.result)
    if not isinstance(said, form):
        raise TypeError(f"{type(done.result).__name__} is not said in {form.__name__}")
    return said
