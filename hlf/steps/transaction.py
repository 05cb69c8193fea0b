"""Transactions: the second step, endorsed and ready to be ordered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2, transaction_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.steps.call import GatewayCall
from hlf.steps.step import SignableStep
from hlf.wire import rwsets, transactions


class PreparedCall(NamedTuple):
    """The parts of the second step: Fabric's message, the channel, and the contract's answer."""

    message: gateway_pb2.PreparedTransaction
    channel_id: str
    result: bytes


@dataclass(frozen=True, slots=True)
class EndorsedCall:
    """The call and the answer in an endorsed envelope."""

    header: Any
    proposal_payload: bytes
    result: bytes

    def is_of(self, proposal: bytes) -> bool:
        """Return whether this is exactly the transaction that the caller proposed."""
        proposed = proposal_pb2.Proposal.FromString(proposal)
        visible = proposal_pb2.ChaincodeProposalPayload.FromString(proposed.payload)
        endorsed = proposal_pb2.ChaincodeProposalPayload.FromString(self.proposal_payload)
        return bool(
            common_pb2.Header.FromString(proposed.header) == self.header
            and visible.input == endorsed.input
            and not endorsed.TransientMap
        )


class TransactionStep(SignableStep):
    """An endorsed transaction, not yet sent to be ordered."""

    def __init__(self, prepared: PreparedCall) -> None:
        message, self._channel_id, self._result = prepared
        super().__init__(message, message.envelope, message.envelope.payload)
        self.transaction_id: str = message.transaction_id

    @property
    def result(self) -> bytes:
        """The contract's answer, equal at all endorsers; it is final only after the commit."""
        return self._result

    @property
    def changes(self) -> bool:
        """
        Whether the transaction writes anything or gives an event.

        One that does neither is a query; to order it would only put its answer into a block, for all members to read.

        Raises:
            WireError: the endorsed read-write set is malformed.
        """
        action = _action(self._signed)
        return bool(action.events) or any(
            rwset.writes or rwset.metadata_writes or any(c.writes or c.metadata_writes for c in rwset.collections)
            for rwset in rwsets.decode(action.results).namespaces
        )

    def submission(self) -> GatewayCall[None]:
        """Return the request to order the transaction."""
        request = gateway_pb2.SubmitRequest(
            transaction_id=self.transaction_id, channel_id=self._channel_id, prepared_transaction=self._signed
        )
        return GatewayCall("Submit", "submit", errors.SubmitError, self.transaction_id, request, lambda response: None)

    def _creator(self) -> bytes:
        header = common_pb2.Payload.FromString(self.message).header
        return bytes(common_pb2.SignatureHeader.FromString(header.signature_header).creator)


def read(serialized: bytes) -> PreparedCall:
    """
    Return the endorsed transaction in *serialized*.

    Raises:
        WireError: the bytes are no prepared transaction, or its parts contradict each other.
    """
    try:
        message = gateway_pb2.PreparedTransaction.FromString(serialized)
        endorsed = read_endorsed(message.envelope)
        header = common_pb2.ChannelHeader.FromString(endorsed.header.channel_header)
        common_pb2.SignatureHeader.FromString(endorsed.header.signature_header)
    except DecodeError as malformed:
        raise errors.WireError("not a prepared transaction") from malformed
    if not message.transaction_id or message.transaction_id != header.tx_id:
        raise errors.WireError("a prepared transaction whose id is not that of its envelope")
    return PreparedCall(message, header.channel_id, endorsed.result)


def read_endorsed(envelope: Any) -> EndorsedCall:
    """
    Return the content of an endorsed ``common.Envelope``.

    Raises:
        WireError: it is no endorsed transaction with one action.
    """
    try:
        payload = common_pb2.Payload.FromString(envelope.payload)
        content = _content(payload)
        action = transactions.simulated(content)
    except DecodeError as malformed:
        raise errors.WireError("not an endorsed transaction") from malformed
    return EndorsedCall(payload.header, content.chaincode_proposal_payload, action.response.payload)


def _action(envelope: Any) -> Any:
    """Return the ``protos.ChaincodeAction`` of an envelope that was read before."""
    return transactions.simulated(_content(common_pb2.Payload.FromString(envelope.payload)))


def _content(payload: Any) -> Any:
    actions = transaction_pb2.Transaction.FromString(payload.data).actions
    if len(actions) != 1:
        raise errors.WireError(f"an endorsed transaction of {len(actions)} actions; expected one")
    return transaction_pb2.ChaincodeActionPayload.FromString(actions[0].payload)
