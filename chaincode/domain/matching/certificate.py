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
from collections.abc import Sequence

from chaincode.domain.matching import exclusions, friction, solver
from chaincode.domain.matching.choice import Choice
from chaincode.domain.matching.friction import CommonRecords
from chaincode.domain.matching.offers import MINUTES_A_DAY, Offer, prices
from chaincode.domain.matching.solver import ChoiceProblem, Graph
from chaincode.domain.refusals import Refusal
from hlf.codec.records import Amount
from hlf.codec.refusals import Refused


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
    names, steps = tuple(offers), certificate.steps
    if certificate.toll < 0 or not len(steps) == len(certificate.chain) == len(known.candidates):
        raise _wrong("it has another number of steps, or a negative toll")
    for number, (bound, remaining) in enumerate(zip(steps, known.candidates, strict=True)):
        candidates = tuple(map(names.__getitem__, remaining))
        if not candidates:
            raise _wrong(f"nobody can do step {number + 1}")
        if bound.offers != candidates and sorted(bound.offers) != sorted(candidates):
            raise _wrong(f"step {number + 1} has other candidates")
        if len(bound.potentials) != len(bound.offers):
            raise _wrong(f"step {number + 1} needs one potential for each candidate")
    records = friction.CommonRecords(problem.pairs, problem.demand.hour, problem.weights)
    _Potentials(problem, certificate, offers, records).check()
    _check_chain(problem, certificate, offers, records)


class _Potentials:
    """
    The potentials of a certificate, compared step by step.

    A candidate has what is left of its potential after its cost. That must be no more than its own carrier's
    potential at the next step, and no more than any other's with the friction. Most candidates have less left than
    any other can be reached for, so only few pairs are compared.
    """

    def __init__(
        self, problem: ChoiceProblem, certificate: Certificate, offers: dict[str, Offer], records: CommonRecords
    ) -> None:
        self._demand, self._weights = problem.demand, problem.weights
        self._steps, self._offers = certificate.steps, offers
        self._costs = dict(zip(offers, _costs(problem, tuple(offers.values()), certificate.toll), strict=True))
        waiting = problem.weights.dwell * problem.demand.hour + certificate.toll
        self._waits = {name: waiting * offer.dwell_hours for name, offer in offers.items()}
        self._carriers = {name: offer.carrier for name, offer in offers.items()}
        self._records = records

    def check(self) -> None:
        """Raise Refused if a potential is more than the least cost to go on from there."""
        for number, bound in enumerate(self._steps):
            left = list(map(int.__sub__, bound.potentials, map(self._costs.__getitem__, bound.offers)))
            if number + 1 < len(self._steps):
                self._check_own(number, bound, left)
                self._check_others(number, bound, left)
            elif max(left) > 0:
                name = bound.offers[left.index(max(left))]
                raise _wrong(f"the potential of {name} at the last step is more than its cost")

    def _check_own(self, number: int, bound: Bound, left: Sequence[int]) -> None:
        """Compare each candidate with what its own carrier offers for the next step."""
        following, most, carriers = self._steps[number + 1], max(left), self._carriers
        own: dict[str, int] = {}
        for name, rest in zip(following.offers, following.potentials, strict=True):
            if rest < most and rest < own.get(carriers[name], most):
                own[carriers[name]] = rest
        for name, each in zip(bound.offers, left, strict=True) if own else ():
            if each > own.get(carriers[name], each):
                raise _wrong(f"the potential of {name} at step {number + 1} is more than by its own carrier")

    def _check_others(self, number: int, bound: Bound, left: Sequence[int]) -> None:
        """Compare the candidates with those of other carriers that can be reached for less than what is left."""
        following, most = self._steps[number + 1], max(left)
        reached = list(map(int.__add__, following.potentials, map(self._waits.__getitem__, following.offers)))
        nearest = min(reached)
        if most <= nearest:
            return
        takers = sorted(
            (each, self._carriers[name], self._offers[name].cutoff_minute, name)
            for each, name in zip(reached, following.offers, strict=True)
            if each < most
        )
        for name, each in zip(bound.offers, left, strict=True):
            if each > nearest:
                self._compare(number, self._offers[name], each, takers)

    def _compare(self, number: int, giver: Offer, left: int, takers: Sequence[tuple[int, str, int, str]]) -> None:
        """Compare *giver* with every taker that is nearer than what is left."""
        hour, weights, ready = self._demand.hour, self._weights, giver.ready_minute
        met, strange, gap = self._records[giver.carrier], weights.running_in * hour, weights.cutoff * hour
        reach = left - min((strange, *met.values()))
        for reached, carrier, cutoff, name in takers:
            if reached >= reach:
                return
            spent = reached + met.get(carrier, strange)
            if left <= spent or left <= spent + gap * ((cutoff - ready) % MINUTES_A_DAY // 60):
                continue
            spent += friction.alike(giver, self._offers[name], hour, weights)
            if left > spent and carrier != giver.carrier:
                raise _wrong(f"the potential of {giver.offer_id} at step {number + 1} is more than by {name}")


def _check_chain(
    problem: ChoiceProblem, certificate: Certificate, offers: dict[str, Offer], records: CommonRecords
) -> None:
    demand = problem.demand
    for name, step in zip(certificate.chain, certificate.steps, strict=True):
        if name not in step.offers:
            raise _wrong(f"{name} is no candidate for its step of the chain")
    chain = [offers[name] for name in certificate.chain]
    known = friction.experience(pair for offer in chain for pair in records.pairs.get(offer.carrier, ()))
    total = sum(_costs(problem, chain, 0))
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


def _costs(problem: ChoiceProblem, offers: Sequence[Offer], toll: int) -> list[int]:
    demand, hour = problem.demand, problem.demand.hour + toll
    priced = prices([offer.price for offer in offers], demand.parcels, demand.weight_grm)
    return [
        price + risk + hour * offer.transit_hours
        for offer, price, risk in zip(offers, priced, solver.risks(demand, offers), strict=True)
    ]


def _wrong(text: str) -> Refused:
    return Refusal.CERTIFICATE_INVALID(text)
