"""
Plans inside the tender: make, book, store and release them.

Everything here runs only at the peers of platform and auditor; the functions of `contracts.matching` check the
caller first.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence

from chaincode.contracts import clock, store
from chaincode.contracts.journeys import counting
from chaincode.contracts.matching import offering
from chaincode.contracts.register import lpi, participants
from chaincode.domain.disclosure import disclosures
from chaincode.domain.matching import batches, evidence, friction, plans
from chaincode.domain.matching.certificate import Certificate, certify
from chaincode.domain.matching.choice import Choice, choose
from chaincode.domain.matching.demands import Demand, Step
from chaincode.domain.matching.offers import Offer
from chaincode.domain.matching.plans import BookedOffer, Circumstances, Plan, PlanNotice
from chaincode.domain.matching.solver import Graph
from chaincode.domain.matching.units import BookedUnit, NeededUnits
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import PlatformTender
from chaincode.domain.vocabulary import identifiers
from hlf.codec import moments, records
from hlf.shim import api

EXPERIENCE = "matching.experience"


@dataclasses.dataclass(frozen=True)
class KeptCertificate:
    """A plan's certificate, with a salt, so that others cannot guess its figures and compare hashes."""

    certificate: Certificate
    salt: str


@dataclasses.dataclass(frozen=True)
class Assignment:
    """The input for a new plan."""

    plan_id: str
    journey_id: str
    demand: Demand
    salt: str
    refused: tuple[str, ...] = ()
    pinned: dict[str, str] = dataclasses.field(default_factory=dict)
    replaces: str = ""


def rebuilt(ctx: api.Context, tender: PlatformTender, plan: Plan) -> tuple[Graph, Choice]:
    """Return the problem that *plan* solves, and its chain, to answer later questions."""
    graph = Graph(plan.circumstances.problem(plan.demand, offering.compared(ctx, tender, plan)))
    return graph, batches.checked(graph, [offer_id for leg in plan.legs for offer_id in leg.offers])


def make(ctx: api.Context, tender: PlatformTender, wanted: Assignment, freed: Iterable[str] = ()) -> Plan:
    """
    Choose the best chain with enough capacity, book it, and store plan, certificate and notice.

    *freed* are units of the plan that this one replaces.

    Raises:
        Refused: ALREADY_EXISTS, NO_CHAIN, SALT_TOO_SHORT.
    """
    check_new(ctx, tender, wanted.plan_id)
    found = offering.standing_offers(ctx, tender)
    circumstances = _circumstances(ctx, found, wanted)
    old = frozenset(freed)
    while True:
        graph = Graph(circumstances.problem(wanted.demand, found))
        choice = choose(graph)
        booked, full = room(ctx, tender, wanted, graph, choice, old, frozenset())
        if not full:
            break
        # An offer without capacity on that day is excluded for that step, and the next best chain is tried.
        circumstances = dataclasses.replace(circumstances, taken=(*circumstances.taken, *full))
    for name in sorted(old - set(booked)):
        ctx.stub.delete_private_data(tender.collection, unit_key(ctx, name))
    return keep(ctx, tender, wanted, graph, choice, circumstances, booked)


def make_all(ctx: api.Context, tender: PlatformTender, batch: batches.SolvedBatch) -> list[Plan]:
    """
    Check and store plans that were computed together.

    Raises:
        Refused: ALREADY_EXISTS, NO_CHAIN, CHAIN_NOT_ALLOWED, BATCH_TOO_DEAR, CAPACITY_TAKEN, SALT_REUSED.
    """
    if len({each.salt for each in batch.plans}) != len(batch.plans):
        raise Refusal.SALT_REUSED("every plan has a salt of its own")
    found = offering.standing_offers(ctx, tender)
    taken: set[str] = set()
    choices, made = [], []
    for each in batch.plans:
        check_new(ctx, tender, each.plan_id)
        wanted = Assignment(each.plan_id, each.journey_id, each.demand, each.salt)
        circumstances = _circumstances(ctx, found, wanted)
        graph = Graph(circumstances.problem(each.demand, found))
        choice = batches.checked(graph, each.chain)
        booked, full = room(ctx, tender, wanted, graph, choice, frozenset(), frozenset(taken))
        if full:
            raise Refusal.CAPACITY_TAKEN(f"there is not enough capacity for plan {each.plan_id}")
        taken.update(booked)
        choices.append(choice)
        made.append(keep(ctx, tender, wanted, graph, choice, circumstances, booked))
    batches.check_together(choices, batch.most_gap_bps)
    return made


