"""A carrier's side of matching: its legs, its answers, and why its offer was not chosen."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade.disclosure import disclosing
from gateway.trade.matching.matching_schemas import (
    AnswerLegSchema,
    ExplainedSchema,
    FailLegSchema,
    QuestionQuerySchema,
    QuestionSchema,
    TenderQuerySchema,
)
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint(
    "tenders", __name__, url_prefix="/v1/matching/plans", description="A carrier's legs, answers and questions"
)


@blueprint.route("/<plan_id>/legs/<int:number>")
@auth.needs("read")
@blueprint.response(200, description="The leg with its price")
def leg(plan_id: str, number: int) -> dict[str, Any]:
    """Read one of the caller's own legs."""
    return context.ask_record(TRADE, "Matching:leg", plan_id, number)


@blueprint.route("/<plan_id>/legs/<int:number>/answer", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(AnswerLegSchema)
@blueprint.response(200, CommittedSchema)
def answer(body: dict[str, Any], plan_id: str, number: int) -> dict[str, Any]:
    """Accept or refuse a leg."""
    return context.act(TRADE, "Matching:answer", plan_id, number, body["accept"], body["reason"])


@blueprint.route("/<plan_id>/legs/<int:number>/failure", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(FailLegSchema)
@blueprint.response(200, CommittedSchema)
def fail(body: dict[str, Any], plan_id: str, number: int) -> dict[str, Any]:
    """Report that an accepted leg cannot be done."""
    return context.act(TRADE, "Matching:fail", plan_id, number, body["reason"])


@blueprint.route("/<plan_id>/questions", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(QuestionSchema)
@blueprint.response(201, CommittedSchema)
def ask(body: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Ask why the caller's own offer was not chosen for a step of a plan."""
    return context.act(TRADE, "Matching:ask_why", plan_id, body["grant_id"], body["step"])


@blueprint.route("/<plan_id>/questions", methods=["GET"], endpoint="questions")
@auth.needs("read")
@blueprint.response(200, description="Every question about the plan")
def questions(plan_id: str) -> list[dict[str, Any]]:
    """List the questions about a plan."""
    return context.ask_list(TRADE, "Matching:questions", plan_id)


@blueprint.route("/<plan_id>/answers", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.arguments(QuestionSchema)
@blueprint.response(201, ExplainedSchema)
def explain(query: dict[str, Any], body: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Answer a question, as platform or auditor. Both compute the answer, and only the carrier that asked reads it."""
    names = (plan_id, body["grant_id"], body["step"])
    asked = {
        (question["grant_id"], question["step"]): question
        for question in context.ask(TRADE, "Matching:questions", plan_id)
    }
    carrier = disclosing.named(asked, (body["grant_id"], body["step"]), "question")["carrier"]
    salt = {"salt": disclosing.salt()}
    platform = query["platform"]
    explained = context.act(TRADE, "Matching:explain", *names, platform, transient=salt)
    reply = context.evaluate(TRADE.call("Matching:reply", (*names, platform), None, (context.caller().msp_id,)))
    delivered = context.act(TRADE, "Matching:deliver_reply", *names, carrier, transient={"reply": reply})
    return {"explanation": explained, "delivery": delivered}


@blueprint.route("/<plan_id>/why-not-me")
@auth.needs("read")
@blueprint.arguments(QuestionQuerySchema, location="query")
@blueprint.response(200, description="The answer to the caller's question")
def why_not_me(query: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Read why the caller's own offer was not chosen for a step of a plan."""
    return context.ask_record(TRADE, "Matching:why_not_me", plan_id, query["grant_id"], query["step"])
