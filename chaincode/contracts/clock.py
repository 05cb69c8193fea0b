"""
The one clock that contracts read: the transaction's timestamp.

Every endorser must see the same present, so no contract reads its machine's
clock. The timestamp is the client's word, as far as Fabric lets it go.
"""

from __future__ import annotations

from hlf.codec import moments
from hlf.shim import api


def now(ctx: api.Context) -> int:
    """
    Return the transaction's time in milliseconds.

    Raises:
        Refused: INVALID_ARGUMENT, a year outside 1970 to 2200.
    """
    return moments.of(ctx.timestamp)


def stamp(ctx: api.Context) -> str:
    """Return the transaction's time as records keep it; raise what `now` raises."""
    return moments.text(now(ctx))
