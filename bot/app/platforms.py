"""The ways that the settings ask for, opened, and what they look like from outside."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

from starlette.routing import BaseRoute

from bot.app.opening import Base, now
from bot.app.rules import RULES, faces_of
from bot.app.ways.opened import Opened, Surroundings, WayIn
from bot.channels.pacer import Memory, Pacer
from bot.delivery.breaker import Breaker
from bot.delivery.worker import OutboxWorker
from bot.domain.health import Reach, WayPulse
from bot.domain.telemetry import SILENT, Telemetry
from bot.domain.way import AccountName, Way
from bot.domain.ways import WayName
from bot.intake.worker import Dispatch
from bot.render.view import RenderContext
from bot.render.voice import View
from bot.services.engine.bell import Bell
from bot.services.engine.pacing import PaceMemory
from bot.services.own_health.watching import Probe
from bot.supervisor import Part


@dataclass(slots=True)
class Platforms:
    """Those that are set up. What they hold is given back when the stack of `open` is left, after
    the last message is out."""

    base: Base
    telemetry: Telemetry = SILENT
    opened: dict[WayName, Opened] = field(default_factory=dict)
    _accounts: dict[AccountName, tuple[Pacer, PaceMemory]] = field(default_factory=dict)

    async def open(self, stack: AsyncExitStack) -> None:
        """Build those with a token; connects to nothing."""
        for row in self.base.rows:
            if row.is_set(self.base.settings):
                pacer = partial(self._pacer, row.way, stack)
                around = Surroundings(
                    self.base.settings,
                    self.base.services,
                    row.way,
                    self.view,
                    self.telemetry,
                    stack,
                    pacer,
                )
                self.opened[row.way.name] = await row.load().open(around)

    def _pacer(self, way: Way, stack: AsyncExitStack, make: Callable[[Memory], Pacer]) -> Pacer:
        """The one of the way's account, with what it must still know after a restart."""
        if way.account not in self._accounts:
            ground = self.base.services.ground
            memory = PaceMemory(ground.database, ground.vault, now, way.account)
            stack.push_async_callback(memory.keep)
            pacer = make(memory)
            pacer.on_refused = partial(self.telemetry.limited, way.name)
            self._accounts[way.account] = pacer, memory
        return self._accounts[way.account][0]

    @property
    def view(self) -> View:
        settings = self.base.settings
        context = RenderContext(
            shop_name=settings.shop_name,
            shop_url=settings.shop_url,
            zone=settings.zone,
            now=now,
            ways=self.base.services.ground.ways,
            retention_days=settings.retention_days,
            bot_username=self.handle,
        )
        return View(self.base.texts, context, faces_of(RULES))

    def handle(self) -> str:
        """The bot's name where customers can be sent to; "" when there is none, or not yet."""
        return next((name for one in self.opened.values() if (name := one.handle())), "")

    def _ways_in(self) -> Iterator[tuple[WayName, WayIn]]:
        for name, one in self.opened.items():
            if one.way_in is not None:
                yield name, one.way_in

    @property
    def dispatchers(self) -> dict[str, Dispatch]:
        ways_in = [way for _, way in self._ways_in()]
        return {source: to for one in ways_in for source, to in one.dispatchers.items()}

    @property
    def routes(self) -> list[BaseRoute]:
        return [route for _, way in self._ways_in() for route in way.routes]

    @property
    def parts(self) -> dict[str, Part]:
        """They connect, and are for the process that leads."""
        paces = {
            f"pace {account}": partial(_keep_pace, pacer, memory)
            for account, (pacer, memory) in self._accounts.items()
        }
        ways_in = {name: part for _, way in self._ways_in() for name, part in way.parts.items()}
        return paces | ways_in

    @property
    def fatal(self) -> tuple[type[Exception], ...]:
        """What ends a part for good."""
        return tuple(error for _, way in self._ways_in() for error in way.fatal)

    def workers(self, bell: Bell) -> dict[WayName, OutboxWorker]:
        """What empties the outbox of each; `bell` rings when a notice is queued."""
        services = self.base.services
        return {
            name: OutboxWorker(
                way=services.ground.ways[name],
                channel=opened.channel,
                settling=services.settling,
                composing=services.composing,
                render=opened.render,
                bell=bell,
                window=opened.window,
                telemetry=self.telemetry,
                breaker=Breaker(opened.probe),
            )
            for name, opened in self.opened.items()
        }

    def probes(self) -> dict[WayName, Probe]:
        return {name: one.probe for name, one in self.opened.items()}

    def pulses(self) -> list[WayPulse]:
        """Each as this process sees it now."""
        return [
            WayPulse(name, one.pacer.rate, one.pacer.waiting, _stands(one.way_in))
            for name, one in self.opened.items()
        ]

    def links(self) -> dict[str, str]:
        """Whether the platforms are reached; a part may well run and reach nobody."""
        links = {
            f"{pulse.way} token": "refused"
            for pulse in self.base.services.watching.platforms()
            if pulse.reach is Reach.REFUSES
        }
        for name, way in self._ways_in():
            if way.link is not None:
                links[f"{name} link"] = "running" if way.link() else "not connected"
        return links


def _stands(way: WayIn | None) -> bool | None:
    """None: it needs no connection that could fall."""
    return way.link() if way is not None and way.must_stand and way.link is not None else None


async def _keep_pace(pacer: Pacer, memory: PaceMemory, stop: asyncio.Event) -> None:
    """Whoever led before may have been told to wait: begin with what that process stored."""
    await pacer.load()
    await memory.run(stop)
