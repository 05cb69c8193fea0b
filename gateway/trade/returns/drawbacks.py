"""Duty drawback: states for all members, the import entry for claimant and customs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import acts, minting
from gateway.trade.receipts import CommittedSchema
from gateway.trade.returns.drawback_schemas import (
    DrawbackPaymentSchema,
    DrawbackSchema,
    DrawbackTermsSchema,
    FileDrawbackSchema,
    OfReturnQuerySchema,
    RefuseDrawbackSchema,
)
from hlf.codec import canonical

blueprint = Blueprint(
    "drawbacks", __name__, url_prefix="/v1/drawbacks", description="Duty and tax of goods that left the country again"
)

# Steps of a claim: address, contract's function, body, summary.
_STEPS: tuple[tuple[str, str, type[Schema] | None, str], ...] = (
    ("acceptance", "accept", None, "Accept a claim as customs, which has its import entry."),
    ("refusal", "refuse", RefuseDrawbackSchema, "Refuse a claim as customs."),
    ("payment", "confirm_payment", DrawbackPaymentSchema, "Confirm as the claimant that customs paid."),
    ("withdrawal", "withdraw", None, "Withdraw a claim before customs answered."),
    ("enforcement", "enforce", None, "Enforce a deadline that has passed."),
)


@blueprint.route("/terms", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(DrawbackTermsSchema)
@blueprint.response(201, CommittedSchema)
def publish_terms(body: dict[str, Any]) -> dict[str, Any]:
    """Publish what comes back for imports from a day on, as customs of the country."""
    return context.act(TRADE, "Drawbacks:publish_terms", body)


@blueprint.route("/terms/<country>")
@auth.needs("read")
@blueprint.response(200, DrawbackTermsSchema(many=True))
def terms(country: str) -> list[dict[str, Any]]:
    """List every version of a country's terms; the one in force on the day of the import applies."""
    return context.ask_list(TRADE, "Drawbacks:terms", country)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(FileDrawbackSchema)
@blueprint.response(201, DrawbackSchema)
def file(body: dict[str, Any]) -> dict[str, Any]:
    """
    Claim duty and tax for the goods of a return; the import entry goes to claimant and customs alone.

    If the entry is refused, withdraw the claim and file another: its salt is not kept here.
    """
    return filed(body)


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(OfReturnQuerySchema, location="query")
@blueprint.response(200, description="The ids of the claims")
def of_return(query: dict[str, Any]) -> list[str]:
    """List the claims for a return."""
    return context.ask_list(TRADE, "Drawbacks:of_return", query["return_id"])


@blueprint.route("/<drawback_id>")
@auth.needs("read")
@blueprint.response(200, description="The claim: state, evidence, deadlines")
def read(drawback_id: str) -> dict[str, Any]:
    """Read a claim."""
    return context.ask_record(TRADE, "Drawbacks:read", drawback_id)


@blueprint.route("/<drawback_id>/entry")
@auth.needs("read")
@blueprint.response(200, description="The import entry, and what comes back")
def entry(drawback_id: str) -> dict[str, Any]:
    """Read the import entry of a claim and what comes back, as claimant or customs."""
    return context.ask_record(TRADE, "Drawbacks:entry", drawback_id)


def _serve(address: str, function: str, schema: type[Schema] | None, summary: str) -> None:
    def step(body: dict[str, Any], drawback_id: str) -> dict[str, Any]:
        acted = context.act(TRADE, f"Drawbacks:{function}", drawback_id, *body.values())
        return {"drawback_id": drawback_id, **acted}

    place = f"/<drawback_id>/{address}"
    acts.serve(blueprint, place, address, step, body=schema, answer=DrawbackSchema, summary=summary)


for _step in _STEPS:
    _serve(*_step)


def filing(body: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return what the contract takes to file a claim, and the import entry that claimant and customs get."""
    known = dict(body)
    drawback_id = known.pop("drawback_id", None) or minting.public_id("drawback")
    entry = canonical.dumps({**known.pop("entry"), "drawback_id": drawback_id, "salt": minting.salt()})
    return {**known, "drawback_id": drawback_id, "entry_hash": hashlib.sha256(entry).hexdigest()}, entry


def filed(body: Mapping[str, Any]) -> dict[str, Any]:
    """File a claim, and give its import entry to claimant and customs."""
    told, entry = filing(body)
    drawback_id = told["drawback_id"]
    acted = context.act(TRADE, "Drawbacks:file", told)
    claim = acted["result"]
    disclosing = {
        party: context.act(TRADE, "Drawbacks:disclose", drawback_id, party, transient={"entry": entry})
        for party in (claim["claimant"], claim["customs"])
    }
    return {"drawback_id": drawback_id, **acted, "disclosing": disclosing}
