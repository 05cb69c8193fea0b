"""A peer for its administrator: system chaincodes, channels, and transactions with chosen endorsers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import grpc
from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2, proposal_response_pb2, query_pb2, transaction_pb2
from google.protobuf.message import DecodeError, Message

from hlf import errors
from hlf.admin.connection import Connection
from hlf.admin.orderer import Orderer
from hlf.wire import envelopes, proposals

_Result = TypeVar("_Result", bound=Message)
# Between two tries: a leader is elected, or a block cut, within a second or so.


class Peer(Connection):
    """
    One peer, called in the name of *identity*, as a rule its organisation's admin.

    Unlike the gateway client, which lets a peer find endorsers, everything here
    goes to the peers that are named: an administrator knows them, and they may
    not have found each other yet. Transactions are handed to the orderers by the
    peer's gateway service, or to *orderer* where the peer has none.
    """

    def __init__(self, *args: Any, orderer: Orderer | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._orderer = orderer

    def call(
        self,
        channel_id: str,
        chaincode: str,
        args: Sequence[bytes],
        *,
        kind: type[errors.AdminError] = errors.AdminError,
    ) -> bytes:
        """
        Run a function on this peer alone and return its answer; nothing is ordered.

        Raises:
            AdminError: (or *kind*) the peer refused or did not answer.
        """
        proposal = proposals.new(channel_id, chaincode, args, self.identity.serialized)
        response: bytes = self.endorse(self.session.signed_proposal(proposal), kind).response.payload
        return response

    def ask(
        self,
        result: type[_Result],
        channel_id: str,
        chaincode: str,
        args: Sequence[bytes],
        *,
        kind: type[errors.AdminError] = errors.AdminError,
    ) -> _Result:
        """
        Return the answer of a function, as the protobuf message *result*.

        Raises:
            AdminError: (or *kind*) as ``call``, or the answer is no such message.
        """
        answer = self.call(channel_id, chaincode, args, kind=kind)
        try:
            return result.FromString(answer)
        except DecodeError as malformed:
            words = f"{chaincode} answered {args[0].decode()} with what is no {result.__name__}"
            raise kind(words, address=self.name) from malformed

    def submit(
        self,
        channel_id: str,
        chaincode: str,
        args: Sequence[bytes],
        endorsers: Sequence[Peer] = (),
        *,
        transient: Mapping[str, bytes] | None = None,
        kind: type[errors.AdminError] = errors.AdminError,
    ) -> str:
        """
        Run a function on *endorsers* (this peer by default), order the result, wait for it; return the transaction id.

        Raises:
            AdminError: (or *kind*) refused by an endorser or the orderer, or in a block but invalid.
        """
        proposal = proposals.new(channel_id, chaincode, args, self.identity.serialized, transient=transient)
        signed = self.session.signed_proposal(proposal)
        asked = list(endorsers) or [self]
        if len(asked) == 1:
            responses = [asked[0].endorse(signed, kind)]
        else:
            with ThreadPoolExecutor(len(asked), "endorse") as pool:
                responses = list(pool.map(lambda endorser: endorser.endorse(signed, kind), asked))
        try:
            envelope = envelopes.transaction_envelope(proposal.bytes, responses)
        except errors.WireError as unusable:
            raise kind(f"the endorsements of {proposal.transaction_id} do not fit together: {unusable}") from unusable
        envelope.signature = self.session.sign(envelope.payload)
        if self._orderer is None:
            request = gateway_pb2.SubmitRequest(
                transaction_id=proposal.transaction_id, channel_id=channel_id, prepared_transaction=envelope
            )
            self._order(request, kind)
            self._wait_committed(channel_id, proposal.transaction_id, kind)
        else:
            self._broadcast(self._orderer, envelope, kind)
            self._wait_found(channel_id, proposal.transaction_id, kind)
        return proposal.transaction_id

    def _order(self, request: Any, kind: type[errors.AdminError]) -> None:
        """
        Submit; submit again while no orderer accepts it, for example before a leader is elected.

        This is safe: however often an envelope is ordered, it takes effect once, because of its transaction id.
        """

        def submit() -> None:
            try:
                self.session.gateway(self.endpoint).Submit(request, timeout=self.timeout, wait_for_ready=True)
            except grpc.RpcError as failure:
                raise self.failure(failure, kind) from failure

        self.again(submit, lambda refused: refused.status == grpc.StatusCode.UNAVAILABLE.name)

    def _broadcast(self, orderer: Orderer, envelope: Any, kind: type[errors.AdminError]) -> None:
        """Submit as ``_order`` does, without a gateway in between."""

        def broadcast() -> None:
            try:
                orderer.broadcast(envelope)
            except errors.ConfigError as refused:
                raise kind(str(refused), address=orderer.name, status=refused.status) from refused

        self.again(broadcast, lambda refused: refused.status == common_pb2.SERVICE_UNAVAILABLE)

    def endorse(
        self, signed: proposal_pb2.SignedProposal, kind: type[errors.AdminError] = errors.AdminError
    ) -> proposal_response_pb2.ProposalResponse:
        """
        Return the peer's ``ProposalResponse`` to a signed proposal.

        Raises:
            AdminError: (or *kind*) with the answer's status.
        """
        response: proposal_response_pb2.ProposalResponse
        response = self.unary(self.session.endorser(self.endpoint).ProcessProposal, signed, kind)
        if response.response.status >= proposals.ERROR_THRESHOLD:
            raise kind(response.response.message, address=self.name, status=response.response.status)
        return response

    def join(self, genesis_block: bytes) -> None:
        """
        Join the channel of a genesis (or later configuration) block.

        Raises:
            AdminError: the peer refused, for example because it has joined already.
        """
        self.call("", "cscc", [b"JoinChain", genesis_block])

    def channels(self) -> tuple[str, ...]:
        """Return the channels this peer has joined."""
        answer = self.ask(query_pb2.ChannelQueryResponse, "", "cscc", [b"GetChannels"])
        return tuple(sorted(channel.channel_id for channel in answer.channels))

    def height(self, channel_id: str) -> int:
        """
        Return the number of blocks this peer has of a channel.

        Raises:
            AdminError: the peer refused, or is not in the channel.
        """
        found = self.ask(ledger_pb2.BlockchainInfo, channel_id, "qscc", [b"GetChainInfo", channel_id.encode()])
        return int(found.height)

    def blocks(
        self, channel_id: str, start: envelopes.Position, stop: envelopes.Position
    ) -> Iterator[common_pb2.Block]:
        """Return the blocks of this peer's ledger, both ends included."""
        return self.deliver(self.session.deliver(self.endpoint).Deliver, channel_id, start, stop)

    def _wait_committed(self, channel_id: str, transaction_id: str, kind: type[errors.AdminError]) -> None:
        request = gateway_pb2.CommitStatusRequest(
            transaction_id=transaction_id, channel_id=channel_id, identity=self.identity.serialized
        ).SerializeToString()
        signed = gateway_pb2.SignedCommitStatusRequest(request=request, signature=self.session.sign(request))
        status = self.unary(self.session.gateway(self.endpoint).CommitStatus, signed, kind)
        self._check_valid(transaction_id, status.result, f"block {status.block_number}", kind)

    def _wait_found(self, channel_id: str, transaction_id: str, kind: type[errors.AdminError]) -> None:
        """Wait as ``_wait_committed`` does, by asking the ledger again and again."""
        args = [b"GetTransactionByID", channel_id.encode(), transaction_id.encode()]
        try:
            found = self.again(
                lambda: self.ask(transaction_pb2.ProcessedTransaction, channel_id, "qscc", args), lambda _: True
            )
        except errors.AdminError as missing:
            words = f"transaction {transaction_id} is not in a block within {self.timeout:g} s"
            raise kind(words, address=self.name) from missing
        self._check_valid(transaction_id, found.validationCode, "a block", kind)

    def _check_valid(self, transaction_id: str, code: int, place: str, kind: type[errors.AdminError]) -> None:
        if code != transaction_pb2.VALID:
            name = errors.validation_code_name(code)
            words = f"transaction {transaction_id} is in {place}, but invalid: {name}"
            raise kind(words, address=self.name, status=name)
