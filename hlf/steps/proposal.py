"""Proposals: the first of a transaction's three steps, or a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.steps.call import GatewayCall
from hlf.steps.step import SignableStep
from hlf.steps.transaction import PreparedCall, read_endorsed
from hlf.wire import proposals

Transient = Mapping[str, bytes]


class ProposalStep(SignableStep):
    """A call of a chaincode, made but not sent."""

    def __init__(self, message: gateway_pb2.ProposedTransaction, channel_id: str) -> None:
        super().__init__(message, message.proposal, message.proposal.proposal_bytes)
        self._channel_id = channel_id
        self.transaction_id: str = message.transaction_id

    def evaluation(self) -> GatewayCall[bytes]:
        """Return the request for one peer's answer."""
        request = gateway_pb2.EvaluateRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel_id,
            proposed_transaction=self._signed,
            target_organizations=self._whole.endorsing_organizations,
        )
        return GatewayCall(
            "Evaluate",
            "evaluate",
            errors.EvaluateError,
            self.transaction_id,
            request,
            lambda response: bytes(response.result.payload),
        )

    def endorsement(self) -> GatewayCall[PreparedCall]:
        """Return the request for the endorsements that the call needs."""
        request = gateway_pb2.EndorseRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel_id,
            proposed_transaction=self._signed,
            endorsing_organizations=self._whole.endorsing_organizations,
        )
        return GatewayCall("Endorse", "endorse", errors.EndorseError, self.transaction_id, request, self._prepared)

    def _creator(self) -> bytes:
        return bytes(proposals.parse(self.message).signature_header.creator)

    def _prepared(self, response: Any) -> PreparedCall:
        envelope = response.prepared_transaction
        try:
            endorsed = read_endorsed(envelope)
        except errors.WireError as malformed:
            raise errors.EndorseError(
                f"the gateway's answer cannot be used: {malformed}", transaction_id=self.transaction_id
            ) from malformed
        # The caller signs the gateway's answer, so it must be the caller's own call and no other.
        if not endorsed.is_of(self.message):
            raise errors.EndorseError(
                "the gateway gave back another transaction than was proposed; it was not signed",
                transaction_id=self.transaction_id,
            )
        message = gateway_pb2.PreparedTransaction(transaction_id=self.transaction_id, envelope=envelope)
        return PreparedCall(message, self._channel_id, endorsed.result)


def propose(
    channel_id: str,
    chaincode: str,
    args: Sequence[str | bytes],
    creator: bytes,
    transient: Transient | None,
    endorsing_organizations: Sequence[str],
) -> gateway_pb2.ProposedTransaction:
    """Return the message of the first step for a new call; *args* begin with the function's name."""
    made = proposals.new(
        channel_id,
        chaincode,
        [a.encode() if isinstance(a, str) else a for a in args],
        creator,
        transient=transient,
    )
    return gateway_pb2.ProposedTransaction(
        transaction_id=made.transaction_id,
        proposal=proposal_pb2.SignedProposal(proposal_bytes=made.bytes),
        endorsing_organizations=endorsing_organizations,
    )


def read(serialized: bytes) -> tuple[gateway_pb2.ProposedTransaction, str]:
    """
    Return the message in *serialized*, and its channel.

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
    return message, parsed.channel_header.channel_id
