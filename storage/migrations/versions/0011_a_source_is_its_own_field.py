"""a source is its own field: wide enough for a feed's name, also of what the audit keeps"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(64), server_default="", nullable=False))
    for table in ("batch", "inbox", "move"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(
                "source", existing_type=sa.String(16), type_=sa.String(64), existing_nullable=False
            )
    # Files have come over the command line only.
    op.execute("UPDATE batch SET source = 'cli' WHERE source = 'import'")
    op.execute("UPDATE move SET source = 'cli' WHERE source = 'import'")
