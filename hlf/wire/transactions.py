"""
The transactions of a block, as plain records.

Anyone can have garbage ordered; peers mark it invalid and go on, and a reader of blocks must do the same. So a
transaction that cannot be read to its end has a ``defect``. The parts are read in the order of Fabric's validation, so
the first defect is the one that Fabric finds, with the same code.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, NamedTuple

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
from hlf.wire import keys, messages, rwsets, timestamps

_HEADER = transaction_pb2.BAD_COMMON_HEADER
_ENDORSED = transaction_pb2.INVALID_ENDORSER_TRANSACTION
_SIGNATURE_HEADER = "a signature header"


class Endorsement(NamedTuple):
    """One peer's signature over ``response_payload`` followed by its own ``endorser`` bytes."""

    endorser: bytes
    signature: bytes


class Event(NamedTuple):
    """The event a transaction's chaincode has set."""

    chaincode: str
    transaction_id: str
    name: str
    payload: bytes


class Action(NamedTuple):
    """
    A chaincode call in a transaction, with its endorsed results.

    Attributes:
        chaincode, version: the chaincode that ran, as the endorsers state it.
        status, message, payload: the chaincode's response.
        signature_header, proposal_payload: of the proposal, as the transaction repeats it.
        proposal_hash: of the proposal that the endorsers answered.
        response_payload: the bytes that the endorsers signed, each followed by its own identity.
    """

    signature_header: bytes
    proposal_payload: bytes
    endorsements: tuple[Endorsement, ...]
    response_payload: bytes
    proposal_hash: bytes
    chaincode: str = ""
    version: str = ""
    status: int = 0
    message: str = ""
    payload: bytes = b""
    rwset: rwsets.TxRwset = rwsets.TxRwset()
    event: Event | None = None

    @property
    def args(self) -> tuple[bytes, ...]:
        """The function and its arguments; empty if they cannot be read, which does not make a transaction invalid."""
        return tuple(self._invocation.args)

    @property
    def is_init(self) -> bool:
        """Whether the chaincode was called to initialise itself."""
        return bool(self._invocation.is_init)

    @property
    def _invocation(self) -> Any:
        try:
            proposed = proposal_pb2.ChaincodeProposalPayload.FromString(self.proposal_payload)
            return chaincode_pb2.ChaincodeInvocationSpec.FromString(proposed.input).chaincode_spec.input
        except DecodeError:
            return chaincode_pb2.ChaincodeInput()


class BlockTransaction(NamedTuple):
    """
    One envelope in a block.

    Attributes:
        code: Fabric's validation code; None in an orderer's copy of the block.
        type: a ``common.HeaderType``.
        chaincode: the called chaincode, as its header states it; each action has the one that the endorsers ran.
        config: the serialized ``common.ConfigEnvelope`` of a configuration transaction.
        defect: why the envelope could not be read to its end; later fields are empty then.
        defect_code: Fabric's validation code for the defect, unless another code comes first.
    """

    index: int  # type: ignore[assignment]  # It hides a method of tuples that a transaction does not need.
    code: int | None
    envelope: bytes
    payload: bytes = b""
    signature: bytes = b""
    type: int = -1
    channel_id: str = ""
    transaction_id: str = ""
    creator: bytes = b""
    nonce: bytes = b""
    channel_header: bytes = b""
    signature_header: bytes = b""
    chaincode: str = ""
    actions: tuple[Action, ...] = ()
    config: bytes | None = None
    defect: str | None = None
    defect_code: int | None = None

    @property
    def valid(self) -> bool:
        return bool(self.code == transaction_pb2.VALID)

    @property
    def code_name(self) -> str:
        return "" if self.code is None else validation_code_name(self.code)

    @property
    def computed_transaction_id(self) -> str:
        return keys.transaction_id(self.nonce, self.creator)

    @property
    def timestamp(self) -> datetime | None:
        """
        The time that its client stated, to the microsecond.

        None without a header, or for a year that datetime does not have; a hostile header can have one.
        """
        if not self.channel_header:
            return None
        try:
            return timestamps.to_datetime(common_pb2.ChannelHeader.FromString(self.channel_header).timestamp)
        except (DecodeError, OverflowError):
            return None


