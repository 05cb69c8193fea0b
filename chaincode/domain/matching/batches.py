"""
Plans for many consignments at once: a solver outside the contract makes them, and this module checks them.

The plans of a batch compete for capacity. To share it best takes longer than an endorser has. But an endorser can
check that every chain is allowed and in time, that there is capacity for all (`units`), and how far their sum is
above the sum with unlimited capacity. No solution can be below that bound.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from chaincode.domain.matching.choice import Choice, choose
from chaincode.domain.matching.demands import Demand
from chaincode.domain.matching.solver import Graph
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

PLANS = Bounds(1, 200)
"""The most plans in a batch: a few seconds of work for an endorser, which ends a call after thirty."""


@dataclasses.dataclass(frozen=True)
class ProposedPlan:
    """One plan of a batch as the solver sends it: the chain as offer ids."""

    plan_id: str
    journey_id: str
    demand: Demand
    chain: tuple[str, ...]
    salt: str


@dataclasses.dataclass(frozen=True)
class SolvedBatch:
    """
    Plans that were solved together.

    Attributes:
        most_gap_bps: how far above the bound their sum may be; both endorsers check this.
    """

    plans: tuple[ProposedPlan, ...]
    most_gap_bps: int

    def __post_init__(self) -> None:
        if not 1 <= len({each.plan_id for each in self.plans}) == len(self.plans) <= PLANS.most:
            raise invalid("batch.plans", f"must be 1 to {PLANS.most}, each with its own id")
        bounds.BASIS_POINTS.check("batch.most_gap_bps", self.most_gap_bps)


def checked(graph: Graph, chain: Sequence[str]) -> Choice:
    """
    Return the given chain with its cost and its distance from the best one.

    Raises:
        Refused: CHAIN_NOT_ALLOWED if an offer cannot do its step, or the chain is late; NO_CHAIN if there is no
            chain at all.
    """
    best = choose(graph)
    by_id = {offer.offer_id: position for position, offer in enumerate(graph.offers)}
    positions = []
    for number, (offer_id, candidates) in enumerate(zip(chain, graph.steps, strict=False)):
        if by_id.get(offer_id) not in candidates:
            raise Refusal.CHAIN_NOT_ALLOWED(f"the offer chosen for step {number + 1} cannot do it")
        positions.append(by_id[offer_id])
    figures = graph.figures(tuple(positions))
    if len(positions) != len(graph.steps) or len(chain) != len(positions):
        raise Refusal.CHAIN_NOT_ALLOWED("the chain needs one offer for each step")
    if figures.hours > graph.demand.deadline_hours:
        raise Refusal.CHAIN_NOT_ALLOWED("the chain is late")
    return dataclasses.replace(best, chain=tuple(positions), figures=figures)


def check_together(choices: Sequence[Choice], most_gap_bps: int) -> None:
    """
    Refuse plans whose sum is too far above the bound.

    Raises:
        Refused: BATCH_TOO_DEAR.
    """
    total = sum(choice.figures.total for choice in choices)
    bound = sum(choice.bound for choice in choices)
    if (total - bound) * bounds.BPS > most_gap_bps * max(bound, 1):
        raise Refusal.BATCH_TOO_DEAR(f"the plans are more than {most_gap_bps} bps above their bound")
