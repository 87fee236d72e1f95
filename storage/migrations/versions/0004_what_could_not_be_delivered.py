"""what could not be delivered"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    undelivered = sa.text("state IN ('failed', 'uncertain')")
    op.create_index(
        "ix_notice_undelivered",
        "notice",
        ["settled_at"],
        sqlite_where=undelivered,
        postgresql_where=undelivered,
    )
