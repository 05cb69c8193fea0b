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

    def __init__(self, sender: Sender, prepared: steps.Prepared) -> None:
        super().__init__(prepared)
        self._sender = sender

    def submit(self, timeout: float | None = None, cancellation: Cancellation | None = None) -> Commit:
        """
        Return the third step, once an orderer has taken the transaction.

        It is sent once. Where ``SubmitError.outcome_known`` is False it may be submitted again, by this very object:
        however often that is done, it commits at most once.

        Raises:
            SubmitError: no orderer took it, or whether one did is unknown.
        """
        self.ensure_signed(self._sender.session.sign)
        self._sender.send(self.submission(), timeout, cancellation)
        return self.commit()

    def commit(self) -> Commit:
        """
        Return the third step without the second being sent from here: to ask for the outcome of an unclear submit.
        """
        return commit.of(self._sender, self._channel_id, self.transaction_id)
