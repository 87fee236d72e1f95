"""What must be true when all is done, seen from outside: what was asked against what is shown."""

import re
import sqlite3
from collections import Counter, defaultdict
from itertools import pairwise

from bot.domain.customers import Changed, Subscribed
from bot.domain.ways import SLACK, TELEGRAM, WayName
from tests.simulation.wire import LIMIT, Server, key_of
from tests.simulation.world import World
from tests.support.wire import Message, Request

COPIES = 2
EARLY = 1e-5  # seconds: a database rounds to less
ANSWERED = 20.0  # seconds within which every request is answered or given up
DATABASE_TROUBLE = {"database is locked", "disk is full"}
TOGETHER = 3.0  # seconds: a chat's own pace, and a slow transaction


def check(world: World) -> None:
    """Raises AssertionError with what is wrong."""
    _nothing_is_left(world)
    _each_input_once(world)
    _the_ledger_adds_up(world)
    _nobody_is_lost(world)
    for server in world.servers.values():
        _copies(world, server)
        _patience(world, server)
        _limit(server)
    _what_is_called_sent_is_shown(world)
    _edits(world)
    _the_line(world)


def _nothing_is_left(world: World) -> None:
    states = Counter(row["state"] for row in world.rows("SELECT state FROM inbox"))
    assert set(states) <= {"done"}, f"inputs not worked off: {states}"
    left = world.rows("SELECT id, state FROM notice WHERE settled_at IS NULL")
    assert not left, f"notices never settled: {[tuple(row) for row in left]}"


def _each_input_once(world: World) -> None:
    """What was acknowledged is there, once, and was answered."""
    keys = Counter(row["key"] for row in world.rows("SELECT key FROM inbox"))
    for item in world.plan.inputs:
        assert item.key in world.taken, f"{item.key} was never taken"
        assert keys[item.key] == 1, f"{item.key} was acknowledged and is lost"
        assert item.key in world.answers, f"{item.key} was never answered"


def _the_ledger_adds_up(world: World) -> None:
    """Each move that staff typed is applied once: the sum is known from outside."""
    asked: Counter[str] = Counter()
    for item in world.plan.inputs:
        if found := re.fullmatch(r"(\w+) ([+-]\d+)", item.says):
            asked[found[1]] += int(found[2])
    rows = world.rows(
        "SELECT sku, on_hand, (SELECT sum(quantity) FROM move WHERE product_id = product.id) AS sum"
        " FROM position JOIN product ON product.id = product_id"
    )
    for row in rows:
        assert row["on_hand"] == (row["sum"] or 0), f"{row['sku']}: on hand is not what moved"
        assert row["on_hand"] == asked[row["sku"]], (
            f"{row['sku']} has {row['on_hand']}, staff typed {asked[row['sku']]}"
        )


def _messages(world: World) -> dict[int, list[Message]]:
    """By notice, in the order in which they arrived."""
    found: defaultdict[int, list[Message]] = defaultdict(list)
    for server in world.servers.values():
        for message in server.messages.values():
            if message.notice:
                found[message.notice].append(message)
    return found


def _nobody_is_lost(world: World) -> None:
    """Who waits for what is there had a turn in this restock; the machine of the ledger's view."""
    waiting = world.rows(
        "SELECT s.id, s.product_id, s.person_id, r.id AS restock, n.state, n.id AS notice"
        " FROM subscription s JOIN contact c ON c.person_id = s.person_id"
        " LEFT JOIN restock r ON r.product_id = s.product_id AND r.closed_at IS NULL"
        " LEFT JOIN notice n ON n.restock_id = r.id AND n.subscription_id = s.id"
        " WHERE s.state = 'waiting' AND s.armed AND c.state = 'active' AND s.quantity <="
        " (SELECT sum(on_hand) FROM position p WHERE p.product_id = s.product_id)"
        " AND (SELECT sum(on_hand) FROM position p WHERE p.product_id = s.product_id) > 0"
    )
    forgotten = [
        row["id"] for row in waiting if row["state"] not in ("sent", "failed", "uncertain")
    ]
    assert not forgotten, f"forgotten though it is there: {forgotten}"
    for key, answer in world.answers.items():
        live = getattr(answer, "subscription", None)
        if isinstance(answer, Subscribed | Changed) and live is not None:
            rows = world.rows(f"SELECT id FROM subscription WHERE id = {live.id}")
            assert rows, f"{key}: the subscription that was answered is lost"


