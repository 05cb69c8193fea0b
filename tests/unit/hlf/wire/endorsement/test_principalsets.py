"""Whom policies ask for, alone and together: in the ways that Fabric's own packages find, and no other."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations, combinations_with_replacement
from math import comb

import pytest
from fabric_protos.common import policies_pb2
from fabric_protos.msp import identities_pb2, msp_principal_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf import errors
from hlf.wire import msp, policies, principals
from hlf.wire.endorsement import principalmerge, principalsets
from tests.unit.hlf import golden

RECORDED = json.loads(golden.read("principalsets.json"))
WORDS = {principalsets.Incomparable: "comparable", principalsets.Unsatisfiable: "unsatisfiable"}
KINDS = principals.KINDS


def envelopes(encoded: list[str]) -> list[policies_pb2.SignaturePolicyEnvelope]:
    return [policies_pb2.SignaturePolicyEnvelope.FromString(bytes.fromhex(one)) for one in encoded]


def together(recorded: dict) -> list[str] | str:
    """Return the ways to satisfy recorded policies, as the record writes them: first those of keys among themselves."""
    try:
        found = [principalsets.of_policy(one) for one in envelopes(recorded["policies"])]
        keys = [principalsets.of_policy(one) for one in envelopes(recorded["keys"])]
    except errors.PolicyError as error:
        return WORDS[type(error)]
    if keys:
        found.append(principalmerge.merge(keys))
    return sorted(" ".join(sorted(map(str, way))) for way in principalmerge.merge(found))


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_the_ways_are_those_that_fabric_finds(number):
    """Of some policies Fabric finds now these ways and now those, by the order of its maps: it is one of them."""
    assert together(RECORDED[number]) in RECORDED[number]["answers"]


def role(name: str, kind: int = msp.PEER) -> msp.Principal:
    return msp.Principal.of_role(name, kind)


def unit(name: str, of: str) -> msp.Principal:
    encoded = msp_principal_pb2.OrganizationUnit(msp_identifier=name, organizational_unit_identifier=of)
    return msp.Principal(KINDS.ORGANIZATION_UNIT, encoded.SerializeToString())


def person(name: str, certificate: bytes) -> msp.Principal:
    encoded = identities_pb2.SerializedIdentity(mspid=name, id_bytes=certificate)
    return msp.Principal(KINDS.IDENTITY, encoded.SerializeToString())


@pytest.mark.parametrize(
    "one", [role("A"), role("A", msp.ADMIN), role("A", msp.CLIENT), unit("A", "x"), person("A", b"1")]
)
def test_everybody_of_an_organisation_is_its_member(one):
    """So one endorsement of a peer answers to whoever asks for a member, and not the other way round."""
    member = role("A", msp.MEMBER)
    assert one.is_a(member)
    assert not member.is_a(one)
    assert not one.is_a(role("B", msp.MEMBER))
    assert one.is_a(one)


def test_nothing_else_is_known_of_two_that_are_not_equal():
    """An admin may be a client or a peer, and who is in a unit too; nobody can tell from their names."""
    several = [role("A"), role("A", msp.ADMIN), unit("A", "x"), unit("A", "y"), person("A", b"1"), person("A", b"2")]
    for one, other in combinations(several, 2):
        assert not one.is_a(other)
        assert not other.is_a(one)


def rules(inner):
    return st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.integers(1, len(parts)).map(lambda count: policies.OutOf(count, tuple(parts)))
    )


PEERS = st.sampled_from("ABCD").map(lambda name: policies.SignedBy(role(name)))
RULES = rules(st.recursive(PEERS, rules, max_leaves=5))


def remainders(rule, names):
    """Return what may be left of *names* when each rule takes whom it was meant for; nothing if there is no way."""
    if isinstance(rule, policies.SignedBy):
        taken = Counter([rule.principal.role[0]])
        return [names - taken] if taken <= names else []
    left = []
    for chosen in combinations(rule.rules, rule.count):
        ways = [names]
        for inner in chosen:
            ways = [after for before in ways for after in remainders(inner, before)]
        left.extend(ways)
    return left


def ways_of(*several: policies.Rule) -> list[Counter]:
    merged = principalmerge.merge(principalsets.of_policy(policies.build(rule)) for rule in several)
    return [Counter(principal.role[0] for principal in way) for way in merged]


@given(RULES)
def test_a_way_is_just_enough(rule):
    """
    Who is planned as an endorser suffices, and nobody is asked in vain.

    Suffices, that is, if each rule takes whom it was planned for: evaluation
    itself is greedy, in Fabric as here, and Fabric's planner does not look ahead at that.
    """
    assert all(Counter() in remainders(rule, way) for way in ways_of(rule))


@given(RULES)
def test_the_ways_miss_nobody(rule):
    """Every group of endorsers that satisfies the policy contains one of the ways."""
    ways = ways_of(rule)
    for size in range(4):
        for names in combinations_with_replacement("ABCD", size):
            if remainders(rule, Counter(names)):
                assert any(way <= Counter(names) for way in ways)


@given(RULES, RULES)
def test_what_is_merged_satisfies_both(one, other):
    """One endorser may answer to two policies, but to neither of them twice."""
    for way in ways_of(one, other):
        assert remainders(one, way)
        assert remainders(other, way)


def majority(count: int, kind: int = msp.PEER) -> policies_pb2.SignaturePolicyEnvelope:
    """Return the policy of a channel of *count* members, as Fabric writes it out."""
    parts = tuple(policies.OutOf(1, (policies.SignedBy(role(f"M{number:02}", kind)),)) for number in range(count))
    return policies.build(policies.OutOf(count // 2 + 1, parts))


@pytest.mark.parametrize(("members", "considered"), [(13, 13), (15, 15), (16, 15), (20, 16)])
def test_of_too_many_choices_parts_are_left_out(members, considered):
    """Fabric considers no more than 10,000 choices of a gate: of 20 members it draws 16, any 11 of them are a way."""
    found = principalsets.of_policy(majority(members))
    asked = set().union(*found.ways)
    needed = members // 2 + 1
    assert len(asked) == considered
    assert len(set(found.ways)) == len(found.ways) == comb(considered, needed) <= principalsets.MOST_CHOICES
    assert {len(way) for way in found.ways} == {needed}


def test_who_is_left_out_is_drawn_anew():
    """So a member is not forgotten for ever."""
    asked = [frozenset().union(*principalsets.of_policy(majority(20)).ways) for _ in range(10)]
    assert len(set(asked)) > 1


def test_gates_that_multiply_are_refused_at_once():
    """Any member may send a policy: 20 gates of 20 are 20 to the 20th ways, on which a real peer works till its end."""
    gate = policies.OutOf(1, tuple(policies.SignedBy(role(f"M{number}")) for number in range(20)))
    with pytest.raises(principalsets.TooMany, match="more than 20000 ways"):
        principalsets.of_policy(policies.build(policies.OutOf(20, (gate,) * 20)))


def test_ways_that_multiply_are_refused_at_once():
    """Majorities by roles that have nothing to do with each other; a real peer compares each pair with each other."""
    both = [principalsets.of_policy(majority(13, kind)) for kind in (msp.ADMIN, msp.CLIENT)]
    with pytest.raises(principalsets.TooMany, match="together in more than 20000 ways"):
        principalmerge.merge(both)


def test_a_gate_that_wants_fewer_than_nobody_is_refused():
    """A real peer that looks for the choices of -1 parts does not come back."""
    encoded = policies.from_dsl("OutOf(1,'A.peer','B.peer')")
    encoded.rule.n_out_of.n = -1
    with pytest.raises(principalsets.Unsatisfiable):
        principalsets.of_policy(encoded)


@pytest.mark.parametrize("of", [role, lambda name: unit(name, "freight"), lambda name: person(name, b"certificate")])
def test_a_principal_names_its_organisation(of):
    """Whatever its kind: a member of that organisation may be meant, and nobody of another."""
    asked = of("Org1MSP")
    assert asked.msp_id == "Org1MSP"
    assert asked.comparable
    assert asked.is_a(role("Org1MSP", principals.MEMBER))
    assert not asked.is_a(role("Org2MSP", principals.MEMBER))
    assert not asked.is_a(of("Org2MSP"))


@pytest.mark.parametrize("kind", [KINDS.ROLE, KINDS.ORGANIZATION_UNIT, KINDS.IDENTITY, KINDS.COMBINED])
def test_an_unreadable_principal_names_nobody(kind):
    """It is not compared, and satisfies nothing; a policy that holds one is still read."""
    unreadable = msp.Principal(kind, b"\xff\xff")
    assert unreadable.msp_id is unreadable.role is None
    assert not unreadable.comparable
    assert not unreadable.is_a(role("Org1MSP", principals.MEMBER))
    assert not role("Org1MSP").is_a(unreadable)
    assert principals.combined(unreadable) == ()


def test_every_certificate_is_a_named_identity():
    """A principal may ask whether somebody is anonymous; who shows a certificate is not."""
    asked = msp_principal_pb2.MSPIdentityAnonymity
    assert principals.is_nominal(asked(anonymity_type=asked.NOMINAL).SerializeToString())
    assert not principals.is_nominal(asked(anonymity_type=asked.ANONYMOUS).SerializeToString())
    assert not principals.is_nominal(b"\xff")
