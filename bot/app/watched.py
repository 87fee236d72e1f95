"""The bot as others see it: /metrics, /stock health, and the watch that it keeps on itself."""

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import version

from starlette.routing import BaseRoute

from bot.app.opening import Base, now
from bot.app.platforms import Platforms
from bot.domain.faults import DatabaseDown
from bot.domain.health import Queues
from bot.services.engine.telemetry import Several
from bot.services.own_health.watching import Process
from handlers.http.metrics import Inside, Metrics, metrics_route


class Watched:
    """`telemetry` is for whoever has something to count."""

    def __init__(self, base: Base) -> None:
        self._services = base.services
        self._metrics = Metrics(version("stockbell"), base.services.ground.ways.values())
        self.telemetry = Several((self._metrics.counters, base.services.watching.lately))
        base.services.settling.telemetry = self.telemetry

    def begin(
        self, platforms: Platforms, parts: Callable[[], Mapping[str, str]],
        leads_since: datetime | None,
    ) -> None:  # fmt: skip
        """From now on the services know what only this process does."""
        self._services.watching.process = Process(
            platforms.pulses, parts, platforms.probes(), leads_since
        )

    def route(self) -> BaseRoute:
        """GET /metrics."""
        return metrics_route(self._metrics, self._look)

    async def _look(self) -> Inside:
        watching = self._services.watching
        return Inside(
            at=now(),
            platforms=watching.platforms(),
            parts=watching.process.parts(),
            queues=await self._queues(),
            leads=watching.process.leads_since is not None,
        )

    async def _queues(self) -> Queues | None:
        try:
            return await self._services.watching.queues()
        except DatabaseDown:
            return None
