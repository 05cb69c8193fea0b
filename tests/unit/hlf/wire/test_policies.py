"""Signature policies: their text as Fabric reads it, and who satisfies them."""

from __future__ import annotations

import pytest
from fabric_protos.common import policies_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf import errors
from hlf.wire import msp, policies

# What Fabric 3.1.5's own parser made of these texts.
AS_FABRIC = {
    "OR('A.member', 'B.member')": "120c120a080112020800120208011a0512030a01411a0512030a0142",
    "AND('A.peer','B.admin')": "120c120a080212020800120208011a0712050a014110031a0712050a01421001",
    "OutOf(2, 'A.client', 'B.orderer', 'C.member')": (
        "1210120e08021202080012020801120208021a0712050a014110021a0712050a014210041a0512030a0143"
    ),
    "OR('A.member', AND('B.peer','C.admin'), OutOf(2,'A.member',\"D.client\",'E-x.y.orderer'))": (
        "12281226080112020805120c120a080212020800120208011210120e08021202080212020803120208041a0712050a01421003"
        "1a0712050a014310011a0512030a01411a0712050a014410021a0b12090a05452d782e7910041a0512030a0141"
    ),
    "AND(OR('A.member','B.member'),'C.member')": (
        "121612140802120c120a08011202080012020801120208021a0512030a01411a0512030a01421a0512030a0143"
    ),
    "AND('A.member', OutOf(1, OR('B.member','C.peer'), 'D.admin'), 'E.client')": (
        "12241222080312020803121612140801120c120a0801120208001202080112020802120208041a0512030a01421a0712050a01431003"
        "1a0712050a014410011a0512030a01411a0712050a01451002"
    ),
    "Or('A.member','B.member')": "120c120a080112020800120208011a0512030a01411a0512030a0142",
    "outof(1,'A.member','B.member')": "120c120a080112020800120208011a0512030a01411a0512030a0142",
    "OR('A.member',`B.member`)": "120c120a080112020800120208011a0512030a01411a0512030a0142",
    "OutOf('1','A.member','B.member')": "120c120a080112020800120208011a0512030a01411a0512030a0142",
    "  OR( 'A.member' ,\n 'B.member' )  ": "120c120a080112020800120208011a0512030a01411a0512030a0142",
    "OutOf(3,'A.member','B.member')": "120c120a080312020800120208011a0512030a01411a0512030a0142",
    "OutOf(0,'A.member')": "12061204120208001a0512030a0141",
    "AND('A.member')": "120812060801120208001a0512030a0141",
}


@pytest.mark.parametrize("text", AS_FABRIC)
def test_text_gives_the_bytes_fabric_gives(text):
    """Members compare definitions byte by byte, so the same text must give the same bytes everywhere."""
    assert policies.from_dsl(text).SerializeToString().hex() == AS_FABRIC[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OR(",
        "OR()",
        "OutOf(1)",
        "OutOf(4,'A.member','B.member')",
        "OutOf(-1,'A.member')",
        "XOR('A.member')",
        "oR('A.member')",
        "OR('A.foo')",
        "OR('A_b.member')",
        "OR('A.member' 'B.member')",
        "OR(A.member)",
        "OR('A.member') extra",
        "'A.member'",
        "OR('A.member)",
        "OR(" * 40 + "'A.member'" + ")" * 40,
    ],
)
def test_what_is_no_policy_is_refused(text):
    """The error names the text or the number that is wrong."""
    with pytest.raises(errors.PolicyError):
        policies.from_dsl(text)


def test_the_error_says_where():
    """A typing error in a long policy is found by the character."""
    with pytest.raises(errors.PolicyError, match=r"unrecognized token 'B.pear'.*at character 14"):
        policies.from_dsl("OR('A.peer', 'B.pear')")


ROLES = st.sampled_from(["A", "B", "C", "D"]).map(lambda name: policies.SignedBy(msp.Principal.of_role(name, msp.PEER)))


def gates(inner):
    return st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda rules: st.integers(0, len(rules)).map(lambda count: policies.OutOf(count, tuple(rules)))
    )


RULES = gates(st.recursive(ROLES, gates, max_leaves=5))


@given(RULES)
def test_text_and_message_say_the_same(rule):
    """A policy survives being written as text and read again, and being built as a message and parsed."""
    assert policies.parse(policies.from_dsl(policies.to_dsl(rule))) == rule
    assert policies.parse(policies.build(rule).SerializeToString()) == rule


class Peer:
    """Somebody with one role."""

    def __init__(self, name):
        self.name = name
        self.principal = msp.Principal.of_role(name, msp.PEER)

    def satisfies(self, principal):
        return principal == self.principal


def naive(rule, names, used):
    """Fabric's evaluation, written again over immutable values: the identities used, or None."""
    if isinstance(rule, policies.SignedBy):
        for index, name in enumerate(names):
            if index not in used and rule.principal == msp.Principal.of_role(name, msp.PEER):
                return used | {index}
        return None
    verified = 0
    for inner in rule.rules:
        attempt = naive(inner, names, used)
        if attempt is not None:
            verified += 1
            used = attempt
    return used if verified >= rule.count else None


@given(RULES, st.lists(st.sampled_from(["A", "B", "C", "D"]), max_size=5))
def test_evaluation_is_fabrics(rule, names):
    """Rules are tried from left to right, and each takes the first identity that nobody used before."""
    expected = naive(rule, names, frozenset()) is not None
    assert policies.evaluate(rule, [Peer(name) for name in names]) is expected
    assert policies.evaluate(policies.build(rule), [Peer(name) for name in names]) is expected


def test_an_identity_counts_once():
    """Two signatures of one organisation need two people."""
    two = policies.from_dsl("AND('A.peer', 'A.peer')")
    assert not policies.evaluate(two, [Peer("A")])
    assert policies.evaluate(two, [Peer("A"), Peer("A")])


@pytest.mark.parametrize(
    ("envelope", "why"),
    [
        (b"\xff", "unmarshalling"),
        (policies_pb2.SignaturePolicyEnvelope(version=1), "version 0"),
        (policies_pb2.SignaturePolicyEnvelope(), "Empty policy element"),
        (
            policies_pb2.SignaturePolicyEnvelope(rule=policies_pb2.SignaturePolicy(signed_by=3)),
            "identity index out of range",
        ),
        (
            policies_pb2.SignaturePolicyEnvelope(rule=policies_pb2.SignaturePolicy(signed_by=-1)),
            "identity index out of range",
        ),
    ],
)
def test_hostile_messages_are_refused(envelope, why):
    """Policies come from other members; nothing in them may pass unread."""
    with pytest.raises(errors.PolicyError, match=why):
        policies.parse(envelope)


def test_what_the_text_cannot_say_is_refused():
    """An identity of its own, or a gate without rules, has no text."""
    person = policies.OutOf(1, (policies.SignedBy(msp.Principal(2, b"someone")),))
    for rule in (person, policies.OutOf(0, ())):
        with pytest.raises(errors.PolicyError, match="text"):
            policies.to_dsl(rule)
