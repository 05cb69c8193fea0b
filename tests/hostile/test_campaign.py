"""
One member against the others: its client and its doctored peer send what no honest program makes.

Whatever it is, the network goes on, every stream of blocks and events reaches
its end, and the audit of the ledger agrees with the peers. Where real Fabric is
at hand it gets the very same bytes, and makes the same of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from hlf import audit
from hlf.network import admin
from tests.conformance.lab import CHANNEL
from tests.hostile import attacks, calls, campaign, chance, how_many
from tests.hostile.campaign import Network
from tests.support import replay

ROUND = 2000


def made(network: Network, number: int) -> Iterator[list[attacks.Attack]]:
    """Yield *number* attacks of all themes, in rounds."""
    choices = chance("campaign")
    themes = tuple(attacks.THEMES)
    who = network.members, campaign.MEMBERS[0], CHANNEL, network.seeded
    for first in range(0, number, ROUND):
        yield [attacks.make(choices.choice(themes), choices, *who) for _ in range(min(ROUND, number - first))]


def assert_well(network: Network) -> None:
    """Assert that it commits and reports no trouble, and that two programs get its ledger from its blocks."""
    network.lab.must("put", "afterwards", "1")
    assert admin.status(network.state).running
    report = audit.verify(network.blocks())
    assert report.ok, "\n".join(map(str, report.findings[:20]))
    assert report.complete
    assert replay.replay(network.blocks()).height == network.lab.height()


def test_a_member_neither_stops_nor_misleads_the_others(networks):
    """Every engine makes the same of each mutation, goes on committing, and its ledger stands before the auditor."""
    assert len({network.seeded for network in networks}) == 1
    for sent in made(networks[0], how_many(2000)):
        outcomes = [network.send(sent) for network in networks]
        for theirs in outcomes[1:]:
            found = campaign.differences(sent, outcomes[0], theirs)
            assert not found, f"{len(found)} of {len(sent)}:\n" + "\n".join(found[:20])
    for network in networks:
        assert_well(network)
    ours, *theirs = [network.events() for network in networks]
    assert len(ours) > 0
    # What would end real peers was not sent to them.
    assert all(events <= ours for events in theirs)


def test_calls_end_everywhere_alike(networks):
    """Whatever is asked of a peer ends in the same status on every engine; only what may wait does so in vain."""
    choices = chance("calls")
    who = networks[0].members, campaign.MEMBERS[0], CHANNEL, networks[0].seeded
    committed = attacks.make("ordinary", choices, *who)
    for network in networks:
        assert [outcome.code for outcome in network.send([committed])] == ["VALID"]
    own = networks[0].members[campaign.MEMBERS[0]]
    asked = [calls.make(choices, own, committed.transaction_id) for _ in range(how_many(1000))]
    outcomes = [network.call(asked) for network in networks]
    late = [call.words for call, outcome in zip(asked, outcomes[0], strict=True) if outcome == calls.LATE]
    assert all(words.startswith(("status", "deliver", "filtered")) for words in late), late
    for network, theirs in zip(networks[1:], outcomes[1:], strict=True):
        unlike = [
            f"{call.words}: {ours}, and really {real}"
            for call, ours, real in zip(asked, outcomes[0], theirs, strict=True)
            # Real peers lose a connection to one another now and then, so they are asked twice.
            if ours != real and network.call([call]) != [ours]
        ]
        assert not unlike, f"{len(unlike)} of {len(asked)}:\n" + "\n".join(unlike[:20])
    for network in networks:
        network.lab.must("put", "afterwards", "1")
