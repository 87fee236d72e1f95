"""a contact has a way: the column says which way out, no longer which platform"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Renamed in place: a copied table forgets on SQLite which numbers it has given away.
    op.execute("ALTER TABLE contact RENAME COLUMN platform TO way")
