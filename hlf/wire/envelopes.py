"""
Envelopes: the signed form of every message to an orderer or a Deliver service.

Builders return unsigned messages; the signature covers the exact bytes of ``Envelope.payload``.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import proposal_pb2, transaction_pb2
from google.protobuf import timestamp_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError

Position = int | Literal["oldest", "newest", "next"]
ContentType = Literal["blocks", "headers"]

_OLDEST = ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest())
_NEWEST = ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest())
_NEXT = ab_pb2.SeekPosition(next_commit=ab_pb2.SeekNextCommit())
_NAMED = {"oldest": _OLDEST, "newest": _NEWEST, "next": _NEXT}
LAST_BLOCK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class ParsedEnvelope:
    """The parts of an envelope, with the exact bytes for hashes and signatures."""

    payload: bytes
    signature: bytes
    channel_header: Any
    channel_header_bytes: bytes
    signature_header: Any
    signature_header_bytes: bytes
    data: bytes


def timestamp(moment: datetime | None = None) -> timestamp_pb2.Timestamp:
    """Return *moment* (an aware datetime; by default now) as a protobuf timestamp."""
    if moment is None:
        seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
        return timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)
    stamp = timestamp_pb2.Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def channel_header(
    type: int,  # noqa: A002 - the name of Fabric's field, and part of the public signature.
    channel_id: str,
    *,
    tx_id: str = "",
    epoch: int = 0,
    extension: bytes = b"",
    tls_cert_hash: bytes = b"",
    timestamp: datetime | timestamp_pb2.Timestamp | None = None,
) -> bytes:
    """Return a serialized ``common.ChannelHeader`` of a ``common.HeaderType``; the time is now unless given."""
    stamp = timestamp if isinstance(timestamp, timestamp_pb2.Timestamp) else _stamp(timestamp)
    return bytes(
        common_pb2.ChannelHeader(
            type=type,
            timestamp=stamp,
            channel_id=channel_id,
            tx_id=tx_id,
            epoch=epoch,
            extension=extension,
            tls_cert_hash=tls_cert_hash,
        ).SerializeToString()
    )


_stamp = timestamp  # channel_header has a parameter of the same name.


def fresh_nonce() -> bytes:
    """Return a random nonce, as long as those of the official clients."""
    return secrets.token_bytes(24)


def signature_header(creator: bytes, nonce: bytes) -> bytes:
    """Return a serialized ``common.SignatureHeader``."""
    return bytes(common_pb2.SignatureHeader(creator=creator, nonce=nonce).SerializeToString())


def payload(channel_header: bytes, creator: bytes, nonce: bytes, data: bytes) -> bytes:
    """Return a serialized ``common.Payload``, which an envelope's signature covers."""
    header = common_pb2.Header(channel_header=channel_header, signature_header=signature_header(creator, nonce))
    return bytes(common_pb2.Payload(header=header, data=data).SerializeToString())


def transaction_envelope(proposal_bytes: bytes, responses: Sequence[Any]) -> common_pb2.Envelope:
    """
    Return the unsigned envelope that turns a proposal and its endorsements into a transaction.

    Raises:
        WireError: there is no response, or two responses are about different results; or the proposal is malformed.
    """
    if not responses:
        raise WireError("a transaction needs at least one endorsement")
    result = responses[0].payload
    if any(response.payload != result for response in responses):
        raise WireError("the endorsers' results differ; their response payloads must be the same bytes")
    try:
        proposal = proposal_pb2.Proposal.FromString(proposal_bytes)
        header = common_pb2.Header.FromString(proposal.header)
        visible = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
    except DecodeError as malformed:
        raise WireError("not a proposal") from malformed
    # Only endorsers get the transient data; the orderer never does.
    visible.ClearField("TransientMap")
    action = transaction_pb2.ChaincodeActionPayload(
        chaincode_proposal_payload=visible.SerializeToString(),
        action=transaction_pb2.ChaincodeEndorsedAction(
            proposal_response_payload=result, endorsements=[response.endorsement for response in responses]
        ),
    )
    transaction = transaction_pb2.Transaction(
        actions=[transaction_pb2.TransactionAction(header=header.signature_header, payload=action.SerializeToString())]
    )
    whole = common_pb2.Payload(header=header, data=transaction.SerializeToString())
    return common_pb2.Envelope(payload=whole.SerializeToString())


def seek_position(position: Position) -> ab_pb2.SeekPosition:
    """Return the ``orderer.SeekPosition`` of a block number, or of the oldest, newest or next block."""
    if isinstance(position, str):
        return _NAMED[position]
    return ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=position))


def seek_envelope(
    channel_id: str,
    creator: bytes,
    *,
    start: Position,
    stop: Position = LAST_BLOCK,
    wait: bool = True,
    content: ContentType = "blocks",
    nonce: bytes,
    tls_cert_hash: bytes = b"",
    timestamp: datetime | None = None,
) -> common_pb2.Envelope:
    """
    Return the unsigned envelope that asks a Deliver service for blocks *start* to *stop*, both included.

    Args:
        wait: for blocks that do not exist yet; otherwise such a block ends the answer with NOT_FOUND.
        content: ``headers`` asks an orderer for blocks without transactions; one of Fabric 2.5 sends whole blocks.
        tls_cert_hash: SHA-256 of the client's DER certificate; required under mutual TLS.
    """
    seek = ab_pb2.SeekInfo(
        start=seek_position(start),
        stop=seek_position(stop),
        behavior=ab_pb2.SeekInfo.BLOCK_UNTIL_READY if wait else ab_pb2.SeekInfo.FAIL_IF_NOT_READY,
        content_type=ab_pb2.SeekInfo.HEADER_WITH_SIG if content == "headers" else ab_pb2.SeekInfo.BLOCK,
    )
    header = channel_header(common_pb2.DELIVER_SEEK_INFO, channel_id, tls_cert_hash=tls_cert_hash, timestamp=timestamp)
    return common_pb2.Envelope(payload=payload(header, creator, nonce, seek.SerializeToString()))


def parse(envelope: bytes) -> ParsedEnvelope:
    """
    Return an envelope's headers and data.

    Raises:
        WireError: a layer is malformed or missing.
    """
    try:
        outer = common_pb2.Envelope.FromString(envelope)
        inner = common_pb2.Payload.FromString(outer.payload)
        channel = common_pb2.ChannelHeader.FromString(inner.header.channel_header)
        signature = common_pb2.SignatureHeader.FromString(inner.header.signature_header)
    except DecodeError as malformed:
        raise WireError("not an envelope with a channel header and a signature header") from malformed
    if not inner.HasField("header"):
        raise WireError("an envelope whose payload has no header")
    return ParsedEnvelope(
        payload=outer.payload,
        signature=outer.signature,
        channel_header=channel,
        channel_header_bytes=inner.header.channel_header,
        signature_header=signature,
        signature_header_bytes=inner.header.signature_header,
        data=inner.data,
    )
