"""Whose endorsements a gateway collects, and how it goes on when one refuses."""

from __future__ import annotations

import types
from collections import Counter
from math import comb

import pytest
from fabric_protos.common import configtx_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.peer import proposal_response_pb2 as responses

from hlf.network.engines.embedded.endorse import endorsers, views
from hlf.network.engines.embedded.endorse.endorser import EndorsementOutcome
from hlf.network.engines.embedded.endorse.peer import Runnable
from hlf.network.engines.embedded.services import planning, plans
from hlf.wire import policies
from hlf.wire.config import configupdate
from tests.support.members import collection, private_put, put
from tests.support.runningchannel import RunningChannel, consortium, run


def outcome(payload: bytes = b"same", endorser: str = "x") -> EndorsementOutcome:
    return EndorsementOutcome(
        responses.Response(status=200), payload, responses.Endorsement(endorser=endorser.encode())
    )


def named(*names: str) -> list[types.SimpleNamespace]:
    return [types.SimpleNamespace(name=name, address=name, msp_id=name[0]) for name in names]


def layouts(*names: str) -> list[endorsers.Layout]:
    """``AAB`` as two endorsements of group A and one of B."""
    return [tuple(Counter(each).items()) for each in names]


def endorse(plan: plans.EndorsementSearch, peer, payload: bytes = b"same") -> bool:
    return plan.accept(peer, outcome(payload, peer.name))


def test_a_plan_is_complete_with_one_layout():
    """Endorsements count towards every layout they fit, and the first that is complete ends the search."""
    a, b, c = named("A0", "B0", "C0")
    plan = plans.EndorsementSearch(layouts("AB", "AC"), {"A": [a], "B": [b], "C": [c]})
    assert plan.endorsers() == [a, b]
    assert endorse(plan, a)
    assert not plan.completed
    assert endorse(plan, b)
    assert [one.endorser for one in plan.unique_endorsements()] == [b"A0", b"B0"]


def test_another_peer_of_the_group_stands_in():
    """Only when a group has nobody left do the layouts that need it go."""
    a, b, second, c = named("A0", "B0", "B1", "C0")
    plan = plans.EndorsementSearch(layouts("AB", "AC"), {"A": [a], "B": [b, second], "C": [c]})
    assert plan.endorsers() == [a, b]
    endorse(plan, a)
    assert plan.following(b) == (second, "")
    assert plan.following(second) == (None, "B")
    plan.abandon("B")
    assert plan.endorsers() == [c]
    endorse(plan, c)
    assert [one.endorser for one in plan.unique_endorsements()] == [b"A0", b"C0"]


def test_what_is_enough_for_any_layout_is_enough():
    """A policy may be met in a way that another one contains; the search ends with the first that is complete."""
    a, b = named("A0", "B0")
    plan = plans.EndorsementSearch(layouts("AB", "A"), {"A": [a], "B": [b]})
    assert plan.endorsers() == [a, b]
    endorse(plan, a)
    assert plan.completed
    assert [one.endorser for one in plan.unique_endorsements()] == [b"A0"]
    endorse(plan, b)
    assert [one.endorser for one in plan.unique_endorsements()] == [b"A0", b"B0"]


def test_layouts_are_tried_as_they_are_drawn():
    """Each once, and no more of them are drawn than are looked at."""
    assert sorted(planning.drawn(range(50))) == list(range(50))
    a, b = named("A0", "B0")
    order = iter(layouts("B", "A"))
    plan = plans.EndorsementSearch(layouts("A", "B"), {"A": [a], "B": [b]}, order)
    assert plan.endorsers() == [b]
    assert next(order) == (("A", 1),)


def test_the_first_answer_is_the_measure():
    """Who answers otherwise is named in the details and does not count."""
    a, b = named("A0", "B0")
    plan = plans.EndorsementSearch(layouts("AB"), {"A": [a], "B": [b]})
    plan.endorsers()
    assert endorse(plan, a, b"one")
    assert not endorse(plan, b, b"other")
    assert not plan.completed
    assert [(detail.msp_id, detail.message) for detail in plan.details] == [
        ("B", "ProposalResponsePayloads do not match")
    ]


