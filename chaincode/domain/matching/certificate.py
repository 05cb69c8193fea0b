"""
Certificates: proofs that no chain is better, which anybody can check in one pass without a solver.

Every candidate has a potential: a number that is at most the least cost from there to the end. To prove this, check
that at the last step it is at most the offer's own cost, and elsewhere at most that cost plus friction plus the
successor's potential, for every successor. Then no chain costs less than the least potential of the first step, and
a chain that costs exactly that is the best. If the deadline matters, a toll makes hours more expensive. A chain in
time pays the toll for at most *deadline* hours; this amount is taken off the bound, and the chain is proved best up
to the gap. The caller decides whether a gap is allowed.

Offers come from the problem and never from the certificate; costs and friction come from their definitions and
never from the solver.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable

from chaincode.domain.matching import exclusions, friction, solver
from chaincode.domain.matching.choice import Choice
from chaincode.domain.matching.offers import MINUTES_A_DAY, Offer
from chaincode.domain.matching.solver import ChoiceProblem, Graph
from chaincode.domain.refusals import Refusal
from hlf.codec.records import Amount
from hlf.codec.refusals import Refused

_REACHED = operator.itemgetter(0)


@dataclasses.dataclass(frozen=True)
class Bound:
    """The candidates of one step as offer ids, and the potential of each."""

    offers: tuple[str, ...]
    potentials: tuple[Amount, ...]


@dataclasses.dataclass(frozen=True)
class Certificate:
    """
    The chain as offer ids, its cost, and the proof that no other chain costs less than *bound*.

    *gap* is the most by which a chain could be better: zero for the best one. It can be above zero under a
    deadline, and in a batch, where other plans got the better offers.
    """

    chain: tuple[str, ...]
    total: Amount
    bound: Amount
    gap: Amount
    toll: Amount
    steps: tuple[Bound, ...]


def certify(graph: Graph, choice: Choice) -> Certificate:
    """Return the certificate of a choice."""
    steps = tuple(
        Bound(graph.ids(remaining), potentials)
        for remaining, potentials in zip(graph.steps, choice.potentials, strict=True)
    )
    return Certificate(graph.ids(choice.chain), choice.figures.total, choice.bound, choice.gap, choice.toll, steps)


def verify_match(problem: ChoiceProblem, certificate: Certificate) -> None:
    """
    Check a certificate against the problem.

    Raises:
        Refused: CERTIFICATE_INVALID, with the place of the fault.
    """
    offers = {offer.offer_id: offer for offer in problem.offers}
    ordered = tuple(offers.values())
    known = exclusions.filtered(problem.demand, ordered, problem.standing)
    names = [offer.offer_id for offer in ordered]
    steps = [tuple(map(names.__getitem__, remaining)) for remaining in known.candidates]
    if certificate.toll < 0 or len(certificate.steps) != len(steps) or len(certificate.chain) != len(steps):
        raise _wrong("it has another number of steps, or a negative toll")
    for number, (bound, candidates) in enumerate(zip(certificate.steps, steps, strict=True)):
        if len(bound.offers) != len(candidates) or set(bound.offers) != set(candidates):
            raise _wrong(f"step {number + 1} has other candidates")
        if len(bound.potentials) != len(bound.offers):
            raise _wrong(f"step {number + 1} needs one potential for each candidate")
    _check_potentials(problem, certificate, offers)
    _check_chain(problem, certificate, offers)


def _check_potentials(problem: ChoiceProblem, certificate: Certificate, offers: dict[str, Offer]) -> None:
    costs = {name: _cost(problem, offer, certificate.toll) for name, offer in offers.items()}
    met = friction.together(problem.pairs, problem.demand.hour, problem.weights)
    strange = friction.joint(None, problem.demand.hour, problem.weights)
    least_met = {giver: min(strange, *takers.values()) for giver, takers in met.items()}
    for number, bound in enumerate(certificate.steps):
        lefts = [
            (potential - costs[name], offers[name])
            for name, potential in zip(bound.offers, bound.potentials, strict=True)
        ]
        if number + 1 < len(certificate.steps):
            following = _Following(problem, certificate.toll, certificate.steps[number + 1], offers, met, least_met)
            following.check(number, lefts)
            continue
        for left, offer in lefts:
            if left > 0:
                raise _wrong(f"the potential of {offer.offer_id} at the last step is more than its cost")


class _Following:
    """The candidates of the next step with their potentials, in the order of the least that each can cost."""

    def __init__(
        self, problem: ChoiceProblem, toll: int, bound: Bound, offers: dict[str, Offer], met: dict[str, dict[str, int]],
        least_met: dict[str, int],
    ) -> None:  # fmt: skip
        self._weights, self._hour = problem.weights, problem.demand.hour
        self._strange = friction.joint(None, self._hour, self._weights)
        self._met, self._least_met = met, least_met
        self._own: dict[str, int] = {}
        takers = []
        waiting = self._weights.dwell * self._hour + toll
        for name, rest in zip(bound.offers, bound.potentials, strict=True):
            offer = offers[name]
            if rest < self._own.get(offer.carrier, rest + 1):
                self._own[offer.carrier] = rest
            takers.append((rest + waiting * offer.dwell_hours, offer.carrier, offer.cutoff_minute, offer))
        takers.sort(key=_REACHED)
        self._takers = takers

    def check(self, number: int, lefts: Iterable[tuple[int, Offer]]) -> None:
        """Raise Refused if a potential at step *number* is above the least cost to go on from there."""
        strange = self._strange
        nearest = self._takers[0][0]
        for left, giver in lefts:
            carrier = giver.carrier
            if left > self._own.get(carrier, left):
                raise _wrong(f"the potential of {giver.offer_id} at step {number + 1} is more than by its own carrier")
            # Friction is never less than by the best common record, so most givers need no comparison.
            floor = self._least_met.get(carrier, strange)
            if left > nearest + floor:
                self._compare(number, giver, left, left - floor)

    def _compare(self, number: int, giver: Offer, left: int, reach: int) -> None:
        """Compare *giver* with every taker that is nearer than *reach*."""
        met, strange, ready = self._met.get(giver.carrier, {}), self._strange, giver.ready_minute
        gap = self._weights.cutoff * self._hour
        for reached, carrier, cutoff, taker in self._takers:
            if reached >= reach:
                return
            spent = reached + met.get(carrier, strange)
            if left <= spent or left <= spent + gap * ((cutoff - ready) % MINUTES_A_DAY // 60):
                continue
            spent += friction.alike(giver, taker, self._hour, self._weights)
            if left > spent and carrier != giver.carrier:
                text = f"the potential of {giver.offer_id} at step {number + 1} is more than by {taker.offer_id}"
                raise _wrong(text)


def _check_chain(problem: ChoiceProblem, certificate: Certificate, offers: dict[str, Offer]) -> None:
    demand, known = problem.demand, friction.experience(problem.pairs)
    for name, step in zip(certificate.chain, certificate.steps, strict=True):
        if name not in step.offers:
            raise _wrong(f"{name} is no candidate for its step of the chain")
    chain = [offers[name] for name in certificate.chain]
    total = sum(_cost(problem, offer, 0) for offer in chain)
    hours = sum(offer.transit_hours for offer in chain)
    for giver, taker in zip(chain, chain[1:], strict=False):
        total += friction.between(giver, taker, demand.hour, known, problem.weights)
        hours += taker.dwell_hours if giver.carrier != taker.carrier else 0
    if total != certificate.total:
        raise _wrong("the cost of the chain is another")
    if hours > demand.deadline_hours:
        raise _wrong("the chain is late")
    bound = min(certificate.steps[0].potentials) - certificate.toll * demand.deadline_hours
    if bound != certificate.bound:
        raise _wrong("the bound does not follow from the potentials")
    if certificate.gap != total - bound:
        raise _wrong("the gap is another")


def _cost(problem: ChoiceProblem, offer: Offer, toll: int) -> int:
    demand = problem.demand
    price = offer.price.of(demand.parcels, demand.weight_grm)
    return price + solver.risk(demand, offer) + (demand.hour + toll) * offer.transit_hours


def _wrong(text: str) -> Refused:
    return Refusal.CERTIFICATE_INVALID(text)
