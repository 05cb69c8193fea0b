"""Photos that shoppers sent with their returns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "return_photos",
        sa.Column("return_id", sa.Text, primary_key=True, nullable=False),
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("sealed_small", sa.LargeBinary, nullable=False),
        sa.Column("added_at", _NUMBER, nullable=False),
        sa.Column("kept_until", _NUMBER, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("return_photos_by_end", "return_photos", ["kept_until"])