def test_a_plan_with_nobody_left_ends():
    """No layout can be met: nobody is asked any more."""
    (a,) = named("A0")
    plan = plans.EndorsementSearch(layouts("AA", "B"), {"A": [a]})
    assert plan.endorsers() == []


class Peers:
    """Peers of a channel's members, of which some run the chaincode."""

    def __init__(self, running: RunningChannel, without: frozenset[str] = frozenset()) -> None:
        self.all = [self._peer(running, name, name not in without) for name in running.who.members]
        self.view = views.ChannelView(running.channel, self.all)

    def _peer(self, running: RunningChannel, name: str, runs: bool) -> types.SimpleNamespace:
        found = Runnable("1.0", "cc:1", init_required=False) if runs else None
        local = types.SimpleNamespace(serialized=running.who[name].peer.serialized)
        return types.SimpleNamespace(
            name=f"peer0.{name}", msp_id=name, local=local, presumed_alive=True, runnable=lambda *_: found
        )

    def layouts(self, *calls: responses.ChaincodeCall) -> set[frozenset[str]]:
        """Each combination that is enough, as organisations."""
        found = endorsers.describe(self.view, responses.ChaincodeInterest(chaincodes=calls))
        organisations = {group: "".join(peer.msp_id for peer in peers) for group, peers in found.groups.items()}
        return {frozenset(f"{organisations[group]}*{count}" for group, count in layout) for layout in found.layouts}

    def refusal(self, *calls: responses.ChaincodeCall) -> str:
        with pytest.raises(endorsers.NoEndorsersError) as refused:
            endorsers.describe(self.view, responses.ChaincodeInterest(chaincodes=calls))
        return str(refused.value)


def call(name: str = "cc", **fields) -> responses.ChaincodeCall:
    return responses.ChaincodeCall(name=name, **fields)


def sets(*combinations: str) -> set[frozenset[str]]:
    """``AMSP+BMSP`` as a layout of one endorsement each."""
    return {frozenset(f"{name}*1" for name in one.split("+")) for one in combinations}


AB = collection("ab", "OR('AMSP.member','BMSP.member')")
OWN = collection("own", "OR('AMSP.member','BMSP.member')", policy="OR('BMSP.peer')")


def test_the_channels_majority_is_every_pair_of_three(tmp_path):
    """A reference to the channel's policy is resolved to its members."""

    async def scenario(running: RunningChannel) -> None:
        await running.define()
        assert Peers(running).layouts(call()) == sets("AMSP+BMSP", "AMSP+CMSP", "BMSP+CMSP")

    run(tmp_path, scenario)


def test_only_peers_that_run_the_chaincode_are_planned_with(tmp_path):
    """A policy that asks for more is not met; the words say why."""

    async def scenario(running: RunningChannel) -> None:
        await running.define()
        await running.define("all", policy="AND('AMSP.peer','BMSP.peer','CMSP.peer')")
        some = Peers(running, frozenset({"CMSP"}))
        assert some.layouts(call()) == sets("AMSP+BMSP")
        assert some.refusal(call("all")) == "required chaincodes are not installed on sufficient peers"
        assert some.refusal(call("nosuch")) == "No metadata was found for chaincode nosuch in channel trade"

    run(tmp_path, scenario)


def test_collections_narrow_down_who_may_endorse(tmp_path):
    """Members only where values were read; the collection's own policy where it has one, its owner's if implicit."""

    async def scenario(running: RunningChannel) -> None:
        await running.define(collections=(AB, OWN))
        peers = Peers(running)
        assert peers.layouts(call(collection_names=["ab"])) == sets("AMSP+BMSP")
        written = call(collection_names=["ab"], no_private_reads=True)
        assert peers.layouts(written) == sets("AMSP+BMSP", "AMSP+CMSP", "BMSP+CMSP")
        assert peers.layouts(call(collection_names=["own"])) == sets("BMSP")
        implicit = call(collection_names=["_implicit_org_CMSP"], no_private_reads=True)
        assert peers.layouts(implicit) == sets("CMSP")
        assert peers.refusal(call(collection_names=["nosuch"])) == (
            "collection nosuch doesn't exist in collection config for chaincode cc"
        )

    run(tmp_path, scenario)


