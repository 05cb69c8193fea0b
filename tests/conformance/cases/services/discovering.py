"""Discovery: peers, configuration and endorsement layouts."""

from __future__ import annotations

from typing import Any

from fabric_protos.discovery import protocol_pb2
from fabric_protos.gossip import message_pb2
from fabric_protos.peer import proposal_response_pb2

from tests.conformance import callers, discovery
from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case
from tests.conformance.lab import PATIENCE, Lab


def _peers(lab: Lab, result: protocol_pb2.QueryResult) -> Any:
    told: dict[str, list[Any]] = {}
    for msp_id, peers in sorted(result.members.peers_by_org.items()):
        told[msp_id] = []
        for peer in peers.peers:
            state = message_pb2.GossipMessage.FromString(peer.state_info.payload).state_info
            chaincodes = sorted(chaincode.name for chaincode in state.properties.chaincodes)
            place = discovery.endpoint(peer.membership_info)
            told[msp_id].append([place, state.properties.ledger_height > 0, chaincodes])
    return told


def _config(lab: Lab, result: protocol_pb2.QueryResult) -> Any:
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


PEERS = discovery.peers()
CONFIG = discovery.query(config_query=protocol_pb2.ConfigQuery())

case("discovery peers")(lambda lab: discovery.asked(lab, PEERS, _peers))
case("discovery config")(lambda lab: discovery.asked(lab, CONFIG, _config))
case("discovery local peers")(
    lambda lab: discovery.asked(lab, protocol_pb2.Query(local_peers=protocol_pb2.LocalPeerQuery()), _peers)
)


def _endorsers(name: str, *calls: proposal_response_pb2.ChaincodeCall) -> None:
    query = discovery.endorsers(discovery.interest(*calls))
    case(f"discovery endorsers {name}")(lambda lab: discovery.asked(lab, query, discovery.layouts))


_endorsers("lab", discovery.call("lab"))
_endorsers("single", discovery.call("single"))
_endorsers("nosuchcc", discovery.call("nosuchcc"))
_endorsers("lab+single", discovery.call("lab"), discovery.call("single"))
for _collection in ("org12open", "org12", "nosuch"):
    _endorsers(f"lab coll {_collection}", discovery.call("lab", _collection, read=True))

UNKNOWN = protocol_pb2.Query(channel="nochan", peer_query=protocol_pb2.PeerMembershipQuery())
case("discovery unknown channel")(lambda lab: discovery.asked(lab, UNKNOWN, _peers))
case("discovery bad signature")(lambda lab: discovery.asked(lab, PEERS, _peers, callers.wrong_key(lab)))
case("discovery foreign identity")(lambda lab: discovery.asked(lab, PEERS, _peers, callers.orderer(lab)))
case("discovery garbage")(lambda lab: _sent(lab, protocol_pb2.SignedRequest(payload=b"\xff\xff", signature=b"x")))
case("discovery empty")(lambda lab: _sent(lab, protocol_pb2.SignedRequest()))


def _sent(lab: Lab, request: protocol_pb2.SignedRequest) -> Answer:
    return ask(lambda: bool(lab.nodes["Org1"].discovery.Discover(request, timeout=PATIENCE)))
