"""All services of one bot, built from what they need; bot.app and the tests build them alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.domain.contacts import Address, Role
from bot.services.alerting import Alerting
from bot.services.arriving import Arriving
from bot.services.bulk import Bulk
from bot.services.composing import Composing
from bot.services.destinations import Destinations
from bot.services.exporting import Exporting
from bot.services.ledger import Clock, Ledger
from bot.services.living import Endings
from bot.services.looking import Looking
from bot.services.members import Members
from bot.services.people import People
from bot.services.refusing import Refusing
from bot.services.reporting import Reporting
from bot.services.restocking import Restocking
from bot.services.settling import Settling
from bot.services.stocking import Stocking
from bot.services.subscribing import Limits, Subscribing
from bot.services.upkeep import Retention, Upkeep
from bot.services.watching import Watching
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


@dataclass(frozen=True, slots=True)
class Services:
    arriving: Arriving
    people: People
    subscribing: Subscribing
    stocking: Stocking
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
    refusing: Refusing
    watching: Watching


def build_services(
    database: Database, vault: Vault, clock: Clock, options: Options | None = None
) -> Services:
    options = options or Options()
    restocking = Restocking(options.out_level, options.limits.few)
    ledger = Ledger(restocking, allow_negative=options.allow_negative)
    channels = Destinations()
    people = People(database, vault, clock, tuple(options.languages), restocking, channels)
    subscribing = Subscribing(database, clock, people, restocking, options.limits)
    alerting = Alerting(database, clock, people, channels)
    reporting = Reporting(alerting, options.zone)
    bulk = Bulk(database, clock, restocking.judge_piece)
    members = Members(people, options.admins)
    looking = Looking(members, alerting, restocking)
    watching = Watching(database, vault, clock, members, channels)
    return Services(
        arriving=Arriving(database, vault, clock, channels),
        people=people,
        subscribing=subscribing,
        stocking=Stocking(looking, ledger, {Role.CLERK: options.clerk_limit}, watching.card),
        alerting=alerting,
        reporting=reporting,
        composing=Composing(subscribing, alerting, reporting),
        settling=Settling(database, vault, clock, restocking, channels),
        upkeep=Upkeep(database, clock, restocking, alerting, bulk, options.retention),
        restocking=restocking,
        endings=Endings(database, clock, restocking.living),
        ledger=ledger,
        bulk=bulk,
        exporting=Exporting(database),
        refusing=Refusing(database, clock, channels),
        watching=watching,
    )
