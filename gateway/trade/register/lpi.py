"""The World Bank's Logistics Performance Index, always with its edition."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade.receipts import CommittedSchema
from gateway.trade.register import amendments
from gateway.trade.register.amendments import AmendableData
from gateway.trade.register.lpi_schemas import EditionSchema, ProposedEditionSchema

blueprint = Blueprint("lpi", __name__, url_prefix="/v1/lpi", description="The Logistics Performance Index, by edition")


@blueprint.route("")
@auth.needs("read")
@blueprint.response(200, description="Names of the editions")
def editions() -> list[str]:
    """List the names of the stored editions."""
    return context.ask_list(TRADE, "Lpi:editions")


@blueprint.route("/installation", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(201, CommittedSchema)
def install() -> dict[str, Any]:
    """Store the editions that come with this software; once, by an administrator."""
    return context.act(TRADE, "Lpi:install")


@blueprint.route("/<edition>")
@auth.needs("read")
@blueprint.response(200, EditionSchema)
def read(edition: str) -> dict[str, Any]:
    """Read an edition."""
    return context.ask_record(TRADE, "Lpi:read", edition)


@blueprint.route("/<edition>/<country>/<component>")
@auth.needs("read")
@blueprint.response(200, description="The figure with its edition")
def figure(edition: str, country: str, component: str) -> dict[str, Any]:
    """Read one figure."""
    return context.ask_record(TRADE, "Lpi:figure", edition, country, component)


amendments.serve(
    blueprint,
    AmendableData(
        "Lpi", ProposedEditionSchema, lambda body: body["edition"], proposing="Propose a new or changed edition."
    ),
)
