"""
The clock of contracts: the transaction's timestamp.

Every endorser must see the same time, so no contract reads its machine's clock. The client chooses the timestamp,
within Fabric's limits.
"""

from __future__ import annotations

from hlf.codec import moments
from hlf.shim import api


def now(ctx: api.Context) -> int:
    """
    Return the transaction's time in milliseconds.

    Raises:
        Refused: INVALID_ARGUMENT for a year outside 1970 to 2200.
    """
    return moments.of(ctx.timestamp)


def stamp(ctx: api.Context) -> str:
    """Return the transaction's time in the form of records; raise what `now` raises."""
    return moments.text(now(ctx))
