"""
One node of the network as an administrator talks to it.

Connections and signatures are the session's, as for clients; what is added
here is administration's own: one node, calls that wait for it, and its errors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

import grpc
from fabric_protos.common import common_pb2

from hlf import errors
from hlf.client.session import Session, TlsIdentity
from hlf.identity import Identity
from hlf.profile import Endpoint
from hlf.signers import Signer
from hlf.wire import enumerations, envelopes

Answer = TypeVar("Answer")
_PAUSE_SECONDS = 0.1
# A connection of this machine or its neighbours is made, or refused, within it.
_PROBE_SECONDS = 1.0


class Connection:
    """
    Calls to one peer or orderer in an identity's name; thread-safe, and a context manager.

    Calls wait until the node listens, at most *timeout* seconds. *tls_identity*
    is for nodes that require mutual TLS.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        identity: Identity,
        signer: Signer,
        *,
        timeout: float = 30.0,
        tls_identity: TlsIdentity | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.identity = identity
        self.timeout = timeout
        self.session = Session(identity, signer, tls_identity=tls_identity)

    @property
    def name(self) -> str:
        """What errors call the node: its name and address."""
        return f"{self.endpoint.name} ({self.endpoint.address})"

    def close(self) -> None:
        """Close the connection."""
        self.session.close()

    def again(self, call: Callable[[], Answer], passing: Callable[[errors.AdminError], bool]) -> Answer:
        """Return what *call* returns, made again while it fails for a *passing* reason and there is time left."""
        return again(call, passing, self.timeout)

    def unary(self, method: Any, request: Any, kind: type[errors.AdminError]) -> Any:
        """Return the answer to one call, failures as *kind*."""
        try:
            return method(request, timeout=self.timeout, wait_for_ready=True)
        except grpc.RpcError as failure:
            raise self.failure(failure, kind) from failure

    def failure(self, failure: grpc.RpcError, kind: type[errors.AdminError]) -> errors.AdminError:
        """Return a gRPC failure as *kind*, naming the node and, where it has not answered, the likely cause."""
        # An RpcError raised by a call is that call; the type does not say so.
        code: grpc.StatusCode = failure.code()
        words = failure.details() or ""
        if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            words = f"no answer within {self.timeout:g} s ({words}); {self._cure()}"
        return kind(words, address=self.name, status=code.name)

    def _cure(self) -> str:
        """
        Return what to do about a node that has not answered.

        A call that waits until the node listens gets no reason why it does not; a call that does not wait gets one.
        """
        try:
            self.session.wait_ready(self.endpoint, _PROBE_SECONDS)
        except errors.GatewayError as unconnected:
            return unconnected.cure or unconnected.message
        return "it is connected, and has not answered in time: look into its log, or give it more time by timeout"

    def deliver(
        self, method: Any, channel_id: str, start: envelopes.Position, stop: envelopes.Position
    ) -> Iterator[Any]:
        """Yield blocks (``common.Block``) *start* to *stop* from a Deliver service; fail for those not there yet."""
        envelope = self.session.seek_envelope(self.endpoint, channel_id, start, stop, wait=False)
        call = method(iter([envelope]), timeout=self.timeout, wait_for_ready=True)
        try:
            for answer in call:
                if answer.WhichOneof("Type") == "block":
                    yield answer.block
                    continue
                if answer.status != common_pb2.SUCCESS:
                    status = enumerations.name(common_pb2.Status, answer.status)
                    raise errors.AdminError(
                        f"blocks of channel {channel_id} refused: {status}", address=self.name, status=answer.status
                    )
                return
        except grpc.RpcError as failure:
            raise self.failure(failure, errors.AdminError) from failure
        finally:
            call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def again(call: Callable[[], Answer], passing: Callable[[errors.AdminError], bool], seconds: float) -> Answer:
    """Return what *call* returns, made again while it fails for a *passing* reason, for so many *seconds*."""
    until = time.monotonic() + seconds
    while True:
        try:
            return call()
        except errors.AdminError as refused:
            if not passing(refused) or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_SECONDS)
