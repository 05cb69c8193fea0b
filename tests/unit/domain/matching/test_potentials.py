"""Potentials are never above the least cost to the end, and exactly that where it decides."""

from __future__ import annotations

import pytest

from chaincode.domain.matching.potentials import potentials
from chaincode.domain.matching.solver import Graph, Pricing
from tests.unit.domain.matching.matching_problems import random_problem, seeded


def change(graph: Graph, giver: int, taker: int, pricing: Pricing) -> int:
    return pricing.friction * graph.edge(giver, taker) + pricing.waiting * graph.wait(giver, taker)


def onward(graph: Graph, pricing: Pricing) -> list[list[int]]:
    """Return the least cost from each candidate to the end, by looking at every pair."""
    found = [[pricing.nodes[one] for one in graph.steps[-1]]]
    for here, there in zip(graph.steps[-2::-1], graph.steps[:0:-1], strict=True):
        rests = list(zip(there, found[-1], strict=True))
        found.append(
            [
                pricing.nodes[one] + min(change(graph, one, other, pricing) + rest for other, rest in rests)
                for one in here
            ]
        )
    return found[::-1]


def through(graph: Graph, pricing: Pricing, rests: list[list[int]]) -> list[list[int]]:
    """Return the least cost of a chain by way of each candidate, by looking at every pair."""
    sums = [[pricing.nodes[one] for one in graph.steps[0]]]
    for before, here in zip(graph.steps, graph.steps[1:], strict=False):
        spent = list(zip(before, sums[-1], strict=True))
        sums.append(
            [
                pricing.nodes[one] + min(change(graph, other, one, pricing) + so_far for other, so_far in spent)
                for one in here
            ]
        )
    return [
        [so_far + rest - pricing.nodes[one] for one, so_far, rest in zip(*columns, strict=True)]
        for columns in zip(graph.steps, sums, rests, strict=True)
    ]


def pricings(graph: Graph) -> list[Pricing]:
    """As they are, with dear hours, with friction that counts seven times, and with none."""
    return [
        graph.at_toll(0),
        graph.at_toll(300),
        Pricing([7 * cost for cost in graph.costs], friction=7, waiting=11),
        Pricing(graph.costs, friction=0),
    ]


@pytest.mark.parametrize("seed", range(12))
def test_they_are_exact_for_each_chain_within_the_limit_and_never_above(seed):
    """For every candidate; without a limit exact for those of all best chains, also where several are equal."""
    source = seeded(seed)
    problem = random_problem(source, 6, 14, services=source.choice([1, 2, 3]), acquainted=source.choice([0, 0.1, 0.9]))
    graph, left_out = Graph(problem), 0
    for pricing in pricings(graph):
        exact = onward(graph, pricing)
        chains = through(graph, pricing, exact)
        best = min(chains[0])
        for limit in (None, best, best + 2_000, 1 << 60):
            found = potentials(graph, pricing, limit)
            for rests, wanted, least in zip(found, exact, chains, strict=True):
                for rest, all_of_it, cost in zip(rests, wanted, least, strict=True):
                    assert rest <= all_of_it
                    assert rest == all_of_it or cost > (best if limit is None else limit)
                    left_out += rest < all_of_it
            assert min(found[0]) == best
    assert left_out, "nothing was left out, so nothing was tried"


@pytest.mark.parametrize("seed", range(12))
def test_they_stay_a_proof_whatever_is_left_out(seed):
    """No potential is more than the cost of its candidate, the friction and the successor's, for every pair."""
    graph = Graph(random_problem(seeded(seed), 5, 12, acquainted=0.4))
    for pricing in pricings(graph):
        for limit in (None, min(potentials(graph, pricing)[0]) + 500):
            found = potentials(graph, pricing, limit)
            assert found[-1] == [pricing.nodes[one] for one in graph.steps[-1]]
            for number, (here, there) in enumerate(zip(graph.steps, graph.steps[1:], strict=False)):
                for one, potential in zip(here, found[number], strict=True):
                    for other, rest in zip(there, found[number + 1], strict=True):
                        assert potential <= pricing.nodes[one] + change(graph, one, other, pricing) + rest
