"""
``discovery.Discovery``: a channel's peers and configuration, and the endorsers of a call.

Peers are described by the gossip messages of real peers, because clients read
endpoints and heights from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc
from fabric_protos.discovery import protocol_pb2, protocol_pb2_grpc
from fabric_protos.gossip import message_pb2
from fabric_protos.peer import proposal_response_pb2 as responses
from google.protobuf import message

from hlf.network.engines.embedded.endorse import access, endorsers
from hlf.network.engines.embedded.state import lifecycle
from hlf.network.engines.embedded.wire import gotext, statuses
from hlf.network.engines.embedded.wire.requests import INVALID_WIRE
from hlf.wire import msp
from hlf.wire.config import channelconfig

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.views import ChannelView, Views


class QueryError(Exception):
    """One query of a request is refused; the text is Fabric's."""


class Discovery(protocol_pb2_grpc.DiscoveryServicer):
    """Discovery at one peer."""

    def __init__(self, peer: PeerState, views: Views) -> None:
        self.limit = statuses.Limit("discovery.Discovery")
        self._peer = peer
        self._views = views

    @statuses.answering
    async def Discover(self, request: protocol_pb2.SignedRequest) -> protocol_pb2.Response:  # noqa: N802 - the service's own name
        """Answer each query of a signed request; a refusal is an answer too."""
        try:
            asked = protocol_pb2.Request.FromString(request.payload)
        except message.DecodeError:
            raise _refused(f"failed parsing request: {INVALID_WIRE}") from None
        if not asked.HasField("authentication"):
            raise _refused("access denied, no authentication info in request")
        if not asked.authentication.client_identity:
            raise _refused("access denied, client identity wasn't supplied")
        signed = msp.SignedData(request.payload, asked.authentication.client_identity, request.signature)
        response = protocol_pb2.Response()
        for query in asked.queries:
            result = response.results.add()
            try:
                self._answer(query, signed, result)
            except QueryError as error:
                result.Clear()
                result.error.content = str(error)
        return response

    def _answer(self, query: protocol_pb2.Query, signed: msp.SignedData, result: protocol_pb2.QueryResult) -> None:
        kind = query.WhichOneof("query")
        if not query.channel:
            self._check_local(signed)
            if kind != "local_peers":
                raise QueryError("unknown or missing request type")
            self._list_members(self._views.peers, None, result)
            return
        channel = self._peer.channel(query.channel)
        if channel is None or channel.bundle.refusal(access.WRITERS, [signed]) is not None:
            raise QueryError("access denied")
        if kind == "config_query":
            _describe_configuration(channel.bundle, result)
            return
        view = self._views.of(channel)
        if kind == "peer_query":
            self._list_members(_filtered(view, query.peer_query.filter), view, result)
        elif kind == "cc_query":
            self._list_endorsers(view, query.cc_query.interests, result)
        else:
            raise QueryError("unknown or missing request type")

    def _check_local(self, signed: msp.SignedData) -> None:
        """Refuse a query for peers without a channel, unless an administrator of the peer's organisation sends it."""
        local = self._peer.local
        administrator = msp.Principal.of_role(local.msp_id, msp.ADMIN)
        if not any(identity.satisfies(administrator) for identity in local.msps.signers([signed])):
            raise QueryError("access denied")

    def _list_members(
        self, peers: Sequence[PeerState], view: ChannelView | None, result: protocol_pb2.QueryResult
    ) -> None:
        result.members.SetInParent()
        for peer in peers:
            _describe_peer(result.members.peers_by_org[peer.msp_id].peers.add(), peer, view)

    def _list_endorsers(
        self,
        view: ChannelView,
        interests: Sequence[responses.ChaincodeInterest],
        result: protocol_pb2.QueryResult,
    ) -> None:
        _check_interests(interests)
        for interest in interests:
            try:
                found = endorsers.describe(view, interest)
            except endorsers.NoEndorsersError:
                raise QueryError(f"failed constructing descriptor for {gotext.printed(interest)}") from None
            descriptor = result.cc_query_res.content.add(chaincode=found.chaincode)
            for name, peers in found.groups.items():
                for peer in peers:
                    _describe_peer(descriptor.endorsers_by_groups[name].peers.add(), peer, view)
            for quantities in found.layouts:
                layout = descriptor.layouts.add()
                for name, count in quantities:
                    layout.quantities_by_group[name] = count


def _refused(reason: str) -> statuses.StatusError:
    return statuses.StatusError(grpc.StatusCode.UNKNOWN, reason)


def _filtered(view: ChannelView, interest: responses.ChaincodeInterest) -> list[PeerState]:
    """Return the members that run the chaincodes of *interest* and may read its collections."""
    if not interest.chaincodes:
        return list(view.peers)
    try:
        authorised = endorsers.authorised(view, interest)
    except endorsers.NoEndorsersError as error:
        raise QueryError(str(error)) from None
    return [peer for peer in authorised if all(peer in view.running(call.name) for call in interest.chaincodes)]


def _check_interests(interests: Sequence[responses.ChaincodeInterest]) -> None:
    if not interests:
        raise QueryError("chaincode query must have at least one chaincode interest")
    for interest in interests:
        if not interest.chaincodes:
            raise QueryError("chaincode interest must contain at least one chaincode")
        if not all(call.name for call in interest.chaincodes):
            raise QueryError("chaincode name in interest cannot be empty")


def _describe_peer(described: protocol_pb2.Peer, peer: PeerState, view: ChannelView | None) -> None:
    described.identity = peer.local.serialized
    pki_id = hashlib.sha256(peer.local.serialized).digest()
    alive = message_pb2.GossipMessage(tag=message_pb2.GossipMessage.EMPTY)
    alive.alive_msg.membership.endpoint = peer.address
    alive.alive_msg.membership.pki_id = pki_id
    alive.alive_msg.timestamp.inc_num = peer.incarnation
    alive.alive_msg.timestamp.seq_num = 1
    _seal(described.membership_info, alive, peer)
    if view is None:
        return
    state = message_pb2.GossipMessage(tag=message_pb2.GossipMessage.CHAN_OR_ORG)
    state.state_info.pki_id = pki_id
    state.state_info.timestamp.inc_num = peer.incarnation
    state.state_info.timestamp.seq_num = 1
    state.state_info.properties.ledger_height = view.height
    names = [name for name in view.names() if peer in view.running(name)]
    for name in sorted([lifecycle.NAMESPACE, *names]):
        # Real peers report the sequence here, because a new one can have the same version.
        state.state_info.properties.chaincodes.add(name=name, version=str(view.defined(name).sequence))
    _seal(described.state_info, state, peer)


def _seal(envelope: message_pb2.Envelope, content: message_pb2.GossipMessage, peer: PeerState) -> None:
    envelope.payload = content.SerializeToString()
    envelope.signature = peer.local.sign(envelope.payload)


def _describe_configuration(bundle: channelconfig.Bundle, result: protocol_pb2.QueryResult) -> None:
    result.config_result.SetInParent()
    for one in bundle.msps:
        result.config_result.msps[one.id].CopyFrom(one.config)
    for msp_id, addresses in bundle.orderer_endpoints.items():
        endpoints = result.config_result.orderers[msp_id]
        for address in addresses:
            host, _, port = address.rpartition(":")
            if port.isdigit() and int(port) < 1 << 16:
                endpoints.endpoint.add(host=host, port=int(port))
