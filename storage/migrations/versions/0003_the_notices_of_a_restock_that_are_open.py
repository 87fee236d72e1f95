"""the notices of a restock that are open"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    is_open = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_notice_open_restock",
        "notice",
        ["restock_id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
