"""The best chain: equal to every other way of finding it, and well-behaved."""

from __future__ import annotations

import dataclasses
import random

import pytest
from ortools.graph.python import min_cost_flow

from chaincode.domain.matching.choice import choose
from chaincode.domain.matching.offers import Price
from chaincode.domain.matching.solver import ChoiceProblem, Graph
from hlf.codec.refusals import Refused
from tests.unit.domain.matching.matching_problems import demand as demanded
from tests.unit.domain.matching.matching_problems import every_chain, hours, offer, random_problem, seeded, total


def best_by_brute_force(problem: ChoiceProblem):
    """Return the least total, and the first chain that has it."""
    return min(every_chain(problem), key=lambda chain: total(problem, chain), default=None)


@pytest.mark.parametrize("block", range(10))
def test_it_equals_brute_force_on_a_thousand_random_problems(block):
    """A hundred in each block: the same total, and among equals the same chain."""
    for seed in range(block * 100, block * 100 + 100):
        source = seeded(seed)
        steps, carriers = source.choice([(1, 6), (2, 8), (3, 5), (4, 4), (5, 3)])
        problem = random_problem(source, steps, carriers, hour=source.choice([0, 1, 40, 400]))
        graph = Graph(problem)
        chosen = choose(graph)
        wanted = best_by_brute_force(problem)
        assert chosen.figures.total == total(problem, wanted), seed
        assert graph.ids(chosen.chain) == tuple(one.offer_id for one in wanted), seed
        assert chosen.gap == 0


@pytest.mark.parametrize("block", range(4))
def test_under_a_deadline_it_equals_brute_force_too(block):
    """The best chain in time, where the best of all is late; if there is none, that is said."""
    bound = 0
    for seed in range(block * 50, block * 50 + 50):
        source = seeded(seed)
        problem = random_problem(source, 4, 4)
        free = choose(Graph(problem)).figures.hours
        problem = dataclasses.replace(
            problem, demand=dataclasses.replace(problem.demand, deadline_hours=max(1, free - source.randrange(1, 40)))
        )
        wanted = best_by_brute_force(problem)
        if wanted is None:
            with pytest.raises(Refused) as refused:
                choose(Graph(problem))
            assert refused.value.code == "NO_CHAIN"
            continue
        chosen = choose(Graph(problem))
        assert chosen.figures.total == total(problem, wanted), seed
        assert chosen.figures.hours <= problem.demand.deadline_hours
        assert chosen.bound <= chosen.figures.total
        bound += 1
    assert bound > 10


@pytest.mark.parametrize("seed", range(3))
def test_it_equals_a_flow_solver_on_larger_problems(seed):
    """One unit of flow from the first step to the last, in OR-tools' own minimum cost flow."""
    problem = random_problem(seeded(seed), 12, 40, services=3)
    graph = Graph(problem)
    flow = min_cost_flow.SimpleMinCostFlow()
    inside, outside, source, sink = {}, {}, 0, 1
    for number, step in enumerate(graph.steps):
        for one in step:
            inside[number, one] = 2 + 2 * len(inside)
            outside[number, one] = inside[number, one] + 1
            flow.add_arc_with_capacity_and_unit_cost(inside[number, one], outside[number, one], 1, graph.costs[one])
    for one in graph.steps[0]:
        flow.add_arc_with_capacity_and_unit_cost(source, inside[0, one], 1, 0)
    for number in range(len(graph.steps) - 1):
        for giver in graph.steps[number]:
            for taker in graph.steps[number + 1]:
                spent = graph.edge(giver, taker)
                flow.add_arc_with_capacity_and_unit_cost(outside[number, giver], inside[number + 1, taker], 1, spent)
    for one in graph.steps[-1]:
        flow.add_arc_with_capacity_and_unit_cost(outside[len(graph.steps) - 1, one], sink, 1, 0)
    flow.set_node_supply(source, 1)
    flow.set_node_supply(sink, -1)
    assert flow.solve() == flow.OPTIMAL
    assert choose(graph).figures.total == flow.optimal_cost()


def test_the_order_of_offers_and_pairs_makes_no_difference():
    """Two endorsers may read them in any order."""
    problem = random_problem(seeded(5), 6, 8)
    graph = Graph(problem)
    chosen = choose(graph)
    for seed in range(5):
        offers, pairs = list(problem.offers), list(problem.pairs)
        seeded(seed).shuffle(offers)
        seeded(seed).shuffle(pairs)
        other = Graph(dataclasses.replace(problem, offers=tuple(offers), pairs=tuple(pairs)))
        again = choose(other)
        assert other.ids(again.chain) == graph.ids(chosen.chain)
        assert again == chosen


