"""
Find the best chain of carriers by dynamic programming over the stages, from the last to the first.

Every candidate at every step gets a potential: the least cost from it to the end. Then the chain is read from the
front; among equals, the first in the order of carrier and offer id is taken.

To compare all pairs at each change of stage would take the square of the number of carriers. So successors are
sorted by their least cost, and the search ends where that alone is more than the best result.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Mapping, Sequence

from chaincode.domain.matching import exclusions, friction
from chaincode.domain.matching.demands import Demand
from chaincode.domain.matching.exclusions import NOTHING_KNOWN, Filtered, Standing
from chaincode.domain.matching.friction import STANDARD, Pair, Weights
from chaincode.domain.matching.offers import MINUTES_A_DAY, Offer
from chaincode.domain.vocabulary import bounds
from hlf.codec.records import Amount


@dataclasses.dataclass(frozen=True)
class ChoiceProblem:
    """The input of the choice."""

    demand: Demand
    offers: tuple[Offer, ...]
    pairs: tuple[Pair, ...] = ()
    standing: Standing = NOTHING_KNOWN
    weights: Weights = STANDARD


@dataclasses.dataclass(frozen=True)
class Figures:
    """The figures of a chain. *total* is its whole cost in minor units, with the cost of transit hours."""

    total: Amount
    price: Amount
    friction: Amount
    risk: Amount
    hours: int


Kind = tuple[int, str, int, int, int]
"""Languages, interface, places, ready minute, cut-off minute."""

_NOBODY: dict[str, int] = {}
_NEVER = 1 << 200
"""More than any chain costs."""

Chain = tuple[int, ...]
"""The position of the chosen offer for each step, in the graph's order."""


@dataclasses.dataclass(frozen=True)
class Pricing:
    """
    Prices for one search: a cost for each offer, a factor for friction, and an extra price for each hour of
    waiting.
    """

    nodes: Sequence[int]
    friction: int = 1
    waiting: int = 0


class Graph:
    """
    A prepared problem: offers in their fixed order, candidates for each step, and their costs.

    Attributes:
        costs: price, time value and risk of each offer, for one step.
        met: the cost of exceptions and running-in between companies with a common record, by giver and taker.
    """

    def __init__(self, problem: ChoiceProblem) -> None:
        demand = problem.demand
        self.demand = demand
        self.weights = problem.weights
        self.offers = tuple(sorted(problem.offers, key=operator.attrgetter("carrier", "offer_id")))
        self.filtered: Filtered = exclusions.filtered(demand, self.offers, problem.standing)
        self.steps = self.filtered.candidates
        self.prices = [offer.price.of(demand.parcels, demand.weight_grm) for offer in self.offers]
        self.risks = [risk(demand, offer) for offer in self.offers]
        self.costs = [
            price + exposed + demand.hour * offer.transit_hours
            for price, exposed, offer in zip(self.prices, self.risks, self.offers, strict=True)
        ]
        self.met = friction.together(problem.pairs, demand.hour, problem.weights)
        self.kinds = _kinds(self.offers)

    @property
    def solvable(self) -> bool:
        """Whether every step has a candidate."""
        return all(self.steps)

    def edge(self, giver: int, taker: int) -> int:
        """Return the friction between two offers, by position."""
        one, other = self.offers[giver], self.offers[taker]
        if one.carrier == other.carrier:
            return 0
        spent = self.met.get(one.carrier, _NOBODY).get(other.carrier)
        if spent is None:
            spent = self.weights.running_in * self.demand.hour
        waiting = self.weights.dwell * self.demand.hour * other.dwell_hours
        return waiting + spent + friction.alike(one, other, self.demand.hour, self.weights)

    def wait(self, giver: int, taker: int) -> int:
        """Return the hours that goods wait between two offers."""
        one, other = self.offers[giver], self.offers[taker]
        return 0 if one.carrier == other.carrier else other.dwell_hours

    def at_toll(self, toll: int) -> Pricing:
        """Return the prices if each hour costs *toll* more."""
        if not toll:
            return Pricing(self.costs)
        nodes = [cost + toll * offer.transit_hours for cost, offer in zip(self.costs, self.offers, strict=True)]
        return Pricing(nodes, waiting=toll)

    def potentials(self, pricing: Pricing) -> list[list[int]]:
        """Return the least cost from each candidate of each step to the end."""
        sums = _Sums(self, pricing)
        found = [[pricing.nodes[position] for position in self.steps[-1]]]
        for here, there in zip(self.steps[-2::-1], self.steps[:0:-1], strict=True):
            onward = sums.onward(here, there, found[-1])
            found.append([pricing.nodes[one] + rest for one, rest in zip(here, onward, strict=True)])
        found.reverse()
        return found

    def chain(self, potentials: Sequence[Sequence[int]], pricing: Pricing) -> Chain:
        """Return the best chain by its *potentials*; the first among equals."""
        left = min(potentials[0])
        here = self.steps[0][potentials[0].index(left)]
        chosen = [here]
        for number in range(1, len(self.steps)):
            left -= pricing.nodes[here]
            for taker, rest in zip(self.steps[number], potentials[number], strict=True):
                # Friction is never negative, so most comparisons can be skipped.
                if rest <= left and rest + self._change(here, taker, pricing) == left:
                    here, left = taker, rest
                    break
            chosen.append(here)
        return tuple(chosen)

    def figures(self, chain: Chain) -> Figures:
        """Return the figures of *chain*."""
        changes = list(zip(chain, chain[1:], strict=False))
        spent = sum(self.edge(giver, taker) for giver, taker in changes)
        waiting = sum(self.wait(giver, taker) for giver, taker in changes)
        return Figures(
            total=sum(self.costs[one] for one in chain) + spent,
            price=sum(self.prices[one] for one in chain),
            friction=spent,
            risk=sum(self.risks[one] for one in chain),
            hours=sum(self.offers[one].transit_hours for one in chain) + waiting,
        )

    def ids(self, chain: Chain) -> tuple[str, ...]:
        """Return the ids of the offers in *chain*."""
        return tuple(self.offers[one].offer_id for one in chain)

    def _change(self, giver: int, taker: int, pricing: Pricing) -> int:
        return pricing.friction * self.edge(giver, taker) + pricing.waiting * self.wait(giver, taker)


