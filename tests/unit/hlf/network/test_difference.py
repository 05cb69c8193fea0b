"""From one network to another: the steps lead there, and then there are none left."""

from __future__ import annotations

import dataclasses
import functools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlf.network.plan import difference
from hlf.network.plan.model import ChannelFacts, NetworkFacts
from hlf.network.plan.steps import AddOrderer, Configure, Define, Join, Leave, RemoveOrderer

MEMBERS = ("AMSP", "BMSP", "CMSP", "DMSP")
CHANNELS = ("c", "d")
CHAINCODES = ("lab", "asset")
SETTINGS = st.dictionaries(st.sampled_from(("batch.timeout", "policies.Extra", "acls.x")), st.sampled_from("ab"))


@st.composite
def channels(draw, *, sequences: tuple[str, ...], inside: frozenset[str]) -> ChannelFacts:
    members = frozenset(draw(st.sets(st.sampled_from(sorted(inside)), min_size=1)))
    settings = draw(SETTINGS) | {f"anchors.{msp_id}": draw(st.sampled_from("xy")) for msp_id in members}
    defined = draw(st.sets(st.sampled_from(CHAINCODES)))
    return ChannelFacts(
        members=members,
        settings=settings,
        orderers=dict.fromkeys(draw(st.sets(st.sampled_from(("o:1", "o:2")), min_size=1)), "OMSP"),
        peers=frozenset(f"peer.{msp_id}" for msp_id in members),
        definitions={
            name: {"version": draw(st.sampled_from("12")), "sequence": draw(st.sampled_from(sequences))}
            for name in sorted(defined)
        },
        approvals={name: {msp_id: draw(st.sampled_from(("", "p1"))) for msp_id in sorted(members)} for name in defined},
    )


@st.composite
def networks(draw, *, sequences: tuple[str, ...]) -> NetworkFacts:
    inside = frozenset(draw(st.sets(st.sampled_from(MEMBERS), min_size=1)))
    peers = frozenset(f"peer.{msp_id}" for msp_id in inside)
    names = draw(st.sets(st.sampled_from(CHANNELS), min_size=1))
    return NetworkFacts(
        nodes=peers,
        users=frozenset(f"{msp_id}/Admin" for msp_id in inside),
        servers={name: draw(st.sampled_from("ab")) for name in sorted(draw(st.sets(st.sampled_from(CHAINCODES))))},
        installed={peer: frozenset(draw(st.sets(st.sampled_from(("p1:x", "p2:y"))))) for peer in sorted(peers)},
        node_settings={f"{msp_id}/timeout": draw(st.sampled_from("ab")) for msp_id in sorted(inside)},
        channels={name: draw(channels(sequences=sequences, inside=inside)) for name in sorted(names)},
    )


@given(networks(sequences=("1",)), networks(sequences=("2",)))
def test_the_steps_lead_to_what_is_wanted(actual, wanted):
    """Done in their order they leave nothing to do, and what takes away comes last: it may be needed until then."""
    wanted = _continuing(actual, wanted)
    steps = difference.between(actual, wanted)
    assert steps.problems == ()
    assert [step for step in steps.all if step.destructive] == list(steps.last)
    reached = functools.reduce(lambda network, step: step.after(network), steps.all, actual)
    left = difference.between(reached, wanted)
    assert (left.all, left.problems) == ((), ())
    for name, channel in wanted.channels.items():
        assert reached.channels[name].members == channel.members
        assert reached.channels[name].settings == channel.settings
        assert reached.channels[name].orderers == channel.orderers
        assert reached.channels[name].peers & wanted.nodes == channel.peers
        assert channel.definitions.items() <= reached.channels[name].definitions.items()
    assert reached.nodes == wanted.nodes


@given(networks(sequences=("1",)))
def test_a_network_that_is_as_wanted_needs_no_step(network):
    """A plan after an apply is empty."""
    steps = difference.between(network, network)
    assert (steps.all, steps.problems, steps.notes) == ((), (), ())


def _continuing(actual: NetworkFacts, wanted: NetworkFacts) -> NetworkFacts:
    """Return *wanted* with the sequences that can follow those of *actual*: 1 for what is new there."""
    changed = {}
    for name, channel in wanted.channels.items():
        held = actual.channels[name].definitions if name in actual.channels else {}
        definitions = {
            each: {**words, "sequence": "2" if each in held else "1"} for each, words in channel.definitions.items()
        }
        changed[name] = dataclasses.replace(channel, definitions=definitions)
    return NetworkFacts(wanted.nodes, wanted.users, wanted.servers, wanted.installed, wanted.node_settings, changed)


