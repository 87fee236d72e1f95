"""All services of one bot, built from what they need; bot.app and the tests build them alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.domain.clock import Clock
from bot.domain.contacts import Address, Role
from bot.domain.timekeeping import Elapsed
from bot.domain.way import Ways
from bot.services.alerts.alerting import Alerting
from bot.services.alerts.kinds import Rulebook, RuleKind
from bot.services.alerts.reporting import Reporting
from bot.services.alerts.showing import Showing
from bot.services.alerts.telling import Telling
from bot.services.customers.shelf import Shelf
from bot.services.customers.subscribing import Limits, Subscribing
from bot.services.ground import Ground
from bot.services.inbox.arriving import Arriving
from bot.services.line.living import Endings
from bot.services.line.restocking import Restocking
from bot.services.outbox.composing import Composing
from bot.services.outbox.settling import Settling
from bot.services.own_health.timekeeping import Timekeeping
from bot.services.own_health.upkeep import Retention, Upkeep
from bot.services.own_health.watching import Watching
from bot.services.people.joining import Joining
from bot.services.people.members import Members
from bot.services.people.parting import Parting
from bot.services.people.people import People
from bot.services.people.places import Places
from bot.services.routing.refusing import Refusing
from bot.services.routing.routes import Routes
from bot.services.staff.adjusting import Adjusting
from bot.services.staff.looking import Looking
from bot.services.staff.meaning import Meaning
from bot.services.staff.thresholds import Thresholds
from bot.services.staff.undoing import Undoing
from bot.services.staff.writing import Writing
from bot.services.stock.bulk import Bulk
from bot.services.stock.exporting import Exporting
from bot.services.stock.ledger import Ledger
from bot.services.stock.receiving import Receiving
from storage.database import Database
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Options:
    """What a shop decides; see .env.example."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    languages: Sequence[str] = ("en", "zh_CN")
    admins: tuple[Address, ...] = ()
    out_level: int = 0
    allow_negative: bool = False
    clerk_limit: int = 100
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)
    rules: Sequence[RuleKind] = ()  # the kinds there are: bot.app.rules


@dataclass(frozen=True, slots=True)
class Services:
    ground: Ground
    routes: Routes
    arriving: Arriving
    people: People
    shelf: Shelf
    subscribing: Subscribing
    members: Members
    joining: Joining
    parting: Parting
    looking: Looking
    writing: Writing
    adjusting: Adjusting
    undoing: Undoing
    thresholds: Thresholds
    alerting: Alerting
    reporting: Reporting
    composing: Composing
    settling: Settling
    upkeep: Upkeep
    restocking: Restocking
    endings: Endings
    ledger: Ledger
    bulk: Bulk
    exporting: Exporting
    receiving: Receiving
    refusing: Refusing
    watching: Watching


def build_services(
    database: Database,
    vault: Vault,
    clock: Clock,
    ways: Ways,
    options: Options | None = None,
    elapsed: Elapsed | None = None,
) -> Services:
    """`elapsed` tells when the clock was set; without it the clock is believed."""
    options = options or Options()
    ground = Ground(database, vault, clock, ways)
    restocking = Restocking(ways, options.out_level, options.limits.few)
    ledger = Ledger(restocking, allow_negative=options.allow_negative)
    routes = Routes(ground)
    people = People(ground, tuple(options.languages), restocking)
    shelf = Shelf(ground, restocking)
    members = Members(ground, options.admins)
    places = Places(restocking)
    book = Rulebook(tuple(options.rules))
    showing = Showing(ground, book)
    alerting = Alerting(ground, members, book, Telling(ground, routes), showing)
    reporting = Reporting(ground, showing, routes, options.zone)
    bulk = Bulk(database, clock, restocking.judge_piece)
    looking = Looking(ground, members, showing, restocking)
    meaning = Meaning(looking)
    limits = {Role.CLERK: options.clerk_limit}
    writing = Writing(ground, members, meaning, ledger, limits)
    watching = Watching(ground, members, routes)
    timekeeping = Timekeeping(ground, routes, elapsed)
    return Services(
        ground=ground,
        routes=routes,
        arriving=Arriving(ground, routes),
        people=people,
        shelf=shelf,
        subscribing=Subscribing(ground, people, restocking, shelf, options.limits),
        members=members,
        joining=Joining(ground, people, members, places, options.limits.per_person),
        parting=Parting(ground, people, members, places),
        looking=looking,
        writing=writing,
        adjusting=Adjusting(members, looking, writing),
        undoing=Undoing(ground, members, looking, ledger),
        thresholds=Thresholds(ground, members, meaning, ledger),
        alerting=alerting,
        reporting=reporting,
        composing=Composing(ground, shelf, showing, reporting),
        settling=Settling(ground, restocking, routes),
        upkeep=Upkeep(ground, restocking, alerting, bulk, options.retention, timekeeping),
        restocking=restocking,
        endings=Endings(ground, restocking.living),
        ledger=ledger,
        bulk=bulk,
        exporting=Exporting(database),
        receiving=Receiving(ground, ledger),
        refusing=Refusing(ground, routes),
        watching=watching,
    )
