"""Certificates hold for what was chosen and for nothing else; fronts and explanations say what is so."""

from __future__ import annotations

import dataclasses

import pytest

from chaincode.domain.matching import pareto
from chaincode.domain.matching.certificate import Certificate, certify, verify_match
from chaincode.domain.matching.choice import choose
from chaincode.domain.matching.exclusions import CarrierFacts, Reason
from chaincode.domain.matching.explanation import why_not
from chaincode.domain.matching.offers import Price
from chaincode.domain.matching.solver import ChoiceProblem, Graph
from hlf.codec import records
from hlf.codec.refusals import Refused
from tests.unit.domain.matching.matching_problems import (
    demand,
    every_chain,
    hours,
    offer,
    random_problem,
    seeded,
    total,
)


def certified(problem: ChoiceProblem) -> Certificate:
    graph = Graph(problem)
    return certify(graph, choose(graph))


def tight(seed: int) -> ChoiceProblem:
    """Return a problem whose deadline costs something."""
    problem = random_problem(seeded(seed), 4, 5)
    free = choose(Graph(problem)).figures.hours
    fastest = min(map(hours, every_chain(problem)))
    deadline = max(fastest, free - 20)
    return dataclasses.replace(problem, demand=dataclasses.replace(problem.demand, deadline_hours=deadline))


@pytest.mark.parametrize("seed", range(20))
def test_what_was_chosen_is_certified(seed):
    """With and without a deadline that binds, and after a way through bytes."""
    for problem in (random_problem(seeded(seed), 6, 6), tight(seed)):
        certificate = certified(problem)
        verify_match(problem, certificate)
        verify_match(problem, records.loads(Certificate, records.dumps(certificate)))
        assert certificate.bound <= certificate.total


def test_a_binding_deadline_is_paid_for():
    """Then the certificate has a toll, and its gap says how far the bound is."""
    tolled = [certified(tight(seed)) for seed in range(20)]
    assert any(certificate.toll > 0 for certificate in tolled)
    assert all(certificate.toll > 0 or certificate.total == certificate.bound for certificate in tolled)


def forged(problem: ChoiceProblem, certificate: Certificate):
    """Yield what somebody might try, to have another chain pass as the best."""
    other = next(
        tuple(one.offer_id for one in chain)
        for chain in every_chain(problem)
        if total(problem, chain) > certificate.total
    )
    chain = tuple(next(one for one in problem.offers if one.offer_id == name) for name in other)
    replaced = dataclasses.replace
    first = certificate.steps[0]
    dearer = total(problem, chain)
    low = replaced(first, potentials=tuple(potential - 1 for potential in first.potentials))
    high = replaced(first, potentials=tuple(potential + dearer for potential in first.potentials))
    fewer = replaced(first, offers=first.offers[1:], potentials=first.potentials[1:])
    last = replaced(certificate.steps[-1], potentials=tuple(p + 1 for p in certificate.steps[-1].potentials))
    yield replaced(certificate, chain=other)
    yield replaced(certificate, chain=other, total=dearer)
    yield replaced(certificate, chain=other, total=dearer, bound=dearer)
    yield replaced(certificate, chain=other, total=dearer, steps=(low, *certificate.steps[1:]))
    yield replaced(
        certificate, chain=other, total=dearer, bound=min(high.potentials), steps=(high, *certificate.steps[1:])
    )
    yield replaced(certificate, steps=(fewer, *certificate.steps[1:]))
    yield replaced(certificate, steps=(*certificate.steps[:-1], last))
    yield replaced(certificate, steps=certificate.steps[:-1])
    yield replaced(certificate, steps=(replaced(first, potentials=first.potentials[1:]), *certificate.steps[1:]))
    yield replaced(certificate, total=certificate.total - 1)
    yield replaced(certificate, bound=certificate.bound + 1)
    yield replaced(certificate, toll=-1)
    yield replaced(certificate, chain=tuple(reversed(certificate.chain)))


@pytest.mark.parametrize("seed", range(5))
def test_a_forged_certificate_is_refused(seed):
    """However it was bent."""
    problem = random_problem(seeded(seed), 4, 4)
    certificate = certified(problem)
    for number, each in enumerate(forged(problem, certificate)):
        with pytest.raises(Refused) as refused:
            verify_match(problem, each)
        assert refused.value.code == "CERTIFICATE_INVALID", number


