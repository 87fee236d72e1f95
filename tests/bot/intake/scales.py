"""Scales under the shelves tell what is put there or taken: the source of docs/architecture.md."""

from typing import Any

from bot.domain.sources import Source
from bot.domain.stock import NotBooked
from bot.intake.worker import Dispatch
from bot.services.bundle import Services
from bot.services.stock.receiving import Reported

SCALES = Source("scales-of-the-north-warehouse")


class Unbooked(Exception):
    """Tried again, and in the end a dead letter that staff are told of."""


def dispatch(services: Services) -> Dispatch:
    """What works off an arrival: parse, call ONE service."""

    async def work(payload: dict[str, Any]) -> None:
        move = await services.receiving.book(
            Reported(SCALES, payload["id"], payload["code"], payload["change"], payload["shelf"])
        )
        if isinstance(move, NotBooked):
            raise Unbooked(move)

    return work
