"""What a way is made with, and what it is then."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from starlette.routing import BaseRoute

from bot.channels.base import Channel, FormRefused
from bot.channels.pacer import Memory, Pacer
from bot.checking.finding import Finding
from bot.delivery.hands import USUAL, Window
from bot.delivery.worker import Render
from bot.domain.telemetry import Telemetry
from bot.domain.way import Way
from bot.intake.worker import Dispatch
from bot.render.voice import View
from bot.services.bundle import Services
from bot.services.own_health.watching import Probe
from bot.settings import Settings
from bot.supervisor import Part


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a way is made with. What it holds it gives to `stack`, which is left after the last
    message is out. `pacer` gives the one of its account, made by what is given at the first call.
    """

    settings: Settings
    services: Services
    way: Way
    view: View
    telemetry: Telemetry
    stack: AsyncExitStack
    pacer: Callable[[Callable[[Memory], Pacer]], Pacer]

    @property
    def answered(self) -> Callable[[float], None]:
        """To be told how many seconds each request took."""
        return partial(self.telemetry.answered, self.way.name)

    @property
    def form_refused(self) -> FormRefused:
        """To be told why the form of a message was refused."""
        return partial(self.services.refusing.form_refused, self.way.name)


@dataclass(frozen=True, slots=True)
class WayIn:
    """What people do on it. `parts` connect and are for the process that leads, `routes` are served
    by every process; `dispatchers`: by the source of arrivals. `where` people write, for the log.

    `link`: whether it is connected, for /healthz; `must_stand`: staff hear of it when it is not.
    `fatal`: what ends a part for good.
    """

    dispatchers: Mapping[str, Dispatch]
    where: Callable[[], str]
    parts: Mapping[str, Part] = field(default_factory=dict)
    routes: tuple[BaseRoute, ...] = ()
    link: Callable[[], bool] | None = None
    must_stand: bool = False
    fatal: tuple[type[Exception], ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A way that is set up, connected to nothing yet. `render` makes the form that `channel` takes.

    `way_in` None: nobody answers on it. `handle`: the bot's name there for links that customers
    follow; "" when there is none, or not yet.
    """

    channel: Channel[Any]
    render: Render
    pacer: Pacer
    probe: Probe
    window: Window = USUAL
    way_in: WayIn | None = None
    handle: Callable[[], str] = str


class Room(Protocol):
    """What a way's file has."""

    def open(self, around: Surroundings, /) -> Awaitable[Opened]:
        """Builds the way; connects to nothing."""
        ...

    def check(self, settings: Settings, /) -> AsyncIterator[Finding]:
        """What `check` says of it."""
        ...
