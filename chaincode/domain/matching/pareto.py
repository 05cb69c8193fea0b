"""
Alternatives: chains that no other chain beats in cost, time and risk together.

For small problems the answer is exact. Large ones can have too many such chains. For these, the answer has the best
chain for each of a fixed set of weightings: at most MOST chains, none beaten by another, with the best in each
single measure among them.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.matching import labels
from chaincode.domain.matching.labels import Label
from chaincode.domain.matching.potentials import potentials
from chaincode.domain.matching.solver import Chain, ChoiceProblem, Graph, Pricing
from hlf.codec.records import Amount

MOST = 64
"""The most chains in an answer."""

_MOST_LABELS = 50_000
_PARTS = 6


@dataclasses.dataclass(frozen=True)
class Alternative:
    """One chain as offer ids: cost is price and friction, time is in hours, risk is the cost of loss and lateness."""

    chain: tuple[str, ...]
    cost: Amount
    hours: int
    risk: Amount


@dataclasses.dataclass(frozen=True)
class Front:
    """The alternatives, cheapest first; *complete* if there are no others."""

    alternatives: tuple[Alternative, ...]
    complete: bool


def front(problem: ChoiceProblem) -> Front:
    """Return the Pareto set of (cost, time, risk) over the chains in time, at most MOST of them."""
    graph = Graph(problem)
    if not graph.solvable:
        return Front((), complete=True)
    every = _exactly(graph)
    complete = every is not None and len(every) <= MOST
    found = every if every is not None and complete else _by_weightings(problem, graph)
    listed = tuple(
        Alternative(graph.ids(label.chain), label.measures[0], label.measures[1], label.measures[2])
        for label in sorted(found, key=lambda label: (label.measures, label.chain))
    )
    return Front(listed, complete)


def _exactly(graph: Graph) -> tuple[Label, ...] | None:
    deadline = graph.demand.deadline_hours
    return labels.unbeaten(
        graph,
        lambda one: (graph.prices[one], graph.offers[one].transit_hours, graph.risks[one]),
        lambda giver, taker: (graph.edge(giver, taker), graph.wait(giver, taker), 0),
        _MOST_LABELS,
        lambda number, position, measures: measures[1] <= deadline,
    )


def _by_weightings(problem: ChoiceProblem, graph: Graph) -> tuple[Label, ...]:
    """
    Return the best chain for each division of _PARTS among the three measures. Each measure has a share, so no
    chain is beaten.
    """
    found: dict[Chain, Label] = {}
    for cost in range(_PARTS + 1):
        for time in range(_PARTS + 1 - cost):
            shares = [1_000 * part + 1 for part in (cost, time, _PARTS - cost - time)]
            chain = _weighted(graph, *shares)
            figures = graph.figures(chain)
            if figures.hours <= problem.demand.deadline_hours:
                measures = (figures.price + figures.friction, figures.hours, figures.risk)
                found.setdefault(chain, Label(measures, chain))
    return tuple(labels.pruned(list(found.values())))


def _weighted(graph: Graph, cost: int, time: int, risk: int) -> Chain:
    hour = time * max(1, graph.demand.hour)
    nodes = [
        cost * price + hour * offer.transit_hours + risk * exposed
        for price, exposed, offer in zip(graph.prices, graph.risks, graph.offers, strict=True)
    ]
    pricing = Pricing(nodes, friction=cost, waiting=hour)
    return graph.chain(potentials(graph, pricing), pricing)
