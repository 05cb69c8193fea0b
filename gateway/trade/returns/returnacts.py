"""
Acts on a return after its request: answer, fetch, inspect, settle, dispute.

Each act is one function of the contract, which says who may call it and when. A table lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from gateway.http import auth, context, idempotency, inputs
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import acts
from gateway.trade.receipts import CommittedSchema
from gateway.trade.returns import photos, returnact_schemas, sentphotos
from gateway.trade.returns.return_schemas import DecidedSchema, SentReturnSchema
from gateway.trade.returns.returns import asked_for

blueprint = Blueprint("returnacts", __name__, url_prefix="/v1/returns", description="Acts on a return")


@dataclass(frozen=True)
class ActAddress:
    """One act: its address, the contract's function, and the body (if any) with the arguments, in order."""

    address: str
    function: str
    body: type[Schema] | None
    arguments: tuple[str, ...]
    summary: str


ACTS = (
    ActAddress("submission", "submit", None, (), "Submit a drafted return."),
    ActAddress(
        "answer",
        "answer",
        returnact_schemas.AnswerReturnSchema,
        ("approve", "opinion_hash"),
        "Answer a return that the terms leave to the seller.",
    ),
    ActAddress(
        "pickup",
        "schedule_pickup",
        returnact_schemas.PickupSchema,
        ("pickup_at",),
        "State when the carrier fetches it.",
    ),
    ActAddress(
        "pickup-offer",
        "offer_pickups",
        returnact_schemas.PickupOfferSchema,
        ("pickups",),
        "Offer times to fetch it, of which the buyer chooses one.",
    ),
    ActAddress(
        "pickup-choice",
        "choose_pickup",
        returnact_schemas.PickupSchema,
        ("pickup_at",),
        "Choose one of the times that the carrier offers, for the buyer.",
    ),
    ActAddress(
        "failed-pickup",
        "fail_pickup",
        returnact_schemas.FailedPickupSchema,
        ("why",),
        "Report that it could not be fetched.",
    ),
    ActAddress(
        "inspection",
        "inspect",
        returnact_schemas.InspectionSchema,
        ("condition", "units", "report_hash", "others"),
        "Record the result of the seller's inspection.",
    ),
    ActAddress(
        "settlement",
        "settle",
        returnact_schemas.SettleReturnSchema,
        ("resolution", "proof_hash", "epcs", "parcels"),
        "Give the buyer the agreed resolution; an exchange books its journey.",
    ),
    ActAddress(
        "sending-back",
        "send_back",
        returnact_schemas.ProofHashSchema,
        ("proof_hash",),
        "Send goods back to the buyer that failed the inspection.",
    ),
    ActAddress("cancellation", "cancel", None, (), "Cancel the request."),
    ActAddress("dispute", "dispute", returnact_schemas.DisputeSchema, ("grounds_hash",), "Dispute the outcome."),
    ActAddress(
        "arbitration", "arbitrate", returnact_schemas.AwardSchema, ("award", "opinion_hash"), "Decide a dispute."
    ),
    ActAddress("closing", "close", None, (), "Close a settled return."),
    ActAddress("enforcement", "enforce", None, (), "Enforce a deadline that has passed."),
)


@blueprint.route("/drafts", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(SentReturnSchema)
@inputs.takes(most=photos.MOST_ENCODED)
@blueprint.response(201, DecidedSchema)
def draft(body: dict[str, Any]) -> dict[str, Any]:
    """Store a request as a draft, without a decision."""
    sent = sentphotos.taken(body)
    asked = asked_for(body)
    done = sentphotos.kept(asked["return_id"], sent, lambda: context.act(TRADE, "Returns:draft", asked))
    return {"return_id": asked["return_id"], **done}


def _serve(act: ActAddress) -> None:
    def do(body: dict[str, Any], return_id: str) -> dict[str, Any]:
        given = [body[name] for name in act.arguments if name in body]
        return context.act(TRADE, f"Returns:{act.function}", return_id, *given)

    address = f"/<return_id>/{act.address}"
    acts.serve(blueprint, address, act.function, do, body=act.body, answer=CommittedSchema, summary=act.summary)


for _act in ACTS:
    _serve(_act)