def test_among_equals_the_first_by_carrier_and_offer_is_taken():
    """Ten offers that differ in nothing but their names."""
    offers = [offer(f"g{number}", f"C{9 - number}", ["S02", "S03"]) for number in range(10)]
    graph = Graph(ChoiceProblem(demanded(["S02", "S03"]), tuple(offers)))
    assert graph.ids(choose(graph).chain) == ("g9", "g9")


def _cheaper(source: random.Random, one):
    price = dataclasses.replace(
        one.price, base=one.price.base * source.randrange(100) // 100, per_kg=one.price.per_kg // 2
    )
    return dataclasses.replace(one, price=price)


@pytest.mark.parametrize("seed", range(30))
def test_a_cheaper_offer_never_makes_the_optimum_dearer(seed):
    """Nor does one more offer, a safer one, a later deadline, or more experience without exceptions."""
    source = seeded(seed)
    problem = random_problem(source, 5, 6)
    before = choose(Graph(problem)).figures.total
    offers = list(problem.offers)
    at = source.randrange(len(offers))
    safer = dataclasses.replace(offers[at], loss_ppm=0, damage_ppm=0, on_time_bps=10_000)
    changed = [
        [*offers[:at], _cheaper(source, offers[at]), *offers[at + 1 :]],
        [*offers, dataclasses.replace(offers[at], offer_id="new", price=Price(1, 0, 0, "USD"))],
        [*offers[:at], safer, *offers[at + 1 :]],
    ]
    for each in changed:
        assert choose(Graph(dataclasses.replace(problem, offers=tuple(each)))).figures.total <= before
    trusted = tuple(dataclasses.replace(pair, handovers=pair.handovers + 50, exceptions=0) for pair in problem.pairs)
    assert choose(Graph(dataclasses.replace(problem, pairs=trusted))).figures.total <= before
    all_cheaper = tuple(_cheaper(source, one) for one in offers)
    assert choose(Graph(dataclasses.replace(problem, offers=all_cheaper))).figures.total < before


def test_one_company_for_all_pays_no_friction():
    """Two strangers must be cheaper by more than their friction to be taken instead."""
    both = offer("g1", "OneMSP", ["S02", "S03"])
    first = offer("g2", "TwoMSP", ["S02"], price=Price(900, 10, 0, "USD"))
    graph = Graph(ChoiceProblem(demanded(["S02", "S03"]), (both, first)))
    chosen = choose(graph)
    assert graph.ids(chosen.chain) == ("g1", "g1")
    assert chosen.figures.friction == 0
    much_cheaper = dataclasses.replace(first, price=Price(1, 0, 0, "USD"), transit_hours=0)
    graph = Graph(ChoiceProblem(demanded(["S02", "S03"]), (both, much_cheaper)))
    chosen = choose(graph)
    assert graph.ids(chosen.chain) == ("g2", "g1")
    assert chosen.figures.friction > 0


def test_a_stage_that_nobody_does_is_named():
    """Step and stage, and no carrier."""
    with pytest.raises(Refused) as refused:
        choose(Graph(ChoiceProblem(demanded(["S02", "S03"]), (offer("g1", "OneMSP", ["S02"]),))))
    assert (refused.value.code, refused.value.text) == ("NO_CHAIN", "nobody can do step 2, S03")


def test_a_deadline_that_nobody_keeps_is_refused():
    """Neither by the filter nor, where only the change of hands takes too long, by the search."""
    stages = ["S02", "S03"]
    slow = (offer("g1", "OneMSP", ["S02"], transit_hours=10), offer("g2", "TwoMSP", ["S03"], transit_hours=10))
    for deadline, kept in ((15, False), (21, False), (22, True)):
        problem = ChoiceProblem(demanded(stages, deadline_hours=deadline), slow)
        if kept:
            graph = Graph(problem)
            assert graph.figures(choose(graph).chain).hours == 22
            continue
        with pytest.raises(Refused) as refused:
            choose(Graph(problem))
        assert refused.value.code == "NO_CHAIN"


def test_figures_are_what_the_definitions_say():
    """Total, hours, and the parts of the total."""
    problem = random_problem(seeded(3), 6, 5)
    graph = Graph(problem)
    chosen = choose(graph)
    chain = tuple(graph.offers[one] for one in chosen.chain)
    figures = chosen.figures
    assert figures.total == total(problem, chain)
    assert figures.hours == hours(chain)
    transit = sum(one.transit_hours for one in chain)
    assert figures.total == figures.price + figures.friction + figures.risk + problem.demand.hour * transit
