"""
"Why not me": compare the best chain that has a certain offer at a certain step with the best of all.

The carrier learns the difference and what it could change. It learns no total, which would reveal the prices of others.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.matching import exclusions
from chaincode.domain.matching.choice import Choice, choose
from chaincode.domain.matching.exclusions import Reason
from chaincode.domain.matching.solver import ChoiceProblem, Graph
from chaincode.domain.refusals import Refusal
from hlf.codec.records import Amount
from hlf.codec.refusals import Refused


@dataclasses.dataclass(frozen=True)
class Explanation:
    """
    Why an offer does not do a step.

    Attributes:
        outcome: ``chosen``; ``excluded``, it was not compared; ``dearer``; ``equal``, the fixed order among
            equals decided against it; ``late``, no chain with it keeps the deadline.
        reason: the code if it is excluded; *needs* names the attributes that would have to change.
        difference: how much more the best chain with it costs, in minor units.
        price_less: it would have won with a price lower by this amount.
        hours_less: so many hours faster are worth the same to the owner of the goods; 0 if speed alone is not enough.
    """

    outcome: str
    reason: str = ""
    needs: str = ""
    difference: Amount = 0
    price_less: Amount = 0
    hours_less: int = 0


def why_not(problem: ChoiceProblem, chosen: Choice, offer_id: str, number: int) -> Explanation:
    """
    Return why the offer does not do step *number* (from 0), if *chosen* is the chosen chain.

    Raises:
        Refused: OFFER_UNKNOWN, STEP_UNKNOWN.
    """
    graph = Graph(problem)
    position = next((at for at, offer in enumerate(graph.offers) if offer.offer_id == offer_id), None)
    if position is None:
        raise Refusal.OFFER_UNKNOWN(f"offer {offer_id} was not among those compared")
    if not 0 <= number < len(graph.steps):
        raise Refusal.STEP_UNKNOWN(f"the journey has {len(graph.steps)} steps")
    if chosen.chain[number] == position:
        return Explanation("chosen")
    if position not in graph.steps[number]:
        reason = graph.filtered.reasons[number].get(position, Reason.STAGE_NOT_OFFERED)
        return Explanation("excluded", reason.value, exclusions.NEEDS[reason])
    return _compared(problem, chosen, graph, position, number)


def _compared(problem: ChoiceProblem, chosen: Choice, graph: Graph, position: int, number: int) -> Explanation:
    offer = graph.offers[position]
    pinned = {**problem.standing.pinned, number: offer.offer_id}
    standing = dataclasses.replace(problem.standing, pinned=pinned)
    try:
        best = choose(Graph(dataclasses.replace(problem, standing=standing)))
    except Refused:
        return Explanation("late", Reason.DEADLINE_MISSED.value, exclusions.NEEDS[Reason.DEADLINE_MISSED])
    difference = best.figures.total - chosen.figures.total
    if difference <= 0:
        return Explanation("equal", needs="any improvement; among equals the order of carriers decides")
    # Only its price at this step counts; it may do other steps of the same chain.
    possible = graph.prices[position] > difference
    hours = -(-(difference + 1) // problem.demand.hour) if problem.demand.hour else 0
    return Explanation(
        "dearer",
        needs="price.base_minor, price.per_kg_minor, price.fuel_bps: less" if possible else "price and time: less",
        difference=difference,
        price_less=difference + 1,
        hours_less=hours if hours <= offer.transit_hours else 0,
    )