def simulated(action: transaction_pb2.ChaincodeActionPayload) -> proposal_pb2.ChaincodeAction:
    """Return the results of an endorser's simulation; raise DecodeError if they cannot be read."""
    payload = proposal_response_pb2.ProposalResponsePayload.FromString(action.action.proposal_response_payload)
    return proposal_pb2.ChaincodeAction.FromString(payload.extension)


class _Defect(Exception):  # noqa: N818 - a fault of the data, not a failure of the program.
    """Ends the reading of a transaction; *code* is Fabric's for the defect."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def decode_transaction(envelope: bytes, index: int = 0, code: int | None = None) -> BlockTransaction:
    """Return the contents of one envelope of a block; a malformed one has a ``defect``, and nothing is raised."""
    known: dict[str, Any] = {}
    try:
        _read(envelope, known)
    except _Defect as found:
        known["defect"], known["defect_code"] = found.words, found.code
    return BlockTransaction(index, code, envelope, **known)


def check_transaction(transaction: BlockTransaction) -> list[str]:
    """Return what is wrong with a transaction, judged by its own bytes alone; an empty list if nothing is."""
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
        if action.proposal_hash != computed_proposal_hash(transaction, action):
            found.append("its endorsements are for another proposal")
    return found


def computed_proposal_hash(transaction: BlockTransaction, action: Action) -> bytes:
    """
    Return the hash of the proposal in *transaction*, computed over its exact bytes, as in validation.
    """
    hashed = transaction.channel_header + action.signature_header + action.proposal_payload
    return hashlib.sha256(hashed).digest()


def _read(envelope: bytes, known: dict[str, Any]) -> None:
    outer = _parsed(common_pb2.Envelope, envelope, transaction_pb2.INVALID_OTHER_REASON, "an envelope")
    known["payload"], known["signature"] = outer.payload, outer.signature
    payload = _parsed(common_pb2.Payload, outer.payload, transaction_pb2.BAD_PAYLOAD, "a payload")
    if not payload.HasField("header"):
        raise _Defect(_HEADER, "a payload without a header")
    header = payload.header
    known["channel_header"], known["signature_header"] = header.channel_header, header.signature_header
    channel = _parsed(common_pb2.ChannelHeader, header.channel_header, _HEADER, "a channel header")
    known["type"], known["channel_id"], known["transaction_id"] = channel.type, channel.channel_id, channel.tx_id
    signer = _parsed(common_pb2.SignatureHeader, header.signature_header, _HEADER, _SIGNATURE_HEADER)
    known["creator"], known["nonce"] = signer.creator, signer.nonce
    if channel.type == common_pb2.ENDORSER_TRANSACTION:
        _check_headers(channel, signer)
        _read_endorsed(payload.data, channel.extension, known)
    elif channel.type == common_pb2.CONFIG:
        # The first one has no creator, and is never validated.
        code = transaction_pb2.INVALID_CONFIG_TRANSACTION
        _parsed(configtx_pb2.ConfigEnvelope, payload.data, code, "a configuration")
        known["config"] = payload.data
    elif channel.type == common_pb2.CONFIG_UPDATE:
        _check_headers(channel, signer)
        raise _Defect(transaction_pb2.UNSUPPORTED_TX_PAYLOAD, "an update of the configuration, which is for orderers")
    else:
        raise _Defect(_HEADER, f"a header of type {channel.type}")


def _check_headers(channel: Any, signer: Any) -> None:
    if channel.epoch:
        raise _Defect(_HEADER, f"a header of epoch {channel.epoch}")
    if not signer.nonce or not signer.creator:
        raise _Defect(_HEADER, "a signature header without nonce or creator")


def _read_endorsed(data: bytes, extension: bytes, known: dict[str, Any]) -> None:
    transaction = _parsed(transaction_pb2.Transaction, data, _ENDORSED, "a transaction")
    if len(transaction.actions) != 1:
        raise _Defect(_ENDORSED, f"a transaction of {len(transaction.actions)} actions, where one is supported")
    (action,) = transaction.actions
    if action.header != known["signature_header"]:
        signer = _parsed(common_pb2.SignatureHeader, action.header, _ENDORSED, _SIGNATURE_HEADER)
        if not signer.nonce or not signer.creator:
            raise _Defect(_ENDORSED, "an action whose signature header has no nonce or no creator")
    payload = _parsed(transaction_pb2.ChaincodeActionPayload, action.payload, _ENDORSED, "an action")
    endorsed = payload.action
    signed = endorsed.proposal_response_payload
    response = _parsed(proposal_response_pb2.ProposalResponsePayload, signed, _ENDORSED, "an endorsed response")
    if not payload.chaincode_proposal_payload:
        raise _Defect(_ENDORSED, "an action without its proposal")
    parts: dict[str, Any] = {
        "signature_header": action.header,
        "proposal_payload": payload.chaincode_proposal_payload,
        "endorsements": tuple([Endorsement(e.endorser, e.signature) for e in endorsed.endorsements]),
        "response_payload": signed,
        "proposal_hash": response.proposal_hash,
    }
    try:
        _read_result(response.extension, signed, extension, known, parts)
    finally:
        known["actions"] = (Action(**parts),)


def _read_result(
    serialized: bytes, signed: bytes, extension: bytes, known: dict[str, Any], parts: dict[str, Any]
) -> None:
    called = _parsed(
        proposal_pb2.ChaincodeHeaderExtension, extension, transaction_pb2.BAD_HEADER_EXTENSION, "a header extension"
    )
    known["chaincode"] = called.chaincode_id.name
    if not serialized:
        raise _Defect(transaction_pb2.BAD_RESPONSE_PAYLOAD, "an endorsed response without a result")
    result = _parsed(proposal_pb2.ChaincodeAction, serialized, transaction_pb2.BAD_RESPONSE_PAYLOAD, "a result")
    ran = result.chaincode_id
    parts["chaincode"], parts["version"] = ran.name, ran.version
    response = result.response
    parts["status"], parts["message"], parts["payload"] = response.status, response.message, response.payload
    try:
        parts["rwset"] = rwsets.decode(result.results)
    except WireError as malformed:
        raise _Defect(transaction_pb2.BAD_RWSET, str(malformed)) from malformed
    if not (called.HasField("chaincode_id") and result.HasField("chaincode_id")):
        raise _Defect(transaction_pb2.INVALID_OTHER_REASON, "it does not say what it calls, or what its endorsers ran")
    if not ran.version or not ran.name or called.chaincode_id.name != ran.name:
        words = f"it calls {called.chaincode_id.name!r}, its endorsers ran {ran.name!r} in version {ran.version!r}"
        raise _Defect(transaction_pb2.INVALID_CHAINCODE, words)
    if result.events:
        parts["event"] = event = _event(result.events)
        if event.chaincode != ran.name:
            raise _Defect(transaction_pb2.INVALID_OTHER_REASON, f"its event claims to be of {event.chaincode!r}")
    named = [namespace.namespace for namespace in parts["rwset"].namespaces]
    if len(set(named)) != len(named):
        raise _Defect(transaction_pb2.ILLEGAL_WRITESET, "a namespace stands twice in its read-write set")


def _event(serialized: bytes) -> Event:
    event = _parsed(chaincode_event_pb2.ChaincodeEvent, serialized, transaction_pb2.INVALID_OTHER_REASON, "an event")
    return Event(event.chaincode_id, event.tx_id, event.event_name, event.payload)


def _parsed(kind: Any, serialized: bytes, code: int, words: str) -> Any:
    try:
        return kind.FromString(serialized)
    except DecodeError:
        pass
    try:
        # A second reading, for groups deeper than Python's protobuf reads.
        return messages.read(kind, serialized)
    except DecodeError:
        raise _Defect(code, f"it is not {words}") from None
