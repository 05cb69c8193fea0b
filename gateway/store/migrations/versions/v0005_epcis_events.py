"""The read model's EPCIS events; the model is made again from block 0, since earlier ones do not have them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_PLACE = ["channel", "block_number", "position"]


def _keys(*names: str) -> list[sa.Column[Any]]:
    own = sa.Column("msp_id", sa.Text, primary_key=True, nullable=False)
    return [own, *(sa.Column(name, _EXACT, primary_key=True, nullable=False) for name in names)]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, _NUMBER, nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables, and let every model begin again."""
    op.create_table(
        "model_epcis_events",
        *_keys("channel", "hash"),
        sa.Column("source", _EXACT, nullable=False),
        *_numbers("block_number", "position", "at", "recorded_at"),
        sa.Column("declared_at", _NUMBER),
        sa.Column("document", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    for name, columns in (
        ("_by_place", ["block_number", "channel", "position"]),
        ("_by_time", ["at", *_PLACE]),
        ("_by_record", ["recorded_at", *_PLACE]),
        ("_of", ["channel", "source"]),
    ):
        op.create_index(f"model_epcis_events{name}", "model_epcis_events", ["msp_id", *columns])
    op.create_table(
        "model_epcis_names",
        *_keys("channel", "hash", "name", "value"),
        sa.Column("number", _NUMBER),
        sqlite_strict=True,
    )
    op.create_index("model_epcis_names_by_value", "model_epcis_names", ["msp_id", "name", "value", "channel", "hash"])
    for table in ("model_positions", "model_records", "model_labels", "model_events"):
        op.execute(sa.delete(sa.table(table)))