def _copies(world: World, server: Server) -> None:
    """Of each thing one copy; a second only where nobody can look, and marked; never a third."""
    subject = {row["id"]: row["subject"] for row in world.rows("SELECT id, subject FROM notice")}
    shown: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)
    for message in server.messages.values():
        if message.notice and not message.deleted:
            shown[message.chat, subject[message.notice]].append(message)
    for (chat, what), copies in shown.items():
        words = [copy.shows[0] for copy in copies]
        if server.shows_history:
            assert len(copies) == 1, f"{what} stands {len(copies)} times in {chat}: {words}"
        assert len(copies) <= COPIES, f"a third copy of {what} for {chat}: {words}"
        marked = [w.endswith("(again)") for w in words if w.startswith("back")]
        assert all(marked[1:]), f"{what} came twice to {chat} and says so nowhere: {words}"
        if any(marked[:1]):  # nothing came before, but it may have
            doubt = world.lives > 1 or server.doubtful[copies[0].notice]
            assert doubt, f"{what} says it is a repeat and is none"


def _patience(world: World, server: Server) -> None:
    """No request to a chat before the time that the platform named, and the process heard.

    After a death too, if the hold was written down. A disk that fails cannot keep it.
    """
    lasting = not world.plan.trouble.storage
    for hold in server.holds:
        for request in server.requests:
            knows = request.life == hold.life or (hold.kept and lasting)
            if not knows or key_of(server, request.action, request.chat) != hold.key:
                continue
            early = hold.heard + EARLY < request.left < hold.until - EARLY
            assert not early, f"{request} left before {hold}"


def _limit(server: Server) -> None:
    left = sorted(request.left for request in server.requests)
    for first, last in zip(left, left[LIMIT:], strict=False):
        assert last - first >= 1, f"{LIMIT + 1} requests in {last - first:.3f} s at {first:.3f}"


def _what_is_called_sent_is_shown(world: World) -> None:
    """`sent` means accepted; `failed` that it was refused; `uncertain` that two were in doubt."""
    shown = _messages(world)
    for row in world.rows("SELECT * FROM notice"):
        server = next(s for s in world.servers.values() if _way(world, row) == s.way)
        number, state, edit = row["id"], row["state"], row["reason"] in ("edited", "unchanged")
        if state == "sent" and not edit:
            assert shown[number], f"{row['subject']} counts as sent and nobody saw it"
        if state == "failed":
            assert number in server.rejected, f"{row['subject']} failed and was never refused"
            assert not shown[number], f"{row['subject']} counts as failed and is there"
        if state == "uncertain":
            assert server.doubtful[number] or world.lives > 1, f"{row['subject']} is sure"


def _way(world: World, row: sqlite3.Row) -> WayName:
    contact = row["contact_id"]
    found = world.rows(f"SELECT way FROM contact WHERE id = {contact}")
    return WayName(found[0]["way"])


def _edits(world: World) -> None:
    """Each alert's message shows the alert as it is at the end."""
    slack = world.servers[SLACK]
    gone = {"failed", "uncertain"}
    unsure = {r["subject"] for r in world.rows("SELECT * FROM notice") if r["state"] in gone}
    refs = {row["subject"]: row["ref"] for row in world.rows("SELECT * FROM message")}
    for row in world.rows("SELECT * FROM alert"):
        message = slack.messages.get(refs.get(row["subject"], ""))
        if message is None or row["subject"] in unsure:
            told = message is not None or row["resolved_at"] or row["subject"] in unsure
            assert told, f"nobody was told of alert {row['id']}"
            continue
        newest = f"alert {row['id']} version {row['version']} "
        assert message.shows[-1].startswith(newest), f"{newest}is not {message.shows[-1]}"


def _the_line(world: World) -> None:
    """Whom a restock told at the first try, it told in the order of the line.

    Those of one window are on their way together, so each may be a little before the other. A chat
    that hears something else just then hears that first. A notice whose intent the database does
    not take is given back, and those behind it go on.
    """
    trouble = [time for time, event in world.trace.events if event in DATABASE_TROUBLE]
    requests = [r for r in world.servers[TELEGRAM].requests if r.action != "answer"]
    rows = world.rows(
        "SELECT id, restock_id, created_at FROM notice WHERE restock_id IS NOT NULL"
        " AND state = 'sent' AND doubtful = 0 AND due_at = created_at ORDER BY subscription_id"
    )
    left: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for row in rows:
        tries = [request for request in requests if request.notice == row["id"]]
        if len(tries) == 1 and not _busy(requests, tries[0]):
            left[row["restock_id"], row["created_at"]].append(tries[0].left)
    for (restock, _), times in left.items():
        for first, second in pairwise(times):
            given_back = any(second - TOGETHER <= time <= first for time in trouble)
            in_order = second >= first - TOGETHER or given_back
            assert in_order, f"restock {restock}: {first} after {second}"


def _busy(requests: list[Request], one: Request) -> bool:
    """Whether its chat may still have been waiting for the answer to another request."""
    others = (r for r in requests if r.chat == one.chat and r.notice != one.notice)
    return any(one.left - ANSWERED <= other.left <= one.left for other in others)
