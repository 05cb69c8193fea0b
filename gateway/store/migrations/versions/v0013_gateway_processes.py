"""The processes that hold idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "gateway_processes",
        sa.Column("id", sa.LargeBinary, primary_key=True, nullable=False),
        sa.Column("seen_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sqlite_strict=True,
    )
