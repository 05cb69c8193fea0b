"""Named queries of EPCIS, and webhooks that are subscriptions to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of queries; the webhooks that there are have none."""
    op.create_table(
        "epcis_queries",
        sa.Column("msp_id", sa.Text, primary_key=True, nullable=False),
        sa.Column("user", sa.Text, primary_key=True, nullable=False),
        sa.Column("name", _EXACT, primary_key=True, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sqlite_strict=True,
    )
    op.add_column("webhooks", sa.Column("subscription", sa.LargeBinary))
    op.add_column("webhooks", sa.Column("due_at", _NUMBER, nullable=False, server_default="0"))
