"""Webhooks, what waits for them and what was delivered; and requests that are answered later."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _column(name: str, kind: Any = sa.Text, *, key: bool = False, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=False, autoincrement=False, server_default=default)


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "webhooks",
        _column("id", key=True),
        *(_column(name) for name in ("msp_id", "user", "url", "channel", "filters")),
        _column("sealed", sa.LargeBinary),
        _column("state"),
        _column("reason", default=""),
        *(_column(name, _NUMBER) for name in ("created_at", "block_number", "index")),
        _column("given_up", _NUMBER, default="0"),
        _column("holder", default=""),
        _column("held_until", _NUMBER, default="0"),
        sqlite_strict=True,
    )
    op.create_index("webhooks_of", "webhooks", ["msp_id", "user"])
    op.create_table(
        "webhook_messages",
        *(_column(name, key=True) for name in ("webhook_id", "id")),
        *(_column(name) for name in ("type", "body")),
        *(_column(name, _NUMBER) for name in ("block_number", "index")),
        _column("state"),
        *(_column(name, _NUMBER, default="0") for name in ("attempts", "next_at")),
        _column("changed_at", _NUMBER),
        sqlite_strict=True,
    )
    op.create_index("webhook_messages_by_place", "webhook_messages", ["webhook_id", "state", "block_number", "index"])
    op.create_table(
        "webhook_attempts",
        sa.Column("number", _NUMBER, primary_key=True),
        *(_column(name) for name in ("webhook_id", "message_id")),
        _column("at", _NUMBER),
        sa.Column("status", _NUMBER),
        _column("words"),
        _column("milliseconds", _NUMBER),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("webhook_attempts_of", "webhook_attempts", ["webhook_id", "number"])
    op.create_table(
        "jobs",
        _column("id", key=True),
        *(_column(name) for name in ("msp_id", "user", "batch")),
        _column("number", _NUMBER),
        _column("path"),
        *(_column(name, sa.LargeBinary) for name in ("fingerprint", "sealed")),
        _column("state"),
        *(_column(name, _NUMBER, default="0") for name in ("attempts", "next_at")),
        _column("holder", default=""),
        _column("held_until", _NUMBER, default="0"),
        sa.Column("answer", sa.LargeBinary),
        _column("created_at", _NUMBER),
        sa.Column("finished_at", _NUMBER),
        sqlite_strict=True,
    )
    op.create_index("jobs_by_time", "jobs", ["state", "next_at", "number"])
    op.create_index("jobs_of", "jobs", ["msp_id", "user", "created_at"])
    op.create_index("jobs_of_batch", "jobs", ["batch", "number"])
