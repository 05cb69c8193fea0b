"""
The contract of matching: who carries a consignment, chosen by platform and auditor together.

A carrier's client can neither read nor write the collection ``tender``, and
must not: with its rivals' tariffs there, every read would have to be told
apart by contract code that its own peer may have replaced. So an offer is a
grant of a capability's attributes to the platform or the auditor with the
purpose ``matching``, as the capacity-gap meter's contributions are; revoking
it takes the offer out. What comes back reaches each carrier in its own
implicit collection: its legs, proved against the hashes that are public, and
the answer to "why not me", proved against the hash of what both endorsed.
Nothing that carries a price is endorsed by anybody who may not see it.

    offer, withdraw_offer, match, replan, match_batch, release, explain
                                  transient data; platform and auditor endorse, one of them calls
    publish, cancel               default policy; platform or auditor calls
    observe, conclude             default policy; any participant calls
    answer, fail, ask_why         default policy; the carrier concerned calls
    deliver, hear                 transient data; the carrier endorses; it or the tender calls
    queries: plan, notice, offers, certificate, verify, alternatives (platform, auditor);
             leg, why_not_me (the carrier, on its own peer); read, agreed, experience (anywhere)
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any, Literal

from chaincode.contracts import access, dossier, granting, participants, private, store, tendering
from chaincode.domain import identifiers, journeys, moments, pages, records
from chaincode.domain.matching import batches, experience, explanation, pareto, plans
from chaincode.domain.matching.certificate import verify_match
from chaincode.domain.matching.demands import Demand
from chaincode.domain.matching.explanation import Explanation
from chaincode.domain.matching.friction import Pair
from chaincode.domain.matching.plans import Agreed, Answer, Leg, Notice
from chaincode.domain.refusals import Refused
from chaincode.shim import api

NOTICE = "matching.notice"
ANSWER = "matching.answer"
END = "matching.end"
AGREED = "matching.agreed"
QUESTION = "matching.question"

Kind = Literal["forward", "reverse", "exchange"]


@dataclasses.dataclass(frozen=True)
class End:
    """Why a plan no longer counts: cancelled, or replaced *by* another."""

    plan_id: str
    state: Literal["cancelled", "replaced"]
    by: str = ""


@dataclasses.dataclass(frozen=True)
class Question:
    """A carrier's "why not me", in public so that it cannot be overlooked."""

    plan_id: str
    grant_id: str
    step: int
    carrier: str
    asked_at: str


@dataclasses.dataclass(frozen=True)
class Reply:
    """The answer to a question, as platform and auditor wrote it and its carrier keeps it."""

    plan_id: str
    grant_id: str
    step: int
    explanation: Explanation
    salt: str


@dataclasses.dataclass(frozen=True)
class Told:
    """A plan as everybody sees it."""

    state: str
    notice: Notice
    answers: tuple[Answer, ...]
    end: End | None


