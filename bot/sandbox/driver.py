"""Drives a sandbox at any base URL as its people do."""
# ruff: noqa: ASYNC109  a test says how long it waits where it waits

from typing import Any

from bot.sandbox.connection import Connection
from bot.sandbox.patience import PATIENCE
from bot.sandbox.slack_driver import SlackDriver
from bot.sandbox.telegram_driver import TelegramDriver

Json = dict[str, Any]


class Driver(Connection):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.telegram = TelegramDriver(self)
        self.slack = SlackDriver(self)

    async def faults(self, **platforms: Json) -> Json:
        """E.g. `faults(telegram={"limits": True})`; see the control API."""
        settings: Json = await self.post("faults", platforms)
        return settings

    async def clear_faults(self) -> None:
        await self.call("DELETE", "faults")

    async def reset(self) -> None:
        await self.post("reset")

    async def wait_until_listening(
        self, *, telegram: bool = True, slack: bool = True, timeout: float = PATIENCE
    ) -> None:
        """Until the bot polls (or has set its web hook) and has opened Socket Mode."""

        def ready(state: Json) -> bool:
            heard = state["telegram"]["listening"] or not telegram
            return bool(heard and (state["slack"]["connections"] or not slack))

        await self.wait(ready, timeout, "the bot to listen")
