"""Journeys: open one for an order, record its stages, hand the goods from custodian to custodian."""

from __future__ import annotations

from collections import Counter
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
    ObservationsSchema,
    OfOrderQuerySchema,
    OpenedSchema,
    OpenSchema,
)
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint("journeys", __name__, url_prefix="/v1/journeys", description="Journeys of consignments")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(OpenSchema)
@blueprint.response(201, OpenedSchema)
def open_journey(body: dict[str, Any]) -> dict[str, Any]:
    """
    Open a journey for units of one of the caller's orders; by default for the whole order.

    Of each line of the order, the trade channel gets only the quantity, whether it is too cheap to be sent back and
    whether it may be, by the order's terms, and commitments to what it is (`.../goods`). From then on the order's
    shopper's link leads to its first journey.
    """
    order = context.ask(COMMERCE, "Orders:facts", body["order_id"])
    units = body["lines"] or _packed(body["parcels"]) or {line["line"]: line["quantity"] for line in order["lines"]}
    journey_id = body.get("journey_id") or minting.public_id("journey")
    opening = {
        "journey_id": journey_id,
        "order": order,
        "lines": [{"line": line, "quantity": quantity} for line, quantity in sorted(units.items())],
        "epcs": body["epcs"] or [parcel["identifier"] for parcel in body["parcels"]],
        "parcels": body["parcels"],
        "parties": body["parties"],
        "custodian": body["custodian"],
    }
    earlier = context.ask(TRADE, "Journeys:of_order", body["order_id"])
    opened = context.act(TRADE, "Journeys:open", opening)
    linked = None if earlier else context.act(TRADE, "Journeys:link", journey_id, order["buyer_hash"])
    return {"journey_id": journey_id, "opening": opened, "linking": linked}


def _packed(parcels: list[dict[str, Any]]) -> dict[str, int]:
    """Return the units of each line in *parcels*."""
    units: Counter[str] = Counter()
    for part in (part for parcel in parcels for part in parcel["contents"]):
        units[part["line"]] += part["quantity"]
    return dict(units)


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
    """Read a journey in its present state."""
    return context.ask_record(TRADE, "Journeys:read", journey_id)


@blueprint.route("/<journey_id>/events")
@auth.needs("read")
@blueprint.response(200, description="An EPCIS 2.0 document")
def events(journey_id: str) -> dict[str, Any]:
    """Read all recorded events, ordered by their own times."""
    return context.ask_record(TRADE, "Journeys:events", journey_id)


@blueprint.route("/<journey_id>/events", methods=["POST"], endpoint="record")
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ObservationSchema)
@blueprint.response(201, CommittedSchema)
def record(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """
    Record an event on the caller's own page; recording it again changes nothing.

    Only its organisation can change a page, so only that organisation endorses.
    """
    return context.act(TRADE, "Journeys:record", journey_id, body)


@blueprint.route("/<journey_id>/events/batch", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ObservationsSchema)
@blueprint.response(201, CommittedSchema)
def record_all(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """Record several events in one transaction, all or none."""
    return context.act(TRADE, "Journeys:record_all", journey_id, body["observations"])


@blueprint.route("/<journey_id>/custody/offer", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(HandOverSchema)
@blueprint.response(200, CommittedSchema)
def offer(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """Offer the goods, all parcels or some, to the next custodian."""
    arguments = (
        journey_id,
        body["taker"],
        body["released_at"],
        body["place"],
        body["parcels"],
        body.get("bound_for", ""),
    )
    return context.act(TRADE, "Journeys:offer_custody", *arguments)


@blueprint.route("/<journey_id>/custody/acceptance", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(AcceptSchema)
@blueprint.response(200, CommittedSchema)
def accept(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """Accept the offered goods; valid only if both sides endorse."""
    arguments = (journey_id, body["accepted_at"], body["place"], body["parcels"])
    return context.act(TRADE, "Journeys:accept_custody", *arguments)


@blueprint.route("/<journey_id>/custody/withdrawal", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def withdraw(journey_id: str) -> dict[str, Any]:
    """Withdraw an offer."""
    return context.act(TRADE, "Journeys:withdraw_custody", journey_id)


@blueprint.route("/<journey_id>/custody/repudiation", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def repudiate(journey_id: str) -> dict[str, Any]:
    """Reject a custody that was written for the caller without its acceptance."""
    return context.act(TRADE, "Journeys:repudiate_custody", journey_id)


@blueprint.route("/<journey_id>/order-link", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(201, CommittedSchema)
def link_order(journey_id: str) -> dict[str, Any]:
    """Connect the order's link with its journey, if that failed when the journey was opened."""
    journey = context.ask(TRADE, "Journeys:read", journey_id)["journey"]
    return context.act(TRADE, "Journeys:link", journey_id, journey["buyer_hash"])


@blueprint.route("/<journey_id>/links", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(201, LinkSchema)
def link(journey_id: str) -> dict[str, Any]:
    """Make another link to the journey; everybody who has it can follow the goods."""
    token = minting.link_token()
    linked = context.act(TRADE, "Journeys:link", journey_id, minting.link_hash(token))
    return {"tracking_token": token, "tracking_path": f"/track/{token}", **linked}