class Matching(api.Contract):
    """The best chain of carriers for a consignment; nobody can bend it alone, and no rival sees a tariff."""

    @api.transaction
    def offer(self, ctx: api.Context, grant_id: str) -> dict[str, str]:
        """
        Take what a grant shows to the tender's members as an offer.

        Raises:
            Refused: NOT_TENDER, ALREADY_EXISTS, and those of `tendering.consented`.
        """
        tendering.member(ctx)
        tendering.keep_offer(ctx, tendering.consented(ctx, grant_id))
        return private.told(ctx, "OfferTaken", grant_id=grant_id)

    @api.transaction
    def withdraw_offer(self, ctx: api.Context, grant_id: str) -> dict[str, str]:
        """
        Purge an offer, for instance one whose grant was revoked.

        Raises:
            Refused: NOT_TENDER, NOT_FOUND, SALT_TOO_SHORT.
        """
        tendering.member(ctx)
        tendering.forget_offer(ctx, grant_id)
        return private.told(ctx, "OfferWithdrawn", grant_id=grant_id)

    @api.transaction
    def observe(self, ctx: api.Context) -> tuple[Pair, ...]:
        """
        Count what companies did together, from the journeys on the ledger; matching goes by the last count.

        Raises:
            Refused: NOT_A_PARTICIPANT.
        """
        participants.participant(ctx, access.member(ctx))
        found = []
        for journey in store.each(ctx, journeys.Journey, dossier.JOURNEY):
            held = dossier.readable_custody(ctx, journey)
            if held is None or held.number == 0:
                continue
            written = {page.msp_id: page for page in dossier.all_pages(ctx, journey)}
            # What not all its custodians bear out is nobody's experience.
            if all(pages.confirms(journey, page, held) for page in written.values()):
                found += experience.handovers(held, written)
        counted = experience.counted(found)
        store.save(ctx, counted, tendering.EXPERIENCE)
        return counted

    @api.transaction
    def match(self, ctx: api.Context, plan_id: str, journey_id: str) -> dict[str, str]:
        """
        Choose the best chain there is room for, and book it; *journey_id* need not be open yet.

        For a reverse journey it is the forward one's. Two matches in one block
        that want the same unit of capacity cannot both be valid: the later one
        fails with MVCC_READ_CONFLICT, and finds another when it is sent again.

        Raises:
            Refused: NOT_TENDER, ALREADY_EXISTS, NO_CHAIN, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        tendering.member(ctx)
        demand = private.record(ctx, "demand", Demand)
        tendering.make(ctx, tendering.Assignment(plan_id, journey_id, demand, tendering.salt(ctx)))
        return private.told(ctx, "PlanMatched", plan_id=plan_id)

    @api.transaction
    def replan(
        self, ctx: api.Context, plan_id: str, new_plan_id: str, failed: tuple[int, ...], done: int
    ) -> dict[str, str]:
        """
        Make a plan instead of one that a carrier refused, failed or did not answer in time.

        *failed* are the numbers of legs that platform and auditor know to have
        failed; the first *done* legs stay as they are. The new plan is told
        with `publish`, which ends the old one.

        Raises:
            Refused: NOT_TENDER, PLAN_UNKNOWN, PLAN_ENDED, PLAN_STANDS, LEG_UNKNOWN, ALREADY_EXISTS, NO_CHAIN.
        """
        tendering.member(ctx)
        before = tendering.load_plan(ctx, plan_id)
        _check_open(ctx, plan_id)
        answers = {answer.number: answer for answer in _answers(ctx, plan_id)}
        wanted = tendering.Assignment(
            new_plan_id,
            before.journey_id,
            before.demand,
            tendering.salt(ctx),
            refused=plans.to_replace(before, answers, failed, store.now(ctx)),
            pinned=plans.pinned(before, done),
            replaces=plan_id,
        )
        tendering.make(ctx, wanted, before.units)
        return private.told(ctx, "PlanMatched", plan_id=new_plan_id)

    @api.transaction
    def match_batch(self, ctx: api.Context) -> list[str]:
        """
        Keep plans that were solved together elsewhere, if each is allowed, there is room for all, and the sum is good.

        Raises:
            Refused: NOT_TENDER, ALREADY_EXISTS, NO_CHAIN, CHAIN_NOT_ALLOWED, BATCH_TOO_DEAR, CAPACITY_TAKEN,
                SALT_REUSED, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        tendering.member(ctx)
        made = tendering.make_all(ctx, private.record(ctx, "batch", batches.Batch))
        listed = [plan.plan_id for plan in made]
        store.announce(ctx, "PlansMatched", {"plan_ids": listed})
        return listed

    @api.transaction
    def release(self, ctx: api.Context, plan_id: str) -> dict[str, str]:
        """
        Give back the capacity of a plan that no longer counts.

        Raises:
            Refused: NOT_TENDER, PLAN_UNKNOWN, PLAN_STANDS, ALREADY_RELEASED.
        """
        tendering.member(ctx)
        plan = tendering.load_plan(ctx, plan_id)
        if not store.find(ctx, End, END, plan_id):
            raise Refused("PLAN_STANDS", f"plan {plan_id} is neither cancelled nor replaced")
        tendering.release(ctx, plan)
        return private.told(ctx, "CapacityReleased", plan_id=plan_id)

    @api.transaction
    def publish(self, ctx: api.Context, notice: str) -> Notice:
        """
        Tell everybody of a plan: hashes, and until when carriers answer. *notice* is what the query of that name gave.

        Every peer checks the text against the hash of what platform and auditor keep.

        Raises:
            Refused: NOT_TENDER, NOT_AS_STORED, ALREADY_PUBLISHED, PLAN_ENDED.
        """
        tendering.member(ctx)
        told = tendering.proven_notice(ctx, notice)
        if store.find(ctx, Notice, NOTICE, told.plan_id):
            raise Refused("ALREADY_PUBLISHED", f"plan {told.plan_id} has been told")
        if told.replaces:
            _check_open(ctx, told.replaces)
            store.save(ctx, End(told.replaces, "replaced", told.plan_id), END, told.replaces)
        store.save(ctx, told, NOTICE, told.plan_id)
        store.announce(ctx, "PlanPublished", {"plan_id": told.plan_id, "journey_id": told.journey_id})
        return told

    @api.transaction
    def cancel(self, ctx: api.Context, plan_id: str) -> End:
        """
        Take a plan back; its carriers see that it no longer counts.

        Raises:
            Refused: NOT_TENDER, PLAN_UNKNOWN, PLAN_ENDED.
        """
        tendering.member(ctx)
        _notice(ctx, plan_id)
        _check_open(ctx, plan_id)
        end = End(plan_id, "cancelled")
        store.save(ctx, end, END, plan_id)
        store.announce(ctx, "PlanCancelled", {"plan_id": plan_id})
        return end

    @api.transaction
    def deliver(self, ctx: api.Context, plan_id: str, number: int, carrier: str) -> dict[str, Any]:
        """
        Put a leg where its carrier reads it; the leg in the transient data must be the one that was published.

        Raises:
            Refused: NOT_A_PARTY, PLAN_UNKNOWN, LEG_UNKNOWN, NOT_AS_STORED, ALREADY_EXISTS.
        """
        _carrier_or_tender(ctx, carrier)
        data = private.transient(ctx, "leg")
        if hashlib.sha256(data).hexdigest() != _leg_hash(ctx, plan_id, number):
            raise Refused("NOT_AS_STORED", f"that is not leg {number} of plan {plan_id}")
        if records.loads(Leg, data, "transient.leg").carrier != carrier:
            raise Refused("NOT_A_PARTY", "the leg is another carrier's")
        key = _leg_key(ctx, plan_id, number)
        private.absent(ctx, key, (carrier,), f"leg {number} of plan {plan_id}")
        private.put(ctx, key, data, (carrier,))
        return private.told(ctx, "LegDelivered", plan_id=plan_id)

    @api.transaction
    def answer(self, ctx: api.Context, plan_id: str, number: int, accept: bool, reason: str) -> Answer:
        """
        Accept or refuse a leg; *reason* is one word for a refusal, and empty for an acceptance.

        That the leg is the caller's shows by the hash of what its collection holds.

        Raises:
            Refused: NOT_A_PARTY, PLAN_UNKNOWN, PLAN_ENDED, LEG_UNKNOWN, ALREADY_ANSWERED, DEADLINE_PASSED.
        """
        carrier = _carrier_of(ctx, plan_id, number)
        if _find_answer(ctx, plan_id, number):
            raise Refused("ALREADY_ANSWERED", f"leg {number} of plan {plan_id} is answered")
        plans.check_in_time(_notice(ctx, plan_id), store.now(ctx))
        return _save_answer(ctx, plan_id, number, carrier, "accepted" if accept else "refused", reason)

    @api.transaction
    def fail(self, ctx: api.Context, plan_id: str, number: int, reason: str) -> Answer:
        """
        Say that a leg that was accepted cannot be done after all.

        Raises:
            Refused: NOT_A_PARTY, PLAN_UNKNOWN, PLAN_ENDED, LEG_UNKNOWN, WRONG_STATE.
        """
        carrier = _carrier_of(ctx, plan_id, number)
        before = _find_answer(ctx, plan_id, number)
        if not before or before.state != "accepted":
            raise Refused("WRONG_STATE", f"leg {number} of plan {plan_id} is not accepted")
        return _save_answer(ctx, plan_id, number, carrier, "failed", reason)

    @api.transaction
    def conclude(self, ctx: api.Context, plan_id: str) -> Agreed:
        """
        Write down that all carriers accepted: from then on theirs is the way of that journey and kind.

        Raises:
            Refused: NOT_A_PARTICIPANT, PLAN_UNKNOWN, PLAN_ENDED, NOT_ALL_ACCEPTED, ALREADY_AGREED.
        """
        participants.participant(ctx, access.member(ctx))
        told = _notice(ctx, plan_id)
        _check_open(ctx, plan_id)
        answers = _answers(ctx, plan_id)
        if len(answers) < len(told.legs) or any(answer.state != "accepted" for answer in answers):
            raise Refused("NOT_ALL_ACCEPTED", f"not every carrier has accepted its leg of plan {plan_id}")
        before = store.find(ctx, Agreed, AGREED, told.journey_id, told.kind)
        if before and not store.find(ctx, End, END, before.plan_id):
            raise Refused("ALREADY_AGREED", f"{told.journey_id} goes by plan {before.plan_id}")
        carriers = tuple(answer.carrier for answer in answers)
        agreed = Agreed(told.journey_id, told.kind, plan_id, carriers, private.now(ctx))
        store.save(ctx, agreed, AGREED, told.journey_id, told.kind)
        store.announce(ctx, "PlanAgreed", {"plan_id": plan_id, "journey_id": told.journey_id})
        return agreed

    @api.transaction
    def ask_why(self, ctx: api.Context, plan_id: str, grant_id: str, step: int) -> Question:
        """
        Ask why the caller's own offer does not do a step (from 0) of a plan.

        Raises:
            Refused: NOT_OWNER, PLAN_UNKNOWN, ALREADY_EXISTS.
        """
        carrier = access.member(ctx)
        _notice(ctx, plan_id)
        _check_own_offer(ctx, carrier, grant_id)
        names = (plan_id, grant_id, f"{step:02}")
        if store.find(ctx, Question, QUESTION, *names):
            raise Refused("ALREADY_EXISTS", "that was asked before")
        asked = Question(plan_id, grant_id, step, carrier, private.now(ctx))
        store.save(ctx, asked, QUESTION, *names)
        store.announce(ctx, "WhyNotMeAsked", {"plan_id": plan_id, "grant_id": grant_id, "step": step})
        return asked

    @api.transaction
    def explain(self, ctx: api.Context, plan_id: str, grant_id: str, step: int) -> dict[str, str]:
        """
        Answer a question; computed by both, so neither can put a loser off.

        Raises:
            Refused: NOT_TENDER, NOT_ASKED, PLAN_UNKNOWN, OFFER_GONE, OFFER_UNKNOWN, STEP_UNKNOWN, ALREADY_EXISTS.
        """
        tendering.member(ctx)
        plan = tendering.load_plan(ctx, plan_id)
        if not store.find(ctx, Question, QUESTION, plan_id, grant_id, f"{step:02}"):
            raise Refused("NOT_ASKED", "the carrier did not ask")
        key = _reply_key(ctx, plan_id, grant_id, step)
        if ctx.stub.get_private_data_hash(tendering.TENDER, key):
            raise Refused("ALREADY_EXISTS", "that was answered before")
        graph, choice = tendering.rebuilt(ctx, plan)
        found = explanation.why_not(plan.circumstances.problem(plan.demand, graph.offers), choice, grant_id, step)
        reply = Reply(plan_id, grant_id, step, found, tendering.salt(ctx))
        ctx.stub.put_private_data(tendering.TENDER, key, records.dumps(reply))
        return private.told(ctx, "WhyNotMeAnswered", plan_id=plan_id, grant_id=grant_id)

    @api.transaction
    def hear(self, ctx: api.Context, plan_id: str, grant_id: str, step: int, carrier: str) -> dict[str, str]:
        """
        Put the answer in the transient data where its carrier reads it, if it is the one that both endorsed.

        Raises:
            Refused: NOT_A_PARTY, NOT_OWNER, NOT_AS_STORED, ALREADY_EXISTS.
        """
        _carrier_or_tender(ctx, carrier)
        _check_own_offer(ctx, carrier, grant_id)
        data = private.transient(ctx, "reply")
        key = _reply_key(ctx, plan_id, grant_id, step)
        if ctx.stub.get_private_data_hash(tendering.TENDER, key) != hashlib.sha256(data).digest():
            raise Refused("NOT_AS_STORED", "that is not the answer of platform and auditor")
        private.absent(ctx, key, (carrier,), "the answer")
        private.put(ctx, key, data, (carrier,))
        return private.told(ctx, "WhyNotMeHeard", plan_id=plan_id, grant_id=grant_id)

    @api.query
    def plan(self, ctx: api.Context, plan_id: str) -> bytes:
        """A plan with its prices, for platform and auditor; each leg's bytes are what `deliver` wants."""
        tendering.member(ctx)
        return tendering.stored(ctx, tendering.plan_key(ctx, plan_id), plan_id)

    @api.query
    def notice(self, ctx: api.Context, plan_id: str) -> bytes:
        """What `publish` wants, for platform and auditor."""
        tendering.member(ctx)
        return tendering.stored(ctx, tendering.notice_key(ctx, plan_id), plan_id)

    @api.query
    def reply(self, ctx: api.Context, plan_id: str, grant_id: str, step: int) -> bytes:
        """The answer to a question, for platform and auditor; what `hear` wants."""
        tendering.member(ctx)
        data = ctx.stub.get_private_data(tendering.TENDER, _reply_key(ctx, plan_id, grant_id, step))
        if not data:
            raise Refused("NOT_FOUND", "there is no such answer")
        return data

    @api.query
    def offers(self, ctx: api.Context) -> list[Any]:
        """The offers that count now, for platform and auditor."""
        tendering.member(ctx)
        return [records.plain(offer) for offer in tendering.standing_offers(ctx)]

    @api.query
    def certificate(self, ctx: api.Context, plan_id: str) -> Any:
        """A plan's certificate, for platform and auditor."""
        tendering.member(ctx)
        return records.plain(tendering.load_certificate(ctx, plan_id))

    @api.query
    def verify(self, ctx: api.Context, plan_id: str) -> dict[str, Any]:
        """
        Check a plan's certificate against the offers it was chosen from, without solving anything.

        Raises:
            Refused: NOT_TENDER, PLAN_UNKNOWN, OFFER_GONE, CERTIFICATE_INVALID.
        """
        tendering.member(ctx)
        plan, proof = tendering.load_plan(ctx, plan_id), tendering.load_certificate(ctx, plan_id)
        verify_match(plan.circumstances.problem(plan.demand, tendering.compared(ctx, plan)), proof)
        if proof.chain != tuple(offer_id for leg in plan.legs for offer_id in leg.offers):
            raise Refused("CERTIFICATE_INVALID", "the certificate is of another chain")
        return {"plan_id": plan_id, "verified": True, "total": str(proof.total), "gap": str(proof.gap)}

    @api.query
    def alternatives(self, ctx: api.Context, plan_id: str) -> Any:
        """The Pareto set of cost, time and risk that the plan was chosen from, for platform and auditor."""
        tendering.member(ctx)
        plan = tendering.load_plan(ctx, plan_id)
        problem = plan.circumstances.problem(plan.demand, tendering.compared(ctx, plan))
        return records.plain(pareto.front(problem))

    @api.query
    def leg(self, ctx: api.Context, plan_id: str, number: int) -> Any:
        """One of the caller's own legs, on its own peer."""
        carrier = access.member(ctx)
        data = private.own(ctx, carrier, _leg_key(ctx, plan_id, number), f"leg {number} of plan {plan_id}")
        return records.plain(records.loads(Leg, data))

    @api.query
    def why_not_me(self, ctx: api.Context, plan_id: str, grant_id: str, step: int) -> Any:
        """The answer that the caller was given about its own offer, on its own peer."""
        key = _reply_key(ctx, plan_id, grant_id, step)
        data = private.own(ctx, access.member(ctx), key, "answer to that question")
        return records.plain(records.loads(Reply, data).explanation)

    @api.query
    def read(self, ctx: api.Context, plan_id: str) -> Told:
        """A plan as everybody sees it, with its carriers' answers."""
        told, answers, end = _notice(ctx, plan_id), _answers(ctx, plan_id), store.find(ctx, End, END, plan_id)
        against = [answer.state for answer in answers if answer.state != "accepted"]
        so_far = "accepted" if len(answers) == len(told.legs) else "published"
        return Told(end.state if end else [*against, so_far][0], told, answers, end)

    @api.query
    def agreed(self, ctx: api.Context, journey_id: str, kind: Kind) -> Agreed:
        """Who goes which way for a journey, by the plan that all of them accepted."""
        return store.load(ctx, Agreed, "NOT_FOUND", AGREED, identifiers.check("journey_id", journey_id), kind)

    @api.query
    def questions(self, ctx: api.Context, plan_id: str) -> tuple[Question, ...]:
        """Every "why not me" about a plan."""
        return tuple(store.each(ctx, Question, QUESTION, identifiers.check("plan_id", plan_id)))

    @api.query
    def experience(self, ctx: api.Context) -> tuple[Pair, ...]:
        """What companies did together, at the last count."""
        return store.find(ctx, tuple[Pair, ...], tendering.EXPERIENCE) or ()


