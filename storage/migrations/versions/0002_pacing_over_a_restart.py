"""pacing over a restart"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "pace",
        sa.Column("account", sa.String(16), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("used_until", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "key"),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wired_at", sa.BigInteger()))
