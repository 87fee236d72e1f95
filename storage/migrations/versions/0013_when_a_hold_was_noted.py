"""when a hold was noted: one of a clock that was ahead does not last longer than was said"""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    with op.batch_alter_table("pace", schema=None) as batch_op:
        batch_op.add_column(sa.Column("noted_at", Instant(), nullable=True))
