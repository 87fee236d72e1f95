"""Slack: help, and answers to what was not understood."""

from bot.domain.customers import Expired
from bot.domain.forms import SlackBlocks
from bot.domain.staff import HelpText, Refused
from bot.domain.stock_words import BadInput
from bot.render import roles
from bot.render import slack_blocks as kit
from bot.render.escape import Safe
from bot.render.voice import Voice, lines

COMMAND = "/stock"  # examples of it are codes that nobody translates


def help_text(say: Voice, result: HelpText) -> SlackBlocks:
    head = say("stockhelp.head")
    entries = [Safe(f"{_typed(say, line.typed)} {say(line.msgid)}") for line in result.lines]
    return kit.message(
        head,
        kit.section(lines(say.bold(head), *entries)),
        kit.context(say("stockhelp.roles"), say("stockhelp.quotes")),
    )


def _typed(say: Voice, words: str) -> Safe:
    return say.code(f"{COMMAND} {words}")


def bad_input(say: Voice, result: BadInput) -> SlackBlocks:
    text = say.code(result.text) if result.text.strip() else Safe("")
    head = say(f"bad.{result.code}", text=text)
    return kit.note(head, kit.context(say("bad.example", example=_typed(say, result.example))))


def refused(say: Voice, result: Refused) -> SlackBlocks:
    word = "viewer" if result.role is None else result.needed.word
    command = _typed(say, f"role @you {word}")
    return kit.note(roles.refused(say, result), kit.context(say("refused.ask", command=command)))


def expired(say: Voice, _: Expired) -> SlackBlocks:
    return kit.note(say("expired.slack"))


def button_expired(say: Voice, _: Expired) -> SlackBlocks:
    """Under what a customer was told."""
    return kit.note(say("expired.button"))
