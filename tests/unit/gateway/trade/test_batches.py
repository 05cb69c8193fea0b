"""Batches solved outside the contract: room for all, near the bound, and accepted by the contract that checks them."""

from __future__ import annotations

import itertools
import sys

import pytest

from chaincode.domain.matching import units
from chaincode.domain.matching.demands import Demand
from chaincode.domain.matching.offers import Offer, Price
from gateway.trade.matching import batches
from hlf.codec import records
from hlf.codec.refusals import Refused
from hlf.shim import testing
from tests.unit.contracts.tender import CARRIERS, DEMAND, Tender
from tests.unit.contracts.trading import as_bytes, salt
from tests.unit.domain.matching.matching_problems import demand, offer

ENTITLED = {"AMSP": ("S02",), "BMSP": ("S02",), "CMSP": ("S02",)}


def priced(name: str, carrier: str, price: int, parcels: int) -> Offer:
    return offer(name, carrier, ["S02"], price=Price(price, 0, 0, "USD"), parcels=parcels)


def test_without_scarcity_everybody_gets_the_best():
    """The bound is met."""
    found = batches.solve(
        {name: demand(["S02"]) for name in "xyz"},
        [priced("g1", "AMSP", 100, 90), priced("g2", "BMSP", 200, 90)],
        (),
        ENTITLED,
    )
    assert set(found.chains.values()) == {("g1",)}
    assert found.gap_bps == 0


def test_scarce_room_goes_where_it_saves_most():
    """As every division of it would show: those to whom it matters most get the cheap carrier."""
    offers = [priced("g1", "AMSP", 100, 5), priced("g2", "BMSP", 200, 5), priced("g3", "CMSP", 900, 500)]
    sizes = {"a": 1, "b": 2, "c": 3, "d": 4}
    demands = {name: demand(["S02"], parcels=size, weight_grm=1) for name, size in sizes.items()}
    found = batches.solve(demands, offers, (), ENTITLED)
    best = None
    for chosen in itertools.product(offers, repeat=4):
        load = {one.offer_id: 0 for one in offers}
        for one, size in zip(chosen, sizes.values(), strict=True):
            load[one.offer_id] += size
        if all(load[one.offer_id] <= one.parcels for one in offers):
            spent = sum(one.price.base * size for one, size in zip(chosen, sizes.values(), strict=True))
            best = spent if best is None else min(best, spent)
    prices = {one.offer_id: one.price.base for one in offers}
    assert sum(prices[chain[0]] * sizes[name] for name, chain in found.chains.items()) == best
    assert found.gap_bps > 0
    assert found.total > found.bound


def test_the_same_batch_gives_the_same_answer():
    """However often it is solved, and in whatever order it comes."""
    offers = [priced(f"g{number}", name, 100 + number, 7) for number, name in enumerate(("AMSP", "BMSP", "CMSP"))]
    demands = {f"d{number}": demand(["S02"], parcels=2) for number in range(9)}
    first = batches.solve(demands, offers, (), ENTITLED)
    assert first == batches.solve(dict(reversed(demands.items())), list(reversed(offers)), (), ENTITLED)


def test_too_much_at_once_is_said():
    """No room, or nobody who could do it at all."""
    small = [priced("g1", "AMSP", 100, 3)]
    with pytest.raises(batches.UnsolvedError):
        batches.solve({name: demand(["S02"]) for name in "xy"}, small, (), ENTITLED)
    with pytest.raises(Refused) as refused:
        batches.solve({"x": demand(["S03"])}, small, (), ENTITLED)
    assert refused.value.code == "NO_CHAIN"


def test_without_or_tools_the_cure_is_named(monkeypatch):
    """Which extra to install."""
    monkeypatch.setitem(sys.modules, "ortools.sat.python.cp_model", None)
    with pytest.raises(batches.SolverMissingError, match="solver"):
        batches.solve({"x": demand(["S02"])}, [priced("g1", "AMSP", 100, 3)], (), ENTITLED)


def test_the_contract_accepts_what_was_solved_here():
    """Forty consignments of 60 parcels: no carrier has room for all, and the contract books each."""
    tender = Tender(*CARRIERS)
    offers = [records.shaped(Offer, one, "offer") for one in tender.ask("Matching:offers").json()["offers"]]
    assert sum(one.parcels // units.unit_parcels(one) for one in offers) == 3 * 450
    steps = DEMAND["steps"][:1]
    asked = records.shaped(Demand, {**DEMAND, "steps": steps, "parcels": 60, "weight_grm": 48_000}, "demand")
    demands = {f"b{number:02}": asked for number in range(40)}
    found = batches.solve(demands, offers, (), dict.fromkeys(CARRIERS, ("S11",)))
    plans = [
        {"plan_id": name, "journey_id": f"j-{name}", "demand": records.plain(demands[name]), "chain": list(chain),
         "salt": salt("batch", name)}
        for name, chain in found.chains.items()
    ]  # fmt: skip
    batch = {"plans": plans, "most_gap_bps": found.gap_bps}
    assert len(tender.write("Matching:match_batch", batch=as_bytes(batch)).json()) == 40
    used = {chain[0] for chain in found.chains.values()}
    assert len(used) == 3
    again = {**batch, "plans": [{**plan, "plan_id": f"x{plan['plan_id']}"} for plan in plans]}
    with pytest.raises(testing.Refused) as refused:
        tender.write("Matching:match_batch", batch=as_bytes(again))
    assert refused.value.code == "CAPACITY_TAKEN"
