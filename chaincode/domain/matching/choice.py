"""
Choose the cheapest chain that keeps the deadline, with a proof of how good it is.

The cheapest chain of all nearly always keeps the deadline. If it does not, a toll makes hours more expensive until
the cheapest chain does. This proves how much better any chain in time could be. Then `labels` finds the best chain in
time, unless there are too many chains.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.matching import labels
from chaincode.domain.matching.labels import Measures
from chaincode.domain.matching.potentials import potentials
from chaincode.domain.matching.solver import Chain, Figures, Graph
from chaincode.domain.refusals import Refusal

MOST_LABELS = 200_000
"""The most labels: about a second of work for an endorser, which ends a call after thirty."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """
    A chain, its cost, and the potentials that prove it.

    Attributes:
        toll: the amount added to the price of an hour; zero if the deadline costs nothing.
        bound: no chain in time costs less than this.
    """

    chain: Chain
    figures: Figures
    toll: int
    potentials: tuple[tuple[int, ...], ...]
    bound: int

    @property
    def gap(self) -> int:
        """The most by which a chain in time could be better; zero means that this one is proved best."""
        return self.figures.total - self.bound


def choose(graph: Graph) -> Choice:
    """
    Return the cheapest chain that keeps the deadline.

    Raises:
        Refused: NO_CHAIN if nobody can do a stage, or no chain is in time.
    """
    if not graph.solvable:
        number = next(number for number, remaining in enumerate(graph.steps) if not remaining)
        raise Refusal.NO_CHAIN(f"nobody can do step {number + 1}, {graph.demand.steps[number].stage}")
    free = _at_toll(graph, 0)
    if free.figures.hours <= graph.demand.deadline_hours:
        return free
    tolled = _least_toll(graph, free)
    exact = _within(graph, tolled)
    return exact if exact and exact.figures.total < tolled.figures.total else tolled


def _at_toll(graph: Graph, toll: int) -> Choice:
    pricing = graph.at_toll(toll)
    found = potentials(graph, pricing)
    chain = graph.chain(found, pricing)
    bound = min(found[0]) - toll * graph.demand.deadline_hours
    return Choice(chain, graph.figures(chain), toll, tuple(map(tuple, found)), bound)


def _least_toll(graph: Graph, free: Choice) -> Choice:
    """Return the cheapest chain at the lowest toll at which it is in time."""
    # One saved hour is then worth more than everything else together, so the chain is the fastest.
    highest = 1 + _dearest(graph)
    fastest = _at_toll(graph, highest)
    if fastest.figures.hours > graph.demand.deadline_hours:
        raise Refusal.NO_CHAIN(f"no chain takes {graph.demand.deadline_hours} hours or less")
    late, kept, best = 0, highest, fastest
    while kept - late > 1:
        tried = _at_toll(graph, (late + kept) // 2)
        if tried.figures.hours <= graph.demand.deadline_hours:
            kept, best = tried.toll, tried
        else:
            late = tried.toll
    return best


def _dearest(graph: Graph) -> int:
    """Return a sum larger than the cost of any chain."""
    hour, weights = graph.demand.hour, graph.weights
    at_most = 24 * weights.cutoff + weights.language + weights.interface + weights.location
    at_most += weights.running_in + weights.exceptions
    total = 0
    for remaining in graph.steps:
        total += max(graph.costs[one] for one in remaining)
        total += hour * (at_most + weights.dwell * max(graph.offers[one].dwell_hours for one in remaining))
    return total


def _within(graph: Graph, known: Choice) -> Choice | None:
    """Return the best chain in time; None if there are too many chains, or if *known* is the best."""
    # A chain that costs more than the known one is of no use, so potentials need be exact only up to there.
    rests = potentials(graph, graph.at_toll(0), known.figures.total)
    at = [dict(zip(remaining, rest, strict=True)) for remaining, rest in zip(graph.steps, rests, strict=True)]
    fastest = [min(graph.offers[one].transit_hours for one in remaining) for remaining in graph.steps]
    ahead = [sum(fastest[number + 1 :]) for number in range(len(fastest))]

    def keep(number: int, position: int, measures: Measures) -> bool:
        onward = at[number][position] - graph.costs[position]
        in_time = measures[1] + ahead[number] <= graph.demand.deadline_hours
        return in_time and measures[0] + onward < known.figures.total

    found = labels.unbeaten(
        graph,
        lambda one: (graph.costs[one], graph.offers[one].transit_hours),
        lambda giver, taker: (graph.edge(giver, taker), graph.wait(giver, taker)),
        MOST_LABELS,
        keep,
    )
    if not found:
        return None
    best = min(found, key=lambda label: (label.measures[0], label.chain))
    return dataclasses.replace(known, chain=best.chain, figures=graph.figures(best.chain))
