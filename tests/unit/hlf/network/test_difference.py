"""From one network to another: the steps lead there, and then there are none left."""

from __future__ import annotations

import dataclasses
import functools
import re

import pytest
from fabric_protos.common import configuration_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf.network.plan import consenters, difference
from hlf.network.plan.model import ChannelFacts, NetworkFacts
from hlf.network.plan.steps import AddOrderer, Configure, Define, Join, Leave, RemoveOrderer
from hlf.wire.config import configtx

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


@pytest.mark.parametrize(("asked", "changes"), [({}, ()), ({"capabilities.channel": "V3_0"}, ("V2_0 -> V3_0",))])
def test_a_channel_keeps_the_capability_that_the_file_does_not_name(asked, changes):
    """Its default goes by the release of whoever made the channel, and is another one in each organisation's folder."""
    level = {"capabilities.application": "V2_5"}
    present = ChannelFacts(settings={"capabilities.channel": "V2_0"} | level)
    wanted = ChannelFacts(settings=asked | level)
    steps = difference.between(NetworkFacts(channels={"c": present}), NetworkFacts(channels={"c": wanted})).all
    assert tuple(f"{each.before} -> {each.after}" for step in steps for each in step.changes) == changes


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


@pytest.mark.parametrize(("consensus", "quorums"), [("raft", (3, 4, 3)), ("bft", (4, 4, 4))])
def test_orderers_come_and_go_one_at_a_time(consensus, quorums):
    """One that leaves goes last, and each step says how many must agree after it."""
    settings = {"orderers.consensus": consensus}
    before = ChannelFacts(ONE.members, settings, {f"o:{number}": "OMSP" for number in range(1, 5)})
    after = ChannelFacts(ONE.members, settings, {f"o:{number}": "OMSP" for number in range(2, 7)})
    steps = difference.between(NetworkFacts(channels={"c": before}), NetworkFacts(channels={"c": after}))
    assert steps.problems == ()
    assert steps.first == (AddOrderer("c", "o:5", "OMSP", 5, quorums[0]), AddOrderer("c", "o:6", "OMSP", 6, quorums[1]))
    assert steps.last == (RemoveOrderer("c", "o:1", 5, quorums[2]),)


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


def _ordered_by(numbers, add):
    """Return an orderer group of Fabric with the orderers of those numbers."""
    listed = [configtx.Consenter("o", number, "OMSP", b"tls-%d" % number, b"id-%d" % number) for number in numbers]
    made = configtx.orderer([], batch_timeout="1s", max_message_count=1, preferred_max_bytes=1, absolute_max_bytes=1)
    add(made, listed)
    return made


@pytest.mark.parametrize("add", [configtx.add_raft, configtx.add_bft])
def test_one_more_and_one_fewer_is_as_if_the_channel_began_so(add):
    """Each is there once however often it is added, and BFT's policy of valid blocks names exactly those there are."""
    changing, wanted = _ordered_by((1, 2, 3, 4), add), _ordered_by((1, 2, 3, 4, 5), add)
    for _ in range(2):
        consenters.add(changing, wanted, "o:5")
    assert changing == wanted
    consenters.remove(changing, "o:5")
    assert changing == _ordered_by((1, 2, 3, 4), add)


def test_a_new_orderer_gets_a_number_of_its_own():
    """BFT's messages name their senders by number."""
    changing, wanted = _ordered_by((1, 2, 3, 4), configtx.add_bft), _ordered_by((1, 3, 4, 5), configtx.add_bft)
    consenters.remove(changing, "o:2")
    consenters.add(changing, wanted, "o:5")
    mapping = configuration_pb2.Orderers.FromString(changing.values["Orderers"].value).consenter_mapping
    assert [(each.id, each.port) for each in mapping] == [(1, 1), (3, 3), (4, 4), (5, 5)]
