"""The read model's labels and names in the order in which they are asked for; it is made again from block 0."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_MODEL = ("model_positions", "model_records", "model_events", "model_epcis_events")


def _columns(key: bool, **kinds: Any) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, primary_key=key, nullable=False, autoincrement=False) for name, kind in kinds.items()]


def _indices() -> None:
    for table, name, columns in (
        ("records", "of_state", ["kind", "state", "block_number", "channel", "record"]),
        ("records", "of_channel", ["kind", "channel", "block_number", "record"]),
        ("labels", "by_value", ["value", "channel", "record"]),
        ("labels", "by_change", ["kind", "name", "value", "block_number", "channel", "record"]),
        ("events", "of_name", ["name", "block_number", "channel", "index"]),
        ("epcis_events", "by_time", ["at", "block_number", "channel", "position"]),
        ("epcis_events", "by_record", ["recorded_at", "block_number", "channel", "position"]),
        ("epcis_names", "by_value", ["name", "value", "block_number", "channel", "position"]),
    ):
        op.create_index(f"model_{table}_{name}", f"model_{table}", ["msp_id", *columns])


def _partial(table: str, name: str, columns: list[str], only: str) -> None:
    told = sa.text(f"{only} IS NOT NULL")
    index = f"model_{table}_{name}"
    op.create_index(index, f"model_{table}", ["msp_id", *columns], postgresql_where=told, sqlite_where=told)


def upgrade() -> None:
    """Make the two tables again, and let every model start from block 0."""
    for name in ("by_time", "by_record"):
        op.drop_index(f"model_epcis_events_{name}", "model_epcis_events")
    for table in ("model_labels", "model_epcis_names"):
        op.drop_table(table)
    for table in _MODEL:
        op.execute(sa.delete(sa.table(table)))
    op.create_table(
        "model_labels",
        *_columns(True, msp_id=sa.Text, channel=_EXACT, record=_EXACT, name=_EXACT, value=_EXACT),
        *_columns(False, kind=sa.Text, block_number=_NUMBER),
        sqlite_strict=True,
    )
    op.create_table(
        "model_epcis_names",
        *_columns(True, msp_id=sa.Text, channel=_EXACT, block_number=_NUMBER, position=_NUMBER),
        *_columns(True, name=_EXACT, value=_EXACT),
        sa.Column("number", _NUMBER),
        sqlite_strict=True,
    )
    _indices()
    _partial("epcis_events", "declared", ["block_number", "channel", "position", "declared_at"], "declared_at")
    _partial("epcis_names", "by_number", ["name", "number", "block_number", "channel", "position"], "number")
