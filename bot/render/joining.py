"""Linking two contacts, in words: the same in every form, but for how a command is typed there."""

from bot.domain.joining import (
    CodeGiven,
    Joined,
    NothingParted,
    NotJoined,
    NotParted,
    OnePlace,
    Parted,
    Refusal,
    ToldHere,
)
from bot.domain.telling import JoinedTold
from bot.render.escape import Safe
from bot.render.roles import role_name
from bot.render.voice import Voice, lines

IN_TELEGRAM, IN_SLACK = "/link", "/stock link"
PLACES = 10  # named at most; a person waits for 50 and the message is to stay short
REFUSALS = {
    NotJoined.UNKNOWN: "link.unknown",
    NotJoined.EXPIRED: "link.expired",
    NotJoined.USED: "link.used",
    NotJoined.OWN: "link.own",
    NotJoined.TRIES: "link.tries",
}
NOT_PARTED = {
    NotParted.NOTHING: "link.nothing",
    NotParted.TOO_LATE: "link.too_late",
    NotParted.NOT_LAST: "link.not_last",
}


def code_for_slack(say: Voice, result: CodeGiven) -> Safe:
    """Read in Telegram, to be given in Slack."""
    command = say.code(f"{IN_SLACK} {result.code}")
    return lines(say.n("link.in_slack", result.minutes, command=command), say("link.secret"))


def code_for_telegram(say: Voice, result: CodeGiven) -> Safe:
    command = say.code(f"{IN_TELEGRAM} {result.code}")
    return lines(say.n("link.in_telegram", result.minutes, command=command), say("link.secret"))


def joined(say: Voice, result: Joined, command: str) -> list[Safe]:
    """Line by line; `command` is how linking is typed where this is read."""
    ways = say.words(", ".join(say.title(way) for way in result.ways))
    more = len(result.places) - PLACES
    entries = [
        say("link.done", ways=ways),
        *[_place(say, place) for place in result.places[:PLACES]],
        say.n("list.more", more) if more > 0 else None,
        _role(say, result),
        say("link.where", command=say.code(f"{command} here")),
        say("link.undo", command=say.code(f"{command} undo")),
    ]
    return [entry for entry in entries if entry]


def _place(say: Voice, place: OnePlace) -> Safe:
    text = say("link.place", name=say.name(place.product), place=place.place)
    if not place.place:
        text = say("link.one", name=say.name(place.product))
    wish = say.n("link.quantity", place.quantity) if place.quantity > 1 else None
    return Safe(f"• {text} {wish}" if wish else f"• {text}")


def _role(say: Voice, result: Joined) -> Safe | None:
    if result.role is None:
        return None
    role = role_name(say, result.role)
    if result.lowered is None:
        return say("link.role", role=role)
    return say("link.lowered", role=role, before=role_name(say, result.lowered))


def refused(say: Voice, result: Refusal) -> Safe:
    if result.reason is NotJoined.LIMIT:
        return say.n("link.limit", result.limit)
    return say(REFUSALS[result.reason])


def parted(say: Voice, result: Parted) -> Safe:
    role = say("link.role", role=role_name(say, result.role)) if result.role else None
    return lines(say("link.parted"), role)


def nothing_parted(say: Voice, result: NothingParted) -> Safe:
    return say(NOT_PARTED[result.reason])


def told_here(say: Voice, result: ToldHere) -> Safe:
    return say("link.here", way=say.title(result.way))


def told(say: Voice, data: JoinedTold, command: str) -> Safe:
    if data.undone:
        return say("link.parted")
    undo = say("link.not_you", command=say.code(f"{command} undo"))
    return lines(say("link.told", way=say.title(data.way)), undo)
