"""
Whose endorsements are planned for: policies of every kind at every level, in pairs.

The policies are those of the laboratory's chaincodes and collections, under
their names; one that is no channel policy is also put on keys. A case asks for
one of them together with each of the others, and tells which lead to the same
answer.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import grpc
from fabric_protos.common import policies_pb2
from fabric_protos.discovery import protocol_pb2
from fabric_protos.msp import identities_pb2, msp_principal_pb2
from fabric_protos.peer import proposal_response_pb2

from hlf.network import topology
from hlf.wire import msp, policies, principals
from tests.conformance import callers, discovery
from tests.conformance.answers import Answer, ask, by_answer, of_error
from tests.conformance.cases import case, cases
from tests.conformance.discovery import call
from tests.conformance.lab import Lab
from tests.conformance.laboratories import CONSORTIA, PLANNING

SERVED = "majority"
_DEFINED = topology.load(CONSORTIA / "planning.yaml").chaincodes
CHAINCODES = [chaincode.name for chaincode in _DEFINED]
COLLECTIONS = [each.name for each in _DEFINED[0].collections]
KEYS = {
    each.name: policies.from_dsl(each.endorsement)
    for each in _DEFINED[0].collections
    if each.endorsement and not each.endorsement.startswith("/")
}
IMPLICIT = {each: f"_implicit_org_{each}MSP" for each in ("Org1", "Org2", "Org3", "Org4", "Nope")}

KINDS = principals.KINDS
Calls = tuple[proposal_response_pb2.ChaincodeCall, ...]


def _plans(lab: Lab, asked: Mapping[str, Calls]) -> Answer:
    """Whose endorsements each interest needs, as discovery says."""
    queries = [discovery.endorsers(discovery.interest(*calls)) for calls in asked.values()]

    def whole() -> dict[str, str]:
        told = discovery.asked_together(lab, queries, discovery.ways)
        return by_answer(dict(zip(asked, map(_shortly, told), strict=True)))

    return ask(whole)


def _shortly(told: Any) -> str:
    """A refusal without the interest, which is in the question."""
    return str(told["error"].partition(" for chaincodes")[0] if isinstance(told, dict) else told)


def _with_implicit(*calls: proposal_response_pb2.ChaincodeCall) -> dict[str, Calls]:
    return {f"implicit {name}": (*calls, call(SERVED, collection)) for name, collection in IMPLICIT.items()}


def _chaincode(name: str) -> dict[str, Calls]:
    """A public write to a chaincode, with another that its own policy or another policy is asked for."""
    alone = call(name)
    return {
        "alone": (alone,),
        **{f"key {key}": (call(name, keys=[policy]),) for key, policy in KEYS.items()},
        **{f"collection {each}": (alone, call(SERVED, each)) for each in COLLECTIONS},
        **{f"chaincode {each}": (alone, call(each)) for each in CHAINCODES},
        **_with_implicit(alone),
    }


def _collection(name: str) -> dict[str, Calls]:
    """A write to a collection, with one to another collection, to a key that has a policy, to an implicit one."""
    alone = call(SERVED, name)
    return {
        "alone": (alone,),
        "alone, read": (call(SERVED, name, read=True),),
        **{f"collection {each}": (call(SERVED, name, each),) for each in COLLECTIONS},
        **{f"key {key}": (call(SERVED, keys=[policy], disregard=True), alone) for key, policy in KEYS.items()},
        **_with_implicit(alone),
    }


def _key(name: str) -> dict[str, Calls]:
    """A write to a key that has a policy, with one to another, beside a key that has none or not."""
    policy = KEYS[name]
    alone = call(SERVED, keys=[policy], disregard=True)
    return {
        "alone": (alone,),
        "beside a free key": (call(SERVED, keys=[policy]),),
        **{f"key {key}": (call(SERVED, keys=[policy, each], disregard=True),) for key, each in KEYS.items()},
        **_with_implicit(alone),
    }


cases(
    {
        **{f"planning: chaincode {name}": _chaincode(name) for name in CHAINCODES},
        **{f"planning: collection {name}": _collection(name) for name in COLLECTIONS},
        **{f"planning: key {name}": _key(name) for name in KEYS},
        **{f"planning: implicit {name}": _with_implicit(call(SERVED, own)) for name, own in IMPLICIT.items()},
    },
    _plans,
    PLANNING,
)


# The same through a gateway, which goes by what a contract writes.


@functools.cache
def _held(lab: Lab) -> dict[str, str]:
    """A key of its own under each policy."""
    keys = {f"key {name}": lab.fresh(name) for name in KEYS}
    encoded = [policy.SerializeToString().hex() for policy in KEYS.values()]
    lab.must("hold", *(word for pair in zip(keys.values(), encoded, strict=True) for word in pair), chaincode=SERVED)
    return keys


def _places(lab: Lab) -> dict[str, str]:
    """Where a contract may write, by the policy that counts there."""
    return {
        "public": lab.fresh("free"),
        **_held(lab),
        **{f"collection {each}": f"{each}/{lab.fresh('k')}" for each in COLLECTIONS},
        **{f"implicit {name}": f"{collection}/{lab.fresh('k')}" for name, collection in IMPLICIT.items()},
    }


FIRST = ("public", "key member", "collection plain", "implicit Org1")


def _written_with(lab: Lab, first: str) -> Answer:
    """What becomes of a transaction that writes to *first* and to another place."""
    places = _places(lab)
    told, sent = {}, {}
    for name, place in places.items():
        try:
            endorsed = lab.endorse("write", places[first], place, chaincode=SERVED)
            lab.send(endorsed)
            sent[name] = endorsed
        except grpc.RpcError as error:
            told[name] = _refusal(of_error(error).as_json(lab.addresses))
    told |= {name: lab.code(endorsed.transaction_id) for name, endorsed in sent.items()}
    return Answer(result=by_answer({name: told[name] for name in places}))


def _refusal(told: Mapping[str, Any]) -> str:
    """Status and message; by which way a search came to its end, and what its details are, is chance."""
    return f"{told['grpc_status']}: {told['grpc_message']}"


cases({f"planning: written to {name} and": name for name in FIRST}, _written_with, PLANNING)


# What no gateway asks for.

RULE, GATE = policies_pb2.SignaturePolicy, policies_pb2.SignaturePolicy.NOutOf


def _envelope(
    rule: policies_pb2.SignaturePolicy | None, *principals: msp.Principal, version: int = 0
) -> policies_pb2.SignaturePolicyEnvelope:
    identities = [
        msp_principal_pb2.MSPPrincipal(principal_classification=each.classification, principal=each.value)
        for each in principals
    ]
    return policies_pb2.SignaturePolicyEnvelope(version=version, rule=rule, identities=identities)


def _out_of(count: int, *rules: policies_pb2.SignaturePolicy) -> policies_pb2.SignaturePolicy:
    return RULE(n_out_of=GATE(n=count, rules=rules))


def _unit(name: str) -> msp.Principal:
    encoded = msp_principal_pb2.OrganizationUnit(msp_identifier="Org1MSP", organizational_unit_identifier=name)
    return msp.Principal(KINDS.ORGANIZATION_UNIT, encoded.SerializeToString())


MEMBER1 = msp.Principal.of_role("Org1MSP", msp.MEMBER)
FIRST_ONE = RULE(signed_by=0)
ODD_KEYS = {
    "nothing": _envelope(None),
    "an empty rule": _envelope(RULE(), MEMBER1),
    "no principals": _envelope(FIRST_ONE),
    "a principal that is not there": _envelope(RULE(signed_by=1), MEMBER1),
    "a principal that is not there, or one that is": _envelope(_out_of(1, RULE(signed_by=1), FIRST_ONE), MEMBER1),
    "a principal that is not there beyond reach": _envelope(
        _out_of(1, FIRST_ONE, _out_of(2, RULE(signed_by=1))), MEMBER1
    ),
    "a signature without a gate": _envelope(FIRST_ONE, MEMBER1),
    "a gate without rules": _envelope(_out_of(1), MEMBER1),
    "a gate for nobody": _envelope(_out_of(0, FIRST_ONE), MEMBER1),
    "a gate for nobody, or a signature": _envelope(_out_of(1, _out_of(0, FIRST_ONE), FIRST_ONE), MEMBER1),
    "a gate for more than there are": _envelope(_out_of(2, FIRST_ONE), MEMBER1),
    "a gate for more than there are, or a signature": _envelope(_out_of(1, _out_of(2, FIRST_ONE), FIRST_ONE), MEMBER1),
    "version 1": _envelope(FIRST_ONE, MEMBER1, version=1),
    "somebody of another channel": _envelope(FIRST_ONE, msp.Principal.of_role("OrdererMSP", msp.MEMBER)),
    "somebody of nowhere": _envelope(FIRST_ONE, msp.Principal.of_role("NopeMSP", msp.MEMBER)),
    "an orderer": _envelope(FIRST_ONE, msp.Principal.of_role("Org1MSP", msp.ORDERER)),
    "a role that is none": _envelope(FIRST_ONE, msp.Principal.of_role("Org1MSP", 9)),
    "the unit of peers": _envelope(FIRST_ONE, _unit("peer")),
    "a unit of nobody": _envelope(FIRST_ONE, _unit("nobody")),
    "somebody unnamed": _envelope(FIRST_ONE, msp.Principal(KINDS.ANONYMITY, b"")),
    "two in one": _envelope(FIRST_ONE, msp.Principal(KINDS.COMBINED, b"")),
    "an unreadable role": _envelope(FIRST_ONE, msp.Principal(KINDS.ROLE, b"\xff")),
    "an unreadable role that nobody asks for": _envelope(FIRST_ONE, MEMBER1, msp.Principal(KINDS.ROLE, b"\xff")),
    "a certificate of nobody": _envelope(
        FIRST_ONE,
        msp.Principal(
            KINDS.IDENTITY, identities_pb2.SerializedIdentity(mspid="Org1MSP", id_bytes=b"x").SerializeToString()
        ),
    ),
}


@case("planning: odd policies of keys", PLANNING)
def odd_keys(lab: Lab) -> Answer:
    """By themselves, and beside another policy; a certificate too, which is the peer's own."""
    named = dict(ODD_KEYS)
    named["the certificate of a peer"] = _envelope(FIRST_ONE, msp.Principal(KINDS.IDENTITY, callers.peer(lab).creator))
    asked = {}
    for name, policy in named.items():
        asked[name] = (call(SERVED, keys=[policy], disregard=True),)
        asked[f"a member and {name}"] = (call(SERVED, keys=[KEYS["member"], policy], disregard=True),)
    return _plans(lab, asked)


