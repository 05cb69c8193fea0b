"""Transaction proposals and the payload that endorsers sign."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, proposal_response_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError
from hlf.wire import envelopes, keys

ERROR_THRESHOLD = 400
"""A response with this status, or a higher one, is a refusal (Fabric's ``shim.ERRORTHRESHOLD``)."""

MISMATCH = "ProposalResponsePayloads do not match"
"""A gateway's error if endorsers have different results."""


@dataclass(frozen=True, slots=True)
class UnsignedProposal:
    """A proposal ready to be signed."""

    bytes: bytes = field(repr=False)  # Holds transient data.
    transaction_id: str
    channel_id: str
    chaincode: str


@dataclass(frozen=True, slots=True)
class ParsedProposal:
    """The parts of a proposal, with the exact bytes for its hash."""

    channel_header: Any
    channel_header_bytes: bytes
    signature_header: Any
    signature_header_bytes: bytes
    chaincode: str
    args: tuple[bytes, ...] = field(repr=False)
    is_init: bool
    decorations: dict[str, bytes] = field(repr=False)
    transient: dict[str, bytes] = field(repr=False)
    payload: bytes = field(repr=False)

    @property
    def transaction_id(self) -> str:
        """The id in the header; compare it with ``computed_transaction_id``."""
        return str(self.channel_header.tx_id)

    @property
    def computed_transaction_id(self) -> str:
        return keys.transaction_id(self.signature_header.nonce, self.signature_header.creator)

    @property
    def hash(self) -> bytes:
        return proposal_hash(self.channel_header_bytes, self.signature_header_bytes, self.payload)


def new(
    channel_id: str,
    chaincode: str,
    args: Sequence[bytes],
    creator: bytes,
    *,
    transient: Mapping[str, bytes] | None = None,
    is_init: bool = False,
    nonce: bytes | None = None,
    timestamp: datetime | None = None,
) -> UnsignedProposal:
    """
    Return the proposal of *creator* (a serialized identity) to call *chaincode* with *args*, the function first.
    """
    nonce = envelopes.fresh_nonce() if nonce is None else nonce
    transaction_id = keys.transaction_id(nonce, creator)
    header = common_pb2.Header(
        channel_header=envelopes.channel_header(
            common_pb2.ENDORSER_TRANSACTION,
            channel_id,
            tx_id=transaction_id,
            extension=_extension(chaincode),
            timestamp=timestamp,
        ),
        signature_header=envelopes.signature_header(creator, nonce),
    )
    payload = proposal_pb2.ChaincodeProposalPayload(input=_invocation(chaincode, args, is_init), TransientMap=transient)
    whole = proposal_pb2.Proposal(
        header=header.SerializeToString(), payload=payload.SerializeToString(deterministic=True)
    )
    return UnsignedProposal(whole.SerializeToString(), transaction_id, channel_id, chaincode)


def parse(proposal: bytes) -> ParsedProposal:
    """
    Return the parts of a serialized ``protos.Proposal``.

    Raises:
        WireError: a layer is malformed, or the chaincode is not named.
    """
    try:
        outer = proposal_pb2.Proposal.FromString(proposal)
        header = common_pb2.Header.FromString(outer.header)
        channel = common_pb2.ChannelHeader.FromString(header.channel_header)
        signature = common_pb2.SignatureHeader.FromString(header.signature_header)
        extension = proposal_pb2.ChaincodeHeaderExtension.FromString(channel.extension)
        payload = proposal_pb2.ChaincodeProposalPayload.FromString(outer.payload)
        spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
    except DecodeError as malformed:
        raise WireError("not a chaincode proposal") from malformed
    if not extension.chaincode_id.name:
        raise WireError("a proposal whose header names no chaincode")
    if spec.chaincode_id.name != extension.chaincode_id.name:
        raise WireError("a proposal whose header and invocation name different chaincodes")
    return ParsedProposal(
        channel_header=channel,
        channel_header_bytes=header.channel_header,
        signature_header=signature,
        signature_header_bytes=header.signature_header,
        chaincode=extension.chaincode_id.name,
        args=tuple(spec.input.args),
        is_init=spec.input.is_init,
        decorations=dict(spec.input.decorations),
        transient=dict(payload.TransientMap),
        payload=outer.payload,
    )


def proposal_hash(channel_header: bytes, signature_header: bytes, chaincode_proposal_payload: bytes) -> bytes:
    """
    Return the hash that ties endorsements to their proposal; it does not cover transient data.

    Raises:
        WireError: the payload is malformed.
    """
    try:
        visible = proposal_pb2.ChaincodeProposalPayload.FromString(chaincode_proposal_payload)
    except DecodeError as malformed:
        raise WireError("not a chaincode proposal payload") from malformed
    visible = proposal_pb2.ChaincodeProposalPayload(input=visible.input)
    return hashlib.sha256(channel_header + signature_header + visible.SerializeToString()).digest()


def response_payload(proposal_hash: bytes, results: bytes, events: bytes, response: Any, chaincode_id: Any) -> bytes:
    """
    Return the bytes that an endorser signs, followed by its own identity.

    Args:
        results: a serialized read-write set.
        events: a serialized ``protos.ChaincodeEvent``, or nothing.
        response: the chaincode's ``protos.Response``.
        chaincode_id: ``protos.ChaincodeID`` with name and version.
    """
    action = proposal_pb2.ChaincodeAction(results=results, events=events, response=response, chaincode_id=chaincode_id)
    return bytes(
        proposal_response_pb2.ProposalResponsePayload(
            proposal_hash=proposal_hash, extension=action.SerializeToString()
        ).SerializeToString()
    )


@lru_cache(maxsize=256)
def _extension(chaincode: str) -> bytes:
    named = proposal_pb2.ChaincodeHeaderExtension(chaincode_id=chaincode_pb2.ChaincodeID(name=chaincode))
    return bytes(named.SerializeToString())


def _invocation(chaincode: str, args: Sequence[bytes], is_init: bool) -> bytes:
    # Peers ignore the language. The official clients always send NODE, so this client sends it too.
    spec = chaincode_pb2.ChaincodeSpec(
        type=chaincode_pb2.ChaincodeSpec.NODE,
        chaincode_id=chaincode_pb2.ChaincodeID(name=chaincode),
        input=chaincode_pb2.ChaincodeInput(args=args, is_init=is_init),
    )
    return bytes(chaincode_pb2.ChaincodeInvocationSpec(chaincode_spec=spec).SerializeToString())
