"""
The contract of matching: platform and auditor together choose the carriers of a consignment.

Carriers cannot read or write the collection ``tender``, because it has the prices of their rivals, and a carrier's
own peer may run modified code. So an offer is a grant of a capability's attributes to the platform or the auditor
with the purpose ``matching``, like a contribution to the capacity-gap meter; revoking it removes the offer. Results
reach each carrier in its own implicit collection: its legs, proved by public hashes, and the answer to "why not
me", proved by the hash of what both endorsed. Nobody endorses a price without the right to see it.
"""

from __future__ import annotations

import dataclasses
import hashlib

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.journeys import counting
from chaincode.contracts.matching import offering, planstate, tendering
from chaincode.contracts.matching.planstate import Kind, PlanEnd
from chaincode.contracts.matching.reasons import WhyNotMe
from chaincode.contracts.register import participants
from chaincode.contracts.register.participants import TENDER_MEMBERS
from chaincode.domain.matching import batches, pareto, plans
from chaincode.domain.matching.certificate import Certificate, verify_match
from chaincode.domain.matching.demands import Demand, Step
from chaincode.domain.matching.evidence import Evidence
from chaincode.domain.matching.friction import Pair
from chaincode.domain.matching.offers import Offer
from chaincode.domain.matching.pareto import Front
from chaincode.domain.matching.plans import AgreedPlan, Leg, LegAnswer, PlanNotice
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.codec.records import Amount
from hlf.shim import api


@dataclasses.dataclass(frozen=True)
class PublicPlan:
    """The public part of a plan."""

    state: str
    notice: PlanNotice
    answers: tuple[LegAnswer, ...]
    end: PlanEnd | None


@dataclasses.dataclass(frozen=True)
class VerifiedPlan:
    """The facts that a plan's certificate proves: its price, and how much cheaper another could be."""

    plan_id: str
    verified: bool
    total: Amount
    gap: Amount


@dataclasses.dataclass(frozen=True)
class OfferPage:
    """A page of offers, and the bookmark of the next."""

    offers: tuple[Offer, ...]
    bookmark: str


