"""a person above the contact"""

from typing import Any

import sqlalchemy as sa
from alembic import op

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0009"
down_revision = "0008"

# Whose row it is: table, column, and the column's name from now on.
BELONGS = (
    ("subscription", "contact_id", "person_id"),
    ("move", "actor_id", "actor_id"),
    ("batch", "actor_id", "actor_id"),
    ("audit", "actor_id", "actor_id"),
    ("alert", "acknowledged_by", "acknowledged_by"),
)


def where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    _add_persons()
    given = _given_numbers()
    _below_persons()
    _keep_numbers(given)
    for table, old, new in BELONGS:
        _point_at_person(table, old, new)


def _add_persons() -> None:
    """Everybody becomes a person, under the number of the one contact that they have: so nothing
    that refers to them changes, and a button of yesterday is still theirs."""
    op.create_table(
        "person",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("language", sa.String(16), server_default="", nullable=False),
        sa.Column("language_chosen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("zone", sa.String(64), server_default="", nullable=False),
        sa.Column("preferences", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("role", sa.String(16)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_person_staff", "person", ["id"], **where("role IS NOT NULL"))
    # A chat that staff are told in is nobody's, unless somebody has also acted from it.
    acted = " OR ".join(f"id IN (SELECT {old} FROM {table})" for table, old, _ in BELONGS)
    op.execute(
        "INSERT INTO person (id, language, language_chosen, role, created_at, seen_at)"
        " SELECT id, language, language_chosen, role, created_at, seen_at FROM contact"
        f" WHERE kind = 'person' OR role IS NOT NULL OR {acted}"
    )


def _given_numbers() -> int:
    """The last number that a contact was given, forgotten ones too; 0: none."""
    bind = op.get_bind()
    query = "SELECT seq FROM sqlite_sequence WHERE name = 'contact'"
    if bind.dialect.name == "postgresql":
        name = bind.execute(sa.text("SELECT pg_get_serial_sequence('contact', 'id')")).scalar_one()
        query = f"SELECT last_value FROM {name} WHERE is_called"
    return int(bind.execute(sa.text(query)).scalar() or 0)


def _keep_numbers(given: int) -> None:
    """Neither a person nor a contact gets the number of somebody who was forgotten."""
    if op.get_bind().dialect.name == "postgresql":
        if given:
            op.execute(f"SELECT setval(pg_get_serial_sequence('person', 'id'), {given})")
        return
    for table in ("contact", "person"):
        op.execute(f"DELETE FROM sqlite_sequence WHERE name = '{table}'")
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {given})")


def _below_persons() -> None:
    with op.batch_alter_table("contact", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("person_id", Id))
        for name in ("verified", "preferred"):
            flag: sa.Column[bool] = sa.Column(
                name, sa.Boolean(), server_default=sa.text("false"), nullable=False
            )
            batch.add_column(flag)
        batch.alter_column("seen_at", new_column_name="wrote_at")
        for name in ("language", "language_chosen", "role"):
            batch.drop_column(name)
        batch.drop_constraint("uq_contact_platform_address_index", type_="unique")
        batch.create_unique_constraint("uq_contact_way_address_index", ["way", "address_index"])
        batch.create_foreign_key(
            "fk_contact_person_id_person", "person", ["person_id"], ["id"], ondelete="CASCADE"
        )
    op.execute(
        "UPDATE contact SET person_id = id, verified = true WHERE id IN (SELECT id FROM person)"
    )
    chosen_by = ["person_id", "state", "verified", "preferred", "wrote_at", "id"]
    op.create_index("ix_contact_reach", "contact", chosen_by)


def _point_at_person(table: str, old: str, new: str) -> None:
    if table == "subscription":
        op.drop_index("uq_subscription_live", table)
        op.drop_index("ix_subscription_contact_id", table)
    if old != new:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(f"fk_{table}_{old}_contact", type_="foreignkey")
        batch.create_foreign_key(
            f"fk_{table}_{new}_person", "person", [new], ["id"], ondelete="SET NULL"
        )
    if table == "subscription":
        live, who = where("state != 'ended'"), ["person_id", "product_id"]
        op.create_index("uq_subscription_live", table, who, unique=True, **live)
        op.create_index("ix_subscription_person_id", table, ["person_id"])
    if table == "audit":
        _name_persons()


def _name_persons() -> None:
    """Whose role it was is told by the person's number, which is the contact's."""
    renamed = "replace(CAST(detail AS TEXT), '\"contact\":', '\"person\":')"
    if op.get_bind().dialect.name == "postgresql":
        renamed = f"CAST({renamed} AS JSON)"
    op.execute(f"UPDATE audit SET detail = {renamed} WHERE action = 'role'")
