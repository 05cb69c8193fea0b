"""
The capacity-gap meter: forecasts against capacities. A figure is published only if enough organisations
contributed.
"""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.disclosure import disclosing
from gateway.trade.disclosure.gapmeter_schemas import (
    CellsQuerySchema,
    ComputedSchema,
    ComputeSchema,
    ContributedSchema,
    ContributionSchema,
    PrepositionSchema,
)
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint(
    "gap-meter",
    __name__,
    url_prefix="/v1/gap-meter",
    description="The capacity-gap meter: forecasts against capacities",
)


@blueprint.route("/contributions", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ContributionSchema)
@blueprint.response(201, ContributedSchema)
def contribute(body: dict[str, Any]) -> dict[str, Any]:
    """Add the figures of a grant that consents. Platform or auditor call it; both endorse."""
    grant_id = body["grant_id"]
    transient = disclosing.consented(grant_id, body)
    contributed = context.act(TRADE, "GapMeter:contribute", grant_id, transient=transient)
    return {"grant_id": grant_id, **contributed}


@blueprint.route("/contributions/<grant_id>/removal", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, ContributedSchema)
def forget(grant_id: str) -> dict[str, Any]:
    """Purge the figures of a grant."""
    salt = {"salt": disclosing.salt()}
    return {
        "grant_id": grant_id,
        **context.act(TRADE, "GapMeter:forget", grant_id, transient=salt),
    }


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ComputeSchema)
@blueprint.response(201, ComputedSchema)
def compute(body: dict[str, Any]) -> dict[str, Any]:
    """Compute a meter for a region and some weeks; only platform and auditor see it."""
    meter_id = minting.public_id("meter")
    computed = context.act(
        TRADE,
        "GapMeter:compute",
        meter_id,
        body["region"],
        body["first_week"],
        body["weeks"],
        transient={"salt": disclosing.salt()},
    )
    return {"meter_id": meter_id, **computed}


@blueprint.route("/<meter_id>")
@auth.needs("read")
@blueprint.response(200, description="The meter as stored")
def read(meter_id: str) -> dict[str, Any]:
    """Read a computed meter, as platform or auditor."""
    return context.ask_record(TRADE, "GapMeter:read", meter_id)


@blueprint.route("/<meter_id>/recomputation")
@auth.needs("read")
@blueprint.response(200, description="For each cell: whether it is the sum, and grants whose figures are purged")
def recompute(meter_id: str) -> list[dict[str, Any]]:
    """Add up a meter again from the contributions that were frozen for it, as platform or auditor."""
    return context.ask_list(TRADE, "GapMeter:recompute", meter_id)


@blueprint.route("/<meter_id>/publication", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def publish(meter_id: str) -> dict[str, Any]:
    """Publish the cells of a meter."""
    own = context.caller().msp_id
    stored = context.evaluate(TRADE.call("GapMeter:read", [meter_id], None, (own,)))
    return context.act(TRADE, "GapMeter:publish", meter_id, stored.decode())


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(CellsQuerySchema, location="query")
@blueprint.response(200, description="Demand, capacity and gap by week, and how many organisations contributed")
def published(query: dict[str, Any]) -> list[dict[str, Any]]:
    """Read published cells."""
    return context.ask_list(TRADE, "GapMeter:published", query["region"], query["first_week"], query["weeks"])


@blueprint.route("/pre-positioning", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(PrepositionSchema)
@blueprint.response(200, description="How many units to bring to which warehouse, and when to ship them")
def preposition(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Suggest stock for overseas warehouses, from forecasts disclosed to the caller; nothing is written."""
    return context.ask_list(TRADE, "GapMeter:preposition", body["grant_ids"], body["warehouses"], body["safety_bps"])