def test_policies_of_one_call_are_met_together(tmp_path):
    """One endorsement answers to several policies; what none of them asks for is not collected."""

    async def scenario(running: RunningChannel) -> None:
        await running.define(collections=(AB, OWN))
        peers = Peers(running)
        written = call(collection_names=["own"], no_private_reads=True)
        assert peers.layouts(call(), written) == sets("AMSP+BMSP", "BMSP+CMSP")
        assert peers.layouts(call(), call(collection_names=["own"])) == sets("AMSP+BMSP")
        key = policies.from_dsl("OR('CMSP.peer')")
        held = call(key_policies=[key], disregard_namespace_policy=True)
        assert peers.layouts(held) == sets("CMSP")

    run(tmp_path, scenario)


def test_a_call_that_disregards_everything_is_refused(tmp_path):
    """A client that says no policy counts must name one that does."""

    async def scenario(running: RunningChannel) -> None:
        await running.define()
        words = Peers(running).refusal(call(disregard_namespace_policy=True))
        assert words.startswith("requested to disregard chaincode cc's policy but key and collection policies")

    run(tmp_path, scenario)


def test_one_organisation_twice_needs_two_of_its_peers(tmp_path):
    """With one peer the policy cannot be met."""

    async def scenario(running: RunningChannel) -> None:
        await running.define(policy="OutOf(2,'AMSP.peer','AMSP.peer')")
        assert Peers(running).refusal(call()) == "no peer combination can satisfy the endorsement policy"

    run(tmp_path, scenario)


def test_a_peer_answers_for_a_member(tmp_path):
    """
    One endorsement satisfies two policies that name its peer differently, at whatever level they stand.

    Two groups with the same peer in them would be a plan that nobody can
    carry out, because a gateway counts a peer for one group.
    """

    async def scenario(running: RunningChannel) -> None:
        loose = collection("loose", "OR('AMSP.member','BMSP.member')", policy="OR('AMSP.member')")
        await running.define(collections=(AB, loose))
        peers = Peers(running)
        with_a = sets("AMSP+BMSP", "AMSP+CMSP")
        assert peers.layouts(call(), call(collection_names=["_implicit_org_AMSP"], no_private_reads=True)) == with_a
        assert peers.layouts(call(key_policies=[policies.from_dsl("OR('AMSP.member')")])) == with_a
        assert peers.layouts(call(collection_names=["ab", "loose"])) == sets("AMSP+BMSP")
        several = [policies.from_dsl(text) for text in ("OR('AMSP.peer')", "OR('AMSP.member')")]
        assert peers.layouts(call(key_policies=several, disregard_namespace_policy=True)) == sets("AMSP")

    run(tmp_path, scenario)


def test_who_cannot_be_a_peer_is_not_planned_with(tmp_path):
    """A policy that asks for clients or admins is met by no peer, and the words are Fabric's."""

    async def scenario(running: RunningChannel) -> None:
        await running.define()
        peers = Peers(running)
        for role in ("client", "admin"):
            key = policies.from_dsl(f"OR('AMSP.{role}')")
            assert peers.refusal(call(key_policies=[key])) == ("no peer combination can satisfy the endorsement policy")
        nobody = policies.from_dsl("OutOf(0,'AMSP.peer')")
        assert peers.refusal(call(key_policies=[nobody])) == "state based endorsement policy cannot be satisfied"

    run(tmp_path, scenario)


