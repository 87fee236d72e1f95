"""living messages"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("says", sa.String(16), server_default="", nullable=False))
    with op.batch_alter_table("restock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("corrected_at", sa.BigInteger()))
    # Their last edits were queued when they closed.
    op.execute("UPDATE restock SET corrected_at = closed_at WHERE closed_at IS NOT NULL")
    uncorrected = sa.text("closed_at IS NOT NULL AND corrected_at IS NULL")
    op.create_index(
        "ix_restock_uncorrected",
        "restock",
        ["id"],
        sqlite_where=uncorrected,
        postgresql_where=uncorrected,
    )
