"""Applying a piece of a staged bulk change: a handful of statements over whole sets."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy import cast as sql_cast

from bot.domain import subjects
from bot.domain.batches import Piece
from bot.domain.bulk import OPENING_BALANCE, PRODUCT_FIELDS
from bot.domain.sources import Source
from bot.domain.stock import MoveKind
from storage import comparing
from storage.comparing import HAS_NUMBERS, ON_HAND, SAME_SKU
from storage.dialect import insert_for, take_turns
from storage.staging import LEADS, of_piece
from storage.tables import dirty, location, move, position, product, stage
from storage.topics import Topic, bring
from storage.tx import Tx
from storage.types import Instant

WIDE_CACHE = 32 * 1024  # KiB: with SQLite's own 2 MiB, 100,000 rows took three times as long
USUAL_CACHE = 2_000
# Not the bare column: for that SQLite reads the whole batch, which lies in this order, for a piece.
IN_FILE_ORDER = stage.c.line + 0
ONE_AT_A_TIME = 0x53_42_49_4D  # "SBIM": PostgreSQL's advisory lock of who works on many SKUs


@dataclass(frozen=True, slots=True)
class Applying:
    """The piece of a batch that is being applied, and when."""

    piece: Piece
    source: Source
    actor_id: int | None
    now: datetime

    @property
    def batch_id(self) -> int:
        return self.piece.batch_id

    @property
    def instant(self) -> ColumnElement[Any]:
        return literal(self.now, Instant)

    @property
    def marks(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """batch_id and marked_at of a dirty product."""
        return literal(self.batch_id, dirty.c.batch_id.type), self.instant

    @property
    def staged(self) -> ColumnElement[bool]:
        return of_piece(self.piece)


async def one_at_a_time(tx: Tx) -> None:
    """Until the transaction ends nobody else works on many SKUs at once: another piece of a bulk
    change, the rules of what it marked. They would wait for each other in a circle.

    (SQLite has one writer.)
    """
    await take_turns(tx, ONE_AT_A_TIME)


@asynccontextmanager
async def roomy(tx: Tx) -> AsyncIterator[None]:
    """Room for a big change: SQLite's own page cache is small."""
    if tx.dialect.name != "sqlite":
        yield
        return
    await tx.exec_driver_sql(f"PRAGMA cache_size = -{WIDE_CACHE}")
    try:
        yield
    finally:
        await tx.exec_driver_sql(f"PRAGMA cache_size = -{USUAL_CACHE}")


async def newest_product(tx: Tx) -> int:
    """The highest product id there is; what is added by a bulk change gets higher ones."""
    return int((await tx.execute(select(func.coalesce(func.max(product.c.id), 0)))).scalar_one())


async def lock_products(tx: Tx, by: Applying) -> None:
    """Nobody else decides on these products until the transaction ends. (SQLite: one writer.)

    In order of id, as all that lock several do: nobody waits in a circle.
    """
    if tx.dialect.name == "sqlite":
        return
    named = select(stage.c.sku_key).where(by.staged, LEADS)
    rows = select(product.c.id).where(product.c.sku_key.in_(named)).order_by(product.c.id)
    await tx.execute(select(func.count()).select_from(rows.with_for_update().subquery()))


async def add_locations(tx: Tx, codes: Iterable[str]) -> None:
    for code in codes:
        new = insert_for(tx, location).values(code=code, name=code)
        await tx.execute(new.on_conflict_do_nothing())


async def add_products(tx: Tx, by: Applying) -> int:
    """The SKUs that are not known yet, in the order of the file; returns how many.

    One without a name is called by its code.
    """
    texts = ("product", "category", "brand", "supplier", "currency", "url", "image_url")
    cells: dict[str, Any] = {
        "sku": stage.c.sku,
        "sku_key": stage.c.sku_key,
        "short_id": stage.c.short_id,
        "name": func.coalesce(stage.c.name, stage.c.sku),
        **{name: func.coalesce(stage.c[name], "") for name in texts},
        "price": stage.c.price,
        "lead_time_days": stage.c.lead_time_days,
        "attributes": stage.c.attributes,
        "active": func.coalesce(stage.c.active, True),
        "created_at": by.instant,
        "updated_at": by.instant,
    }
    rows = select(*cells.values()).where(by.staged, LEADS, ~exists().where(SAME_SKU))
    new = insert_for(tx, product).from_select(list(cells), rows.order_by(IN_FILE_ORDER))
    return (await tx.execute(new.on_conflict_do_nothing(index_elements=["sku_key"]))).rowcount


async def change_products(tx: Tx, by: Applying) -> None:
    """Bring known products to what their leading line tells; search looks at them again then."""
    merged = comparing.merged_attributes(tx)
    if tx.dialect.name != "sqlite":
        merged = sql_cast(merged, JSON)
    found_by = [
        func.coalesce(stage.c[name], product.c[name]) != product.c[name]
        for name in ("name", "product", "brand", "active")
    ]
    # Only what differs: an update of all rows writes a big shop anew, and has search index it
    # again.
    changed = update(product).where(by.staged, LEADS, SAME_SKU, comparing.product_differs(tx))
    await tx.execute(
        changed.values(
            {
                **{n: func.coalesce(stage.c[n], product.c[n]) for n in PRODUCT_FIELDS},
                "attributes": merged,
                "updated_at": by.instant,
                "indexed_at": case((or_(*found_by), null()), else_=product.c.indexed_at),
            }
        )
    )


