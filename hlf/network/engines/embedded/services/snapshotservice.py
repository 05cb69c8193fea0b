"""``protos.Snapshot``: requests to a peer for snapshots of a channel, by its organisation's admins."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, TypeVar

import grpc
from fabric_protos.peer import snapshot_pb2, snapshot_pb2_grpc
from google.protobuf import empty_pb2
from google.protobuf.message import DecodeError

from hlf.network.engines.embedded.endorse import access
from hlf.network.engines.embedded.state.snapshotrequests import RequestError
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.requests import INVALID_WIRE, expiry
from hlf.network.engines.embedded.wire.statuses import StatusError
from hlf.wire import msp

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.order.channels import OrderedChannel

_Question = TypeVar("_Question", snapshot_pb2.SnapshotRequest, snapshot_pb2.SnapshotQuery)


class SnapshotService(snapshot_pb2_grpc.SnapshotServicer):
    """The service of one peer."""

    def __init__(self, peer: PeerState) -> None:
        self.limit = statuses.Limit("protos.Snapshot")
        self._peer = peer

    @statuses.answering
    async def Generate(self, signed: snapshot_pb2.SignedSnapshotRequest) -> empty_pb2.Empty:  # noqa: N802 - its own name
        """Record a request; the snapshot of the last block is started at once, without waiting for it."""
        asked = _read(snapshot_pb2.SnapshotRequest, signed)
        channel = self._permitted(access.SUBMIT_SNAPSHOT, asked, signed)
        ledger, requests = channel.ledger, self._peer.snapshots
        try:
            await channel.between_blocks(lambda: requests.add(ledger, asked.block_number))
        except RequestError as error:
            raise _refused(str(error)) from None
        channel.between_blocks(lambda: requests.make(ledger, ledger.last_written()))
        return empty_pb2.Empty()

    @statuses.answering
    async def Cancel(self, signed: snapshot_pb2.SignedSnapshotRequest) -> empty_pb2.Empty:  # noqa: N802
        """Remove a request."""
        asked = _read(snapshot_pb2.SnapshotRequest, signed)
        channel = self._permitted(access.CANCEL_SNAPSHOT, asked, signed)
        try:
            await channel.between_blocks(lambda: self._peer.snapshots.cancel(channel.id, asked.block_number))
        except RequestError as error:
            raise _refused(str(error)) from None
        return empty_pb2.Empty()

    @statuses.answering
    async def QueryPendings(  # noqa: N802
        self, signed: snapshot_pb2.SignedSnapshotRequest
    ) -> snapshot_pb2.QueryPendingSnapshotsResponse:
        """Return the blocks of the pending requests."""
        asked = _read(snapshot_pb2.SnapshotQuery, signed)
        channel = self._permitted(access.PENDING_SNAPSHOTS, asked, signed)
        return snapshot_pb2.QueryPendingSnapshotsResponse(block_numbers=self._peer.snapshots.pending(channel.id))

    def _permitted(self, resource: str, asked: _Question, signed: snapshot_pb2.SignedSnapshotRequest) -> OrderedChannel:
        if not asked.HasField("signature_header"):
            raise _refused("missing signature header")
        creator = asked.signature_header.creator
        expires = expiry(creator)
        if expires is not None and expires < datetime.datetime.now(datetime.UTC):
            raise _refused("client identity expired")
        signature = msp.SignedData(signed.request, creator, signed.signature)
        refusal = access.peer_refusal(resource, signature, self._peer.local)
        if refusal is not None:
            raise _refused(refusal)
        if not asked.channel_id:
            raise _refused("missing channel ID")
        channel = self._peer.channel(asked.channel_id)
        if channel is None:
            raise _refused(f"cannot find ledger for channel {asked.channel_id}")
        return channel


def _read(kind: type[_Question], signed: snapshot_pb2.SignedSnapshotRequest) -> _Question:
    try:
        return kind.FromString(signed.request)
    except DecodeError:
        raise _refused(f"failed to unmarshal snapshot request: {INVALID_WIRE}") from None


def _refused(reason: str) -> StatusError:
    return StatusError(grpc.StatusCode.UNKNOWN, reason)
