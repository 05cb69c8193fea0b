"""Transactions: the second step, endorsed and ready to be ordered."""

from __future__ import annotations

from hlf.client import commit
from hlf.client.cancelling import Cancellation
from hlf.client.commit import Commit
from hlf.client.sending import Sender
from hlf.steps import transaction as steps


class Transaction(steps.TransactionStep):
    """
    An endorsed transaction, not yet sent to be ordered.

    It can leave this process as ``bytes``, be signed elsewhere, and come back by ``gateway.transaction_from_bytes``.
    """

    def __init__(self, sender: Sender, prepared: steps.PreparedCall) -> None:
        super().__init__(prepared)
        self._sender = sender

    def submit(self, timeout: float | None = None, cancellation: Cancellation | None = None) -> Commit:
        """
        Send the transaction; return the third step when an orderer has accepted it.

        It is sent once. If ``SubmitError.outcome_known`` is False, call this method of the same object again: the
        transaction commits at most once.

        Raises:
            SubmitError: no orderer accepted it, or it is unknown whether one did.
        """
        self.ensure_signed(self._sender.session.sign)
        self._sender.send(self.submission(), timeout, cancellation)
        return self.commit()

    def commit(self) -> Commit:
        """
        Return the third step without sending the transaction, to ask for the status after an unclear submit.
        """
        return commit.of(self._sender, self._channel_id, self.transaction_id)
