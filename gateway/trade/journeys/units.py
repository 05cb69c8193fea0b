"""Shipping units: open, pack, record and hand over bags, pallets, containers and flights."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade.journeys.unit_schemas import (
    AcceptUnitSchema,
    AggregateSchema,
    OfferUnitSchema,
    OpenUnitSchema,
    UnitEventSchema,
    UnitIncidentSchema,
    UnitQuerySchema,
)
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint("units", __name__, url_prefix="/v1/units", description="Shipping units and what is in them")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(OpenUnitSchema)
@blueprint.response(201, CommittedSchema)
def open_unit(body: dict[str, Any]) -> dict[str, Any]:
    """Open an empty unit; it may be packed and emptied any number of times."""
    return context.act(TRADE, "Units:open", body)


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(UnitQuerySchema, location="query")
@blueprint.response(200, description="Opening, custodian, custody, and what is in it and was in it")
def read(query: dict[str, Any]) -> dict[str, Any]:
    """Read a unit in its present state."""
    return context.ask_record(TRADE, "Units:read", query["unit_id"])


@blueprint.route("/contents", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(AggregateSchema)
@blueprint.response(201, CommittedSchema)
def aggregate(body: dict[str, Any]) -> dict[str, Any]:
    """Put parcels and units into a unit, take them out, or observe them in it."""
    arguments = (body["unit_id"], body["action"], body["members"], body["observation"])
    return context.act(TRADE, "Units:aggregate", *arguments)


@blueprint.route("/events")
@auth.needs("read")
@blueprint.arguments(UnitQuerySchema, location="query")
@blueprint.response(200, description="An EPCIS 2.0 document")
def events(query: dict[str, Any]) -> dict[str, Any]:
    """Read all recorded events of a unit."""
    return context.ask_record(TRADE, "Units:events", query["unit_id"])


@blueprint.route("/events", methods=["POST"], endpoint="record")
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(UnitEventSchema)
@blueprint.response(201, CommittedSchema)
def record(body: dict[str, Any]) -> dict[str, Any]:
    """Record an event of a unit once; it counts for everything inside at its time."""
    return context.act(TRADE, "Units:record", body["unit_id"], body["observation"])


@blueprint.route("/incidents", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(UnitIncidentSchema)
@blueprint.response(201, CommittedSchema)
def report(body: dict[str, Any]) -> dict[str, Any]:
    """Report that something went wrong with a unit and everything inside."""
    arguments = (body["unit_id"], body["kind"], body["stage_id"], body["at"], body.get("note_hash", ""))
    return context.act(TRADE, "Units:report", *arguments)


@blueprint.route("/custody/offer", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(OfferUnitSchema)
@blueprint.response(200, CommittedSchema)
def offer(body: dict[str, Any]) -> dict[str, Any]:
    """Offer a unit, with everything inside, to the next custodian."""
    arguments = (body["unit_id"], body["taker"], body["released_at"], body["place"], body.get("bound_for", ""))
    return context.act(TRADE, "Units:offer_custody", *arguments)


@blueprint.route("/custody/acceptance", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(AcceptUnitSchema)
@blueprint.response(200, CommittedSchema)
def accept(body: dict[str, Any]) -> dict[str, Any]:
    """Accept an offered unit with everything inside; valid only if both sides endorse."""
    return context.act(TRADE, "Units:accept_custody", body["unit_id"], body["accepted_at"], body["place"])


@blueprint.route("/custody/withdrawal", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(UnitQuerySchema)
@blueprint.response(200, CommittedSchema)
def withdraw(body: dict[str, Any]) -> dict[str, Any]:
    """Withdraw the offer of a unit."""
    return context.act(TRADE, "Units:withdraw_custody", body["unit_id"])
