"""Tokens that belong to a service account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add its name to the tokens; those that there are belong to people."""
    op.add_column("tokens", sa.Column("account", sa.Text, nullable=False, server_default=""))
