"""Proposals: the first of a transaction's three steps, or a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_protos.gateway import gateway_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.client import failures
from hlf.client.step import Step
from hlf.client.transaction import Transaction, read_endorsed
from hlf.wire import proposals

if TYPE_CHECKING:
    from hlf.client.gateway import Gateway


class Proposal(Step):
    """
    A call of a chaincode, made but not sent.

    It can leave this process as ``bytes``, be signed elsewhere, and come back by ``gateway.proposal_from_bytes``.
    With transient data in it, those bytes are as private as the data.
    """

    def __init__(self, gateway: Gateway, message: gateway_pb2.ProposedTransaction, channel_id: str) -> None:
        super().__init__(gateway, message, message.proposal, message.proposal.proposal_bytes)
        self._channel_id = channel_id
        self.transaction_id: str = message.transaction_id

    @classmethod
    def from_bytes(cls, gateway: Gateway, serialized: bytes, signature: bytes | None = None) -> Proposal:
        """
        The proposal in *serialized*, signed with *signature* if that is given.

        Raises:
            WireError: the bytes are no proposal, or its parts contradict each other.
        """
        try:
            message = gateway_pb2.ProposedTransaction.FromString(serialized)
        except DecodeError as malformed:
            raise errors.WireError("not a proposed transaction") from malformed
        parsed = proposals.parse(message.proposal.proposal_bytes)
        if not message.transaction_id == parsed.transaction_id == parsed.computed_transaction_id:
            raise errors.WireError("a proposed transaction whose id is not that of its proposal")
        proposal = cls(gateway, message, parsed.channel_header.channel_id)
        return proposal if signature is None else proposal.sign(signature)

    def evaluate(self) -> bytes:
        """
        The answer of one peer; nothing is written.

        Raises:
            EvaluateError: the contract or a peer refused, or did not answer in time.
        """
        self._ensure_signed()
        request = gateway_pb2.EvaluateRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel_id,
            proposed_transaction=self._signed,
            target_organizations=self._whole.endorsing_organizations,
        )
        response = failures.call(
            errors.EvaluateError,
            self._gateway.stub.Evaluate,
            request,
            self._gateway.timeouts.evaluate,
            self.transaction_id,
        )
        return bytes(response.result.payload)

    def endorse(self) -> Transaction:
        """
        The transaction that the needed organisations' peers have endorsed; nothing is written yet.

        Raises:
            EndorseError: the contract or a peer refused, the peers' answers differ, or did not come in time; or the
                gateway gave back another transaction than was proposed.
        """
        self._ensure_signed()
        request = gateway_pb2.EndorseRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel_id,
            proposed_transaction=self._signed,
            endorsing_organizations=self._whole.endorsing_organizations,
        )
        response = failures.call(
            errors.EndorseError,
            self._gateway.stub.Endorse,
            request,
            self._gateway.timeouts.endorse,
            self.transaction_id,
        )
        envelope = response.prepared_transaction
        try:
            endorsed = read_endorsed(envelope)
        except errors.WireError as malformed:
            raise errors.EndorseError(
                f"the gateway's answer cannot be used: {malformed}", transaction_id=self.transaction_id
            ) from malformed
        # The caller signs what the gateway gives back, so it must be the caller's own call and no other.
        if not endorsed.is_of(self.message):
            raise errors.EndorseError(
                "the gateway gave back another transaction than was proposed; it was not signed",
                transaction_id=self.transaction_id,
            )
        prepared = gateway_pb2.PreparedTransaction(transaction_id=self.transaction_id, envelope=envelope)
        return Transaction(self._gateway, prepared, self._channel_id, endorsed.result)