def test_a_late_chain_is_not_certified():
    """The certificate of the same problem with more time."""
    problem = tight(1)
    generous = dataclasses.replace(problem, demand=dataclasses.replace(problem.demand, deadline_hours=9_000))
    with pytest.raises(Refused) as refused:
        verify_match(problem, certified(generous))
    assert refused.value.code == "CERTIFICATE_INVALID"


def test_a_certificate_is_of_one_problem():
    """A cheaper offer that was left out makes it fail."""
    problem = random_problem(seeded(2), 4, 4)
    certificate = certified(problem)
    gift = offer("gift", "GiftMSP", list(problem.offers[0].stages), price=Price(0, 0, 0, "USD"), transit_hours=0)
    with pytest.raises(Refused):
        verify_match(dataclasses.replace(problem, offers=(*problem.offers, gift)), certificate)
    cheaper = dataclasses.replace(problem.offers[0], price=Price(0, 0, 0, "USD"), transit_hours=0)
    with pytest.raises(Refused):
        verify_match(dataclasses.replace(problem, offers=(cheaper, *problem.offers[1:])), certificate)


def beaten(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one != other and all(b <= a for a, b in zip(one, other, strict=True))


def measured(problem: ChoiceProblem) -> list[tuple[int, int, int]]:
    """Cost, time and risk of every chain in time."""
    graph = Graph(problem)
    risks = {one.offer_id: risk for one, risk in zip(graph.offers, graph.risks, strict=True)}
    found = []
    for chain in every_chain(problem):
        risk = sum(risks[one.offer_id] for one in chain)
        transit = problem.demand.hour * sum(one.transit_hours for one in chain)
        found.append((total(problem, chain) - transit - risk, hours(chain), risk))
    return found


@pytest.mark.parametrize("seed", range(15))
def test_the_front_is_every_chain_that_nothing_betters(seed):
    """By looking at all of them; also under a deadline."""
    for problem in (random_problem(seeded(seed), 3, 4), tight(seed)):
        every = measured(problem)
        wanted = {one for one in every if not any(beaten(one, other) for other in every)}
        front = pareto.front(problem)
        found = [(one.cost, one.hours, one.risk) for one in front.alternatives]
        assert len(found) == len(set(found)) <= pareto.MOST
        if front.complete:
            assert set(found) == wanted
        else:
            assert len(wanted) > pareto.MOST
            assert set(found) < wanted


def test_a_large_front_is_bounded_and_has_the_best_in_each_respect():
    """Too many to list: at most MOST, none bettered by another, and the front says that it is not complete."""
    problem = random_problem(seeded(4), 10, 20)
    front = pareto.front(problem)
    assert not front.complete
    found = [(one.cost, one.hours, one.risk) for one in front.alternatives]
    assert 3 <= len(found) <= pareto.MOST
    assert not any(beaten(one, other) for one in found for other in found)
    graph = Graph(problem)
    fastest = sum(min(graph.offers[one].transit_hours for one in step) for step in graph.steps)
    assert min(one[1] for one in found) >= fastest
    safest = sum(min(graph.risks[one] for one in step) for step in graph.steps)
    assert min(one[2] for one in found) == safest


def test_there_is_no_front_where_there_is_no_chain():
    """Nothing, and that is all there is."""
    assert pareto.front(ChoiceProblem(demand(["S02"]), ())) == pareto.Front((), complete=True)


def lowered(problem: ChoiceProblem, offer_id: str, by: int) -> ChoiceProblem:
    """*problem* where that offer asks so much less for the consignment (it has no fuel charge)."""
    offers = [
        dataclasses.replace(one, price=Price(one.price.base - by // problem.demand.parcels, one.price.per_kg, 0, "USD"))
        if one.offer_id == offer_id
        else one
        for one in problem.offers
    ]
    return dataclasses.replace(problem, offers=tuple(offers))


def test_a_loser_learns_by_how_much():
    """The difference is that to the best chain with it; asking that much less wins, and one unit more does not."""
    told = 0
    for seed in range(40):
        problem = random_problem(seeded(seed), 3, 4, services=3, parcels=1)
        problem = dataclasses.replace(problem, offers=tuple(_no_fuel(one) for one in problem.offers))
        graph = Graph(problem)
        chosen = choose(graph)
        for loser in problem.offers:
            number = next(n for n, step in enumerate(problem.demand.steps) if step.stage in loser.stages)
            answer = why_not(problem, chosen, loser.offer_id, number)
            if graph.offers[chosen.chain[number]] == loser:
                assert answer.outcome == "chosen"
                continue
            withit = [chain for chain in every_chain(problem) if chain[number] == loser]
            assert answer.difference == min(total(problem, chain) for chain in withit) - chosen.figures.total
            if answer.price_less > loser.price.base:
                continue
            told += 1
            for less, wins in ((answer.price_less, True), (answer.price_less - 2, False)):
                changed = Graph(lowered(problem, loser.offer_id, less))
                assert (loser.offer_id in changed.ids(choose(changed).chain)) is wins
    assert told > 50


def _no_fuel(one):
    return dataclasses.replace(one, price=Price(one.price.base, one.price.per_kg, 0, "USD"))


def test_hours_are_told_only_where_they_could_do_it():
    """An offer cannot become faster than at once; without a value of time speed does nothing."""
    slow = offer("g1", "SlowMSP", ["S02"], transit_hours=30)
    fast = offer("g2", "FastMSP", ["S02"], transit_hours=10)
    for hour, wanted in ((40, 21), (0, 0)):
        problem = ChoiceProblem(
            demand(["S02"], hour=hour), (slow, dataclasses.replace(fast, price=Price(999, 10, 0, "USD")))
        )
        answer = why_not(problem, choose(Graph(problem)), "g1", 0)
        assert (answer.outcome, answer.hours_less) == ("dearer", wanted)


def test_the_excluded_learn_what_excluded_them():
    """In the words of a capability; and whoever is unknown, or asks of a step there is not, is told so."""
    offers = (offer("g1", "OneMSP", ["S02"]), offer("g2", "TwoMSP", ["S02"], parcels=1))
    problem = ChoiceProblem(demand(["S02"]), offers)
    chosen = choose(Graph(problem))
    answer = why_not(problem, chosen, "g2", 0)
    assert (answer.outcome, answer.reason) == ("excluded", "CAPACITY_SHORT")
    assert "capacity.parcels_per_day_h87" in answer.needs
    for name, number, code in (("g9", 0, "OFFER_UNKNOWN"), ("g1", 1, "STEP_UNKNOWN"), ("g1", -1, "STEP_UNKNOWN")):
        with pytest.raises(Refused) as refused:
            why_not(problem, chosen, name, number)
        assert refused.value.code == code


def test_an_equal_loser_is_told_that_the_order_decided():
    """No difference, and any improvement would have won."""
    problem = ChoiceProblem(demand(["S02"]), (offer("g1", "AMSP", ["S02"]), offer("g2", "BMSP", ["S02"])))
    answer = why_not(problem, choose(Graph(problem)), "g2", 0)
    assert (answer.outcome, answer.difference) == ("equal", 0)


def test_one_that_is_in_time_alone_but_late_in_every_chain_is_told_so():
    """The filter knows transit only; the waiting between companies makes it late."""
    both = offer("g1", "OneMSP", ["S02", "S03"], transit_hours=10)
    other = offer("g2", "TwoMSP", ["S02"], transit_hours=10)
    problem = ChoiceProblem(demand(["S02", "S03"], deadline_hours=21), (both, other))
    answer = why_not(problem, choose(Graph(problem)), "g2", 0)
    assert (answer.outcome, answer.reason) == ("late", Reason.DEADLINE_MISSED)


def test_a_pinned_step_is_not_compared():
    """What was done stays, and others learn that."""
    problem = ChoiceProblem(
        demand(["S02"]),
        (offer("g1", "OneMSP", ["S02"]), offer("g2", "TwoMSP", ["S02"], transit_hours=0)),
        standing=CarrierFacts(pinned={0: "g1"}),
    )
    graph = Graph(problem)
    chosen = choose(graph)
    assert graph.ids(chosen.chain) == ("g1",)
    assert why_not(problem, chosen, "g2", 0).reason == "STAGE_PINNED"
