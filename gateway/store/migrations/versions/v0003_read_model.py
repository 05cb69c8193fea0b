"""The read model."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _column(name: str, kind: Any = sa.Text, *, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=False, autoincrement=False)


def upgrade() -> None:
    """Make its tables."""
    op.create_table(
        "model_positions",
        _column("msp_id", key=True),
        _column("channel", key=True),
        _column("next_block", _NUMBER),
        _column("last_hash", sa.LargeBinary),
        sqlite_strict=True,
    )
    op.create_table(
        "model_records",
        _column("msp_id", key=True),
        _column("channel", _EXACT, key=True),
        _column("record", _EXACT, key=True),
        _column("kind"),
        _column("id", _EXACT),
        _column("private", _NUMBER),
        _column("state", _EXACT),
        _column("document"),
        _column("block_number", _NUMBER),
        _column("transaction_id"),
        _column("changed_at", _NUMBER),
        sqlite_strict=True,
    )
    for name, column in (("change", "block_number"), ("id", "id"), ("state", "state")):
        op.create_index(f"model_records_by_{name}", "model_records", ["msp_id", "kind", column, "channel", "record"])
    op.create_table(
        "model_labels",
        _column("msp_id", key=True),
        *(_column(name, _EXACT, key=True) for name in ("channel", "record", "name", "value")),
        sqlite_strict=True,
    )
    op.create_index("model_labels_by_value", "model_labels", ["msp_id", "value", "channel", "record"])
    op.create_table(
        "model_events",
        _column("msp_id", key=True),
        _column("channel", _EXACT, key=True),
        _column("block_number", _NUMBER, key=True),
        _column("index", _NUMBER, key=True),
        *(_column(name) for name in ("chaincode", "name", "transaction_id")),
        _column("at", _NUMBER),
        _column("payload"),
        sqlite_strict=True,
    )
    op.create_index("model_events_by_block", "model_events", ["msp_id", "block_number", "channel", "index"])
