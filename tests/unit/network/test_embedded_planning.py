"""Whose endorsements a gateway collects, and how it goes on when one refuses."""

from __future__ import annotations

import types

import pytest
from fabric_protos.peer import proposal_response_pb2 as responses

from hlf.wire import policies
from network.engines.embedded import endorsers, plans, views
from network.engines.embedded.endorser import Outcome
from network.engines.embedded.peer import Runnable
from tests.support.members import Definition, collection
from tests.support.running import Running, run


def outcome(payload: bytes = b"same", endorser: str = "x") -> Outcome:
    return Outcome(responses.Response(status=200), payload, responses.Endorsement(endorser=endorser.encode()))


def named(*names: str) -> list[types.SimpleNamespace]:
    return [types.SimpleNamespace(name=name, address=name, msp_id=name[0]) for name in names]


def endorse(plan: plans.Plan, peer, payload: bytes = b"same") -> bool:
    return plan.accept(peer, outcome(payload, peer.name))


def test_a_plan_is_complete_with_one_layout():
    """Endorsements count towards every layout they fit, and the first that is complete ends the search."""
    a, b, c = named("A0", "B0", "C0")
    plan = plans.Plan([{"A": 1, "B": 1}, {"A": 1, "C": 1}], {"A": [a], "B": [b], "C": [c]})
    assert plan.endorsers() == [a, b]
    assert endorse(plan, a)
    assert plan.completed is None
    assert endorse(plan, b)
    assert [one.endorser for one in plan.unique_endorsements()] == [b"A0", b"B0"]


def test_another_peer_of_the_group_stands_in():
    """Only when a group has nobody left do the layouts that need it go."""
    a, b, second, c = named("A0", "B0", "B1", "C0")
    plan = plans.Plan([{"A": 1, "B": 1}, {"A": 1, "C": 1}], {"A": [a], "B": [b, second], "C": [c]})
    assert plan.endorsers() == [a, b]
    endorse(plan, a)
    assert plan.following(b) == (second, "")
    assert plan.following(second) == (None, "B")
    plan.abandon("B")
    assert plan.endorsers() == [c]
    endorse(plan, c)
    assert [one.endorser for one in plan.unique_endorsements()] == [b"A0", b"C0"]


def test_the_first_answer_is_the_measure():
    """Who answers otherwise is named in the details and does not count."""
    a, b = named("A0", "B0")
    plan = plans.Plan([{"A": 1, "B": 1}], {"A": [a], "B": [b]})
    plan.endorsers()
    assert endorse(plan, a, b"one")
    assert not endorse(plan, b, b"other")
    assert plan.completed is None
    assert [(detail.msp_id, detail.message) for detail in plan.details] == [
        ("B", "ProposalResponsePayloads do not match")
    ]


def test_a_plan_with_nobody_left_ends():
    """No layout can be met: nobody is asked any more."""
    (a,) = named("A0")
    plan = plans.Plan([{"A": 2}, {"B": 1}], {"A": [a]})
    assert plan.endorsers() == []


class Peers:
    """Peers of a channel's members, of which some run the chaincode."""

    def __init__(self, running: Running, without: frozenset[str] = frozenset()) -> None:
        self.all = [self._peer(running, name, name not in without) for name in running.who.members]
        self.view = views.View(running.channel, self.all)

    def _peer(self, running: Running, name: str, runs: bool) -> types.SimpleNamespace:
        found = Runnable("1.0", "cc:1", init_required=False) if runs else None
        local = types.SimpleNamespace(serialized=running.who[name].peer.serialized)
        return types.SimpleNamespace(
            name=f"peer0.{name}", msp_id=name, local=local, presumed_alive=True, runnable=lambda *_: found
        )

    def layouts(self, *calls: responses.ChaincodeCall) -> set[frozenset[str]]:
        """Each combination that is enough, as organisations."""
        found = self.view.describe(responses.ChaincodeInterest(chaincodes=calls))
        organisations = {group: "".join(peer.msp_id for peer in peers) for group, peers in found.groups.items()}
        return {
            frozenset(f"{organisations[group]}*{count}" for group, count in layout.items()) for layout in found.layouts
        }

    def refusal(self, *calls: responses.ChaincodeCall) -> str:
        with pytest.raises(endorsers.NoEndorsersError) as refused:
            self.view.describe(responses.ChaincodeInterest(chaincodes=calls))
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

    async def scenario(running: Running) -> None:
        await running.define()
        assert Peers(running).layouts(call()) == sets("AMSP+BMSP", "AMSP+CMSP", "BMSP+CMSP")

    run(tmp_path, scenario)


def test_only_peers_that_run_the_chaincode_are_planned_with(tmp_path):
    """A policy that asks for more is not met; the words say why."""

    async def scenario(running: Running) -> None:
        await running.define()
        await running.define("all", policy="AND('AMSP.peer','BMSP.peer','CMSP.peer')")
        some = Peers(running, frozenset({"CMSP"}))
        assert some.layouts(call()) == sets("AMSP+BMSP")
        assert some.refusal(call("all")) == "required chaincodes are not installed on sufficient peers"
        assert some.refusal(call("nosuch")) == "No metadata was found for chaincode nosuch in channel trade"

    run(tmp_path, scenario)


def test_collections_narrow_down_who_may_endorse(tmp_path):
    """Members only where values were read; the collection's own policy where it has one, its owner's if implicit."""

    async def scenario(running: Running) -> None:
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

    async def scenario(running: Running) -> None:
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

    async def scenario(running: Running) -> None:
        await running.define()
        words = Peers(running).refusal(call(disregard_namespace_policy=True))
        assert words.startswith("requested to disregard chaincode cc's policy but key and collection policies")

    run(tmp_path, scenario)


def test_one_organisation_twice_needs_two_of_its_peers(tmp_path):
    """With one peer the policy cannot be met."""

    async def scenario(running: Running) -> None:
        await running.define(policy="OutOf(2,'AMSP.peer','AMSP.peer')")
        assert Peers(running).refusal(call()) == "no peer combination can satisfy the endorsement policy"

    run(tmp_path, scenario)


def test_a_view_is_new_after_each_block(tmp_path):
    """What gateways know of a channel is what its last block left."""

    async def scenario(running: Running) -> None:
        peers = Peers(running).all
        for peer in peers:
            peer.packages = ()
        known = views.Views(peers)
        before = known.of(running.channel)
        assert known.of(running.channel) is before
        assert before.definition("cc") is None
        await running.submit(running.who.define(Definition("cc")))
        assert known.of(running.channel).definition("cc").sequence == 1

    run(tmp_path, scenario)
