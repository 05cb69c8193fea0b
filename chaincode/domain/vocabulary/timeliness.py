"""When a fact may be written on the ledger: not before it happens, and not long after."""

from __future__ import annotations

from chaincode.domain.refusals import Refusal
from hlf.codec import moments

LATEST = 30 * moments.DAY
"""How long after an order or an event it may still be written on the ledger."""


def not_ahead(what: str, at: int, now: int) -> None:
    """
    Refuse the time *at* of *what* if it is after *now*; the writer's clock may be ahead by `moments.SKEW`.

    Raises:
        Refused: EVENT_IN_FUTURE.
    """
    if at > now + moments.SKEW:
        raise Refusal.EVENT_IN_FUTURE(f"the time of the {what} is after the transaction's")


def check(what: str, at: int, now: int) -> None:
    """
    Refuse the time *at* of *what* if it is after *now*, or more than `LATEST` before it.

    Raises:
        Refused: EVENT_IN_FUTURE, TOO_LATE.
    """
    not_ahead(what, at, now)
    if at < now - LATEST:
        raise Refusal.TOO_LATE(f"an {what} may be recorded for {LATEST // moments.DAY} days")
