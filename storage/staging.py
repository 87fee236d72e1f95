"""The staged lines of a bulk change: put in, cut into pieces, seen beside each other, removed."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, text, true, update

from bot.domain.batches import BatchState, Piece
from bot.domain.bulk import POSITION_FIELDS, PRODUCT_FIELDS, Cell, StockRow
from storage.dialect import comparable
from storage.tables import batch, stage
from storage.tx import Tx

REMOVED = 10_000  # rows deleted in one transaction
LEADS = stage.c.lead == true()
ROW = tuple(field.name for field in fields(StockRow))  # the cells of a StockRow, in its order

COLUMNS = (
    *("batch_id", "line", "lead", "sku", "sku_key", "short_id", "location"),
    *POSITION_FIELDS,
    *PRODUCT_FIELDS,
    "attributes",
)
_COLUMNS = ", ".join(COLUMNS)
_QMARKS = ", ".join("?" for _ in COLUMNS)
_ON_SQLITE = f"INSERT INTO stage ({_COLUMNS}) VALUES ({_QMARKS})"  # noqa: S608  # our own names
_ON_POSTGRESQL = text(
    f"INSERT INTO stage ({_COLUMNS})"  # noqa: S608
    f" SELECT {_COLUMNS} FROM json_populate_recordset(NULL::stage, CAST(:rows AS json))"
)


async def add(tx: Tx, rows: Sequence[tuple[Cell, ...]]) -> None:
    """Stage rows of COLUMNS, the attributes as JSON.

    Past SQLAlchemy's executemany, which takes 100,000 rows four times as long.
    """
    if not rows:
        return
    if tx.dialect.name == "sqlite":
        await tx.exec_driver_sql(_ON_SQLITE, list(rows))
    else:
        told = [dict[str, Any](zip(COLUMNS, row, strict=True)) for row in rows]
        for cells in told:
            cells["attributes"] = json.loads(cells["attributes"])
        await tx.execute(_ON_POSTGRESQL, {"rows": json.dumps(told)})


def of_piece(piece: Piece) -> ColumnElement[bool]:
    upto = stage.c.sku_key <= piece.upto if piece.upto else true()
    return and_(stage.c.batch_id == piece.batch_id, stage.c.sku_key > piece.after, upto)


async def next_piece(tx: Tx, batch_id: int, after: str, lines: int) -> Piece:
    """About so many lines; all of one SKU stay together."""
    keys = select(stage.c.sku_key).where(of_piece(Piece(batch_id, after, "")))
    # Cut at a key, not at a count: all that one SKU gets belongs in one transaction.
    last = await tx.execute(keys.order_by(stage.c.sku_key).offset(lines - 1).limit(1))
    return Piece(batch_id, after, last.scalar_one_or_none() or "")


async def disagreeing(tx: Tx, batch_id: int) -> list[tuple[StockRow, StockRow]]:
    """Pairs of lines of one SKU, the leading one first, that tell different things.

    Only the leading line of a SKU is applied to the product, so that the others must agree.
    """
    lead, other = stage.alias("lead"), stage.alias("other")
    given = [
        and_(other.c[name].is_not(None), other.c[name].is_distinct_from(lead.c[name]))
        for name in PRODUCT_FIELDS
    ]
    given.append(comparable(tx, other.c.attributes) != comparable(tx, lead.c.attributes))
    query = (
        select(*(lead.c[name] for name in ROW), *(other.c[name] for name in ROW))
        .join_from(
            other,
            lead,
            and_(lead.c.batch_id == other.c.batch_id, lead.c.sku_key == other.c.sku_key),
        )
        .where(other.c.batch_id == batch_id, other.c.lead != true(), lead.c.lead == true())
        .where(or_(*given))
        .order_by(other.c.line)
    )
    n = len(ROW)
    return [(StockRow(*row[:n]), StockRow(*row[n:])) for row in await tx.execute(query)]


async def complete_lead(tx: Tx, batch_id: int, lead: StockRow) -> None:
    """Give a leading line what only a later line of its SKU tells."""
    of = update(stage).where(stage.c.batch_id == batch_id, stage.c.line == lead.line)
    told = {name: lead.cell(name) for name in PRODUCT_FIELDS}
    await tx.execute(of.values({**told, "attributes": dict(lead.attributes)}))


async def remove_some(tx: Tx, batch_id: int) -> bool:
    """Remove some of the staged rows; True while there are more. A batch that is being applied
    keeps its rows."""
    # Locked, or its rows could go while another process begins to apply them.
    locked = select(batch.c.state).where(batch.c.id == batch_id).with_for_update(key_share=True)
    if (await tx.execute(locked)).scalar_one_or_none() == BatchState.APPLYING.value:
        return False
    some = select(stage.c.line).where(stage.c.batch_id == batch_id).order_by(stage.c.line)
    # Up to a line, not the first so many: SQLite's DELETE knows no LIMIT.
    last = some.limit(1).offset(REMOVED).scalar_subquery()
    gone = delete(stage).where(
        stage.c.batch_id == batch_id, or_(last.is_(None), stage.c.line < last)
    )
    removed = (await tx.execute(gone)).rowcount
    return removed >= REMOVED
