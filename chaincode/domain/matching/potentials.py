"""
The least cost from each candidate to the end of the journey, worked out where it can matter.

Two relaxed passes, one from each end, count no more for a change of carriers than the hours that goods wait. So they
say at once what a chain by way of a candidate costs at least. A few of the cheapest candidates then make a real chain,
and only those that can be part of a chain as cheap as that are compared with each other, pair by pair.

All others keep their relaxed potential, and none is above what the limit leaves for it. So the potentials together
are a proof that `certificate` can check: for each candidate and each of its successors, the potential is at most the
candidate's cost, the friction and the successor's potential. Compare all pairs, and the square of the number of
carriers is spent on candidates that nobody would choose.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import heapq
import operator
from collections.abc import Mapping, Sequence

from chaincode.domain.matching.offers import MINUTES_A_DAY
from chaincode.domain.matching.solver import Graph, Pricing

FEW = 8
"""So many of the cheapest candidates of each step make the first chain."""

_NEVER = 1 << 200
"""More than any chain costs."""


@dataclasses.dataclass(frozen=True)
class _Column:
    """The candidates of one step: positions in the graph, carriers, costs, and the cost of the hours of waiting."""

    positions: Sequence[int]
    carriers: Sequence[str]
    costs: Sequence[int]
    waits: Sequence[int]

    @functools.cached_property
    def of_carrier(self) -> dict[str, list[int]]:
        """The places in the column of each carrier's candidates."""
        found: dict[str, list[int]] = collections.defaultdict(list)
        for at, carrier in enumerate(self.carriers):
            found[carrier].append(at)
        return found


def potentials(graph: Graph, pricing: Pricing, limit: int | None = None) -> list[list[int]]:
    """
    Return for each candidate of each step at most the least cost from there to the end.

    It is exactly that for each candidate that is part of a chain which costs *limit* or less; without one, for each
    that is part of a best chain.
    """
    search = _Search(graph, pricing)
    ahead, behind = search.ahead(), search.behind()
    through = [
        [onward + so_far - cost for onward, so_far, cost in zip(rests, sums, column.costs, strict=True)]
        for rests, sums, column in zip(ahead, behind, search.columns, strict=True)
    ]
    if limit is None:
        limit = min(search.compared([_cheapest(each) for each in through])[0])
    useful = [[at for at, least in enumerate(each) if least <= limit] for each in through]
    left = [
        [limit + 1 - sums[at] + column.costs[at] for at in chosen]
        for chosen, sums, column in zip(useful, behind, search.columns, strict=True)
    ]
    for rests, chosen, exact in zip(ahead, useful, search.compared(useful, left), strict=True):
        for at, rest in zip(chosen, exact, strict=True):
            rests[at] = rest
    return ahead


def _cheapest(through: Sequence[int]) -> list[int]:
    most = heapq.nsmallest(FEW, through)[-1]
    return [at for at, least in enumerate(through) if least <= most][: 2 * FEW]


def _nearer(column: _Column, sums: Sequence[int], most: int) -> dict[str, int]:
    """Return the least of *sums* for each carrier with one below *most*: there, to stay costs less than to change."""
    found: dict[str, int] = {}
    for at in [at for at, least in enumerate(sums) if least < most]:
        carrier = column.carriers[at]
        found[carrier] = min(found.get(carrier, most), sums[at])
    return found