def room(
    ctx: api.Context,
    tender: PlatformTender,
    wanted: Assignment,
    graph: Graph,
    choice: Choice,
    freed: frozenset[str],
    taken: frozenset[str],
) -> tuple[tuple[str, ...], tuple[BookedOffer, ...]]:
    """
    Return the names of free units for every carrier and day of a chain, and the steps without enough units.

    A unit is free if nobody booked it or it is *freed* in the same transaction, and it is not *taken* in it. Only
    needed units are read, because a read unit must not change before the commit. Pinned steps need no units any
    more.
    """
    by_offer = {one.offer_id: one for one in offering.services(ctx, tender)}
    names: dict[tuple[str, str], tuple[str, ...]] = {}
    full: list[BookedOffer] = []
    for number, position, day in plans.days(graph, choice.chain):
        offer = graph.offers[position]
        if str(number) in wanted.pinned or (offer.offer_id, day) in names:
            continue
        needed = NeededUnits(by_offer[offer.offer_id], offer, day, graph.demand.parcels, graph.demand.weight_grm)
        free = _free(ctx, tender, wanted.plan_id, needed, freed, taken)
        if free is None:
            full.append(BookedOffer(offer.offer_id, number))
        else:
            names[offer.offer_id, day] = free
    return tuple(name for found in names.values() for name in found), tuple(full)


def keep(
    ctx: api.Context,
    tender: PlatformTender,
    wanted: Assignment,
    graph: Graph,
    choice: Choice,
    circumstances: Circumstances,
    booked: Sequence[str],
) -> Plan:
    """Write a plan, its certificate, its notice and its units."""
    disclosures.check_salt(wanted.salt, "salt")
    now = clock.now(ctx)
    plan = Plan(
        plan_id=wanted.plan_id,
        journey_id=identifiers.check("journey_id", wanted.journey_id),
        matched_at=moments.text(now),
        demand=wanted.demand,
        offers=tuple(offer.offer_id for offer in graph.offers),
        circumstances=circumstances,
        figures=choice.figures,
        gap=choice.gap,
        legs=plans.legs(graph, choice, wanted.plan_id, plans.answer_by(wanted.demand, now), wanted.salt),
        units=tuple(booked),
        replaces=wanted.replaces,
        salt=wanted.salt,
    )
    proof = KeptCertificate(certify(graph, choice), disclosures.derived_salt(wanted.salt, "certificate"))
    taken = records.dumps(BookedUnit(plan.plan_id, disclosures.derived_salt(wanted.salt, "unit")))
    for name in booked:
        ctx.stub.put_private_data(tender.collection, unit_key(ctx, name), taken)
    ctx.stub.put_private_data(tender.collection, plan_key(ctx, plan.plan_id), records.dumps(plan))
    ctx.stub.put_private_data(tender.collection, certificate_key(ctx, plan.plan_id), records.dumps(proof))
    notice = plans.notice(plan, records.digest(proof), tender.platform)
    ctx.stub.put_private_data(tender.collection, notice_key(ctx, plan.plan_id), records.dumps(notice))
    return plan


def release(ctx: api.Context, tender: PlatformTender, plan: Plan) -> None:
    """
    Release the units that *plan* still has; units that another plan has taken over stay booked.

    Raises:
        Refused: ALREADY_RELEASED if it has none.
    """
    found = {name: ctx.stub.get_private_data(tender.collection, unit_key(ctx, name)) for name in plan.units}
    own = [name for name, data in found.items() if data and records.loads(BookedUnit, data).plan_id == plan.plan_id]
    if not own:
        raise Refusal.ALREADY_RELEASED(f"plan {plan.plan_id} has no capacity booked")
    for name in own:
        ctx.stub.delete_private_data(tender.collection, unit_key(ctx, name))


def load_plan(ctx: api.Context, tender: PlatformTender, plan_id: str) -> Plan:
    """
    Return a plan from the tender.

    Raises:
        Refused: PLAN_UNKNOWN.
    """
    return records.loads(Plan, stored(ctx, tender, plan_key(ctx, plan_id), plan_id))


