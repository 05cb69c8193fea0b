"""Questions to the discovery service, and what its answers say in a form that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fabric_protos.common import policies_pb2
from fabric_protos.discovery import protocol_pb2
from fabric_protos.gossip import message_pb2
from fabric_protos.peer import proposal_response_pb2

from tests.conformance.answers import Answer, ask
from tests.conformance.lab import CHANNEL, PATIENCE, Caller, Lab

Describe = Callable[[Lab, protocol_pb2.QueryResult], Any]


def asked(lab: Lab, query: protocol_pb2.Query, describe: Describe, caller: Caller | None = None) -> Answer:
    """Ask Org1's peer one thing; the answer is what *describe* says of it, or its refusal."""
    return ask(lambda: asked_together(lab, [query], describe, caller)[0])


def asked_together(
    lab: Lab, queries: Sequence[protocol_pb2.Query], describe: Describe, caller: Caller | None = None
) -> list[Any]:
    """
    Ask Org1's peer several things in one request.

    Raises:
        grpc.RpcError: the request is refused as a whole.
    """
    who = caller or lab.caller()
    authentication = protocol_pb2.AuthInfo(client_identity=who.creator)
    payload = protocol_pb2.Request(authentication=authentication, queries=queries).SerializeToString()
    signed = protocol_pb2.SignedRequest(payload=payload, signature=who.sign(payload))
    results = lab.nodes["Org1"].discovery.Discover(signed, timeout=PATIENCE).results
    return [
        {"error": result.error.content} if result.WhichOneof("result") == "error" else describe(lab, result)
        for result in results
    ]


def query(**fields: Any) -> protocol_pb2.Query:
    """Return a query about the laboratory's channel."""
    return protocol_pb2.Query(channel=CHANNEL, **fields)


def call(
    chaincode: str,
    *collections: str,
    keys: Iterable[policies_pb2.SignaturePolicyEnvelope] = (),
    read: bool = False,
    disregard: bool = False,
) -> proposal_response_pb2.ChaincodeCall:
    """
    One call of an interest: collections that are written to, or *read* too, and the policies of keys.

    With *disregard* the chaincode's own policy does not count.
    """
    return proposal_response_pb2.ChaincodeCall(
        name=chaincode,
        collection_names=collections,
        no_private_reads=bool(collections) and not read,
        key_policies=keys,
        disregard_namespace_policy=disregard,
    )


def interest(*calls: proposal_response_pb2.ChaincodeCall) -> proposal_response_pb2.ChaincodeInterest:
    """Return what a transaction that makes these calls is interested in."""
    return proposal_response_pb2.ChaincodeInterest(chaincodes=calls)


def endorsers(*interests: proposal_response_pb2.ChaincodeInterest) -> protocol_pb2.Query:
    """Return the query for whose endorsements these interests need."""
    return query(cc_query=protocol_pb2.ChaincodeQuery(interests=interests))


def peers(*calls: proposal_response_pb2.ChaincodeCall) -> protocol_pb2.Query:
    """Return the query for the channel's peers that can take these calls."""
    asked_for = interest(*calls) if calls else None
    return query(peer_query=protocol_pb2.PeerMembershipQuery(filter=asked_for))


def endpoint(envelope: message_pb2.Envelope) -> str:
    """Where a peer listens, from what it says of itself."""
    alive = message_pb2.GossipMessage.FromString(envelope.payload).alive_msg
    return str(alive.membership.endpoint)


def layouts(lab: Lab, result: protocol_pb2.QueryResult) -> list[list[list[list[Any]]]]:
    """Each way to satisfy the policy, as the number of peers of each group, sorted."""
    told = []
    for descriptor in result.cc_query_res.content:
        members = {
            group: "+".join(sorted(lab.placed(endpoint(peer.membership_info)) for peer in peers.peers))
            for group, peers in descriptor.endorsers_by_groups.items()
        }
        told.append(
            sorted(
                sorted([members[group], count] for group, count in layout.quantities_by_group.items())
                for layout in descriptor.layouts
            )
        )
    return told


def ways(lab: Lab, result: protocol_pb2.QueryResult) -> str:
    """
    Return the layouts of one interest in a line: ``1+2 | 1+3,3.1*2``, and the groups that no layout wants.

    A group is named after its peers, which are named after their organisation.
    """
    (descriptor,) = result.cc_query_res.content
    groups = {
        group: _named([lab.placed(endpoint(peer.membership_info)) for peer in peers.peers])
        for group, peers in descriptor.endorsers_by_groups.items()
    }
    told = sorted(
        "+".join(
            sorted(
                groups[group] + (f"*{count}" if count > 1 else "")
                for group, count in layout.quantities_by_group.items()
            )
        )
        for layout in descriptor.layouts
    )
    wanted = {group for layout in descriptor.layouts for group in layout.quantities_by_group}
    unwanted = sorted(named for group, named in groups.items() if group not in wanted)
    return " | ".join(told) + (f" and {','.join(unwanted)}" if unwanted else "")


def _named(placed: list[str]) -> str:
    """Return the peers of a group by their numbers: ``3,3.1`` where there are two."""
    return ",".join(sorted(one.removeprefix("<peer").removesuffix(">") for one in placed))
