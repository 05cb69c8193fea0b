"""Claims against carriers: states for all members, sums for claimant, carrier and arbiter."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
    return filed(body)


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
    return offered(claim_id, body["amount"], body["currency"])


@blueprint.route("/<claim_id>/award", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(AwardSumSchema)
@blueprint.response(200, CarrierClaimSchema)
def award(body: dict[str, Any], claim_id: str) -> dict[str, Any]:
    """Award a sum, as the arbiter."""
    return awarded(claim_id, body["opinion_hash"], body["amount"], body["currency"])


def _serve(address: str, function: str, schema: type[Schema] | None, summary: str) -> None:
    def step(body: dict[str, Any], claim_id: str) -> dict[str, Any]:
        acted = context.act(TRADE, f"CarrierClaims:{function}", claim_id, *body.values())
        return {"claim_id": claim_id, **acted}

    place = f"/<claim_id>/{address}"
    acts.serve(blueprint, place, address, step, body=schema, answer=CarrierClaimSchema, summary=summary)


for _step in _STEPS:
    _serve(*_step)


def filing(body: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return what the contract takes to file a claim, and the sum that its parties get."""
    known = dict(body)
    claim_id = known.pop("claim_id", None) or minting.public_id("claim")
    told = salted_sum(claim_id, "claimed", known.pop("amount"), known.pop("currency"))
    return {**known, "claim_id": claim_id, "sum_hash": digest(told)}, told


def filed(body: Mapping[str, Any]) -> dict[str, Any]:
    """File a claim, and give its sum to its parties."""
    made, told = filing(body)
    return _disclosed(made["claim_id"], context.act(TRADE, "CarrierClaims:file", made), told)


def offered(claim_id: str, amount: str, currency: str) -> dict[str, Any]:
    """Offer a sum as the carrier, and give it to the parties of the claim."""
    told = salted_sum(claim_id, "offered", amount, currency)
    return _disclosed(claim_id, context.act(TRADE, "CarrierClaims:offer", claim_id, digest(told)), told)


def awarded(claim_id: str, opinion_hash: str, amount: str, currency: str) -> dict[str, Any]:
    """Award a sum as the arbiter, and give it to the parties of the claim."""
    told = salted_sum(claim_id, "awarded", amount, currency)
    decided = context.act(TRADE, "CarrierClaims:arbitrate", claim_id, opinion_hash, digest(told))
    return _disclosed(claim_id, decided, told)


def salted_sum(claim_id: str, step: str, amount: str, currency: str) -> bytes:
    """Return a sum of a claim as its parties keep it, with a salt of its own."""
    made = {"claim_id": claim_id, "step": step, "amount": amount, "currency": currency, "salt": minting.salt()}
    return canonical.dumps(made)


def digest(told: bytes) -> str:
    """Return the hash of a sum, which is all that the channel gets of it."""
    return hashlib.sha256(told).hexdigest()


def parties(claim: Mapping[str, Any]) -> set[str]:
    """Return who learns the sums of a claim: claimant, carrier and arbiter."""
    return {claim["claimant"], claim["filing"]["carrier"], claim["terms"]["arbiter"]}


def _disclosed(claim_id: str, acted: dict[str, Any], told: bytes) -> dict[str, Any]:
    """Return the answer to a step after its sum was given to each party, the caller first."""
    own = context.caller().msp_id
    disclosing = {
        party: context.act(TRADE, "CarrierClaims:disclose", claim_id, party, transient={"sum": told})
        for party in sorted(parties(acted["result"]), key=lambda party: (party != own, party))
    }
    return {"claim_id": claim_id, **acted, "disclosing": disclosing}
