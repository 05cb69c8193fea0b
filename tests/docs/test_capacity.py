"""The page about capacity shows what the model says."""

from __future__ import annotations

import dataclasses
import re

import pytest

from benchmarks import capacity
from benchmarks.capacity import COSTS, EVENT, HAND_OVER, Load
from tests.support.sources import ROOT

SHOWN = {"": Load(), "--organisations 200 --parcels 5000000 --channels 4": Load(200, parcels=5_000_000, channels=4)}


@pytest.mark.parametrize("options", SHOWN)
def test_the_page_shows_the_plan_of_a_load(options):
    """Each block of the page is what its command prints now."""
    page = (ROOT / "docs/capacity.md").read_text()
    block = re.search(rf"```\n\$ python -m benchmarks\.capacity ?{re.escape(options)}\n(.*?)```", page, re.DOTALL)
    assert block is not None
    assert block[1].splitlines() == list(capacity.table(SHOWN[options]))


def test_costs_of_committing_and_endorsing_are_separated():
    """Exactly where the costs are exact; endorsements of each act have a cost of their own."""
    wanted = {name: 1.5 + number for number, name in enumerate(COSTS)} | {EVENT: 4.0, HAND_OVER: 4.0}
    exact = {
        name: dataclasses.replace(
            each, peers=each.committers * each.transactions * 0.4 + each.endorsements * wanted[name]
        )
        for name, each in COSTS.items()
    }
    assert capacity.commit(exact) == pytest.approx(0.4)
    assert {name: capacity.endorsing(each, exact) for name, each in exact.items()} == pytest.approx(wanted)


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


@pytest.mark.parametrize(
    ("size", "picture"),
    [
        ("members", "members"),
        ("parcels in the container", "parcels-in-it"),
        ("grants of the claim", "grants"),
        ("users of the organisation", "users"),
    ],
)
def test_the_table_of_sizes_has_the_pictures_values(size, picture):
    """A picture has its values as text; the table says its first and its last, so the two are of one run."""
    drawn = (ROOT / f"docs/pictures/growth-by-{picture}.svg").read_text()
    series = re.findall(r" by \w+: ((?:[\d.]+ ms with \d+(?:,\d{3})*(?:, )?)+)", drawn)
    points = [re.findall(r"([\d.]+) ms with", each) for each in series]
    rows = re.findall(
        rf"^\|[^|]*\| {size}, [^|]*\|([^|]*)\|([^|]*)\|$", (ROOT / "benchmarks/README.md").read_text(), re.M
    )
    assert points
    assert rows
    for place, values in ((0, [row[0] for row in rows]), (-1, [row[1] for row in rows])):
        told = [each for value in values for each in re.findall(r"\d+\.\d", value.partition(";")[0])]
        assert told == [f"{float(each[place]):.1f}" for each in points]
