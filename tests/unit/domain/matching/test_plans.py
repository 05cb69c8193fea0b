"""What is kept and told of a plan, capacity in units, batches, and what companies did together."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import custody, pages
from chaincode.domain.matching import batches, experience, plans, units
from chaincode.domain.matching.batches import ProposedPlan, SolvedBatch
from chaincode.domain.matching.choice import Choice, choose
from chaincode.domain.matching.experience import Handover
from chaincode.domain.matching.friction import Pair
from chaincode.domain.matching.offers import Price
from chaincode.domain.matching.plans import Circumstances, LegAnswer, Plan
from chaincode.domain.matching.solver import ChoiceProblem, Graph
from chaincode.domain.matching.units import NeededUnits, Service
from hlf.codec import moments, records
from hlf.codec.refusals import Refused
from tests.unit.domain.matching.matching_problems import demand, offer, random_problem, seeded

SALT = "c2FsdHNhbHRzYWx0c2FsdA"


def code(call, *args, **named) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **named)
    return refused.value.code


def three_legs() -> tuple[Graph, Choice]:
    """Two stages of one carrier, one of another, and again the first."""
    cheap = Price(1, 0, 0, "USD")
    offers = (
        offer("g1", "OneMSP", ["S02", "S03"], price=cheap, transit_hours=20),
        offer("g2", "TwoMSP", ["S04"], price=cheap, transit_hours=30, dwell_hours=5),
        offer("g3", "OneMSP", ["S05"], price=cheap, transit_hours=1, dwell_hours=7),
    )
    graph = Graph(ChoiceProblem(demand(["S02", "S03", "S04", "S05"]), offers))
    return graph, choose(graph)


def made() -> Plan:
    graph, choice = three_legs()
    legs = plans.legs(graph, choice, "p1", "2026-11-23T07:00:00Z", SALT)
    ids = tuple(one.offer_id for one in graph.offers)
    known = Circumstances((), {})
    return Plan("p1", "j1", "2026-11-22T07:00:00Z", graph.demand, ids, known, choice.figures, 0, legs, (), "", SALT)


def test_a_leg_is_what_one_carrier_does_without_a_change_of_hands():
    """Its stages together, its neighbours, its day, its own price and a salt of its own."""
    legs = made().legs
    assert [(leg.carrier, leg.stages) for leg in legs] == [
        ("OneMSP", ("S02", "S03")), ("TwoMSP", ("S04",)), ("OneMSP", ("S05",))
    ]  # fmt: skip
    assert [(leg.receives_from, leg.hands_to) for leg in legs] == [("", "TwoMSP"), ("OneMSP", "OneMSP"), ("TwoMSP", "")]
    # Ready at 14:00 in Hanoi: 40 hours of the first, 5 of waiting, 30 of the second, 7 of waiting.
    assert [leg.begins_on for leg in legs] == ["2026-11-22", "2026-11-24", "2026-11-26"]
    assert [leg.hours for leg in legs] == [40, 30, 1]
    assert sum(leg.price for leg in legs) == made().figures.price
    assert len({leg.salt for leg in legs} | {SALT}) == 4


def test_days_follow_the_chain():
    """The day on which each step begins is the one its leg says."""
    graph, choice = three_legs()
    assert [(number, day) for number, _, day in plans.days(graph, choice.chain)] == [
        (0, "2026-11-22"), (1, "2026-11-23"), (2, "2026-11-24"), (3, "2026-11-26")
    ]  # fmt: skip


def test_a_plan_survives_its_bytes_and_is_told_by_hashes():
    """And the notice says nothing else."""
    plan = made()
    assert records.loads(Plan, records.dumps(plan)) == plan
    notice = plans.notice(plan, "cc" * 32, "PlatformMSP")
    assert notice.plan_hash == records.digest(plan)
    assert notice.legs == tuple(map(records.digest, plan.legs))
    told = records.dumps(notice)
    for secret in (b"OneMSP", b"USD", SALT.encode(), b"g1"):
        assert secret not in told


def test_the_same_problem_can_be_made_again():
    """From what a plan keeps of its circumstances."""
    problem = random_problem(seeded(1), 4, 4)
    known = Circumstances(
        problem.pairs, {one.carrier: one.stages for one in problem.offers}, ("C0003MSP",), {"0": "g00000"},
        (plans.BookedOffer("g00002", 1),),
    )  # fmt: skip
    again = records.loads(Circumstances, records.dumps(known))
    found = again.problem(problem.demand, problem.offers)
    assert found.standing.refused == {"C0003MSP"}
    assert found.standing.pinned == {0: "g00000"}
    assert found.standing.taken == {("g00002", 1)}
    assert found == known.problem(problem.demand, problem.offers)


def answered(number: int, state) -> dict[int, LegAnswer]:
    return {number: LegAnswer("p1", number, made().legs[number].carrier, state, "", "2026-11-22T08:00:00Z")}


def test_who_is_left_out_of_the_next_plan():
    """Refusal, failure, silence after the time; nobody, if nothing happened."""
    before, after = (moments.parse(text).at for text in ("2026-11-23T06:00:00Z", "2026-11-23T08:00:00Z"))
    plan = made()
    accepted = {**answered(0, "accepted"), **answered(1, "accepted"), **answered(2, "accepted")}
    assert code(plans.to_replace, plan, {}, (), before) == "PLAN_STANDS"
    assert code(plans.to_replace, plan, accepted, (), after) == "PLAN_STANDS"
    assert plans.to_replace(plan, answered(1, "refused"), (), before) == ("TwoMSP",)
    assert plans.to_replace(plan, answered(1, "failed"), (), before) == ("TwoMSP",)
    assert plans.to_replace(plan, accepted, (0,), before) == ("OneMSP",)
    assert plans.to_replace(plan, answered(0, "accepted"), (), after) == ("OneMSP", "TwoMSP")
    assert code(plans.to_replace, plan, {}, (3,), before) == "LEG_UNKNOWN"
    earlier = dataclasses.replace(plan, circumstances=Circumstances((), {}, ("OldMSP",)))
    assert plans.to_replace(earlier, {}, (1,), before) == ("OldMSP", "TwoMSP")


def test_what_is_done_is_fixed_by_its_steps():
    """Two steps of the first leg, one of the second; the last leg is never done before it is planned again."""
    assert plans.pinned(made(), 0) == {}
    assert plans.pinned(made(), 2) == {"0": "g1", "1": "g1", "2": "g2"}
    assert code(plans.pinned, made(), 3) == code(plans.pinned, made(), -1) == "LEG_UNKNOWN"


def wanted(parcels: int, capacity: int, *, day: str = "2026-11-22", known: str = "s", **changes) -> NeededUnits:
    one = offer("g1", "OneMSP", ["S02"], parcels=capacity, **changes)
    service = Service("OneMSP", "s1", "g1", known, units.unit_parcels(one))
    return NeededUnits(service, one, day, parcels, 1_000)


@given(st.integers(1, 5_000), st.text("abc", min_size=1, max_size=5))
def test_every_booking_tries_every_unit_once(capacity, booking):
    """In an order of its own; there are never more than MOST_UNITS."""
    found = list(wanted(1, capacity).names(booking))
    assert len(found) == len(set(found)) == wanted(1, capacity).count <= units.MOST_UNITS
    assert sorted(found) == sorted(wanted(1, capacity).names("another"))


@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_units_are_enough_for_what_is_booked_and_never_more_than_there_is(capacity, parcels):
    """Whole units; all of them together hold no more than the day does."""
    one = wanted(parcels, capacity)
    assert one.needed * one.service.unit_parcels >= parcels
    assert one.count * one.service.unit_parcels <= capacity


def test_bookings_begin_at_different_units():
    """A hundred of them, at more than eighty of five hundred."""
    assert len({next(wanted(1, 500).names(f"p{number}")) for number in range(100)}) > 80


def test_names_of_units_say_nothing_to_those_without_the_secret():
    """Other secrets, other names; other days, other names."""
    names = [set(wanted(1, 50, **changes).names("p")) for changes in ({}, {"known": "t"}, {"day": "2026-11-23"})]
    for one, other in itertools.combinations(names, 2):
        assert not one & other


def test_weight_needs_units_too():
    """Half of the day's kilograms are half of its units; without kilograms there is room for none."""
    assert wanted(1, 100, mass_kgm=2).needed == 50
    assert wanted(1, 100, mass_kgm=0).needed == 101
    assert wanted(1, 100).needed == 1
    assert list(wanted(1, 0).names("p")) == []


