"""
Gateways: the way into a Fabric network, through one peer of the caller's organisation.

::

    with gateway.connect(Profile.load("profiles/ForwarderMSP.json"), *load_user(folder, "ForwarderMSP")) as fabric:
        journeys = fabric.network("trade").contract("trade", "Journeys")
        journeys.submit("hand_over", "J1", "LastMileMSP")
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from fabric_protos.gateway import gateway_pb2_grpc

from hlf import errors
from hlf.client import commit, sending
from hlf.client.commit import Commit
from hlf.client.network import Network
from hlf.client.proposal import Proposal
from hlf.client.session import Session, TlsIdentity
from hlf.client.transaction import Transaction
from hlf.identity import Identity
from hlf.profile import Endpoint, Profile
from hlf.signers import Signer
from hlf.steps import commit as commit_steps
from hlf.steps import proposal as proposal_steps
from hlf.steps import transaction as transaction_steps
from hlf.steps.call import Answer, Call, Timeouts

__all__ = ["Gateway", "Timeouts", "connect"]


class Gateway:
    """One caller's way into the network; safe to use from many threads, and meant to be kept."""

    def __init__(self, session: Session, endpoint: Endpoint, timeouts: Timeouts) -> None:
        self.session = session
        self.endpoint = endpoint
        self.timeouts = timeouts
        self.stub: gateway_pb2_grpc.GatewayStub = session.gateway(endpoint)

    @property
    def identity(self) -> Identity:
        return self.session.identity

    def network(self, channel_id: str) -> Network:
        """The channel of that name; whether it exists shows at the first call."""
        return Network(self, channel_id)

    def proposal_from_bytes(self, serialized: bytes, signature: bytes | None = None) -> Proposal:
        """
        The proposal that ``Proposal.bytes`` gave, with its signature if that was made elsewhere.

        Raises:
            WireError: the bytes are none.
        """
        proposal = Proposal(self, *proposal_steps.read(serialized))
        return proposal if signature is None else proposal.sign(signature)

    def transaction_from_bytes(self, serialized: bytes, signature: bytes | None = None) -> Transaction:
        """
        The transaction that ``Transaction.bytes`` gave, with its signature if that was made elsewhere.

        Raises:
            WireError: the bytes are none.
        """
        transaction = Transaction(self, transaction_steps.read(serialized))
        return transaction if signature is None else transaction.sign(signature)

    def commit_from_bytes(self, serialized: bytes, signature: bytes | None = None) -> Commit:
        """
        The commit that ``Commit.bytes`` gave, with its signature if that was made elsewhere.

        Raises:
            WireError: the bytes are none.
        """
        question = Commit(self, *commit_steps.read(serialized))
        return question if signature is None else question.sign(signature)

    def commit_status(self, channel_id: str, transaction_id: str) -> Commit:
        """The question for the outcome of any transaction, for example one of an error that left it unknown."""
        return commit.of(self, channel_id, transaction_id)

    def send(self, call: Call[Answer], timeout: float | None = None) -> Answer:
        """
        Return the answer to *call*, which may take *timeout* seconds instead of its stage's own.

        Raises:
            GatewayError: of the kind that the call names.
        """
        seconds = self.timeouts.of(call.stage) if timeout is None else timeout
        method = getattr(self.stub, call.method)
        return call.read(sending.call(call.failure, method, call.request, seconds, call.transaction_id))

    def wait_ready(self, timeout: float = 5.0) -> None:
        """
        Return once the peer is connected; calls connect by themselves, this is to know beforehand.

        Raises:
            GatewayError: it is not within *timeout* seconds.
        """
        self.session.wait_ready(self.endpoint, timeout)

    def wait_reachable(self, deadline: float) -> bool:
        """Whether the peer is connected again before *deadline* (of the monotonic clock) has come."""
        try:
            self.session.wait_ready(self.endpoint, max(0.0, deadline - time.monotonic()))
        except errors.GatewayError:
            return False
        return True

    def close(self) -> None:
        """Close the connections; calls under way fail, event streams end."""
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
    tls_identity: TlsIdentity | None = None,
    peer: str | None = None,
) -> Gateway:
    """
    A gateway through the profile's own peer; the connection is made at the first call.

    Args:
        signer: None if every step is signed elsewhere (offline signing).
        tls_identity: for networks with mutual TLS.
        peer: the name of another peer in the profile to go through.

    Raises:
        ProfileError: the profile has no peer of that name.
    """
    session = Session(identity, signer, tls_identity=tls_identity)
    return Gateway(session, profile.peer(peer), timeouts or Timeouts())
