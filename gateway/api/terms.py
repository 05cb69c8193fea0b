"""Return terms: published before they apply, one version after the other, never changed."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from gateway import auth, current, once
from gateway.current import TRADE
from gateway.schemas.receipts import CommittedSchema
from gateway.schemas.terms import ScenarioSchema, TermsSchema

blueprint = Blueprint("terms", __name__, url_prefix="/v1/terms", description="Return terms of sellers")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.arguments(TermsSchema)
@blueprint.response(201, CommittedSchema)
def publish(body: dict[str, Any]) -> dict[str, Any]:
    """Publish the next version of the caller's own terms; the answer's digest is what orders pin."""
    return current.act(TRADE, "Terms:publish", {"seller": current.caller().msp_id, **body})


@blueprint.route("/<terms_id>")
@auth.needs("read")
@blueprint.response(200, description="The version published last")
def latest(terms_id: str) -> dict[str, Any]:
    """Read the version published last, which may not be in force yet."""
    return current.ask(TRADE, "Terms:latest", terms_id)


@blueprint.route("/<terms_id>/versions")
@auth.needs("read")
@blueprint.response(200, description="Every version, oldest first")
def versions(terms_id: str) -> list[dict[str, Any]]:
    """List every version."""
    return current.ask(TRADE, "Terms:history", terms_id)


@blueprint.route("/<terms_id>/versions/<int:number>")
@auth.needs("read")
@blueprint.response(200, description="That version, with its hash")
def version(terms_id: str, number: int) -> dict[str, Any]:
    """Read one version."""
    return current.ask(TRADE, "Terms:read", terms_id, number)


@blueprint.route("/<terms_id>/versions/<int:number>/policy")
@auth.needs("read")
@blueprint.response(200, description="JSON-LD for shop pages")
def policy(terms_id: str, number: int) -> dict[str, Any]:
    """Read one version as a MerchantReturnPolicy of schema.org."""
    return current.ask(TRADE, "Terms:export", terms_id, number)


@blueprint.route("/<terms_id>/versions/<int:number>/simulation", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(ScenarioSchema)
@blueprint.response(200, description="The decision, with every rule tried")
def simulate(body: dict[str, Any], terms_id: str, number: int) -> dict[str, Any]:
    """Try the terms on an order that nobody has placed; version 0 is the last one."""
    return current.ask(TRADE, "Returns:simulate", terms_id, number, body)
