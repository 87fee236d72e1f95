"""Slack: linking contacts, and what is told of it."""

from bot.domain.forms import SlackBlocks
from bot.domain.joining import CodeGiven, Joined, NothingParted, Parted, Refusal, ToldHere
from bot.domain.telling import JoinedTold
from bot.render import joining as words
from bot.render import slack_blocks as kit
from bot.render.voice import Voice


def code_given(say: Voice, result: CodeGiven) -> SlackBlocks:
    return kit.note(words.code_for_telegram(say, result))


def joined(say: Voice, result: Joined) -> SlackBlocks:
    entries = words.joined(say, result, words.IN_SLACK)
    sections, _ = kit.packed(entries)
    return kit.message(entries[0], *sections)


def refused(say: Voice, result: Refusal) -> SlackBlocks:
    return kit.note(words.refused(say, result))


def parted(say: Voice, result: Parted) -> SlackBlocks:
    return kit.note(words.parted(say, result))


def nothing_parted(say: Voice, result: NothingParted) -> SlackBlocks:
    return kit.note(words.nothing_parted(say, result))


def told_here(say: Voice, result: ToldHere) -> SlackBlocks:
    return kit.note(words.told_here(say, result))


def told(say: Voice, data: JoinedTold) -> SlackBlocks:
    return kit.note(words.told(say, data, words.IN_SLACK))