def proposed(name: str = "p1") -> ProposedPlan:
    return ProposedPlan(name, "j1", demand(["S02"]), ("g1",), SALT)


def test_a_batch_is_bounded_and_names_no_plan_twice():
    """One plan at least, MOST at most."""
    assert code(SolvedBatch, (), 0) == code(SolvedBatch, (proposed(), proposed()), 0) == "INVALID_ARGUMENT"
    many = tuple(proposed(f"p{number}") for number in range(batches.PLANS.most + 1))
    assert code(SolvedBatch, many, 0) == code(SolvedBatch, (proposed(),), 10_001) == "INVALID_ARGUMENT"
    assert len(SolvedBatch(many[1:], 0).plans) == batches.PLANS.most


def test_a_chain_from_elsewhere_is_checked():
    """Its length, its candidates, its time; and how far it is from the best."""
    offers = (offer("g1", "OneMSP", ["S02"]), offer("g2", "TwoMSP", ["S02"], price=Price(2_000, 10, 0, "USD")))
    graph = Graph(ChoiceProblem(demand(["S02"]), offers))
    assert batches.checked(graph, ["g1"]).gap == 0
    dearer = batches.checked(graph, ["g2"])
    assert dearer.gap == 3 * 1_000
    for chain in ([], ["g1", "g1"], ["g3"]):
        assert code(batches.checked, graph, chain) == "CHAIN_NOT_ALLOWED"
    slow = offer("g3", "SlowMSP", ["S02"], dwell_hours=9)
    two = Graph(
        ChoiceProblem(demand(["S02", "S03"], deadline_hours=25), (*offers[:1], slow, offer("g4", "OneMSP", ["S03"])))
    )
    assert code(batches.checked, two, ["g3", "g4"]) == "CHAIN_NOT_ALLOWED"
    best = batches.checked(graph, ["g1"])
    batches.check_together([best, best], 0)
    assert code(batches.check_together, [best, dearer], 0) == "BATCH_TOO_DEAR"
    batches.check_together([best, dearer], 10_000)


