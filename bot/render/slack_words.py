"""Slack: help, and answers to what was not understood."""

from bot.domain.customers import Expired, NotForSale
from bot.domain.notices import Rendered
from bot.domain.staff import Refused
from bot.domain.stock_command import BadInput, Help
from bot.render import roles
from bot.render import slack_blocks as kit
from bot.render.escape import Safe
from bot.render.slack_card import title
from bot.render.voice import Voice, lines

# What can be typed, with what it does; codes are examples that nobody translates.
HELP = {
    "/stock MUG-BLUE": "stockhelp.show",
    "/stock MUG-BLUE +5 pallet 7": "stockhelp.add",
    "/stock MUG-BLUE -3 damaged": "stockhelp.remove",
    "/stock MUG-BLUE =40": "stockhelp.set",
    "/stock MUG-BLUE@main +5": "stockhelp.location",
    "/stock blue mug": "stockhelp.search",
    "/stock low": "stockhelp.low",
    "/stock undo": "stockhelp.undo",
    "/stock why MUG-BLUE": "stockhelp.why",
    "/stock threshold MUG-BLUE 10 clear 14": "stockhelp.threshold",
    "/stock role @ada clerk": "stockhelp.role",
    "/stock health": "stockhelp.health",
}
BAD = {
    "no_number": "bad.no_number",
    "not_whole": "bad.not_whole",
    "too_big": "bad.too_big",
    "zero": "bad.zero",
    "negative": "bad.negative",
    "reason_too_long": "bad.reason_too_long",
    "move_number": "bad.move_number",
    "person": "bad.person",
    "role_word": "bad.role_word",
    "usage_low": "bad.usage_low",
    "usage_undo": "bad.usage_undo",
    "usage_why": "bad.usage_why",
    "usage_threshold": "bad.usage_threshold",
    "usage_role": "bad.usage_role",
}
USAGE = {
    "usage_low": "/stock low",
    "usage_undo": "/stock undo",
    "usage_why": "/stock why MUG-BLUE",
    "usage_threshold": "/stock threshold MUG-BLUE 10 clear 14",
    "usage_role": "/stock role @ada clerk",
    "person": "/stock role @ada clerk",
    "role_word": "/stock role @ada clerk",
}


def help_text(say: Voice, _: Help | None = None) -> Rendered:
    head = say("stockhelp.head")
    entries = [Safe(f"{say.code(typed)} {say(msgid)}") for typed, msgid in HELP.items()]
    return kit.message(
        head,
        kit.section(lines(say.bold(head), *entries)),
        kit.context(say("stockhelp.roles"), say("stockhelp.quotes")),
    )


def bad_input(say: Voice, result: BadInput) -> Rendered:
    text = say.code(result.text) if result.text.strip() else Safe("")
    head = say(BAD.get(result.code, "bad.other"), text=text)
    example = USAGE.get(result.code, "/stock MUG-BLUE +5")
    return kit.note(head, kit.context(say("bad.example", example=say.code(example))))


def refused(say: Voice, result: Refused) -> Rendered:
    word = "viewer" if result.role is None else result.needed.word
    command = say.code(f"/stock role @you {word}")
    return kit.note(roles.refused(say, result), kit.context(say("refused.ask", command=command)))


def expired(say: Voice, _: Expired) -> Rendered:
    return kit.note(say("expired.slack"))


def not_for_sale(say: Voice, result: NotForSale) -> Rendered:
    return kit.note(say("notify.notforsale", name=title(say, result.product)))
