"""
The best chain of carriers, by dynamic programming over the stages, from the last to the first.

Every candidate at every step gets a potential (`potentials`): the least cost from it to the end. Then the chain is
read from the front; among equals, the first in the order of carrier and offer id is taken.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Sequence

from chaincode.domain.matching import exclusions, friction
from chaincode.domain.matching.demands import Demand
from chaincode.domain.matching.exclusions import NOTHING_KNOWN, CarrierFacts, FilteredOffers
from chaincode.domain.matching.friction import STANDARD, Pair, Weights
from chaincode.domain.matching.offers import Offer, prices
from chaincode.domain.vocabulary import bounds
from hlf.codec.records import Amount


@dataclasses.dataclass(frozen=True)
class ChoiceProblem:
    """The input of the choice."""

    demand: Demand
    offers: tuple[Offer, ...]
    pairs: tuple[Pair, ...] = ()
    standing: CarrierFacts = NOTHING_KNOWN
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
        self.filtered: FilteredOffers = exclusions.filtered(demand, self.offers, problem.standing)
        self.steps = self.filtered.candidates
        self.prices = prices([offer.price for offer in self.offers], demand.parcels, demand.weight_grm)
        self.risks = risks(demand, self.offers)
        self.costs = [
            price + exposed + demand.hour * offer.transit_hours
            for price, exposed, offer in zip(self.prices, self.risks, self.offers, strict=True)
        ]
        self.met = friction.CommonRecords(problem.pairs, demand.hour, problem.weights)
        self._kinds: dict[int, Kind] = {}
        self._bits: dict[str, int] = {}
        self._masks: dict[frozenset[str], int] = {}

    @property
    def solvable(self) -> bool:
        """Whether every step has a candidate."""
        return all(self.steps)

    def edge(self, giver: int, taker: int) -> int:
        """Return the friction between two offers, by position."""
        one, other = self.offers[giver], self.offers[taker]
        if one.carrier == other.carrier:
            return 0
        spent = self.met[one.carrier].get(other.carrier)
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

    def kind(self, position: int) -> Kind:
        """
        Return the values of an offer that friction compares: sets as bits of an integer, and the two minutes of the
        day. They are worked out when they are first asked for.
        """
        found = self._kinds.get(position)
        if found is None:
            offer = self.offers[position]
            found = self._kinds[position] = (
                self._mask(offer.spoken),
                offer.interface,
                self._mask(offer.places),
                offer.ready_minute,
                offer.cutoff_minute,
            )
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

    def _mask(self, names: frozenset[str]) -> int:
        if names not in self._masks:
            bits = self._bits
            self._masks[names] = sum(1 << bits.setdefault(name, len(bits)) for name in names)
        return self._masks[names]


def risk(demand: Demand, offer: Offer) -> int:
    """Return the average cost of loss, damage and lateness with this offer, rounded up."""
    return risks(demand, (offer,))[0]


def risks(demand: Demand, offers: Sequence[Offer]) -> list[int]:
    """Return the average cost of loss, damage and lateness with each offer, rounded up."""
    value, late, per_million, whole = demand.goods_value, demand.late, bounds.PPM, bounds.BPS
    return [
        -(-value * (offer.loss_ppm + offer.damage_ppm) // per_million) - (-late * (whole - offer.on_time_bps) // whole)
        for offer in offers
    ]
