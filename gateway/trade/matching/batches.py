"""
Match many consignments together, outside the contract; the contract then checks the result.

Consignments compete for capacity. First, this module makes several good chains for each: the best one without a
price for capacity, then more at prices that rise where too many want the same carrier on the same day. Then
OR-tools (extra ``solver``) chooses one chain for each, so that capacity is enough and the sum is least.
`Matching:match_batch` checks each chain, the capacity, and the distance of the sum from a bound that no solution
can beat.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from chaincode.domain.matching import plans, units
from chaincode.domain.matching.choice import choose
from chaincode.domain.matching.demands import Demand
from chaincode.domain.matching.evidence import Evidence, applied
from chaincode.domain.matching.exclusions import CarrierFacts
from chaincode.domain.matching.friction import Pair
from chaincode.domain.matching.offers import Offer
from chaincode.domain.matching.potentials import potentials
from chaincode.domain.matching.solver import Chain, ChoiceProblem, Graph, Pricing
from chaincode.domain.matching.units import NeededUnits, Service
from chaincode.domain.vocabulary import bounds

ROUNDS = 12
"""Number of rounds with new prices for capacity; each adds at most one chain for each consignment."""


Day = tuple[str, str]
"""An offer by its id, and a day."""


class UnsolvedError(Exception):
    """No choice with enough capacity was found; match fewer at once, or choose a later day."""


class SolverMissingError(Exception):
    """OR-tools is not installed: install the extra ``solver``."""


@dataclass(frozen=True)
class Solution:
    """
    The chain of each consignment as offer ids, and the total cost.

    Attributes:
        bound: the total cost if capacity were unlimited.
    """

    chains: dict[str, tuple[str, ...]]
    total: int
    bound: int

    @property
    def gap_bps(self) -> int:
        """The distance of the total from the bound, rounded up; send it as ``most_gap_bps``."""
        return -(-(self.total - self.bound) * bounds.BPS // max(self.bound, 1))


@dataclass(frozen=True)
class _Column:
    """A possible chain for a consignment: its cost, and its units for each carrier and day."""

    chain: Chain
    total: int
    needs: dict[Day, int]


class _Consignment:
    """One demand with the chains found for it so far."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.columns: dict[Chain, _Column] = {}
        best = choose(graph)
        self.bound = best.bound
        self.add(best.chain)

    def add(self, chain: Chain) -> _Column:
        """Add *chain* unless it is too late; the first chain is never too late."""
        figures = self.graph.figures(chain)
        if chain not in self.columns and (not self.columns or figures.hours <= self.graph.demand.deadline_hours):
            self.columns[chain] = _Column(chain, figures.total, _needs(self.graph, chain))
        return self.columns.get(chain) or next(iter(self.columns.values()))

    def at(self, prices: Mapping[str, int]) -> _Column:
        """Return the best chain when each parcel costs this much more with some offers."""
        parcels = self.graph.demand.parcels
        nodes = [
            cost + parcels * prices.get(offer.offer_id, 0)
            for cost, offer in zip(self.graph.costs, self.graph.offers, strict=True)
        ]
        pricing = Pricing(nodes)
        return self.add(self.graph.chain(potentials(self.graph, pricing), pricing))


def solve(
    demands: Mapping[str, Demand],
    offers: Sequence[Offer],
    pairs: Iterable[Pair],
    entitled: Mapping[str, tuple[str, ...]],
    known: Mapping[str, Sequence[Evidence]] = MappingProxyType({}),
    *,
    seconds: float = 30.0,
) -> Solution:
    """
    Return a chain for each of *demands* by name; *entitled* has the register's stages of each carrier.

    *known* is the evidence for the offers, by demand, that the contract would use.

    Raises:
        UnsolvedError: no choice with enough capacity was found.
        SolverMissingError: OR-tools is not installed.
        hlf.codec.refusals.Refused: NO_CHAIN; no chain can carry one of them.
    """
    solver = _solver()
    standing = CarrierFacts(entitled=entitled)
    made = {
        name: _Consignment(Graph(ChoiceProblem(demand, applied(offers, known.get(name, ())), tuple(pairs), standing)))
        for name, demand in sorted(demands.items())
    }
    _price(list(made.values()), offers)
    chosen = _choose(solver, made, _room(offers), seconds)
    return Solution(
        {name: made[name].graph.ids(column.chain) for name, column in chosen.items()},
        sum(column.total for column in chosen.values()),
        sum(each.bound for each in made.values()),
    )


def _price(consignments: Sequence[_Consignment], offers: Sequence[Offer]) -> None:
    """Add chains at rising prices for offers that too many consignments want on one day."""
    room = _room(offers)
    step = {offer.offer_id: max(1, offer.price.of(1, 0) // 4) for offer in offers}
    prices: dict[str, int] = {}
    for _ in range(ROUNDS):
        wanted: dict[Day, int] = {}
        for each in consignments:
            for day, needed in each.at(prices).needs.items():
                wanted[day] = wanted.get(day, 0) + needed
        crowded = {offer_id for (offer_id, day), needed in wanted.items() if needed > room[offer_id]}
        if not crowded:
            return
        for offer_id in crowded:
            prices[offer_id] = prices.get(offer_id, 0) + step[offer_id]


def _choose(
    solver: Any, made: Mapping[str, _Consignment], room: Mapping[str, int], seconds: float
) -> dict[str, _Column]:
    """Return one chain for each, so that capacity is enough and the sum is least."""
    model = solver.CpModel()
    taken: dict[tuple[str, Chain], Any] = {}
    loads: dict[Day, list[Any]] = {}
    for name, each in made.items():
        for column in each.columns.values():
            variable = taken[name, column.chain] = model.new_bool_var("")
            for day, needed in column.needs.items():
                loads.setdefault(day, []).append(needed * variable)
        model.add_exactly_one(taken[name, chain] for chain in each.columns)
    for (offer_id, _), load in loads.items():
        model.add(sum(load) <= room[offer_id])
    columns = {key: made[key[0]].columns[key[1]] for key in taken}
    model.minimize(sum(columns[key].total * variable for key, variable in taken.items()))
    search = solver.CpSolver()
    search.parameters.max_time_in_seconds = seconds
    # One thread and one seed: the same batch gives the same answer.
    search.parameters.num_workers = 1
    search.parameters.random_seed = 1
    if search.solve(model) not in (solver.OPTIMAL, solver.FEASIBLE):
        raise UnsolvedError("there is not enough capacity for all of them at once")
    return {key[0]: columns[key] for key, variable in taken.items() if search.value(variable)}


def _needs(graph: Graph, chain: Chain) -> dict[Day, int]:
    found: dict[Day, int] = {}
    for _, position, day in plans.days(graph, chain):
        offer = graph.offers[position]
        # A consignment uses a carrier's capacity once a day, for however many stages.
        found[offer.offer_id, day] = _wanted(offer, day, graph.demand).needed
    return found


def _room(offers: Sequence[Offer]) -> dict[str, int]:
    """Return the units of each offer for a day if none is booked; the contract knows the bookings."""
    return {offer.offer_id: offer.parcels // units.unit_parcels(offer) for offer in offers}


def _wanted(offer: Offer, day: str, demand: Demand) -> NeededUnits:
    service = Service(offer.carrier, offer.service_id, offer.offer_id, "", units.unit_parcels(offer))
    return NeededUnits(service, offer, day, demand.parcels, demand.weight_grm)


def _solver() -> Any:
    try:
        return importlib.import_module("ortools.sat.python.cp_model")
    except ImportError as error:
        raise SolverMissingError("install the extra `solver`: pip install 'selat[solver]'") from error