BOTH = frozenset({"peer.A", "peer.B"})
ONE = ChannelFacts(
    frozenset({"AMSP", "BMSP"}),
    {"batch.timeout": "20ms", "orderers.consensus": "raft"},
    {},
    frozenset({"peer.A"}),
    {"lab": {"version": "1", "sequence": "3"}},
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "2", "sequence": "3"}, "with the same sequence 3 .version: 1 -> 2.*Write `sequence: 4`"),
        ({"version": "1", "sequence": "5"}, "has sequence 5 in the file, and 3 is in force. Write `sequence: 4`"),
        ({"version": "1", "sequence": "2"}, "has sequence 2 in the file, and 3 is in force"),
    ],
)
def test_a_sequence_that_cannot_follow_is_a_problem(changes, words):
    """It is said before anything is done, with the number to write."""
    wanted = dataclasses.replace(ONE, definitions={"lab": changes})
    steps = difference.between(NetworkFacts(channels={"c": ONE}), NetworkFacts(channels={"c": wanted}))
    assert steps.all == ()
    (problem,) = steps.problems
    assert re.search(words, str(problem))


def test_orderers_come_and_go_one_at_a_time():
    """One that leaves goes last; with BFT, which counts them otherwise, a plan says that it cannot do it."""
    had, wants = ({"orderers.consensus": kind} for kind in ("raft", "raft"))
    before = ChannelFacts(ONE.members, had, {"o:1": "OMSP", "o:2": "OMSP"})
    after = ChannelFacts(ONE.members, wants, {"o:2": "OMSP", "o:3": "PMSP", "o:4": "PMSP"})
    steps = difference.between(NetworkFacts(channels={"c": before}), NetworkFacts(channels={"c": after}))
    assert steps.problems == ()
    assert steps.first == (AddOrderer("c", "o:3", "PMSP"), AddOrderer("c", "o:4", "PMSP"))
    assert steps.last == (RemoveOrderer("c", "o:1"),)
    bft = [dataclasses.replace(each, settings={"orderers.consensus": "bft"}) for each in (before, after)]
    steps = difference.between(*(NetworkFacts(channels={"c": each}) for each in bft))
    assert [each.what for each in steps.problems] == [
        "channel c: orderers are o:1, o:2, and the file says o:2, o:3, o:4"
    ]


def test_another_consensus_is_a_problem():
    """A plan that cannot do something says so instead of leaving it out."""
    wanted = dataclasses.replace(ONE, settings={**ONE.settings, "orderers.consensus": "bft"})
    steps = difference.between(NetworkFacts(channels={"c": ONE}), NetworkFacts(channels={"c": wanted}))
    assert [each.what for each in steps.problems] == ["channel c: orderers.consensus is raft, and the file says bft"]


@pytest.mark.parametrize(
    ("wants", "words"),
    [({}, "collection one of chaincode lab is not in the file"), ({"collections.one.block_to_live": "3"}, "has block")],
)
def test_what_fabric_refuses_to_change_about_a_collection_is_a_problem(wants, words):
    """It would refuse the approval, after the first half of the plan is done."""
    held = {"version": "1", "sequence": "3", "collections.one.block_to_live": "0"}
    before, after = (
        dataclasses.replace(ONE, definitions={"lab": each})
        for each in (held, {"version": "1", "sequence": "4"} | wants)
    )
    steps = difference.between(NetworkFacts(channels={"c": before}), NetworkFacts(channels={"c": after}))
    (problem,) = steps.problems
    assert words in str(problem)


def test_a_member_whose_endorsement_is_needed_cannot_leave():
    """Fabric would take the update, and then nobody could write."""
    held = {"version": "1", "sequence": "3", "endorsement": "AND('AMSP.peer', 'BMSP.peer')"}
    before, after = (
        dataclasses.replace(ONE, members=frozenset(members), definitions={"lab": held})
        for members in (("AMSP", "BMSP"), ("AMSP",))
    )
    steps = difference.between(NetworkFacts(channels={"c": before}), NetworkFacts(channels={"c": after}))
    (problem,) = steps.problems
    assert "without BMSP nobody can satisfy endorsement of chaincode lab, AND('AMSP.peer', 'BMSP.peer')" in str(problem)


def test_members_come_before_definitions_and_leave_after_them():
    """A new member must be there to approve; a former one may be needed to endorse."""
    wanted = ChannelFacts(
        frozenset({"AMSP", "CMSP"}),
        ONE.settings,
        {},
        frozenset({"peer.A", "peer.C"}),
        {"lab": {"version": "2", "sequence": "4"}},
    )
    steps = difference.between(NetworkFacts(channels={"c": ONE}), NetworkFacts(channels={"c": wanted}))
    assert [type(step) for step in steps.all] == [Configure, Join, Define, Configure]
    staying = NetworkFacts(frozenset({"peer.A", "peer.B"}), channels={"c": dataclasses.replace(ONE, peers=BOTH)})
    left = difference.between(staying, dataclasses.replace(staying, channels={"c": wanted}))
    assert left.last[1:] == (Leave("c", ("peer.B",)),)
    assert (steps.all[0].added, steps.all[-1].removed) == (("CMSP",), ("BMSP",))
