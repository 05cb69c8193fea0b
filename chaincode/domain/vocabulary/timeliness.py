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


def in_time(due: int | None, now: int) -> None:
    """
    Refuse an act after its deadline *due*; None is no deadline.

    Raises:
        Refused: DEADLINE_PASSED.
    """
    if due is not None and now > due:
        raise Refusal.DEADLINE_PASSED(f"the time for that ended at {moments.text(due)}; enforce it instead")


def missed(what: str, state: str, due: int | None, now: int) -> None:
    """
    Refuse to enforce a deadline of *what*, as ``return R1``, that its *state* does not have or that is not over.

    Raises:
        Refused: NO_DEADLINE, NOT_DUE.
    """
    if due is None:
        raise Refusal.NO_DEADLINE(f"{what} is {state} and has no deadline")
    if now <= due:
        raise Refusal.NOT_DUE(f"the deadline of {what} is {moments.text(due)}")
