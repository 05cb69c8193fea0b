"""The page about capacity shows what the model says."""

from __future__ import annotations

import dataclasses
import re

import pytest

from benchmarks import capacity
from benchmarks.capacity import COSTS, MEASURED_PEERS, Load
from tests.support.house import ROOT

SHOWN = {"": Load(), "--organisations 200 --parcels 5000000 --channels 4": Load(200, parcels=5_000_000, channels=4)}


@pytest.mark.parametrize("options", SHOWN)
def test_the_page_shows_the_plan_of_a_load(options):
    """Each block of the page is what its command prints now."""
    page = (ROOT / "docs/capacity.md").read_text()
    block = re.search(rf"```\n\$ python -m benchmarks\.capacity ?{re.escape(options)}\n(.*?)```", page, re.DOTALL)
    assert block is not None
    assert block[1].splitlines() == list(capacity.table(SHOWN[options]))


def test_costs_of_committing_and_endorsing_are_told_apart():
    """From acts with other numbers of transactions and endorsements, and exactly where the costs are exact."""
    commit, endorse = 0.4, 1.5
    exact = {
        name: dataclasses.replace(each, peers=MEASURED_PEERS * each.transactions * commit + each.endorsements * endorse)
        for name, each in COSTS.items()
    }
    assert capacity.commit_and_endorse(exact) == pytest.approx((commit, endorse))


def test_what_grows_with_what():
    """Twice the parcels are twice of everything; twice the organisations leave the number of transactions."""
    one = {need.name: need.amount for need in capacity.plan(Load())}
    more = {need.name: need.amount for need in capacity.plan(Load(parcels=2 * Load().parcels))}
    assert more == pytest.approx({name: 2 * amount for name, amount in one.items()})
    wider = {need.name: need.amount for need in capacity.plan(Load(organisations=2 * Load().organisations))}
    same = {name for name in one if wider[name] == one[name]}
    assert {"transactions of a day", "commits of all channels, at each peer"} <= same
    sent = "blocks to one peer of each organisation"
    assert wider[sent] > 2 * one[sent]
