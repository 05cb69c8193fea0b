"""
Ordering: an endorsed transaction is sent until a block has it.

The first try is made in a thread (``ordered``) or on the event loop (``gateway.front.loopcalls``). What follows is
done here, in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from hlf import errors
from hlf.client import commit
from hlf.client.transaction import Transaction
from hlf.steps.budget import Budget

# How long to wait for a transaction's block before it is sent again.
_AGAIN_SECONDS = 5.0
# How long an orderer may take to accept it then, and how long until the next try if none does.
_ACCEPTED_SECONDS, _REFUSED_SECONDS = 5.0, 1.0


@dataclass(frozen=True)
class OrderedTransaction:
    """
    A transaction that an orderer has accepted once.

    Attributes:
        patience: the seconds to wait for its block after each try.
        left: the time for all tries together.
        found: its status; or the error of the question for it, if no block had it after the first try.
    """

    transaction: Transaction
    patience: float
    left: Budget
    found: commit.Status | errors.CommitStatusError


def patience(seconds: float) -> float:
    """Return how many seconds to wait for a block after one try, if all together may take *seconds*."""
    return min(_AGAIN_SECONDS, seconds / 2)


def ordered(transaction: Transaction, seconds: float) -> OrderedTransaction:
    """
    Send a transaction for the first time and wait for its block; all tries together may take *seconds*.

    Raises:
        hlf.errors.SubmitError: it was refused, or the answer is missing.
    """
    wait, left = patience(seconds), Budget(seconds)
    transaction.submit()
    return OrderedTransaction(transaction, wait, left, _found(transaction, left.within(wait)))


def committed(sent: OrderedTransaction) -> commit.Status:
    """
    Return the status of a transaction; send it again while no block has it.

    An orderer that dies can lose what it has accepted, and no peer knows of that. A transaction commits at most
    once, however often it is sent. If it could not be sent again, it is tried once more soon, because the network
    may be back by then.

    Raises:
        hlf.errors.CommitStatusError: the outcome is unknown.
    """
    found = sent.found
    while isinstance(found, errors.CommitStatusError):
        if not sent.left.remaining:
            raise found
        wait = sent.patience
        try:
            sent.transaction.submit(sent.left.within(_ACCEPTED_SECONDS))
        except errors.SubmitError:  # The first one may be on its way, so this refusal tells nothing.
            wait = _REFUSED_SECONDS
        found = _found(sent.transaction, sent.left.within(wait))
    return found


def _found(transaction: Transaction, seconds: float) -> commit.Status | errors.CommitStatusError:
    """Return the status of a transaction, or the error of the question if no block has it within *seconds*."""
    try:
        return transaction.commit().wait_committed(seconds)
    except errors.CommitStatusError as unknown:
        return unknown