def test_a_policy_that_leads_nowhere_leaves_its_chaincode_unknown(tmp_path):
    """Fabric knows nothing of a chaincode, not even its members, where a policy of it cannot be told."""

    async def scenario(running: RunningChannel) -> None:
        astray = collection("astray", "OR('AMSP.member')", policy="/Channel/Application/Nowhere")
        await running.define(collections=(AB, astray))
        await running.define("lost", policy="/Channel/Application/Nowhere")
        peers = Peers(running)
        unknown = "No metadata was found for chaincode {} in channel trade"
        assert peers.refusal(call("lost")) == unknown.format("lost")
        assert peers.refusal(call(collection_names=["astray"])) == unknown.format("cc")
        assert peers.layouts(call(collection_names=["ab"])) == sets("AMSP+BMSP")

    run(tmp_path, scenario)


MANY = [f"M{number:02}MSP" for number in range(20)]


def test_a_majority_of_many_members_is_planned_with(tmp_path):
    """Of 20 members Fabric considers 16, and every 11 of these are a layout."""

    async def scenario(running: RunningChannel) -> None:
        await running.define()
        peers = Peers(running)
        found = endorsers.describe(peers.view, responses.ChaincodeInterest(chaincodes=[call()]))
        assert len(found.groups) == 16
        assert len(found.layouts) == comb(16, 11)
        assert endorsers.describe(peers.view, responses.ChaincodeInterest(chaincodes=[call()])) is found

    run(tmp_path, scenario, who=consortium(*MANY))


def new_configuration(running: RunningChannel):
    """Return an update of something that nobody plans by."""
    bundle, who = running.channel.bundle, running.who.ordering.admin
    group = configtx_pb2.Config.FromString(bundle.config.SerializeToString())
    value = orderer_pb2.BatchTimeout(timeout="21ms").SerializeToString()
    group.channel_group.groups["Orderer"].values["BatchTimeout"].value = value
    update = configupdate.compute_update(bundle.channel_id, bundle.config, group).SerializeToString()
    signature = configupdate.config_signature(update, who.serialized, who.sign)
    return configupdate.update_envelope(bundle.channel_id, update, [signature], who.serialized, who.sign)


def test_a_view_is_new_when_something_changes_that_peers_are_planned_by(tmp_path):
    """Not by a block that writes other things: the plans of many members are worked out once."""

    async def scenario(running: RunningChannel) -> None:
        peers = Peers(running).all
        for peer in peers:
            peer.packages = []
        known = views.Views(peers)
        seen = [known.of(running.channel)]

        def changed() -> bool:
            seen.append(known.of(running.channel))
            return seen[-1] is not seen[-2]

        assert seen[0].definition("cc") is None
        await running.define()
        assert changed()
        assert seen[-1].definition("cc").sequence == 1
        assert await running.submit(running.who.transaction(put(a=b"1"), ["AMSP", "BMSP"])) == "VALID"
        assert not changed()
        assert seen[-1].height == running.ledger.height
        approval, private = private_put("_implicit_org_AMSP", {"x": b"1"}, namespace="_lifecycle")
        approved = running.who.transaction(approval, ["AMSP"], chaincode="_lifecycle", version="syscc")
        assert await running.submit(approved, private) == "VALID"
        assert changed()
        peers[0].packages.append("installed")
        assert changed()
        peers[0].presumed_alive = False
        assert changed()
        assert await running.raw_block([new_configuration(running)]) == ["VALID"]
        assert changed()
        assert not changed()

    run(tmp_path, scenario)


def test_what_is_described_is_kept_within_bounds(tmp_path):
    """Any member may ask for whatever key policies come to mind; what was asked for last stays."""

    async def scenario(running: RunningChannel) -> None:
        await running.define()
        view = Peers(running).view
        interests = [
            responses.ChaincodeInterest(chaincodes=[call(key_policies=[policies.from_dsl("OR('AMSP.peer')")] * number)])
            for number in range(100)
        ]
        first = endorsers.describe(view, interests[0])
        for interest in interests:
            assert endorsers.describe(view, interests[0]) is first
            endorsers.describe(view, interest)
        assert endorsers.describe(view, interests[99]) is endorsers.describe(view, interests[99])
        assert len(view._kept) == 64

    run(tmp_path, scenario)
