"""
Many consignments at once: solved wherever there is time for it, and checked here.

Capacity couples the plans of a batch, and to share it out best is no matter
for an endorser's seconds. What an endorser can do is check: that every chain
is allowed and in time, that there is room for all of them (`units`), and how
far all of them together are from what they would cost if room were no matter.
That sum is a bound no solution can beat.
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
"""Plans in a batch: a few seconds of an endorser, which ends a call after thirty."""


@dataclasses.dataclass(frozen=True)
class Proposed:
    """One plan of a batch as whoever solved it sends it: the chain by offer ids."""

    plan_id: str
    journey_id: str
    demand: Demand
    chain: tuple[str, ...]
    salt: str


@dataclasses.dataclass(frozen=True)
class Batch:
    """
    Plans that were solved together.

    Attributes:
        most_gap_bps: how far from the bound their sum may be; what both endorsers agree to check.
    """

    plans: tuple[Proposed, ...]
    most_gap_bps: int

    def __post_init__(self) -> None:
        if not 1 <= len({each.plan_id for each in self.plans}) == len(self.plans) <= PLANS.most:
            raise invalid("batch.plans", f"must be 1 to {PLANS.most}, each with its own id")
        bounds.BASIS_POINTS.check("batch.most_gap_bps", self.most_gap_bps)


def checked(graph: Graph, chain: Sequence[str]) -> Choice:
    """
    Return the chain that somebody chose, with what it comes to and how far it is from the best.

    Raises:
        Refused: CHAIN_NOT_ALLOWED, an offer that is none for its step, or late; NO_CHAIN, there is none at all.
    """
    best = choose(graph)
    by_id = {offer.offer_id: position for position, offer in enumerate(graph.offers)}
    positions = []
    for number, (offer_id, candidates) in enumerate(zip(chain, graph.steps, strict=False)):
        if by_id.get(offer_id) not in candidates:
            raise Refusal.CHAIN_NOT_ALLOWED(f"step {number + 1} is given to one who cannot do it")
        positions.append(by_id[offer_id])
    figures = graph.figures(tuple(positions))
    if len(positions) != len(graph.steps) or len(chain) != len(positions):
        raise Refusal.CHAIN_NOT_ALLOWED("the chain has not one offer for each step")
    if figures.hours > graph.demand.deadline_hours:
        raise Refusal.CHAIN_NOT_ALLOWED("the chain is late")
    return dataclasses.replace(best, chain=tuple(positions), figures=figures)


def check_together(choices: Sequence[Choice], most_gap_bps: int) -> None:
    """
    Refuse plans that are together too far from the bound.

    Raises:
        Refused: BATCH_TOO_DEAR.
    """
    total = sum(choice.figures.total for choice in choices)
    bound = sum(choice.bound for choice in choices)
    if (total - bound) * bounds.BPS > most_gap_bps * max(bound, 1):
        raise Refusal.BATCH_TOO_DEAR(f"the plans are more than {most_gap_bps} bps above their bound")