async def add_moves(tx: Tx, by: Applying) -> int:
    """A ledger entry for each quantity that is not what lies there now; returns how many.

    Runs before the positions follow: what they hold is the entry's `before`.
    """
    counted = exists().where(move.c.product_id == product.c.id, move.c.location_id == location.c.id)
    is_count = and_(position.c.product_id.is_not(None), counted)
    cells: dict[str, Any] = {
        "product_id": product.c.id,
        "location_id": location.c.id,
        "kind": case((is_count, MoveKind.COUNT.value), else_=MoveKind.ADJUSTMENT.value),
        "quantity": stage.c.quantity - ON_HAND,
        "before": ON_HAND,
        "after": stage.c.quantity,
        "reason": case((is_count, ""), else_=OPENING_BALANCE),
        "actor_id": literal(by.actor_id, move.c.actor_id.type),
        "source": literal(by.source),
        "key": literal(f"{subjects.of_summary(by.batch_id)}:") + stage.c.line.cast(Text),
        "batch_id": literal(by.batch_id, move.c.batch_id.type),
        "created_at": by.instant,
    }
    rows = _known_lines(by, *cells.values()).where(comparing.quantity_differs())
    new = insert_for(tx, move).from_select(list(cells), rows.order_by(IN_FILE_ORDER))
    return (await tx.execute(new)).rowcount


def _known_lines(by: Applying, *columns: Any) -> Select[Any]:
    """Staged lines of known products, with their position if there is one."""
    held = and_(position.c.product_id == product.c.id, position.c.location_id == location.c.id)
    lines = (
        stage.join(product, SAME_SKU)
        .join(location, location.c.code == stage.c.location)
        .outerjoin(position, held)
    )
    return select(*columns).select_from(lines).where(by.staged)


async def add_positions(tx: Tx, by: Applying) -> int:
    """Positions for lines with numbers that have none yet, with all they are to hold."""
    cells: dict[str, Any] = {
        "product_id": product.c.id,
        "location_id": location.c.id,
        "on_hand": func.coalesce(stage.c.quantity, 0),
        "reorder_point": stage.c.reorder_point,
        "clear_level": stage.c.clear_level,
        "version": literal(1),
        "updated_at": by.instant,
    }
    rows = _known_lines(by, *cells.values()).where(HAS_NUMBERS, position.c.product_id.is_(None))
    new = insert_for(tx, position).from_select(list(cells), rows.order_by(IN_FILE_ORDER))
    return (await tx.execute(new)).rowcount


async def change_positions(tx: Tx, by: Applying) -> None:
    """Bring known positions to what their line tells; a new version for each that changed.

    A rule that staff set since the file was checked may not go with what the file tells of it: a
    clear level that is not above its reorder point counts as none.
    """
    point = func.coalesce(stage.c.reorder_point, position.c.reorder_point)
    clear = func.coalesce(stage.c.clear_level, position.c.clear_level)
    changed = update(position).where(
        by.staged,
        SAME_SKU,
        location.c.code == stage.c.location,
        position.c.product_id == product.c.id,
        position.c.location_id == location.c.id,
        or_(comparing.quantity_differs(), comparing.rule_differs()),
    )
    await tx.execute(
        changed.values(
            on_hand=func.coalesce(stage.c.quantity, position.c.on_hand),
            reorder_point=point,
            clear_level=case((and_(point > 0, clear <= point), null()), else_=clear),
            version=position.c.version + 1,
            updated_at=by.instant,
        )
    )


async def mark_changing(tx: Tx, by: Applying) -> int:
    """Mark the known products that are about to change, to be judged; how many.

    Runs before the new ones are added.
    """
    rows = (
        select(product.c.id, *by.marks)
        .distinct()
        .select_from(comparing.compared())
        .where(by.staged, comparing.differs(tx))
    )
    return await _mark(tx, rows)


async def mark_added(tx: Tx, by: Applying, newest: int) -> int:
    """Mark the products that were just added, which have higher ids than `newest`; how many."""
    added = select(product.c.id, *by.marks).where(product.c.id > newest)
    return await _mark(tx, added.order_by(product.c.id))


async def _mark(tx: Tx, rows: Select[Any]) -> int:
    bring(Topic.STOCK)
    new = insert_for(tx, dirty).from_select(["product_id", "batch_id", "marked_at"], rows)
    # The newer mark wins: its batch is the one whose summary tells of the SKU.
    overwrite = {name: new.excluded[name] for name in ("batch_id", "marked_at")}
    marked = new.on_conflict_do_update(index_elements=["product_id"], set_=overwrite)
    return (await tx.execute(marked)).rowcount
