"""
"Why not me": a carrier asks in public, platform and auditor compute the answer, and only the carrier reads it.

The question is public so that nobody can ignore it. The answer is in the tender, endorsed by both; the carrier gets
a copy in its own collection, proved by the hash of that answer.
"""

from __future__ import annotations

import dataclasses
import hashlib

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.disclosure import granting
from chaincode.contracts.matching import planstate, tendering
from chaincode.contracts.register import participants
from chaincode.contracts.register.participants import TENDER_MEMBERS
from chaincode.domain.matching import explanation
from chaincode.domain.matching.explanation import Explanation
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import PlatformTender
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

QUESTION = "matching.question"


@dataclasses.dataclass(frozen=True)
class Question:
    """A carrier's question "why not me", public so that nobody can ignore it."""

    plan_id: str
    grant_id: str
    step: int
    carrier: str
    asked_at: str


@dataclasses.dataclass(frozen=True)
class Reply:
    """The answer to a question, as platform and auditor computed it and as its carrier stores it."""

    plan_id: str
    grant_id: str
    step: int
    explanation: Explanation
    salt: str


class WhyNotMe:
    """Questions and answers; a part of `Matching`."""

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def ask_why(self, ctx: api.Context, plan_id: str, grant_id: str, step: int) -> Question:
        """
        Ask why the caller's own offer does not do a step (from 0) of a plan.

        Raises:
            Refused: NOT_OWNER, PLAN_UNKNOWN, ALREADY_EXISTS.
        """
        carrier = access.member(ctx)
        _check_own_offer(ctx, planstate.tender_of(ctx, plan_id), carrier, grant_id)
        names = (plan_id, grant_id, f"{step:02}")
        if store.find(ctx, Question, QUESTION, *names):
            raise Refusal.ALREADY_EXISTS("the carrier has asked this already")
        asked = Question(plan_id, grant_id, step, carrier, clock.stamp(ctx))
        store.save(ctx, asked, QUESTION, *names)
        store.announce(ctx, "WhyNotMeAsked", {"plan_id": plan_id, "grant_id": grant_id, "step": step})
        return asked

    @api.transaction(endorsed_by=TENDER_MEMBERS, transient=("salt",), called_by=("platform", "auditor"))
    def explain(self, ctx: api.Context, plan_id: str, grant_id: str, step: int, platform: str = "") -> dict[str, str]:
        """
        Answer a question; both compute the answer, so neither can give a false one.

        Raises:
            Refused: NOT_TENDER, NOT_ASKED, PLAN_UNKNOWN, OFFER_GONE, OFFER_UNKNOWN, STEP_UNKNOWN, ALREADY_EXISTS.
        """
        tender = participants.own_tender(ctx, platform)
        planstate.check_not_of_another(ctx, plan_id, tender.platform)
        plan = tendering.load_plan(ctx, tender, plan_id)
        if not store.find(ctx, Question, QUESTION, plan_id, grant_id, f"{step:02}"):
            raise Refusal.NOT_ASKED("the carrier did not ask")
        key = _reply_key(ctx, plan_id, grant_id, step)
        if ctx.stub.get_private_data_hash(tender.collection, key):
            raise Refusal.ALREADY_EXISTS("the question has been answered already")
        graph, choice = tendering.rebuilt(ctx, tender, plan)
        found = explanation.why_not(plan.circumstances.problem(plan.demand, graph.offers), choice, grant_id, step)
        reply = Reply(plan_id, grant_id, step, found, private.salt(ctx))
        ctx.stub.put_private_data(tender.collection, key, records.dumps(reply))
        return private.announce(ctx, "WhyNotMeAnswered", plan_id=plan_id, grant_id=grant_id)

    @api.transaction(endorsed_by=("carrier",), transient=("reply",), called_by=("carrier", "platform", "auditor"))
    def deliver_reply(self, ctx: api.Context, plan_id: str, grant_id: str, step: int, carrier: str) -> dict[str, str]:
        """
        Write the answer in the transient data to the carrier's collection, if both have endorsed it.

        Raises:
            Refused: NOT_A_PARTY, NOT_OWNER, NOT_AS_STORED, ALREADY_EXISTS.
        """
        planstate.carrier_or_tender(ctx, plan_id, carrier)
        tender = planstate.tender_of(ctx, plan_id)
        _check_own_offer(ctx, tender, carrier, grant_id)
        data = private.transient(ctx, "reply")
        key = _reply_key(ctx, plan_id, grant_id, step)
        if ctx.stub.get_private_data_hash(tender.collection, key) != hashlib.sha256(data).digest():
            raise Refusal.NOT_AS_STORED("the transient data have another answer than platform and auditor")
        private.absent(ctx, key, (carrier,), "the answer")
        private.put(ctx, key, data, (carrier,))
        return private.announce(ctx, "WhyNotMeDelivered", plan_id=plan_id, grant_id=grant_id)

    @api.query(read_on=TENDER_MEMBERS, called_by=("platform", "auditor"))
    def reply(self, ctx: api.Context, plan_id: str, grant_id: str, step: int, platform: str = "") -> bytes:
        """Return the answer to a question, for platform and auditor; give it to `deliver_reply`."""
        tender = participants.own_tender(ctx, platform)
        data = ctx.stub.get_private_data(tender.collection, _reply_key(ctx, plan_id, grant_id, step))
        if not data:
            raise Refusal.NOT_FOUND("platform and auditor have not answered this question")
        return data

    @api.query(read_on=("caller",), called_by=("carrier",))
    def why_not_me(self, ctx: api.Context, plan_id: str, grant_id: str, step: int) -> Explanation:
        """Return the answer about the caller's own offer, on its own peer."""
        key = _reply_key(ctx, plan_id, grant_id, step)
        data = private.own(ctx, access.member(ctx), key, "answer to that question")
        return records.loads(Reply, data).explanation

    @api.query
    def questions(self, ctx: api.Context, plan_id: str) -> tuple[Question, ...]:
        """Return all questions about a plan."""
        return tuple(store.each(ctx, Question, QUESTION, identifiers.check("plan_id", plan_id)))


def _check_own_offer(ctx: api.Context, tender: PlatformTender, carrier: str, grant_id: str) -> None:
    """
    Raise Refused unless the offer is *carrier*'s own.

    Anybody can write something under the grant's key in its own collection. Only its parties have the same value as
    the auditor, and of these only the owner is neither platform nor auditor.
    """
    key = granting.grant_key(ctx, grant_id)
    held = ctx.stub.get_private_data_hash(private.collection(carrier), key)
    kept = ctx.stub.get_private_data_hash(private.collection(tender.auditor), key)
    if not held or held != kept or carrier in tender.members:
        raise Refusal.NOT_OWNER(f"{carrier} has no offer {grant_id}")


def _reply_key(ctx: api.Context, plan_id: str, grant_id: str, step: int) -> str:
    names = [identifiers.check("plan_id", plan_id), identifiers.check("grant_id", grant_id), f"{step:02}"]
    return ctx.stub.create_composite_key("matching.reply", names)