def load_certificate(ctx: api.Context, tender: PlatformTender, plan_id: str) -> Certificate:
    """
    Return a plan's certificate.

    Raises:
        Refused: PLAN_UNKNOWN.
    """
    return records.loads(KeptCertificate, stored(ctx, tender, certificate_key(ctx, plan_id), plan_id)).certificate


def stored(ctx: api.Context, tender: PlatformTender, key: str, plan_id: str) -> bytes:
    """
    Return the value of *key* in the tender.

    Raises:
        Refused: PLAN_UNKNOWN.
    """
    data = ctx.stub.get_private_data(tender.collection, key)
    if not data:
        raise Refusal.PLAN_UNKNOWN(f"there is no plan {plan_id}")
    return data


def check_new(ctx: api.Context, tender: PlatformTender, plan_id: str) -> None:
    """
    Refuse the id of an existing plan.

    Raises:
        Refused: ALREADY_EXISTS.
    """
    if ctx.stub.get_private_data_hash(tender.collection, plan_key(ctx, plan_id)):
        raise Refusal.ALREADY_EXISTS(f"plan {plan_id} exists")


def proven_notice(ctx: api.Context, notice: str) -> PlanNotice:
    """
    Return the notice in *notice*, if platform and auditor store the same; any peer can compare the hash.

    Raises:
        Refused: NOT_AS_STORED.
    """
    found = records.loads(PlanNotice, notice, "notice")
    tender = participants.own_tender(ctx, found.platform)
    kept = ctx.stub.get_private_data_hash(tender.collection, notice_key(ctx, found.plan_id))
    if hashlib.sha256(notice.encode()).digest() != kept:
        raise Refusal.NOT_AS_STORED(f"the notice of plan {found.plan_id} differs from the stored one")
    return found


def plan_key(ctx: api.Context, plan_id: str) -> str:
    """Return the key of a plan in the tender."""
    return ctx.stub.create_composite_key("matching.plan", [identifiers.check("plan_id", plan_id)])


def certificate_key(ctx: api.Context, plan_id: str) -> str:
    """Return the key of a plan's certificate in the tender."""
    return ctx.stub.create_composite_key("matching.certificate", [identifiers.check("plan_id", plan_id)])


def notice_key(ctx: api.Context, plan_id: str) -> str:
    """Return the key of a plan's notice in the tender."""
    return ctx.stub.create_composite_key("matching.notice", [identifiers.check("plan_id", plan_id)])


def unit_key(ctx: api.Context, name: str) -> str:
    """Return the key of a unit of capacity in the tender."""
    return ctx.stub.create_composite_key("matching.unit", [name])


def _circumstances(ctx: api.Context, found: Sequence[Offer], wanted: Assignment) -> Circumstances:
    carriers = sorted({offer.carrier for offer in found})
    pairs = store.find(ctx, tuple[friction.Pair, ...], EXPERIENCE) or ()
    among = set(carriers)
    return Circumstances(
        pairs=tuple(pair for pair in pairs if {pair.giver, pair.taker} <= among),
        entitled={carrier: participants.participant(ctx, carrier).stages for carrier in carriers},
        refused=wanted.refused,
        pinned=wanted.pinned,
        evidence=known(ctx, wanted.demand.steps, found),
    )


def known(ctx: api.Context, steps: Sequence[Step], found: Sequence[Offer]) -> tuple[evidence.Evidence, ...]:
    """Return the evidence of the quality of these offers besides their carriers' claims."""
    now, lanes = clock.now(ctx), evidence.lanes(steps)
    by_carrier = {name: counting.figures(ctx, name) for name in sorted({offer.carrier for offer in found})}
    seen = {(name, lane): known.on(*lane, now) for name, known in by_carrier.items() for lane in lanes}
    return evidence.gathered(steps, found, {place: each for place, each in seen.items() if each}, lpi.newest(ctx))


def _free(
    ctx: api.Context,
    tender: PlatformTender,
    plan_id: str,
    wanted: NeededUnits,
    freed: frozenset[str],
    taken: frozenset[str],
) -> tuple[str, ...] | None:
    """Return the names of free units, or None if there are not enough."""
    found: list[str] = []
    if wanted.needed > wanted.count:
        return None
    for name in wanted.names(plan_id):
        if name not in taken and (
            name in freed or not ctx.stub.get_private_data(tender.collection, unit_key(ctx, name))
        ):
            found.append(name)
            if len(found) == wanted.needed:
                return tuple(found)
    return None
