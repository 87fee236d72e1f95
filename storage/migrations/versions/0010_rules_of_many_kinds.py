"""rules of many kinds"""

import sqlalchemy as sa
from alembic import op

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0010"
down_revision = "0009"

# Microseconds since 1970, as the bot stores moments; and a JSON object of pairs.
SPELLED = {
    "sqlite": ("CAST(strftime('%s', 'now') AS INTEGER) * 1000000", "json_object"),
    "postgresql": ("CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)", "json_build_object"),
}
RULE = """
INSERT INTO rule (kind, terms, state, created_at, updated_at)
VALUES ('quantity', '{{"point": null, "clear": null}}', 'on', {now}, {now})
"""
# What an alert kept in columns, as domain.rules.quantity keeps it.
ALERTS = """
UPDATE alert SET
    rule_id = (SELECT id FROM rule),
    kind = 'quantity',
    fingerprint = 'quantity' || substr(fingerprint, length('low') + 1),
    present = CASE WHEN available <= 0 THEN 3 WHEN available * 5 <= point THEN 2 ELSE 1 END,
    margin = available - point,
    numbers = {json_object}(
        'available', available, 'projected', projected, 'point', point, 'clear', clear_level
    )
"""


def upgrade() -> None:
    now, json_object = SPELLED[op.get_bind().dialect.name]
    _rule()
    op.execute(sa.text(RULE.format(now=now).replace(":", "\\:")))
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rule_id", Id))
        batch_op.add_column(sa.Column("lot", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("present", sa.SmallInteger()))
        batch_op.add_column(sa.Column("margin", sa.BigInteger()))
        batch_op.add_column(sa.Column("numbers", sa.JSON()))
    op.execute(ALERTS.format(json_object=json_object))
    op.execute("UPDATE route SET kind = 'quantity' WHERE kind = 'low'")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        for name in ("rule_id", "present", "margin", "numbers"):
            batch_op.alter_column(name, nullable=False)
        batch_op.alter_column("product_id", nullable=True)
        batch_op.alter_column("kind", type_=sa.String(32))
        batch_op.create_foreign_key("fk_alert_rule_id_rule", "rule", ["rule_id"], ["id"])
        for name in ("available", "projected", "point", "clear_level"):
            batch_op.drop_column(name)


def _rule() -> None:
    op.create_table(
        "rule",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("scope", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("terms", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("steps", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("route", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("author_id", Id),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
