"""What staff did that the ledger cannot tell: roles, rules, acknowledgements, exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from bot.domain.sources import Source
from storage.tables import audit
from storage.tx import Tx


async def write(
    tx: Tx,
    actor_id: int | None,
    source: Source,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """Add an entry. `detail` holds ids and numbers, no personal data: people are person ids."""
    await tx.execute(
        insert(audit).values(
            actor_id=actor_id,
            source=source,
            action=action,
            subject=subject,
            detail=dict(detail),
            created_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """Who (a person id; None: forgotten, or the bot) did what to what, and when."""

    id: int
    actor_id: int | None
    action: str
    subject: str
    detail: Mapping[str, object]
    created_at: datetime


async def recent(tx: Tx, limit: int, action: str | None = None) -> list[Entry]:
    """The newest entries (of one action), newest first."""
    statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if action is not None:
        statement = statement.where(audit.c.action == action)
    return [
        Entry(row.id, row.actor_id, row.action, row.subject, row.detail, row.created_at)
        for row in (await tx.execute(statement)).all()
    ]