class Matching(WhyNotMe, api.Contract):
    """The best chain of carriers for a consignment; nobody can change it alone, and no rival sees a price."""

    @api.transaction(
        endorsed_by=TENDER_MEMBERS,
        transient=("grant", "document", "disclosures", "salt"),
        called_by=("platform", "auditor"),
    )
    def offer(self, ctx: api.Context, grant_id: str, platform: str = "") -> dict[str, str]:
        """
        Make an offer from a grant to platform or auditor.

        Raises:
            Refused: NOT_TENDER, ALREADY_EXISTS, and those of `offering.consented`.
        """
        tender = participants.own_tender(ctx, platform)
        offering.keep_offer(ctx, tender, offering.consented(ctx, tender, grant_id))
        return private.announce(ctx, "OfferTaken", grant_id=grant_id)

    @api.transaction(endorsed_by=TENDER_MEMBERS, transient=("salt",), called_by=("platform", "auditor"))
    def withdraw_offer(self, ctx: api.Context, grant_id: str, platform: str = "") -> dict[str, str]:
        """
        Purge an offer, for example one whose grant was revoked.

        Raises:
            Refused: NOT_TENDER, NOT_FOUND, SALT_TOO_SHORT.
        """
        tender = participants.own_tender(ctx, platform)
        offering.forget_offer(ctx, tender, grant_id)
        return private.announce(ctx, "OfferWithdrawn", grant_id=grant_id)

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def observe(self, ctx: api.Context) -> tuple[Pair, ...]:
        """
        Let matching use the present count of hand-overs between companies (`Performance:count`).

        Raises:
            Refused: NOT_A_PARTICIPANT.
        """
        participants.participant(ctx, access.member(ctx))
        counted = tuple(counting.pairs(ctx))
        store.save(ctx, counted, tendering.EXPERIENCE)
        return counted

    @api.transaction(endorsed_by=TENDER_MEMBERS, transient=("demand", "salt"), called_by=("platform", "auditor"))
    def match(self, ctx: api.Context, plan_id: str, journey_id: str, platform: str = "") -> dict[str, str]:
        """
        Choose the best chain with enough capacity, and book it; the journey *journey_id* need not be open yet.

        For a reverse journey, give the id of the forward one. If two matches in one block want the same unit of
        capacity, the later one fails with MVCC_READ_CONFLICT; send it again, and it finds another unit.

        Raises:
            Refused: NOT_TENDER, ALREADY_EXISTS, NO_CHAIN, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        tender = participants.own_tender(ctx, platform)
        demand = private.record(ctx, "demand", Demand)
        tendering.make(ctx, tender, tendering.Assignment(plan_id, journey_id, demand, private.salt(ctx)))
        return private.announce(ctx, "PlanMatched", plan_id=plan_id)

    @api.transaction(endorsed_by=TENDER_MEMBERS, transient=("salt",), called_by=("platform", "auditor"))
    def replan(
        self, ctx: api.Context, plan_id: str, new_plan_id: str, failed: tuple[int, ...], done: int, platform: str = ""
    ) -> dict[str, str]:
        """
        Make a new plan for a consignment, after a carrier refused, failed or did not answer in time.

        *failed* are the numbers of legs that failed, as platform and auditor know; the first *done* legs do not
        change. Publish the new plan with `publish`, which ends the old one.

        Raises:
            Refused: NOT_TENDER, PLAN_UNKNOWN, PLAN_ENDED, PLAN_STANDS, LEG_UNKNOWN, ALREADY_EXISTS, NO_CHAIN.
        """
        tender = participants.own_tender(ctx, platform)
        before = tendering.load_plan(ctx, tender, plan_id)
        planstate.check_not_of_another(ctx, plan_id, tender.platform)
        planstate.check_open(ctx, plan_id)
        answers = {answer.number: answer for answer in planstate.carrier_answers(ctx, plan_id)}
        wanted = tendering.Assignment(
            new_plan_id,
            before.journey_id,
            before.demand,
            private.salt(ctx),
            refused=plans.to_replace(before, answers, failed, clock.now(ctx)),
            pinned=plans.pinned(before, done),
            replaces=plan_id,
        )
        tendering.make(ctx, tender, wanted, before.units)
        return private.announce(ctx, "PlanMatched", plan_id=new_plan_id)

    @api.transaction(endorsed_by=TENDER_MEMBERS, transient=("batch",), called_by=("platform", "auditor"))
    def match_batch(self, ctx: api.Context, platform: str = "") -> list[str]:
        """
        Store plans that a solver outside the contract made, if each is allowed, there is capacity for all, and their
        total is near the best.

        Raises:
            Refused: NOT_TENDER, ALREADY_EXISTS, NO_CHAIN, CHAIN_NOT_ALLOWED, BATCH_TOO_DEAR, CAPACITY_TAKEN,
                SALT_REUSED, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        tender = participants.own_tender(ctx, platform)
        made = tendering.make_all(ctx, tender, private.record(ctx, "batch", batches.SolvedBatch))
        listed = [plan.plan_id for plan in made]
        store.announce(ctx, "PlansMatched", {"plan_ids": listed})
        return listed

    @api.transaction(endorsed_by=TENDER_MEMBERS, transient=("salt",), called_by=("platform", "auditor"))
    def release(self, ctx: api.Context, plan_id: str, platform: str = "") -> dict[str, str]:
        """
        Release the capacity of a cancelled or replaced plan.

        Raises:
            Refused: NOT_TENDER, PLAN_UNKNOWN, PLAN_STANDS, ALREADY_RELEASED.
        """
        tender = participants.own_tender(ctx, platform)
        plan = tendering.load_plan(ctx, tender, plan_id)
        if not store.find(ctx, PlanEnd, planstate.END, plan_id) and not planstate.is_of_another(
            ctx, plan_id, tender.platform
        ):
            raise Refusal.PLAN_STANDS(f"plan {plan_id} is neither cancelled nor replaced")
        tendering.release(ctx, tender, plan)
        return private.announce(ctx, "CapacityReleased", plan_id=plan_id)

    @api.transaction(endorsed_by=(), called_by=("platform", "auditor"))
    def publish(self, ctx: api.Context, notice: str) -> PlanNotice:
        """
        Publish a plan's hashes and the deadline for answers; *notice* is the answer of the query `notice`.

        Every peer compares the text with the hash of the stored notice.

        Raises:
            Refused: NOT_TENDER, NOT_AS_STORED, ALREADY_PUBLISHED, PLAN_ENDED.
        """
        proven = tendering.proven_notice(ctx, notice)
        if store.find(ctx, PlanNotice, planstate.NOTICE, proven.plan_id):
            raise Refusal.ALREADY_PUBLISHED(f"plan {proven.plan_id} is published")
        if proven.replaces:
            planstate.check_not_of_another(ctx, proven.replaces, proven.platform)
            planstate.check_open(ctx, proven.replaces)
            store.save(ctx, PlanEnd(proven.replaces, "replaced", proven.plan_id), planstate.END, proven.replaces)
        store.save(ctx, proven, planstate.NOTICE, proven.plan_id)
        store.announce(ctx, "PlanPublished", {"plan_id": proven.plan_id, "journey_id": proven.journey_id})
        return proven

    @api.transaction(endorsed_by=(), called_by=("platform", "auditor"))
    def cancel(self, ctx: api.Context, plan_id: str) -> PlanEnd:
        """
        Cancel a plan; its carriers can see it.

        Raises:
            Refused: NOT_TENDER, PLAN_UNKNOWN, PLAN_ENDED.
        """
        participants.own_tender(ctx, planstate.notice(ctx, plan_id).platform)
        planstate.check_open(ctx, plan_id)
        end = PlanEnd(plan_id, "cancelled")
        store.save(ctx, end, planstate.END, plan_id)
        store.announce(ctx, "PlanCancelled", {"plan_id": plan_id})
        return end

    @api.transaction(endorsed_by=("carrier",), transient=("leg",), called_by=("carrier", "platform", "auditor"))
    def deliver(self, ctx: api.Context, plan_id: str, number: int, carrier: str) -> dict[str, str]:
        """
        Write a leg to its carrier's collection; the leg in the transient data must be the published one.

        Raises:
            Refused: NOT_A_PARTY, PLAN_UNKNOWN, LEG_UNKNOWN, NOT_AS_STORED, ALREADY_EXISTS.
        """
        planstate.carrier_or_tender(ctx, plan_id, carrier)
        data = private.transient(ctx, "leg")
        if hashlib.sha256(data).hexdigest() != planstate.leg_hash(ctx, plan_id, number):
            raise Refusal.NOT_AS_STORED(f"the transient data have another leg than {number} of plan {plan_id}")
        if records.loads(Leg, data, "transient.leg").carrier != carrier:
            raise Refusal.NOT_A_PARTY("the leg is for another carrier")
        key = planstate.leg_key(ctx, plan_id, number)
        private.absent(ctx, key, (carrier,), f"leg {number} of plan {plan_id}")
        private.put(ctx, key, data, (carrier,))
        return private.announce(ctx, "LegDelivered", plan_id=plan_id)

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def answer(self, ctx: api.Context, plan_id: str, number: int, accept: bool, reason: str) -> LegAnswer:
        """
        Accept or refuse a leg; *reason* is one word for a refusal, and empty for an acceptance.

        The hash in the caller's collection proves that it is the caller's leg.

        Raises:
            Refused: NOT_A_PARTY, PLAN_UNKNOWN, PLAN_ENDED, LEG_UNKNOWN, ALREADY_ANSWERED, DEADLINE_PASSED.
        """
        carrier = planstate.carrier_of(ctx, plan_id, number)
        if planstate.find_answer(ctx, plan_id, number):
            raise Refusal.ALREADY_ANSWERED(f"leg {number} of plan {plan_id} is answered")
        plans.check_in_time(planstate.notice(ctx, plan_id), clock.now(ctx))
        return planstate.save_answer(ctx, plan_id, number, carrier, "accepted" if accept else "refused", reason)

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def fail(self, ctx: api.Context, plan_id: str, number: int, reason: str) -> LegAnswer:
        """
        Report that an accepted leg cannot be done.

        Raises:
            Refused: NOT_A_PARTY, PLAN_UNKNOWN, PLAN_ENDED, LEG_UNKNOWN, WRONG_STATE.
        """
        carrier = planstate.carrier_of(ctx, plan_id, number)
        before = planstate.find_answer(ctx, plan_id, number)
        if not before or before.state != "accepted":
            raise Refusal.WRONG_STATE(f"leg {number} of plan {plan_id} is not accepted")
        return planstate.save_answer(ctx, plan_id, number, carrier, "failed", reason)

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def conclude(self, ctx: api.Context, plan_id: str) -> AgreedPlan:
        """
        Record that all carriers accepted, which makes the plan the agreed one for this journey and kind.

        Raises:
            Refused: NOT_A_PARTICIPANT, PLAN_UNKNOWN, PLAN_ENDED, NOT_ALL_ACCEPTED, ALREADY_AGREED.
        """
        participants.participant(ctx, access.member(ctx))
        notice = planstate.notice(ctx, plan_id)
        planstate.check_open(ctx, plan_id)
        answers = planstate.carrier_answers(ctx, plan_id)
        if len(answers) < len(notice.legs) or any(answer.state != "accepted" for answer in answers):
            raise Refusal.NOT_ALL_ACCEPTED(f"not every carrier has accepted its leg of plan {plan_id}")
        place = planstate.agreed_place(notice.journey_id, notice.kind, notice.platform)
        before = store.find(ctx, AgreedPlan, *place)
        if before and not store.find(ctx, PlanEnd, planstate.END, before.plan_id):
            raise Refusal.ALREADY_AGREED(f"{notice.journey_id} has the agreed plan {before.plan_id}")
        carriers = tuple(answer.carrier for answer in answers)
        agreed = AgreedPlan(notice.journey_id, notice.kind, plan_id, carriers, clock.stamp(ctx), notice.platform)
        store.save(ctx, agreed, *place)
        store.announce(ctx, "PlanAgreed", {"plan_id": plan_id, "journey_id": notice.journey_id})
        return agreed

    @api.query(read_on=TENDER_MEMBERS, called_by=("platform", "auditor"))
    def plan(self, ctx: api.Context, plan_id: str, platform: str = "") -> bytes:
        """Return a plan with its prices, for platform and auditor; give the bytes of a leg to `deliver`."""
        tender = participants.own_tender(ctx, platform)
        return tendering.stored(ctx, tender, tendering.plan_key(ctx, plan_id), plan_id)

    @api.query(read_on=TENDER_MEMBERS, called_by=("platform", "auditor"))
    def notice(self, ctx: api.Context, plan_id: str, platform: str = "") -> bytes:
        """Return a plan's notice, for platform and auditor; give it to `publish`."""
        tender = participants.own_tender(ctx, platform)
        return tendering.stored(ctx, tender, tendering.notice_key(ctx, plan_id), plan_id)

    @api.query(read_on=TENDER_MEMBERS, called_by=("platform", "auditor"))
    def evidence(self, ctx: api.Context, steps: tuple[Step, ...], platform: str = "") -> tuple[Evidence, ...]:
        """
        Return the evidence that `match` would use for the quality of the valid offers on the lanes of *steps*.

        Raises:
            Refused: NOT_TENDER, INVALID_ARGUMENT.
        """
        tender = participants.own_tender(ctx, platform)
        return tendering.known(ctx, steps, offering.standing_offers(ctx, tender))

    @api.query(read_on=TENDER_MEMBERS, called_by=("platform", "auditor"))
    def offers(self, ctx: api.Context, size: int = 100, bookmark: str = "", platform: str = "") -> OfferPage:
        """
        Return the valid ones of the next *size* offers, for platform and auditor.

        Raises:
            Refused: NOT_TENDER, INVALID_ARGUMENT.
        """
        tender = participants.own_tender(ctx, platform)
        return OfferPage(*offering.page(ctx, tender, size, bookmark))

    @api.query(read_on=TENDER_MEMBERS, called_by=("platform", "auditor"))
    def certificate(self, ctx: api.Context, plan_id: str, platform: str = "") -> Certificate:
        """Return a plan's certificate, for platform and auditor."""
        tender = participants.own_tender(ctx, platform)
        return tendering.load_certificate(ctx, tender, plan_id)

    @api.query(read_on=TENDER_MEMBERS, called_by=("platform", "auditor"))
    def verify(self, ctx: api.Context, plan_id: str, platform: str = "") -> VerifiedPlan:
        """
        Check a plan's certificate against the compared offers; this needs no solver.

        Raises:
            Refused: NOT_TENDER, PLAN_UNKNOWN, OFFER_GONE, CERTIFICATE_INVALID.
        """
        tender = participants.own_tender(ctx, platform)
        plan, proof = tendering.load_plan(ctx, tender, plan_id), tendering.load_certificate(ctx, tender, plan_id)
        verify_match(plan.circumstances.problem(plan.demand, offering.compared(ctx, tender, plan)), proof)
        if proof.chain != tuple(offer_id for leg in plan.legs for offer_id in leg.offers):
            raise Refusal.CERTIFICATE_INVALID("the certificate is of another chain")
        return VerifiedPlan(plan_id, True, proof.total, proof.gap)

    @api.query(read_on=TENDER_MEMBERS, called_by=("platform", "auditor"))
    def alternatives(self, ctx: api.Context, plan_id: str, platform: str = "") -> Front:
        """Return the alternatives to a plan (Pareto set of cost, time and risk), for platform and auditor."""
        tender = participants.own_tender(ctx, platform)
        plan = tendering.load_plan(ctx, tender, plan_id)
        problem = plan.circumstances.problem(plan.demand, offering.compared(ctx, tender, plan))
        return pareto.front(problem)

    @api.query(read_on=("caller",), called_by=("carrier",))
    def leg(self, ctx: api.Context, plan_id: str, number: int) -> Leg:
        """Return one of the caller's own legs, on its own peer."""
        carrier = access.member(ctx)
        data = private.own(ctx, carrier, planstate.leg_key(ctx, plan_id, number), f"leg {number} of plan {plan_id}")
        return records.loads(Leg, data)

    @api.query
    def read(self, ctx: api.Context, plan_id: str) -> PublicPlan:
        """Return the public part of a plan, with its carriers' answers."""
        notice, answers = planstate.notice(ctx, plan_id), planstate.carrier_answers(ctx, plan_id)
        end = store.find(ctx, PlanEnd, planstate.END, plan_id)
        against = [answer.state for answer in answers if answer.state != "accepted"]
        so_far = "accepted" if len(answers) == len(notice.legs) else "published"
        return PublicPlan(end.state if end else [*against, so_far][0], notice, answers, end)

    @api.query
    def agreed(self, ctx: api.Context, journey_id: str, kind: Kind, platform: str = "") -> AgreedPlan:
        """
        Return the agreed carriers of a journey, by the plan of its *platform* that all of them accepted.

        Without a platform, the one is meant that `Participants:tender` answers.

        Raises:
            Refused: NOT_FOUND, NOT_TENDER, INVALID_ARGUMENT.
        """
        identifiers.check("journey_id", journey_id)
        meant = participants.tender(ctx, platform).platform
        return store.load(ctx, AgreedPlan, Refusal.NOT_FOUND, *planstate.agreed_place(journey_id, kind, meant))

    @api.query
    def experience(self, ctx: api.Context) -> tuple[Pair, ...]:
        """Return the last count of hand-overs between companies."""
        return store.find(ctx, tuple[Pair, ...], tendering.EXPERIENCE) or ()