ODD_CALLS: dict[str, Calls] = {
    "disregard alone": (call(SERVED, disregard=True),),
    "disregard with a key": (call(SERVED, keys=[KEYS["peer"]], disregard=True),),
    "disregard with a collection": (call(SERVED, "peer", disregard=True),),
    "disregard with two collections": (call(SERVED, "peer", "peer2", disregard=True),),
    "disregard with two collections the other way round": (call(SERVED, "peer2", "peer", disregard=True),),
    "disregard with equal collections": (call(SERVED, "plain", "majority", disregard=True),),
    "disregard with a collection and a key": (call(SERVED, "peer", keys=[KEYS["peer2"]], disregard=True),),
    "one of two disregarded": (call(SERVED, keys=[KEYS["peer"]], disregard=True), call(SERVED)),
    "keys of two chaincodes": (call(SERVED, keys=[KEYS["peer"]]), call("two", keys=[KEYS["either"]])),
    "a chaincode twice": (call(SERVED), call(SERVED)),
    "a collection twice": (call(SERVED, "either", "either"),),
    "an unknown chaincode": (call("nosuchcc"),),
    "an unknown chaincode behind a known one": (call(SERVED), call("nosuchcc")),
    "an unknown collection": (call(SERVED, "nosuch"),),
    "an unknown collection, read": (call(SERVED, "nosuch", read=True),),
    "an unknown collection of a chaincode without any": (call("peer", "nosuch", read=True),),
    "an implicit collection of a chaincode without any": (call("peer", "_implicit_org_Org2MSP"),),
    "an implicit collection, read": (call("both", "_implicit_org_Org2MSP", read=True),),
    "an implicit collection of nobody": (call("peer", "_implicit_org_"),),
    "the lifecycle": (call("_lifecycle"),),
    "the lifecycle with a collection": (call("_lifecycle", "_implicit_org_Org1MSP"),),
    "qscc": (call("qscc"),),
    "read by few": (call("two", keys=[KEYS["two"]]), call(SERVED, "narrow", read=True)),
    "written by few": (call("two", keys=[KEYS["two"]]), call(SERVED, "narrow")),
}