def period(custodian: str, since: int, giver: str = "") -> custody.Period:
    return custody.Period(custodian, since, "VNHAN", giver, since if giver else None, f"e{since}" if giver else "")


def test_what_companies_did_together_is_counted():
    """Each dual-signed handover, and whether either reported something while it was theirs."""
    held = custody.Custody(
        "j1", 2, "delivered", (period("A", 0), period("B", 100, "A"), period("C", 200, "B")), ended_at=300
    )
    quiet = {name: pages.Page("j1", name) for name in "ABC"}
    late = pages.Incident(pages.IncidentKind.DELAYED, "S15", 250, 250)
    noisy = {**quiet, "C": dataclasses.replace(quiet["C"], incidents=(late,))}
    after = {**quiet, "A": dataclasses.replace(quiet["A"], incidents=(dataclasses.replace(late, at=999),))}
    first, second = Handover("A", "B", False), Handover("B", "C", False)
    assert list(experience.handovers(held, quiet).values()) == [first, second]
    assert list(experience.handovers(held, after).values()) == [first, second]
    assert list(experience.handovers(held, noisy).values()) == [first, Handover("B", "C", True)]
    once = experience.counted(Pair("B", "C", 0, 0), second, 1)
    twice = experience.counted(once, Handover("B", "C", True), 1)
    assert (once, twice) == (Pair("B", "C", 1, 0), Pair("B", "C", 2, 1))
    assert experience.counted(twice, Handover("B", "C", True), -1) == once


def test_a_first_custody_is_no_handover():
    """Nobody gave the goods; and while they are under way the present end is open."""
    held = custody.Custody("j1", 1, "held", (period("A", 0), period("B", 100, "A")))
    noisy = {"B": pages.Page("j1", "B", incidents=(pages.Incident(pages.IncidentKind.LOST, "S15", 10**15, 10**15),))}
    assert list(experience.handovers(held, noisy).values()) == [Handover("A", "B", True)]
    assert experience.handovers(dataclasses.replace(held, periods=held.periods[:1]), {}) == {}
