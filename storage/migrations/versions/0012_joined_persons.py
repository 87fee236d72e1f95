"""joined persons"""

import sqlalchemy as sa
from alembic import op

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    _point_at_whom_they_were_joined_into()
    _add_joinings()
    _add_codes()


def _point_at_whom_they_were_joined_into() -> None:
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    given = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'person'")
    last = (bind.execute(given).scalar() or 0) if sqlite else 0
    with op.batch_alter_table("person", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("joined_id", Id))
        batch.create_foreign_key(
            "fk_person_joined_id_person", "person", ["joined_id"], ["id"], ondelete="CASCADE"
        )
    if sqlite:  # a copied table forgets which numbers were given already
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'person'")
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('person', {last})")
    joined = sa.text("joined_id IS NOT NULL")
    op.create_index(
        "ix_person_joined_id",
        "person",
        ["joined_id"],
        sqlite_where=joined,
        postgresql_where=joined,
    )


def _add_joinings() -> None:
    op.create_table(
        "joining",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("kept_id", Id, nullable=False),
        sa.Column("gone_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("role_said", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("undo_key", sa.Text()),
        sa.Column("undone_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["gone_id"], ["person.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["kept_id"], ["person.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("undo_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_joining_gone_id", "joining", ["gone_id"])
    op.create_index("ix_joining_kept_id", "joining", ["kept_id"])


def _add_codes() -> None:
    of_contact = ["contact_id"], ["contact.id"]
    op.create_table(
        "join_code",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(*of_contact, ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_join_code_contact_id", "join_code", ["contact_id"])
    op.create_table(
        "join_try",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(*of_contact, ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_join_try_contact_id_created_at", "join_try", ["contact_id", "created_at"])
