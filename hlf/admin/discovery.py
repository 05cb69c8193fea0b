"""The peers of a channel that a peer knows; a gateway plans endorsements with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fabric_protos.discovery import protocol_pb2, protocol_pb2_grpc
from fabric_protos.gossip import message_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.admin.peer import Peer


@dataclass(frozen=True)
class DiscoveredPeer:
    """
    A peer in the view of another one.

    Attributes:
        chaincodes: those that it runs, with their versions.
        started: a number that is larger after each of its starts.
    """

    msp_id: str
    address: str
    height: int
    chaincodes: Mapping[str, str]
    started: int = 0


def peers(asked: Peer, channel_id: str) -> tuple[DiscoveredPeer, ...]:
    """
    Return the peers of a channel that the peer *asked* knows, with itself.

    Raises:
        AdminError: it refused, is not in the channel, or answered with something unreadable.
    """
    request = protocol_pb2.Request(
        authentication=protocol_pb2.AuthInfo(client_identity=asked.identity.serialized),
        queries=[protocol_pb2.Query(channel=channel_id, peer_query=protocol_pb2.PeerMembershipQuery())],
    ).SerializeToString()
    signed = protocol_pb2.SignedRequest(payload=request, signature=asked.session.sign(request))
    stub = protocol_pb2_grpc.DiscoveryStub(asked.session.channel(asked.endpoint))
    response = asked.unary(stub.Discover, signed, errors.AdminError)
    if len(response.results) != 1:
        raise errors.AdminError(f"{len(response.results)} answers to one question", address=asked.name)
    result = response.results[0]
    if result.WhichOneof("result") != "members":
        raise errors.AdminError(result.error.content or "not the answer asked for", address=asked.name)
    try:
        return tuple(
            _known(msp_id, peer) for msp_id, listed in result.members.peers_by_org.items() for peer in listed.peers
        )
    except DecodeError as malformed:
        raise errors.AdminError("answered with an unreadable member", address=asked.name) from malformed


def _known(msp_id: str, peer: protocol_pb2.Peer) -> DiscoveredPeer:
    alive = message_pb2.GossipMessage.FromString(peer.membership_info.payload).alive_msg
    properties = message_pb2.GossipMessage.FromString(peer.state_info.payload).state_info.properties
    return DiscoveredPeer(
        msp_id=msp_id,
        address=alive.membership.endpoint,
        height=properties.ledger_height,
        chaincodes={each.name: each.version for each in properties.chaincodes},
        started=alive.timestamp.inc_num,
    )
