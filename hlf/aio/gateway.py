"""Gateways: the way into a Fabric network for asyncio, through one peer of the caller's organisation."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from fabric_protos.gateway import gateway_pb2_grpc

from hlf import errors
from hlf.aio import commit, sending
from hlf.aio.commit import Commit
from hlf.aio.network import Network
from hlf.aio.proposal import Proposal
from hlf.aio.session import Session
from hlf.aio.transaction import Transaction
from hlf.identity import Identity
from hlf.profile import Endpoint, Profile
from hlf.signers import Signer
from hlf.steps import commit as commit_steps
from hlf.steps import proposal as proposal_steps
from hlf.steps import transaction as transaction_steps
from hlf.steps.call import Answer, Call, Timeouts
from hlf.steps.connecting import TlsIdentity


class Gateway:
    """One caller's way into the network, for the tasks of one event loop; meant to be kept."""

    def __init__(self, session: Session, endpoint: Endpoint, timeouts: Timeouts) -> None:
        self.session = session
        self.endpoint = endpoint
        self.timeouts = timeouts
        self._stub: Any = None

    @property
    def identity(self) -> Identity:
        return self.session.caller.identity

    @property
    def stub(self) -> Any:
        """The gateway service of the peer; raises GatewayError once the gateway is closed."""
        channel = self.session.channel(self.endpoint)
        if self._stub is None:
            # Made at the first call: an asynchronous channel belongs to the event loop it is made in.
            self._stub = gateway_pb2_grpc.GatewayStub(channel)
        return self._stub

    def network(self, channel_id: str) -> Network:
        """Return the channel of that name; whether it exists shows at the first call."""
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

    def commit_status(self, channel_id: str, transaction_id: str) -> Commit:
        """Return the question for the outcome of any transaction, for example of an error that left it unknown."""
        return commit.of(self, channel_id, transaction_id)

    async def send(self, call: Call[Answer], timeout: float | None = None) -> Answer:
        """
        Return the answer to *call*, which may take *timeout* seconds instead of its stage's own.

        Raises:
            GatewayError: of the kind that the call names.
        """
        seconds = self.timeouts.of(call.stage) if timeout is None else timeout
        try:
            method = getattr(self.stub, call.method)
        except errors.GatewayError as closed:
            raise call.failure(
                f"the connection is closed: {closed.message}", transaction_id=call.transaction_id
            ) from None
        return call.read(await sending.call(call.failure, method, call.request, seconds, call.transaction_id))

    async def wait_ready(self, timeout: float = 5.0) -> None:
        """
        Return once the peer is connected; calls connect by themselves, this is to know beforehand.

        Raises:
            GatewayError: it is not within *timeout* seconds.
        """
        await self.session.wait_ready(self.endpoint, timeout)

    async def wait_reachable(self, deadline: float) -> bool:
        """Whether the peer is connected again before *deadline* (of the monotonic clock) has come."""
        try:
            await self.session.wait_ready(self.endpoint, max(0.0, deadline - time.monotonic()))
        except errors.GatewayError:
            return False
        return True

    async def close(self) -> None:
        """Close the connections; calls under way fail, event streams end."""
        await self.session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def connect(
    profile: Profile,
    identity: Identity,
    signer: Signer | None,
    *,
    timeouts: Timeouts | None = None,
    tls_identity: TlsIdentity | None = None,
    peer: str | None = None,
) -> Gateway:
    """
    Return a gateway through the profile's own peer; the connection is made at the first call.

    Args:
        signer: None if every step is signed elsewhere (offline signing).
        tls_identity: for networks with mutual TLS.
        peer: the name of another peer in the profile to go through.

    Raises:
        ProfileError: the profile has no peer of that name.
    """
    session = Session(identity, signer, tls_identity=tls_identity)
    return Gateway(session, profile.peer(peer), timeouts or Timeouts())
