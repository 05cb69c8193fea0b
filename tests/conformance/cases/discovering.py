"""Discovery: peers, configuration and endorsement layouts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fabric_protos.discovery import protocol_pb2
from fabric_protos.gossip import message_pb2
from fabric_protos.peer import proposal_response_pb2

from tests.conformance import callers
from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case
from tests.conformance.lab import CHANNEL, PATIENCE, Caller, Lab


def _ask(
    lab: Lab,
    query: protocol_pb2.Query,
    tell: Callable[[protocol_pb2.QueryResult], Any],
    caller: Caller | None = None,
) -> Answer:
    who = caller or lab.caller()
    authentication = protocol_pb2.AuthInfo(client_identity=who.creator)
    payload = protocol_pb2.Request(authentication=authentication, queries=[query]).SerializeToString()
    signed = protocol_pb2.SignedRequest(payload=payload, signature=who.sign(payload))

    def whole() -> Any:
        result = lab.nodes["Org1"].discovery.Discover(signed, timeout=PATIENCE).results[0]
        return {"error": result.error.content} if result.WhichOneof("result") == "error" else tell(result)

    return ask(whole)


def _endpoint(envelope: message_pb2.Envelope) -> str:
    alive = message_pb2.GossipMessage.FromString(envelope.payload).alive_msg
    return str(alive.membership.endpoint)


def _peers(result: protocol_pb2.QueryResult) -> Any:
    told = {}
    for msp_id, peers in sorted(result.members.peers_by_org.items()):
        told[msp_id] = []
        for peer in peers.peers:
            state = message_pb2.GossipMessage.FromString(peer.state_info.payload).state_info
            chaincodes = sorted(chaincode.name for chaincode in state.properties.chaincodes)
            told[msp_id].append([_endpoint(peer.membership_info), state.properties.ledger_height > 0, chaincodes])
    return told


def _config(result: protocol_pb2.QueryResult) -> Any:
    return {
        "msps": {
            name: [len(msp.root_certs), len(msp.tls_root_certs), msp.fabric_node_ous.enable]
            for name, msp in sorted(result.config_result.msps.items())
        },
        "orderers": {
            name: [endpoint.host for endpoint in endpoints.endpoint]
            for name, endpoints in sorted(result.config_result.orderers.items())
        },
    }


def _layouts(result: protocol_pb2.QueryResult) -> Any:
    """Each way to satisfy the policy, as the number of peers of each organisation, sorted."""
    told = []
    for descriptor in result.cc_query_res.content:
        members = {
            group: "+".join(sorted(_endpoint(peer.membership_info) for peer in peers.peers))
            for group, peers in descriptor.endorsers_by_groups.items()
        }
        told.append(
            sorted(
                sorted([members[group], count] for group, count in layout.quantities_by_group.items())
                for layout in descriptor.layouts
            )
        )
    return told


def _query(**fields: Any) -> protocol_pb2.Query:
    return protocol_pb2.Query(channel=CHANNEL, **fields)


def _interest(*chaincodes: str, collections: Sequence[str] = ()) -> protocol_pb2.Query:
    calls = [proposal_response_pb2.ChaincodeCall(name=name, collection_names=collections) for name in chaincodes]
    interest = proposal_response_pb2.ChaincodeInterest(chaincodes=calls)
    return _query(cc_query=protocol_pb2.ChaincodeQuery(interests=[interest]))


PEERS = _query(peer_query=protocol_pb2.PeerMembershipQuery())
CONFIG = _query(config_query=protocol_pb2.ConfigQuery())

case("discovery peers")(lambda lab: _ask(lab, PEERS, _peers))
case("discovery config")(lambda lab: _ask(lab, CONFIG, _config))
case("discovery local peers")(
    lambda lab: _ask(lab, protocol_pb2.Query(local_peers=protocol_pb2.LocalPeerQuery()), _peers)
)
case("discovery endorsers lab")(lambda lab: _ask(lab, _interest("lab"), _layouts))
case("discovery endorsers single")(lambda lab: _ask(lab, _interest("single"), _layouts))
case("discovery endorsers nosuchcc")(lambda lab: _ask(lab, _interest("nosuchcc"), _layouts))
case("discovery endorsers lab+single")(lambda lab: _ask(lab, _interest("lab", "single"), _layouts))
case("discovery endorsers lab coll org12open")(
    lambda lab: _ask(lab, _interest("lab", collections=["org12open"]), _layouts)
)
case("discovery endorsers lab coll org12")(lambda lab: _ask(lab, _interest("lab", collections=["org12"]), _layouts))
case("discovery endorsers lab coll nosuch")(lambda lab: _ask(lab, _interest("lab", collections=["nosuch"]), _layouts))
case("discovery unknown channel")(
    lambda lab: _ask(lab, protocol_pb2.Query(channel="nochan", peer_query=protocol_pb2.PeerMembershipQuery()), _peers)
)
case("discovery bad signature")(lambda lab: _ask(lab, PEERS, _peers, callers.wrong_key(lab)))
case("discovery foreign identity")(lambda lab: _ask(lab, PEERS, _peers, callers.orderer(lab)))
case("discovery garbage")(lambda lab: _sent(lab, protocol_pb2.SignedRequest(payload=b"\xff\xff", signature=b"x")))
case("discovery empty")(lambda lab: _sent(lab, protocol_pb2.SignedRequest()))


def _sent(lab: Lab, request: protocol_pb2.SignedRequest) -> Answer:
    return ask(lambda: bool(lab.nodes["Org1"].discovery.Discover(request, timeout=PATIENCE)))
