"""
A signed proposal; each part is decoded once, when it is first used.

Gateway and endorsers read different parts in different order and have their own
error texts, but one process serves them all.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import time
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2
from google.protobuf import message

from hlf import errors
from hlf.codec import moments
from hlf.wire import certificates, enumerations, keys, signatures

if TYPE_CHECKING:
    from hlf.wire import msp

Kind = TypeVar("Kind", bound=message.Message)

TIME_WINDOW = moments.SKEW // moments.SECOND
INVALID_WIRE = errors.INVALID_WIRE


class MalformedError(Exception):
    """A request cannot be read, or contradicts itself; the text is Fabric's."""


class AccessDeniedError(Exception):
    """The creator is unknown to the peer, or did not sign this; the text is Fabric's."""


class ProposalRequest:
    """One signed proposal."""

    def __init__(self, signed: proposal_pb2.SignedProposal) -> None:
        self.signed = signed
        self._creators: dict[int, tuple[msp.Msps, msp.Identity]] = {}

    @cached_property
    def proposal(self) -> proposal_pb2.Proposal:
        return decode(proposal_pb2.Proposal, self.signed.proposal_bytes)

    @cached_property
    def header(self) -> common_pb2.Header:
        return decode(common_pb2.Header, self.proposal.header)

    @cached_property
    def channel_header(self) -> common_pb2.ChannelHeader:
        return decode(common_pb2.ChannelHeader, self.header.channel_header)

    @cached_property
    def signature_header(self) -> common_pb2.SignatureHeader:
        return decode(common_pb2.SignatureHeader, self.header.signature_header)

    @cached_property
    def payload(self) -> proposal_pb2.ChaincodeProposalPayload:
        return decode(proposal_pb2.ChaincodeProposalPayload, self.proposal.payload)

    @cached_property
    def invocation(self) -> chaincode_pb2.ChaincodeInvocationSpec:
        return decode(chaincode_pb2.ChaincodeInvocationSpec, self.payload.input)

    @cached_property
    def hash(self) -> bytes:
        """The proposal hash that endorsers sign; it does not cover the transient map."""
        plain = proposal_pb2.ChaincodeProposalPayload(input=self.payload.input).SerializeToString()
        return hashlib.sha256(self.header.channel_header + self.header.signature_header + plain).digest()

    @property
    def channel_id(self) -> str:
        return self.channel_header.channel_id

    @property
    def transaction_id(self) -> str:
        return self.channel_header.tx_id

    @property
    def creator(self) -> bytes:
        return self.signature_header.creator

    @cached_property
    def chaincode(self) -> str:
        """The chaincode in the header's extension, which endorses."""
        extension = decode(proposal_pb2.ChaincodeHeaderExtension, self.channel_header.extension)
        if not extension.HasField("chaincode_id"):
            raise MalformedError("ChaincodeHeaderExtension.ChaincodeId is nil")
        if not extension.chaincode_id.name:
            raise MalformedError("ChaincodeHeaderExtension.ChaincodeId.Name is empty")
        return extension.chaincode_id.name

    @cached_property
    def input(self) -> chaincode_pb2.ChaincodeInput:
        """
        Function and arguments, without the decorations that a peer adds.

        Raises:
            MalformedError: the proposal has none.
        """
        if not self.invocation.HasField("chaincode_spec"):
            raise MalformedError("chaincode invocation spec did not contain chaincode spec")
        if not self.invocation.chaincode_spec.HasField("input"):
            raise MalformedError("chaincode input did not contain any input")
        given = chaincode_pb2.ChaincodeInput()
        given.CopyFrom(self.invocation.chaincode_spec.input)
        given.ClearField("decorations")
        return given

    def check_time(self) -> None:
        """
        Compare the proposal's time with this machine's.

        Raises:
            MalformedError: they differ by more than fifteen minutes, or the headers cannot be read.
        """
        try:
            claimed = self.channel_header.timestamp
        except MalformedError as error:
            raise MalformedError(f"failed parsing {_part(error)}: {error}") from None
        now = time.time()
        if abs(claimed.seconds + claimed.nanos / 1e9 - now) > TIME_WINDOW:
            raise MalformedError(
                f"request unauthorized due to incorrect timestamp {_rfc3339(claimed.seconds)}, "
                f"peer time {_rfc3339(int(now))}, peer.authentication.timewindow 15m0s"
            )

    def check_consistent(self) -> None:
        """
        Check type, epoch, nonce, creator, transaction id and the presence of a signature.

        Raises:
            MalformedError: one of them is wrong; the text names the first.
        """
        header = self.channel_header
        if header.type not in (common_pb2.ENDORSER_TRANSACTION, common_pb2.CONFIG):
            raise MalformedError(f"invalid header type {header_type(header.type)}")
        if header.epoch:
            raise MalformedError("epoch is non-zero")
        if not self.signature_header.nonce:
            raise MalformedError("nonce is empty")
        if not self.creator:
            raise MalformedError("creator is empty")
        expected = keys.transaction_id(self.signature_header.nonce, self.creator)
        if header.tx_id != expected:
            raise MalformedError(f"incorrectly computed txid '{header.tx_id}' -- expected '{expected}'")
        if not self.signed.proposal_bytes:
            raise MalformedError("empty proposal bytes")
        if not self.signed.signature:
            raise MalformedError("empty signature bytes")

    def authenticate(self, msps: msp.Msps) -> msp.Identity:
        """
        Return the creator, if *msps* know it, it is valid and it signed these bytes.

        The answer is cached, because all peers of a channel ask for it.

        Raises:
            AccessDeniedError: one of these is false.
        """
        known = self._creators.get(id(msps))
        if known is not None:
            return known[1]
        try:
            identity = msps.identity(self.creator)
        except errors.IdentityError:
            raise AccessDeniedError(
                f"access denied: channel [{self.channel_id}] creator org unknown, creator is malformed"
            ) from None
        if not identity.valid or not identity.verify(self.signed.proposal_bytes, self.signed.signature):
            raise AccessDeniedError(f"access denied: channel [{self.channel_id}] creator org [{identity.msp_id}]")
        self._creators[id(msps)] = (msps, identity)
        return identity


def decode(kind: type[Kind], encoded: bytes) -> Kind:
    """
    Decode a message.

    Raises:
        MalformedError: it cannot be decoded; the text is that of Fabric's protoutil.
    """
    try:
        return kind.FromString(encoded)
    except message.DecodeError:
        raise MalformedError(f"error unmarshalling {kind.DESCRIPTOR.name}: {INVALID_WIRE}") from None


@functools.lru_cache(maxsize=4096)
def expiry(creator: bytes) -> datetime.datetime | None:
    """Return when an identity's certificate expires; None if it has none."""
    try:
        return certificates.read(signatures.parse_identity(creator)[1]).not_after
    except (errors.WireError, errors.IdentityError):
        return None


def header_type(number: int) -> str:
    """Return the name of a channel header's type, or its number if it has none."""
    return enumerations.name(common_pb2.HeaderType, number)


def _part(error: MalformedError) -> str:
    """Return the part of a proposal that was decoded, which Fabric's filters repeat in their errors."""
    names = {"Proposal": "proposal", "Header": "header", "ChannelHeader": "channel header"}
    return names[str(error).removeprefix("error unmarshalling ").split(":")[0]]


def _rfc3339(seconds: int) -> str:
    try:
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds since 1970"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
