"""Ordering: an endorsed transaction is sent until a block has it."""

from __future__ import annotations

from hlf import errors
from hlf.client import commit
from hlf.client.transaction import Transaction
from hlf.steps.budget import Budget

# How long to wait for a transaction's block before it is sent again.
_AGAIN_SECONDS = 5.0
# How long an orderer may take to accept it then, and how long until the next try if none does.
_ACCEPTED_SECONDS, _REFUSED_SECONDS = 5.0, 1.0


def committed(transaction: Transaction, seconds: float) -> commit.Status:
    """
    Send a transaction and return its status, within *seconds*; send it again while no block has it.

    An orderer that dies can lose what it has accepted, and no peer knows of that. A transaction commits at most
    once, however often it is sent. If it could not be sent again, it is tried once more soon, because the network
    may be back by then.

    Raises:
        hlf.errors.SubmitError: the first try was refused, or its answer is missing.
        hlf.errors.CommitStatusError: the outcome is unknown.
    """
    left = Budget(seconds)
    again = wait = min(_AGAIN_SECONDS, seconds / 2)
    transaction.submit()
    while True:
        try:
            return transaction.commit().wait_committed(left.within(wait))
        except errors.CommitStatusError:
            if not left.remaining:
                raise
        try:
            transaction.submit(left.within(_ACCEPTED_SECONDS))
            wait = again
        except errors.SubmitError:  # The first one may be on its way, so this refusal tells nothing.
            wait = _REFUSED_SECONDS