class _Search:
    """The prepared columns of one search."""

    def __init__(self, graph: Graph, pricing: Pricing) -> None:
        weights, self._factor = graph.weights, pricing.friction
        hour = self._factor * graph.demand.hour
        self._troubles = (
            hour * weights.cutoff, hour * weights.language, hour * weights.interface, hour * weights.location
        )  # fmt: skip
        self._strange = hour * weights.running_in
        self._graph = graph
        self._met: dict[str, tuple[Mapping[str, int], int]] = {}
        waiting = hour * weights.dwell + pricing.waiting
        carriers = [offer.carrier for offer in graph.offers]
        waits = [waiting * offer.dwell_hours for offer in graph.offers]
        made: dict[tuple[int, ...], _Column] = {}
        for step in graph.steps:
            if step not in made:
                made[step] = _Column(
                    step,
                    list(map(carriers.__getitem__, step)),
                    list(map(pricing.nodes.__getitem__, step)),
                    list(map(waits.__getitem__, step)),
                )
        self.columns = [made[step] for step in graph.steps]

    def ahead(self) -> list[list[int]]:
        """Return the relaxed potentials: from each candidate to the end."""
        found = [list(self.columns[-1].costs)]
        for here, there in zip(self.columns[-2::-1], self.columns[:0:-1], strict=True):
            rests = found[-1]
            reached = min(map(operator.add, rests, there.waits))
            sums = [cost + reached for cost in here.costs]
            for carrier, rest in _nearer(there, rests, reached).items():
                for at in here.of_carrier.get(carrier, ()):
                    sums[at] = here.costs[at] + rest
            found.append(sums)
        found.reverse()
        return found

    def behind(self) -> list[list[int]]:
        """Return the relaxed sums from the beginning to each candidate, with its own cost."""
        found = [list(self.columns[0].costs)]
        for before, here in zip(self.columns, self.columns[1:], strict=False):
            reached = min(found[-1])
            sums = [cost + wait + reached for cost, wait in zip(here.costs, here.waits, strict=True)]
            for carrier, spent in _nearer(before, found[-1], reached + max(here.waits)).items():
                for at in here.of_carrier.get(carrier, ()):
                    sums[at] = min(sums[at], here.costs[at] + spent)
            found.append(sums)
        return found

    def compared(self, chosen: Sequence[Sequence[int]], left: Sequence[Sequence[int]] | None = None) -> list[list[int]]:
        """
        Return the least cost to the end for each *chosen* candidate by way of others that are chosen.

        What is *left* for a candidate is the most that it gets: whatever costs more is not looked for.
        """
        costs = self.columns[-1].costs
        found = [[costs[at] for at in chosen[-1]]]
        for number in range(len(chosen) - 2, -1, -1):
            bounds = left[number] if left else [_NEVER] * len(chosen[number])
            found.append(self._onward(number, chosen[number], bounds, chosen[number + 1], found[-1]))
        found.reverse()
        return found

    def _onward(
        self, number: int, givers: Sequence[int], bounds: Sequence[int], takers: Sequence[int], rests: Sequence[int]
    ) -> list[int]:
        """Return the least sums of cost, friction and *rests* at step *number*: `Graph.edge` written out for speed."""
        gap, language, other_interface, location = self._troubles
        strange, kind, records = self._strange, self._graph.kind, self._records
        there = self.columns[number + 1]
        own: dict[str, int] = {}
        successors = []
        for at, rest in zip(takers, rests, strict=True):
            carrier = there.carriers[at]
            if rest < own.get(carrier, _NEVER):
                own[carrier] = rest
            successors.append((rest + there.waits[at], at, carrier, there.positions[at]))
        successors.sort()
        nearest = successors[0][0] if successors else _NEVER
        here = self.columns[number]
        found = []
        for at, bound in zip(givers, bounds, strict=True):
            cost, carrier = here.costs[at], here.carriers[at]
            # Staying with the same company costs nothing, so only a cheaper change has to be found.
            best = min(own.get(carrier, _NEVER), bound - cost)
            if nearest < best:
                met, least_spent = records(carrier)
                languages, interface, places, ready, _ = kind(here.positions[at])
                for reached, _, taker, position in successors:
                    if reached + least_spent >= best:
                        break
                    spent = reached + met.get(taker, strange)
                    if spent >= best:
                        continue
                    spoken, takes_by, served, _, cutoff = kind(position)
                    spent += gap * ((cutoff - ready) % MINUTES_A_DAY // 60)
                    if not languages & spoken:
                        spent += language
                    if interface != takes_by:
                        spent += other_interface
                    if not places & served:
                        spent += location
                    if spent < best:
                        best = spent
            found.append(cost + best)
        return found

    def _records(self, giver: str) -> tuple[Mapping[str, int], int]:
        """Return the cost of the common record with each taker that has one, and the least with anybody."""
        found = self._met.get(giver)
        if found is None:
            met, factor = self._graph.met[giver], self._factor
            if factor != 1:
                met = {taker: factor * spent for taker, spent in met.items()}
            found = self._met[giver] = met, min((self._strange, *met.values()))
        return found
