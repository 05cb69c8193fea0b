"""Proposals: the first of a transaction's three steps, or a query."""

from __future__ import annotations

from fabric_protos.gateway import gateway_pb2

from hlf.client.cancelling import Cancellation
from hlf.client.sending import Sender
from hlf.client.transaction import Transaction
from hlf.steps import proposal as steps


class Proposal(steps.ProposalStep):
    """
    A call of a chaincode, made but not sent.

    It can leave this process as ``bytes``, be signed elsewhere, and come back by ``gateway.proposal_from_bytes``.
    With transient data in it, those bytes are as private as the data.
    """

    def __init__(self, sender: Sender, message: gateway_pb2.ProposedTransaction, channel_id: str) -> None:
        super().__init__(message, channel_id)
        self._sender = sender

    def evaluate(self, timeout: float | None = None, cancellation: Cancellation | None = None) -> bytes:
        """
        Return the answer of one peer; nothing is written.

        Raises:
            EvaluateError: the contract or a peer refused, or did not answer in time.
        """
        self.ensure_signed(self._sender.session.sign)
        return self._sender.send(self.evaluation(), timeout, cancellation)

    def endorse(self, timeout: float | None = None, cancellation: Cancellation | None = None) -> Transaction:
        """
        Return the transaction that the needed organisations' peers have endorsed; nothing is written yet.

        Raises:
            EndorseError: the contract or a peer refused, the peers' answers differ, or did not come in time; or the
                gateway gave back another transaction than was proposed.
        """
        self.ensure_signed(self._sender.session.sign)
        return Transaction(self._sender, self._sender.send(self.endorsement(), timeout, cancellation))
