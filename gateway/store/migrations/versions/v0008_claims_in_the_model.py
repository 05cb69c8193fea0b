"""Claims against carriers and for duty in the read model; it is made again from block 0, since it passed them over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Let every model begin again."""
    for table in (
        "model_positions",
        "model_records",
        "model_labels",
        "model_events",
        "model_epcis_events",
        "model_epcis_names",
    ):
        op.execute(sa.delete(sa.table(table)))
