"""Commits: the third step, waiting for the block."""

from __future__ import annotations

import time

import grpc
from fabric_protos.gateway import gateway_pb2

from hlf import errors
from hlf.client.cancelling import Cancellation
from hlf.client.sending import Sender
from hlf.steps import commit as steps
from hlf.steps.budget import Budget
from hlf.steps.commit import ONE_PEER_SECONDS, Status
from hlf.steps.reconnecting import FIRST_PAUSE, LONGEST_PAUSE

__all__ = ["Commit", "Status"]


class Commit(steps.CommitStep):
    """
    A request for the status of a transaction.

    It can leave this process as ``bytes``, be signed elsewhere, and come back by ``gateway.commit_from_bytes``.
    """

    def __init__(self, sender: Sender, message: gateway_pb2.SignedCommitStatusRequest, transaction_id: str) -> None:
        super().__init__(message, transaction_id)
        self._sender = sender

    def wait_committed(self, timeout: float | None = None, cancellation: Cancellation | None = None) -> Status:
        """
        Wait until the transaction is in a block; return its status. An invalid transaction raises no error here.

        While the peer is unreachable, the request is sent again until the time-out for commit status ends, also to
        another peer if there is one; so it is if the first peer is silent for long. A transaction that was never
        ordered takes as long.

        Raises:
            CommitStatusError: no answer came, so the outcome is unknown.
        """
        self.ensure_signed(self._sender.session.sign)
        budget = Budget(self.question().seconds(self._sender.timeouts, timeout))
        pause, several = FIRST_PAUSE, len(self._sender.peers.endpoints) > 1
        while True:
            seconds = budget.within(ONE_PEER_SECONDS) if several else budget.remaining
            try:
                return self._sender.send(self.question(), seconds, cancellation)
            except errors.CommitStatusError as failure:
                left = budget.remaining or 0.0
                if several and left and failure.status is grpc.StatusCode.DEADLINE_EXCEEDED:
                    continue
                away = failure.status is grpc.StatusCode.UNAVAILABLE
                if not away or pause > left or not self._sender.wait_reachable(time.monotonic() + left):
                    raise
            if cancellation is None:
                time.sleep(pause)
            else:
                cancellation.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def of(sender: Sender, channel_id: str, transaction_id: str) -> Commit:
    """Return the request for the status of *transaction_id*, with the sender's identity."""
    return Commit(sender, steps.ask(channel_id, transaction_id, sender.session.creator), transaction_id)