def booked_way(ctx: api.Context, journey_id: str, kind: Kind) -> Agreed | None:
    """The way that was agreed for a journey, for other contracts; None if there is none, or it no longer counts."""
    found = store.find(ctx, Agreed, AGREED, journey_id, kind)
    return found if found and not store.find(ctx, End, END, found.plan_id) else None


def _notice(ctx: api.Context, plan_id: str) -> Notice:
    return store.load(ctx, Notice, "PLAN_UNKNOWN", NOTICE, identifiers.check("plan_id", plan_id))


def _check_open(ctx: api.Context, plan_id: str) -> None:
    end = store.find(ctx, End, END, identifiers.check("plan_id", plan_id))
    if end:
        raise Refused("PLAN_ENDED", f"plan {plan_id} is {end.state}")


def _leg_hash(ctx: api.Context, plan_id: str, number: int) -> str:
    told = _notice(ctx, plan_id)
    if not 0 <= number < len(told.legs):
        raise Refused("LEG_UNKNOWN", f"plan {plan_id} has {len(told.legs)} legs")
    return told.legs[number]


def _carrier_of(ctx: api.Context, plan_id: str, number: int) -> str:
    """The caller, if its collection holds exactly that leg; every peer can tell, by the two hashes."""
    carrier = access.member(ctx)
    held = ctx.stub.get_private_data_hash(private.collection(carrier), _leg_key(ctx, plan_id, number))
    if held.hex() != _leg_hash(ctx, plan_id, number):
        raise Refused("NOT_A_PARTY", f"leg {number} of plan {plan_id} was not delivered to {carrier}")
    _check_open(ctx, plan_id)
    return carrier


