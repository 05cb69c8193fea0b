"""
Snapshots of a channel at a peer: files of its state at one block, from which another peer may join.

A peer makes one after it has committed the requested block, in a folder of its
own machine: ``completed/CHANNEL/BLOCK`` below ``ledger.snapshots.rootDir``. Only
an admin of the peer's organisation may request it.
"""

from __future__ import annotations

from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.peer import query_pb2, snapshot_pb2, snapshot_pb2_grpc

from hlf import errors
from hlf.admin.peer import Peer
from hlf.wire import envelopes


def generate(peer: Peer, channel_id: str, block_number: int = 0) -> None:
    """
    Request a snapshot at the peer's last block or a later one; 0 means its last.

    It returns at once; the snapshot is complete when :func:`pending` no longer has the block.

    Raises:
        AdminError: the peer refused, for example because it has a later block.
    """
    request = snapshot_pb2.SnapshotRequest(
        signature_header=_header(peer), channel_id=channel_id, block_number=block_number
    )
    peer.unary(_stub(peer).Generate, _signed(peer, request), errors.AdminError)


def cancel(peer: Peer, channel_id: str, block_number: int) -> None:
    """
    Cancel a request for a later block.

    Raises:
        AdminError: there is no such request, or its snapshot is being made.
    """
    request = snapshot_pb2.SnapshotRequest(
        signature_header=_header(peer), channel_id=channel_id, block_number=block_number
    )
    peer.unary(_stub(peer).Cancel, _signed(peer, request), errors.AdminError)


def pending(peer: Peer, channel_id: str) -> tuple[int, ...]:
    """
    Return the blocks of the pending requests, in order.

    Raises:
        AdminError: the peer refused.
    """
    query = snapshot_pb2.SnapshotQuery(signature_header=_header(peer), channel_id=channel_id)
    answer = peer.unary(_stub(peer).QueryPendings, _signed(peer, query), errors.AdminError)
    return tuple(answer.block_numbers)


def join(peer: Peer, folder: str) -> None:
    """
    Let a peer join a channel by a snapshot in a folder of its machine.

    It returns at once. Later errors are only in the peer's log: call :func:`joining`, then ``peer.channels()``.

    Raises:
        AdminError: the peer refused; there is no such folder, or it is joining by another snapshot.
    """
    peer.call("", "cscc", [b"JoinChainBySnapshot", folder.encode()])


def joining(peer: Peer) -> str:
    """
    Return the folder of the snapshot by which a peer is joining a channel at the moment, empty when it is not.

    Raises:
        AdminError: the peer refused.
    """
    status = peer.ask(query_pb2.JoinBySnapshotStatus, "", "cscc", [b"JoinBySnapshotStatus"])
    return str(status.bootstrapping_snapshot_dir) if status.in_progress else ""


def _stub(peer: Peer) -> snapshot_pb2_grpc.SnapshotStub:
    return peer.session.connections.stub(snapshot_pb2_grpc.SnapshotStub, peer.endpoint)


def _header(peer: Peer) -> common_pb2.SignatureHeader:
    return common_pb2.SignatureHeader(creator=peer.identity.serialized, nonce=envelopes.fresh_nonce())


def _signed(peer: Peer, request: Any) -> snapshot_pb2.SignedSnapshotRequest:
    content = request.SerializeToString()
    return snapshot_pb2.SignedSnapshotRequest(request=content, signature=peer.session.sign(content))
