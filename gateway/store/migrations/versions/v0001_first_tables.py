"""
The tables that the gateway made itself before it had migrations.

A file with them is taken over with all its rows; what is missing is made.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False)


def _made(name: str, *columns: sa.Column[Any], counted: bool = False) -> None:
    op.create_table(name, *columns, if_not_exists=True, sqlite_strict=True, sqlite_autoincrement=counted)


def upgrade() -> None:
    """Make what is not there."""
    # Keys were kept by token once; what was kept so can be thrown away.
    op.drop_table("idempotency", if_exists=True)
    _make_tokens()
    _make_idempotency()
    _make_records()


def _make_tokens() -> None:
    _made(
        "tokens",
        _text("id", key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        _text("msp_id"),
        _text("user"),
        _text("scopes"),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("expires_at", _NUMBER, nullable=False),
        sa.Column("revoked_at", _NUMBER),
    )


def _make_idempotency() -> None:
    _made(
        "idempotency_keys",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("attempt", sa.LargeBinary, nullable=False),
        sa.Column("started_at", _NUMBER, nullable=False),
        sa.Column("transaction_id", sa.Text, nullable=False, server_default=""),
        sa.Column("answer", sa.LargeBinary),
    )
    op.create_index("idempotency_keys_by_age", "idempotency_keys", ["started_at"], if_not_exists=True)
    _made(
        "idempotency_steps",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )


def _make_records() -> None:
    _made(
        "checkpoints",
        *(_text(name, key=True) for name in ("msp_id", "user", "channel", "chaincode", "name")),
        sa.Column("block_number", _NUMBER, nullable=False),
        _text("transaction_id"),
    )
    _made(
        "accesses",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("at", _NUMBER, nullable=False),
        *(_text(name) for name in ("msp_id", "user", "token_id", "what", "subject", "request_id")),
        sa.Column("status", _NUMBER),
        counted=True,
    )
    op.create_index("accesses_of", "accesses", ["msp_id", "number"], if_not_exists=True)
    _made(
        "lodgings",
        sa.Column("number", _NUMBER, primary_key=True),
        _text("link_hash"),
        sa.Column("at", _NUMBER, nullable=False),
        counted=True,
    )
    op.create_index("lodgings_of", "lodgings", ["link_hash", "number"], if_not_exists=True)
