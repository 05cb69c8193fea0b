"""The proposal that a transaction runs, as its contract sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from fabric_protos.common import common_pb2
from fabric_protos.peer import proposal_pb2

from hlf.wire import timestamps


class ProposalContent:
    """
    What the client proposed, and what its peer added.

    Attributes:
        channel_id, tx_id: the channel and the transaction.
        args: the arguments as bytes, the function's name first.
        signed_proposal: the client's proposal with its signature, None if the peer sent none.
        decorations: values that the peer itself adds, if its operator configured some.
    """

    def __init__(
        self,
        channel_id: str,
        tx_id: str,
        args: Sequence[bytes],
        signed_proposal: proposal_pb2.SignedProposal | None,
        decorations: Mapping[str, bytes] | None = None,
    ) -> None:
        self.channel_id = channel_id
        self.tx_id = tx_id
        self.args = tuple(args)
        self.decorations: Mapping[str, bytes] = MappingProxyType(dict(sorted((decorations or {}).items())))
        self.signed_proposal = signed_proposal

    @property
    def function_and_parameters(self) -> tuple[str, list[str]]:
        """The function's name and its arguments as text; empty if there are none."""
        texts = [argument.decode("utf-8", "replace") for argument in self.args]
        return (texts[0], texts[1:]) if texts else ("", [])

    @cached_property
    def creator(self) -> bytes:
        """The serialized identity that signed the proposal; empty if the peer sent none."""
        return bytes(self._signature_header.creator)

    @cached_property
    def timestamp(self) -> datetime:
        """The client's time in the proposal, equal at every endorser; peers of Fabric 3 compare it with their clock."""
        return timestamps.to_datetime(self._channel_header.timestamp)

    @cached_property
    def transient(self) -> dict[str, bytes]:
        """The client's values for the endorsers only, sorted by name; never on the ledger."""
        payload = proposal_pb2.ChaincodeProposalPayload.FromString(self._proposal.payload)
        return dict(sorted(payload.TransientMap.items()))

    @cached_property
    def binding(self) -> bytes:
        """The SHA-256 over nonce, creator and epoch; it ties application data to this proposal."""
        epoch = int(self._channel_header.epoch).to_bytes(8, "little")
        return hashlib.sha256(self._signature_header.nonce + self._signature_header.creator + epoch).digest()

    @cached_property
    def _proposal(self) -> proposal_pb2.Proposal:
        signed = self.signed_proposal
        return proposal_pb2.Proposal.FromString(signed.proposal_bytes if signed else b"")

    @cached_property
    def _header(self) -> common_pb2.Header:
        return common_pb2.Header.FromString(self._proposal.header)

    @cached_property
    def _channel_header(self) -> common_pb2.ChannelHeader:
        return common_pb2.ChannelHeader.FromString(self._header.channel_header)

    @cached_property
    def _signature_header(self) -> common_pb2.SignatureHeader:
        return common_pb2.SignatureHeader.FromString(self._header.signature_header)
