"""Trying again: which requests may be sent a second time, and which need a new proposal."""

from __future__ import annotations

import random
from dataclasses import dataclass

import grpc

from hlf import errors
from hlf.wire.proposals import MISMATCH

_CONFLICTS = frozenset({"MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"})


@dataclass(frozen=True, slots=True)
class Retry:
    """
    The limits for trying a call again; by default it is not tried again.

    Nothing is done twice: after a conflict, or a refusal before the ordering, the call gets a new proposal; while an
    outcome is unknown it gets none.

    Attributes:
        conflicts: how often a submit is proposed again because another transaction was faster (Fabric's
            ``MVCC_READ_CONFLICT`` and ``PHANTOM_READ_CONFLICT``, or endorsers that answered from different states).
        unavailable: how often a query or an endorsement is asked for again while no peer can be reached.
        first_pause, longest_pause: seconds before the first and any later try; each pause is twice the one before,
            and up to half of it is left out at random, so that callers in conflict do not meet again.
    """

    conflicts: int = 0
    unavailable: int = 0
    first_pause: float = 0.1
    longest_pause: float = 2.0


class Tries:
    """The tries that one call has left."""

    def __init__(self, policy: Retry) -> None:
        self._policy = policy
        self._conflicts = policy.conflicts
        self._unavailable = policy.unavailable
        self._pause = policy.first_pause

    def pause(self, failure: errors.HlfError) -> float:
        """
        Return the seconds to wait before the call is made again.

        Raises:
            HlfError: *failure*, if it does not allow another try or none is left.
        """
        if is_conflict(failure) and self._conflicts > 0:
            self._conflicts -= 1
        elif _is_unavailable(failure) and self._unavailable > 0:
            self._unavailable -= 1
        else:
            raise failure
        pause, self._pause = self._pause, min(2 * self._pause, self._policy.longest_pause)
        return pause * (1 - random.random() / 2)  # noqa: S311  (spreads callers out, keeps no secret)


def is_conflict(failure: errors.HlfError) -> bool:
    """Return whether *failure* is a conflict with another transaction, so that nothing was written."""
    if isinstance(failure, errors.CommitError):
        return failure.name in _CONFLICTS
    if not isinstance(failure, errors.EndorseError):
        return False
    return any(MISMATCH in words for words in (failure.message, *(detail.message for detail in failure.details)))


def _is_unavailable(failure: errors.HlfError) -> bool:
    """Return whether no peer could be reached; for a submit the outcome would be unknown."""
    if not isinstance(failure, errors.EvaluateError | errors.EndorseError):
        return False
    return failure.status is grpc.StatusCode.UNAVAILABLE