def _carrier_or_tender(ctx: api.Context, carrier: str) -> None:
    allowed = (identifiers.check("carrier", carrier), *participants.directory(ctx).tender)
    access.one_of(ctx, allowed, "NOT_A_PARTY", "the carrier, the platform or the auditor does this")


def _check_own_offer(ctx: api.Context, carrier: str, grant_id: str) -> None:
    """
    Refuse unless the offer is *carrier*'s own.

    Anybody can write something under the grant's key at its own peer. Only its
    parties have what the auditor keeps there, and of those the owner alone is
    not one of the tender's two.
    """
    directory, key = participants.directory(ctx), granting.grant_key(ctx, grant_id)
    held = ctx.stub.get_private_data_hash(private.collection(carrier), key)
    kept = ctx.stub.get_private_data_hash(private.collection(directory.auditor), key)
    if not held or held != kept or carrier in directory.tender:
        raise Refused("NOT_OWNER", f"{carrier} has no offer {grant_id}")


def _answers(ctx: api.Context, plan_id: str) -> tuple[Answer, ...]:
    return tuple(store.each(ctx, Answer, ANSWER, plan_id))


def _find_answer(ctx: api.Context, plan_id: str, number: int) -> Answer | None:
    return store.find(ctx, Answer, ANSWER, plan_id, f"{number:02}")


def _save_answer(
    ctx: api.Context, plan_id: str, number: int, carrier: str, state: Literal["accepted", "refused", "failed"], why: str
) -> Answer:
    word = "" if state == "accepted" else identifiers.check("reason", why)
    answer = Answer(plan_id, number, carrier, state, word, moments.text(store.now(ctx)))
    store.save(ctx, answer, ANSWER, plan_id, f"{number:02}")
    store.announce(ctx, "LegAnswered", {"plan_id": plan_id, "number": number, "state": state})
    return answer


def _leg_key(ctx: api.Context, plan_id: str, number: int) -> str:
    return ctx.stub.create_composite_key("matching.leg", [identifiers.check("plan_id", plan_id), f"{number:02}"])


def _reply_key(ctx: api.Context, plan_id: str, grant_id: str, step: int) -> str:
    names = [identifiers.check("plan_id", plan_id), identifiers.check("grant_id", grant_id), f"{step:02}"]
    return ctx.stub.create_composite_key("matching.reply", names)
