"""
Gateways: a caller's access to a Fabric network, through peers of its organisation.

::

    with gateway.connect(Profile.load("profiles/ForwarderMSP.json"), *load_user(folder, "ForwarderMSP")) as fabric:
        assets = fabric.network("mychannel").contract("assets", "Assets")
        assets.submit("transfer", "A1", "BuyerMSP")
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import grpc

from hlf import errors
from hlf.client import commit, sending
from hlf.client.cancelling import Cancellation
from hlf.client.commit import Commit
from hlf.client.connections import Connections
from hlf.client.events import EventsRequest
from hlf.client.network import Network
from hlf.client.proposal import Proposal
from hlf.client.session import Session, TlsIdentity
from hlf.client.transaction import Transaction
from hlf.identity import Identity
from hlf.profile import Endpoint, Profile
from hlf.signers import Signer
from hlf.steps import commit as commit_steps
from hlf.steps import connecting, requests
from hlf.steps import proposal as proposal_steps
from hlf.steps import transaction as transaction_steps
from hlf.steps.budget import Budget
from hlf.steps.call import Answer, GatewayCall, Timeouts
from hlf.steps.choosing import PROBE_SECONDS, Peers
from hlf.steps.retrying import Retry

__all__ = ["Cancellation", "Connections", "Gateway", "Retry", "Timeouts", "connect"]


class Gateway:
    """One caller's access to the network. Many threads may use it; make one and keep it."""

    def __init__(self, session: Session, peers: Peers, timeouts: Timeouts, retry: Retry) -> None:
        self.session = session
        self.peers = peers
        self.timeouts = timeouts
        self.retry = retry

    @property
    def identity(self) -> Identity:
        return self.session.identity

    def with_identity(self, identity: Identity, signer: Signer | None) -> Gateway:
        """
        Return the gateway of another caller over the same connections; its ``close`` leaves them open.

        Under mutual TLS the connections keep the first caller's certificate; a peer does not compare it with the
        signer.
        """
        session = Session(identity, signer, connections=self.session.connections)
        return Gateway(session, self.peers, self.timeouts, self.retry)

    def network(self, channel_id: str) -> Network:
        """Return the channel of that name; the first call fails if there is none."""
        return Network(self, channel_id)

    def proposal_from_bytes(self, serialized: bytes, signature: bytes | None = None) -> Proposal:
        """
        Return the proposal that ``Proposal.bytes`` gave, with its signature if that was made elsewhere.

        Raises:
            WireError: the bytes are none.
        """
        proposal = Proposal(self, *proposal_steps.read(serialized))
        return proposal if signature is None else proposal.sign(signature)

    def transaction_from_bytes(self, serialized: bytes, signature: bytes | None = None) -> Transaction:
        """
        Return the transaction that ``Transaction.bytes`` gave, with its signature if that was made elsewhere.

        Raises:
            WireError: the bytes are none.
        """
        transaction = Transaction(self, transaction_steps.read(serialized))
        return transaction if signature is None else transaction.sign(signature)

    def commit_from_bytes(self, serialized: bytes, signature: bytes | None = None) -> Commit:
        """
        Return the commit that ``Commit.bytes`` gave, with its signature if that was made elsewhere.

        Raises:
            WireError: the bytes are none.
        """
        question = Commit(self, *commit_steps.read(serialized))
        return question if signature is None else question.sign(signature)

    def events_request_from_bytes(
        self, serialized: bytes, signature: bytes | None = None, *, kind: requests.Kind = "chaincode_events"
    ) -> EventsRequest[Any]:
        """
        Return the request that ``EventsRequest.bytes`` gave, with its signature if that was made elsewhere.

        Args:
            kind: the kind of the request, which its bytes do not have.

        Raises:
            WireError: the bytes are none.
        """
        request: EventsRequest[Any] = EventsRequest(self, *requests.read(serialized, kind))
        return request if signature is None else request.sign(signature)

    def commit_status(self, channel_id: str, transaction_id: str) -> Commit:
        """Return the request for the status of any transaction, for example of one with an unknown outcome."""
        return commit.of(self, channel_id, transaction_id)

    def send(
        self, call: GatewayCall[Answer], timeout: float | None = None, cancellation: Cancellation | None = None
    ) -> Answer:
        """
        Return the answer to *call*, within its stage's own time or *timeout* seconds if that is less.

        If a peer cannot be reached, another one gets the call, if there is one: a request changes nothing, and a
        transaction that is submitted twice commits once.

        Raises:
            GatewayError: of the kind that the call names.
        """
        budget = Budget(call.seconds(self.timeouts, timeout))
        tried: list[Endpoint] = []
        while True:
            endpoint = self.peers.pick(tried)
            tried.append(endpoint)
            try:
                with self.peers.calling(endpoint):
                    return call.read(self._ask(endpoint, call, budget.remaining, cancellation))
            except call.failure as failure:
                if failure.status is grpc.StatusCode.DEADLINE_EXCEEDED:
                    # The peer may hang. The time-out has ended, but the next call uses another peer, if there is one.
                    self.peers.unreachable(endpoint)
                if failure.status is not grpc.StatusCode.UNAVAILABLE:
                    raise
                connecting.explain(failure, endpoint, self.session.connections.tls_identity)
                self.peers.unreachable(endpoint)
                if not self.peers.others(tried) or not budget.remaining:
                    raise

    def wait_ready(self, timeout: float = 5.0) -> None:
        """
        Wait until a peer is connected. Calls connect by themselves; use this to check the connection before.

        Raises:
            GatewayError: none is within *timeout* seconds.
        """
        budget, endpoints = Budget(timeout), itertools.cycle(self.peers.endpoints)
        share = timeout if len(self.peers.endpoints) == 1 else PROBE_SECONDS
        while True:
            endpoint = next(endpoints)
            try:
                return self.session.wait_ready(endpoint, budget.within(share))
            except errors.GatewayError as failure:
                if self.session.closed:
                    raise
                if not budget.remaining:
                    raise connecting.unreachable(endpoint, timeout, failure.cure) from failure

    def wait_reachable(self, deadline: float) -> bool:
        """Return whether a peer is connected again before *deadline* (of the monotonic clock)."""
        try:
            self.wait_ready(max(0.0, deadline - time.monotonic()))
        except errors.GatewayError:
            return False
        return True

    def _ask(
        self, endpoint: Endpoint, call: GatewayCall[Any], seconds: float | None, cancellation: Cancellation | None
    ) -> Any:
        try:
            method = getattr(self.session.gateway(endpoint), call.method)
        except errors.GatewayError as closed:
            words = f"the connection is closed: {closed.message}"
            raise call.failure(words, transaction_id=call.transaction_id) from None
        return sending.call(call.failure, method, call.request, seconds, call.transaction_id, cancellation)

    def close(self) -> None:
        """Close the connections; running calls fail, and event streams end."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    profile: Profile,
    identity: Identity,
    signer: Signer | None,
    *,
    timeouts: Timeouts | None = None,
    retry: Retry | None = None,
    tls_identity: TlsIdentity | None = None,
    peer: str | None = None,
    peers: Sequence[str] = (),
    options: Sequence[tuple[str, Any]] = (),
    interceptors: Sequence[Any] = (),
    channel: grpc.Channel | None = None,
    connections: Connections | None = None,
) -> Gateway:
    """
    Return a gateway through the profile's own peer; the connection is made at the first call.

    Args:
        signer: None if every step is signed elsewhere (offline signing).
        retry: the limits for trying calls again; by default none is tried again.
        tls_identity: for networks with mutual TLS.
        peer: the name of another peer in the profile to go through.
        peers: the names of several peers instead: each call uses the least busy one that answers, so a query can come
            to a peer that has not committed yet what another one has.
        options, interceptors: gRPC's, for every connection.
        channel: the caller's own gRPC channel instead of one made from the profile; the caller closes it.
        connections: connections that several gateways share, one channel to each peer; their maker closes them.

    Raises:
        ProfileError: the profile has no peer of that name.
        ValueError: *connections* and an argument that only their maker can set.
    """
    chosen = [profile.peer(name) for name in peers] or [profile.peer(peer)]
    owned = connections is None
    if connections is None:
        connections = Connections(
            tls_identity=tls_identity, options=options, interceptors=interceptors, channel=channel
        )
    elif tls_identity or options or interceptors or channel:
        raise ValueError("give tls_identity, options, interceptors and channel to the connections that are shared")
    session = Session(identity, signer, connections=connections, owned=owned)
    return Gateway(session, Peers(chosen), timeouts or Timeouts(), retry or Retry())
