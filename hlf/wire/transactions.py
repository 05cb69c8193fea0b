"""
The transactions of a block, as plain records.

Anyone may get garbage ordered, peers mark it invalid and go on, and so must whoever reads blocks: a transaction that
cannot be read to its end has a ``defect``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    chaincode_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from google.protobuf.message import DecodeError

from hlf.errors import WireError, validation_code_name
from hlf.wire import envelopes, keys, proposals, rwsets

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Endorsement:
    """One peer's signature over ``response_payload`` followed by its own ``endorser`` bytes."""

    endorser: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """The event a transaction's chaincode has set."""

    chaincode: str
    transaction_id: str
    name: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Action:
    """A chaincode call in a transaction, with its endorsed results."""

    chaincode: str
    version: str
    args: tuple[bytes, ...]
    is_init: bool
    status: int
    message: str
    payload: bytes
    rwset: rwsets.TxRwset
    event: Event | None
    endorsements: tuple[Endorsement, ...]
    signature_header: bytes
    proposal_payload: bytes
    proposal_hash: bytes
    response_payload: bytes


@dataclass(frozen=True, slots=True)
class Transaction:
    """
    One envelope in a block.

    Attributes:
        code: Fabric's validation code; None in an orderer's copy of the block, which has none.
        type: a ``common.HeaderType``.
        chaincode: what its header says it calls; whether the endorsers have run that, each action says.
        config: the serialized ``common.ConfigEnvelope`` of a configuration transaction.
        defect: why the envelope could not be read to its end; the fields behind that point are empty then.
    """

    index: int
    code: int | None
    envelope: bytes = field(repr=False)
    payload: bytes = field(default=b"", repr=False)
    signature: bytes = b""
    type: int = -1
    channel_id: str = ""
    transaction_id: str = ""
    timestamp: datetime | None = None
    creator: bytes = b""
    nonce: bytes = b""
    channel_header: bytes = b""
    signature_header: bytes = b""
    chaincode: str = ""
    actions: tuple[Action, ...] = ()
    config: bytes | None = field(default=None, repr=False)
    defect: str | None = None

    @property
    def valid(self) -> bool:
        return bool(self.code == transaction_pb2.VALID)

    @property
    def code_name(self) -> str:
        return "" if self.code is None else validation_code_name(self.code)

    @property
    def computed_transaction_id(self) -> str:
        return keys.transaction_id(self.nonce, self.creator)


def decode_transaction(envelope: bytes, index: int = 0, code: int | None = None) -> Transaction:
    """The contents of one envelope of a block; never raises, a malformed one has a ``defect``."""
    try:
        parsed = envelopes.parse(envelope)
    except WireError as malformed:
        return Transaction(index, code, envelope, defect=str(malformed))
    known: dict[str, Any] = {
        "payload": parsed.payload,
        "signature": parsed.signature,
        "type": parsed.channel_header.type,
        "channel_id": parsed.channel_header.channel_id,
        "transaction_id": parsed.channel_header.tx_id,
        "timestamp": _datetime(parsed.channel_header.timestamp),
        "creator": parsed.signature_header.creator,
        "nonce": parsed.signature_header.nonce,
        "channel_header": parsed.channel_header_bytes,
        "signature_header": parsed.signature_header_bytes,
    }
    try:
        if parsed.channel_header.type == common_pb2.ENDORSER_TRANSACTION:
            called = proposal_pb2.ChaincodeHeaderExtension.FromString(parsed.channel_header.extension)
            known["chaincode"] = called.chaincode_id.name
            actions = transaction_pb2.Transaction.FromString(parsed.data).actions
            known["actions"] = tuple(_action(action) for action in actions)
        elif parsed.channel_header.type == common_pb2.CONFIG:
            configtx_pb2.ConfigEnvelope.FromString(parsed.data)
            known["config"] = parsed.data
    except (DecodeError, WireError) as malformed:
        known["defect"] = f"malformed transaction: {malformed}"
    return Transaction(index, code, envelope, **known)


def check_transaction(transaction: Transaction) -> list[str]:
    """What is wrong with a transaction by its own bytes, in words; an empty list if nothing is."""
    if transaction.defect is not None:
        return [transaction.defect]
    if transaction.type != common_pb2.ENDORSER_TRANSACTION:
        return []
    found = []
    if transaction.transaction_id != transaction.computed_transaction_id:
        found.append("its id is not the hash of its nonce and creator")
    for action in transaction.actions:
        if action.signature_header != transaction.signature_header:
            found.append("its action was proposed under another signature header")
        expected = proposals.proposal_hash(
            transaction.channel_header, transaction.signature_header, action.proposal_payload
        )
        if action.proposal_hash != expected:
            found.append("its endorsements are for another proposal")
    return found


def _action(message: Any) -> Action:
    payload = transaction_pb2.ChaincodeActionPayload.FromString(message.payload)
    proposed = proposal_pb2.ChaincodeProposalPayload.FromString(payload.chaincode_proposal_payload)
    spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(proposed.input).chaincode_spec
    response = proposal_response_pb2.ProposalResponsePayload.FromString(payload.action.proposal_response_payload)
    result = proposal_pb2.ChaincodeAction.FromString(response.extension)
    return Action(
        chaincode=result.chaincode_id.name,
        version=result.chaincode_id.version,
        args=tuple(spec.input.args),
        is_init=spec.input.is_init,
        status=result.response.status,
        message=result.response.message,
        payload=result.response.payload,
        rwset=rwsets.decode(result.results),
        event=_event(result.events),
        endorsements=tuple(Endorsement(e.endorser, e.signature) for e in payload.action.endorsements),
        signature_header=message.header,
        proposal_payload=payload.chaincode_proposal_payload,
        proposal_hash=response.proposal_hash,
        response_payload=payload.action.proposal_response_payload,
    )


def _event(serialized: bytes) -> Event | None:
    if not serialized:
        return None
    event = chaincode_event_pb2.ChaincodeEvent.FromString(serialized)
    return Event(event.chaincode_id, event.tx_id, event.event_name, event.payload)


def _datetime(stamp: Any) -> datetime | None:
    """The moment to the microsecond; None for one outside of datetime's years, which a hostile header may name."""
    try:
        return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    except OverflowError:
        return None
