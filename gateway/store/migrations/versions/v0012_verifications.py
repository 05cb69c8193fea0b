"""Verifications of whole channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "verifications",
        sa.Column("id", sa.Text, primary_key=True, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("msp_id", "user", "channel")),
        sa.Column("height", _NUMBER, nullable=False),
        sa.Column("verified", _NUMBER, nullable=False, server_default="0"),
        sa.Column("attempts", _NUMBER, nullable=False, server_default="0"),
        sa.Column("holder", sa.Text, nullable=False, server_default=""),
        sa.Column("held_until", _NUMBER, nullable=False, server_default="0"),
        sa.Column("report", sa.Text),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("finished_at", _NUMBER),
        sqlite_strict=True,
    )
    op.create_index("verifications_of", "verifications", ["msp_id", "created_at"])