case("planning: odd calls", PLANNING)(lambda lab: _plans(lab, ODD_CALLS))


@case("planning: odd calls, in the service's own words", PLANNING)
def odd_words(lab: Lab) -> Answer:
    """A refusal names the interest as Go prints it."""
    odd = [(call("client", "narrow", keys=[policy], disregard=True),) for policy in ODD_KEYS.values()]
    queries = [discovery.endorsers(discovery.interest(*calls)) for calls in (*ODD_CALLS.values(), *odd)]
    return ask(lambda: [told for told in discovery.asked_together(lab, queries, discovery.ways) if "error" in told])


def _twins(count: int) -> list[msp.Principal]:
    """The same role under *count* encodings, which planning takes for as many principals."""
    unknown = [b"\x98\x06" + bytes((number % 128 + 128, number // 128)) for number in range(count)]
    return [msp.Principal(MEMBER1.classification, MEMBER1.value + each) for each in unknown]


def _counted(lab: Lab, result: protocol_pb2.QueryResult) -> str:
    (descriptor,) = result.cc_query_res.content
    sizes = {sum(layout.quantities_by_group.values()) for layout in descriptor.layouts}
    return f"{len(descriptor.layouts)} layouts of {sorted(sizes)} among {len(descriptor.endorsers_by_groups)} groups"


@case("planning: too many choices", PLANNING)
def too_many(lab: Lab) -> Answer:
    """Of a gate with more than 10,000 choices some parts are left out, by chance; told is how much stays."""
    queries = {}
    for parts, count in ((13, 7), (16, 8), (20, 11), (150, 2)):
        rule = _out_of(count, *(RULE(signed_by=number) for number in range(parts)))
        alone = call(SERVED, keys=[_envelope(rule, *_twins(parts))], disregard=True)
        queries[f"{count} of {parts}"] = discovery.endorsers(discovery.interest(alone))
    return ask(lambda: dict(zip(queries, discovery.asked_together(lab, list(queries.values()), _counted), strict=True)))


def _members(lab: Lab, result: protocol_pb2.QueryResult) -> str:
    """The peers of a channel, by their numbers."""
    found = [
        lab.placed(discovery.endpoint(peer.membership_info))
        for peers in result.members.peers_by_org.values()
        for peer in peers.peers
    ]
    return ",".join(sorted(one.removeprefix("<peer").removesuffix(">") for one in found))


@case("planning: peers that can take a call", PLANNING)
def members(lab: Lab) -> Answer:
    """Those with the chaincodes, who may read the collections that are read."""
    asked: dict[str, Calls] = {"anything": (), **ODD_CALLS}
    asked |= {f"chaincode {name}": (call(name),) for name in CHAINCODES}
    queries = [discovery.peers(*calls) for calls in asked.values()]

    def whole() -> dict[str, str]:
        told = discovery.asked_together(lab, queries, _members)
        return by_answer(
            {name: each["error"] if isinstance(each, dict) else each for name, each in zip(asked, told, strict=True)}
        )

    return ask(whole)


@case("planning: several interests", PLANNING)
def several(lab: Lab) -> Answer:
    """One that cannot be met refuses all; a request may ask for any number, and an empty one is refused."""
    good, bad = discovery.interest(call("both")), discovery.interest(call("client"))
    queries = [
        discovery.endorsers(good, discovery.interest(call("peer"))),
        discovery.endorsers(good, bad, good),
        discovery.endorsers(),
        discovery.endorsers(discovery.interest()),
        discovery.endorsers(good, discovery.interest(call(""))),
    ]
    return ask(lambda: discovery.asked_together(lab, queries, discovery.layouts))
