"""Return terms: versions that are published before they apply and never change."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency, viewcalls
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade.receipts import CommittedSchema
from gateway.trade.register import amendments
from gateway.trade.register.amendments import AmendableData, AmendmentSchema
from gateway.trade.returns.term_schemas import FloorSchema, ScenarioSchema, TermsSchema

blueprint = Blueprint("terms", __name__, url_prefix="/v1/terms", description="Return terms of sellers")
FLOORS = AmendableData(
    "Terms",
    FloorSchema,
    lambda body: body,
    proposing="Propose a floor, as POST /v1/terms/floors does.",
    approving="Approve a floor; it is in force when more than half of the participants have approved it.",
    address="/floors/amendments",
    functions=("propose_floor", "approve_floor"),
    endpoints=("propose_floor_amendment", "approve_floor", "floor_amendment", "floor_amendments"),
)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TermsSchema)
@blueprint.response(201, CommittedSchema)
def publish(body: dict[str, Any]) -> dict[str, Any]:
    """Publish the next version of the caller's own terms; orders pin the digest in the answer."""
    return context.act(TRADE, "Terms:publish", {"seller": context.caller().msp_id, **body})


@blueprint.route("/<terms_id>")
@auth.needs("read")
@blueprint.response(200, description="The latest version")
def latest(terms_id: str) -> dict[str, Any]:
    """Read the latest version, which may not be in force yet."""
    return context.ask_record(TRADE, "Terms:latest", terms_id)


@blueprint.route("/<terms_id>/versions")
@auth.needs("read")
@blueprint.response(200, description="Every version, oldest first")
def versions(terms_id: str) -> list[dict[str, Any]]:
    """List every version."""
    return context.ask_list(TRADE, "Terms:history", terms_id)


@blueprint.route("/<terms_id>/versions/<int:number>")
@auth.needs("read")
@blueprint.response(200, description="That version, with its hash")
def version(terms_id: str, number: int) -> dict[str, Any]:
    """Read one version."""
    return context.ask_record(TRADE, "Terms:read", terms_id, number)


@blueprint.route("/<terms_id>/versions/<int:number>/policy")
@auth.needs("read")
@blueprint.response(200, description="JSON-LD for shop pages")
def policy(terms_id: str, number: int) -> dict[str, Any]:
    """Read one version as a MerchantReturnPolicy of schema.org."""
    return context.ask_record(TRADE, "Terms:export", terms_id, number)


@blueprint.route("/<terms_id>/versions/<int:number>/simulation", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(ScenarioSchema)
@blueprint.response(200, description="The decision, with the result of every rule")
def simulate(body: dict[str, Any], terms_id: str, number: int) -> dict[str, Any]:
    """Try the terms on an imagined order; version 0 is the latest one."""
    return context.ask_record(TRADE, "Returns:simulate", terms_id, number, body)


@blueprint.route("/floors", methods=["POST"])
@viewcalls.calls(f"{FLOORS.contract}:{FLOORS.functions[0]}", TRADE)
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(FloorSchema)
@blueprint.response(201, AmendmentSchema)
def propose_floor(body: dict[str, Any]) -> dict[str, Any]:
    """Propose a floor: what every seller of a jurisdiction must grant at least."""
    return FLOORS.propose(body)


amendments.serve(blueprint, FLOORS)


@blueprint.route("/floors/<jurisdiction>")
@auth.needs("read")
@blueprint.response(200, description="The floor, or null")
def floor(jurisdiction: str) -> dict[str, Any] | None:
    """Read the floor of a jurisdiction: what its sellers must grant at least."""
    return context.ask_optional(TRADE, "Terms:floor", jurisdiction)


@blueprint.route("/floors/<jurisdiction>/history")
@auth.needs("read")
@blueprint.response(200, description="All floors, newest first")
def floor_history(jurisdiction: str) -> list[dict[str, Any]]:
    """Read all floors that a jurisdiction had."""
    return context.ask_list(TRADE, "Terms:floor_history", jurisdiction)
