"""Journeys: opened from an order, recorded stage by stage, handed from custodian to custodian."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import COMMERCE, TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.journeys.journey_schemas import (
    AcceptSchema,
    HandOverSchema,
    LinkSchema,
    ObservationSchema,
    OfOrderQuerySchema,
    OpenedSchema,
    OpenSchema,
)
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint("journeys", __name__, url_prefix="/v1/journeys", description="Where each consignment is")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(OpenSchema)
@blueprint.response(201, OpenedSchema)
def open_journey(body: dict[str, Any]) -> dict[str, Any]:
    """
    Open a journey of units of one of the caller's orders; of all of it, if no lines are named.

    Of the order's content only each line's HS code and quantity go to the trade channel, and whether it is too cheap
    to come back under its terms. The shopper's link of the order leads to its first journey from then on.
    """
    order = context.ask(COMMERCE, "Orders:facts", body["order_id"])
    units = body["lines"] or {line["line"]: line["quantity"] for line in order["lines"]}
    journey_id = body.get("journey_id") or minting.public_id("journey")
    opening = {
        "journey_id": journey_id,
        "order": order,
        "lines": [{"line": line, "quantity": quantity} for line, quantity in sorted(units.items())],
        "epcs": body["epcs"],
        "parties": body["parties"],
        "custodian": body["custodian"],
    }
    earlier = context.ask(TRADE, "Journeys:of_order", body["order_id"])
    opened = context.act(TRADE, "Journeys:open", opening)
    linked = None if earlier else context.act(TRADE, "Journeys:link", journey_id, order["buyer_hash"])
    return {"journey_id": journey_id, "opening": opened, "linking": linked}


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(OfOrderQuerySchema, location="query")
@blueprint.response(200, description="The ids of the order's journeys")
def of_order(query: dict[str, Any]) -> list[str]:
    """List the journeys of an order."""
    return context.ask_list(TRADE, "Journeys:of_order", query["order_id"])


@blueprint.route("/<journey_id>")
@auth.needs("read")
@blueprint.response(200, description="Opening, custody, status, stages recorded, alarms")
def read(journey_id: str) -> dict[str, Any]:
    """Read a journey as it stands."""
    return context.ask_record(TRADE, "Journeys:read", journey_id)


@blueprint.route("/<journey_id>/events")
@auth.needs("read")
@blueprint.response(200, description="An EPCIS 2.0 document")
def events(journey_id: str) -> dict[str, Any]:
    """Read everything recorded, in the order of the events' own times."""
    return context.ask_record(TRADE, "Journeys:events", journey_id)


@blueprint.route("/<journey_id>/events", methods=["POST"], endpoint="record")
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ObservationSchema)
@blueprint.response(201, CommittedSchema)
def record(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """
    Record an event on the caller's own page; the same event again changes nothing.

    A page can be changed by its organisation alone, so its endorsement is all that is needed.
    """
    return context.act(TRADE, "Journeys:record", journey_id, body)


@blueprint.route("/<journey_id>/custody/offer", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(HandOverSchema)
@blueprint.response(200, CommittedSchema)
def offer(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """Offer the goods to the next custodian."""
    arguments = (journey_id, body["taker"], body["released_at"], body["place"])
    return context.act(TRADE, "Journeys:offer_custody", *arguments)


@blueprint.route("/<journey_id>/custody/acceptance", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(AcceptSchema)
@blueprint.response(200, CommittedSchema)
def accept(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """Take over what was offered; endorsed by both, or invalid."""
    arguments = (journey_id, body["accepted_at"], body["place"])
    return context.act(TRADE, "Journeys:accept_custody", *arguments)


@blueprint.route("/<journey_id>/custody/withdrawal", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def withdraw(journey_id: str) -> dict[str, Any]:
    """Take an offer back."""
    return context.act(TRADE, "Journeys:withdraw_custody", journey_id)


@blueprint.route("/<journey_id>/custody/repudiation", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def repudiate(journey_id: str) -> dict[str, Any]:
    """Give back a custody that was written in the caller's name without its acceptance."""
    return context.act(TRADE, "Journeys:repudiate_custody", journey_id)


@blueprint.route("/<journey_id>/order-link", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(201, CommittedSchema)
def link_order(journey_id: str) -> dict[str, Any]:
    """Let the link of the order lead to its journey, where opening the journey left that undone."""
    journey = context.ask(TRADE, "Journeys:read", journey_id)["journey"]
    return context.act(TRADE, "Journeys:link", journey_id, journey["buyer_hash"])


@blueprint.route("/<journey_id>/links", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(201, LinkSchema)
def link(journey_id: str) -> dict[str, Any]:
    """Make a further link to the journey; whoever has it can follow the goods."""
    token = minting.link_token()
    linked = context.act(TRADE, "Journeys:link", journey_id, minting.link_hash(token))
    return {"tracking_token": token, "tracking_path": f"/track/{token}", **linked}
