"""Claims against carriers: states for all members, sums for claimant, carrier and arbiter."""

from __future__ import annotations

import hashlib
from typing import Any

from marshmallow import Schema

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import acts, minting
from gateway.trade.orders.carrierclaim_schemas import (
    AwardSumSchema,
    CarrierClaimSchema,
    ClaimedSumSchema,
    ClaimsOfJourneyQuerySchema,
    FileClaimSchema,
    GroundsSchema,
    LiabilitySchema,
    OpinionSchema,
    PaymentProofSchema,
)
from gateway.trade.receipts import CommittedSchema
from hlf.codec import canonical

blueprint = Blueprint(
    "carrierclaims", __name__, url_prefix="/v1/carrier-claims", description="Claims for lost and damaged goods"
)

# Steps without a sum: address, contract's function, body, summary.
_STEPS: tuple[tuple[str, str, type[Schema] | None, str], ...] = (
    ("acceptance", "accept", None, "Accept a claim as its carrier, or the carrier's offer as its claimant."),
    ("refusal", "refuse", GroundsSchema, "Refuse a claim as its carrier."),
    ("contest", "contest", GroundsSchema, "Bring a refusal or an offer before the arbiter."),
    ("dismissal", "arbitrate", OpinionSchema, "Decide as the arbiter that the carrier owes nothing."),
    ("payment", "confirm_payment", PaymentProofSchema, "Confirm as the claimant that the carrier paid."),
    ("withdrawal", "withdraw", None, "Withdraw a claim before anything is owed."),
    ("enforcement", "enforce", None, "Enforce a deadline that has passed."),
)


@blueprint.route("/terms", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(LiabilitySchema)
@blueprint.response(201, CommittedSchema)
def publish_terms(body: dict[str, Any]) -> dict[str, Any]:
    """Publish the next version of the caller's liability as a carrier, before it applies."""
    return context.act(TRADE, "CarrierClaims:publish_terms", body)


@blueprint.route("/terms/<carrier>")
@auth.needs("read")
@blueprint.response(200, LiabilitySchema(many=True))
def terms(carrier: str) -> list[dict[str, Any]]:
    """List every version of a carrier's liability; the one in force when an order was placed applies to it."""
    return context.ask_list(TRADE, "CarrierClaims:terms", carrier)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(FileClaimSchema)
@blueprint.response(201, CarrierClaimSchema)
def file(body: dict[str, Any]) -> dict[str, Any]:
    """
    File a claim as the selling side; the sum goes to claimant, carrier and arbiter, one transaction each.

    If one of these fails, withdraw the claim and file another: the salt of the sum is not kept here.
    """
    claim_id = body.pop("claim_id", None) or minting.public_id("claim")
    told = _sum(claim_id, "claimed", body.pop("amount"), body.pop("currency"))
    filing = {**body, "claim_id": claim_id, "sum_hash": _digest(told)}
    return _disclosed(claim_id, context.act(TRADE, "CarrierClaims:file", filing), told)


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(ClaimsOfJourneyQuerySchema, location="query")
@blueprint.response(200, description="The ids of the journey's claims")
def of_journey(query: dict[str, Any]) -> list[str]:
    """List the claims of a journey."""
    return context.ask_list(TRADE, "CarrierClaims:of_journey", query["journey_id"])


@blueprint.route("/<claim_id>")
@auth.needs("read")
@blueprint.response(200, description="The claim: state, deadlines, hashes of its sums")
def read(claim_id: str) -> dict[str, Any]:
    """Read a claim."""
    return context.ask_record(TRADE, "CarrierClaims:read", claim_id)


@blueprint.route("/<claim_id>/sums/<step>")
@auth.needs("read")
@blueprint.response(200, description="The sum with its salt")
def read_sum(claim_id: str, step: str) -> dict[str, Any]:
    """Read a sum of a claim (claimed, offered or awarded), as one of its parties."""
    return context.ask_record(TRADE, "CarrierClaims:sum", claim_id, step)


@blueprint.route("/<claim_id>/offer", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ClaimedSumSchema)
@blueprint.response(200, CarrierClaimSchema)
def offer(body: dict[str, Any], claim_id: str) -> dict[str, Any]:
    """Offer another sum, as the carrier."""
    told = _sum(claim_id, "offered", body["amount"], body["currency"])
    return _disclosed(claim_id, context.act(TRADE, "CarrierClaims:offer", claim_id, _digest(told)), told)


@blueprint.route("/<claim_id>/award", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(AwardSumSchema)
@blueprint.response(200, CarrierClaimSchema)
def award(body: dict[str, Any], claim_id: str) -> dict[str, Any]:
    """Award a sum, as the arbiter."""
    told = _sum(claim_id, "awarded", body["amount"], body["currency"])
    decided = ("CarrierClaims:arbitrate", claim_id, body["opinion_hash"], _digest(told))
    return _disclosed(claim_id, context.act(TRADE, *decided), told)


def _serve(address: str, function: str, schema: type[Schema] | None, summary: str) -> None:
    def step(body: dict[str, Any], claim_id: str) -> dict[str, Any]:
        acted = context.act(TRADE, f"CarrierClaims:{function}", claim_id, *body.values())
        return {"claim_id": claim_id, **acted}

    place = f"/<claim_id>/{address}"
    acts.serve(blueprint, place, address, step, body=schema, answer=CarrierClaimSchema, summary=summary)


for _step in _STEPS:
    _serve(*_step)


def _sum(claim_id: str, step: str, amount: str, currency: str) -> bytes:
    made = {"claim_id": claim_id, "step": step, "amount": amount, "currency": currency, "salt": minting.salt()}
    return canonical.dumps(made)


def _digest(told: bytes) -> str:
    return hashlib.sha256(told).hexdigest()


def _disclosed(claim_id: str, acted: dict[str, Any], told: bytes) -> dict[str, Any]:
    """Return the answer to a step after its sum was given to each party, the caller first."""
    claim, own = acted["result"], context.caller().msp_id
    parties = {claim["claimant"], claim["filing"]["carrier"], claim["terms"]["arbiter"]}
    disclosing = {
        party: context.act(TRADE, "CarrierClaims:disclose", claim_id, party, transient={"sum": told})
        for party in sorted(parties, key=lambda party: (party != own, party))
    }
    return {"claim_id": claim_id, **acted, "disclosing": disclosing}