class _Sums:
    """
    The inner loop: `Graph.edge` written out for speed, for one pricing. A test compares the two.
    """

    def __init__(self, graph: Graph, pricing: Pricing) -> None:
        weights, factor = graph.weights, pricing.friction
        hour = factor * graph.demand.hour
        self._troubles = (
            hour * weights.cutoff, hour * weights.language, hour * weights.interface, hour * weights.location
        )  # fmt: skip
        self._strange = hour * weights.running_in
        met = graph.met if factor == 1 else _multiplied(graph.met, factor)
        least = {giver: min(self._strange, *takers.values()) for giver, takers in met.items()}
        waiting = hour * weights.dwell + pricing.waiting
        self._waits = [waiting * offer.dwell_hours for offer in graph.offers]
        self._kinds = [
            (offer.carrier, met.get(offer.carrier, _NOBODY), least.get(offer.carrier, self._strange), *kind)
            for offer, kind in zip(graph.offers, graph.kinds, strict=True)
        ]

    def onward(self, here: Sequence[int], there: Sequence[int], rests: Sequence[int]) -> list[int]:
        """Return for each candidate *here* the least sum of friction and potential over those *there*."""
        gap, language, other_interface, location = self._troubles
        strange, kinds, waits = self._strange, self._kinds, self._waits
        own: dict[str, int] = {}
        successors = []
        for taker, rest in zip(there, rests, strict=True):
            carrier, _, _, spoken, interface, served, _, cutoff = kinds[taker]
            if rest < own.get(carrier, _NEVER):
                own[carrier] = rest
            successors.append((rest + waits[taker], taker, carrier, spoken, interface, served, cutoff))
        successors.sort()
        found = []
        for giver in here:
            carrier, met, least_spent, languages, interface, places, ready, _ = kinds[giver]
            # Staying with the same company costs nothing, so only a cheaper change has to be found.
            best = own.get(carrier, _NEVER)
            for reached, _, taker_carrier, spoken, takes_by, served, cutoff in successors:
                if reached + least_spent >= best:
                    break
                spent = reached + met.get(taker_carrier, strange)
                if spent >= best:
                    continue
                spent += gap * ((cutoff - ready) % MINUTES_A_DAY // 60)
                if not languages & spoken:
                    spent += language
                if interface != takes_by:
                    spent += other_interface
                if not places & served:
                    spent += location
                if spent < best:
                    best = spent
            found.append(best)
        return found


def risk(demand: Demand, offer: Offer) -> int:
    """Return the average cost of loss, damage and lateness with this offer, rounded up."""
    lost = demand.goods_value * (offer.loss_ppm + offer.damage_ppm)
    late = demand.late * (bounds.BPS - offer.on_time_bps)
    return -(-lost // bounds.PPM) - (-late // bounds.BPS)


def _multiplied(met: Mapping[str, Mapping[str, int]], factor: int) -> dict[str, dict[str, int]]:
    return {giver: {taker: factor * spent for taker, spent in takers.items()} for giver, takers in met.items()}


def _kinds(offers: Sequence[Offer]) -> list[Kind]:
    """
    Return the values of each offer that friction compares: sets as bits of an integer, and the two minutes of the
    day.
    """
    bits: dict[str, int] = {}
    met: dict[tuple[str, ...], int] = {}

    def mask(names: tuple[str, ...]) -> int:
        if names not in met:
            met[names] = sum(1 << bits.setdefault(name, len(bits)) for name in set(names))
        return met[names]

    return [
        (
            mask(offer.languages),
            offer.interface,
            mask(tuple(offer.places)),
            offer.ready_minute,
            offer.cutoff_minute,
        )
        for offer in offers
    ]
