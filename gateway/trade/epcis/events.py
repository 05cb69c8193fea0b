"""``/epcis/events``: recorded events by EPCIS's simple event query, and one event at a time to record."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from marshmallow import Schema, fields

from gateway import bounds
from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.readmodel import epcisqueries, views
from gateway.trade.epcis import binding, documents, pagetokens, parameters, parsing
from gateway.trade.epcis.parameters import EventQuery, EventsSchema
from gateway.trade.epcis.parsing import UnreadableEventError
from gateway.trade.receipts import CommittedSchema

blueprint = binding.interface("epcisevents", __name__, "EPCIS 2.0: recorded events", "/events")


class CapturedEventSchema(Schema):
    """Body of ``POST /epcis/events``: an EPCIS event, as /epcis/capture takes it, without details of its stage."""

    context = fields.Raw(data_key=parsing.CONTEXT, metadata={"description": "Says what prefixes mean"})
    type = fields.String(required=True, metadata={"description": "The ledger's catalogue says it, by the stage"})
    at = fields.String(data_key="eventTime", required=True, metadata={"description": "With the offset of the place"})
    offset = fields.String(data_key="eventTimeZoneOffset", metadata={"description": "The one in eventTime counts"})
    action = fields.String(metadata={"description": "Follows from the step"})
    step = fields.String(data_key="bizStep", required=True)
    read_point = fields.Dict(data_key="readPoint", keys=fields.String(), required=True)
    disposition = fields.String()
    epcs = fields.List(fields.String(), data_key="epcList")
    parent = fields.String(data_key="parentID")
    children = fields.List(fields.String(), data_key="childEPCs")
    journey = fields.String(data_key="selat:journey", required=True)
    stage = fields.String(data_key="selat:stage", required=True)


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(EventsSchema, location="query")
@blueprint.response(200, description="An EPCISQueryDocument; its next page is in the header `Link`")
def listed(query: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """
    Find recorded events by the parameters of EPCIS's simple event query.

    An event that was declared wrong is listed, and so is the declaration, which has the same `eventID`.
    """
    return found(parameters.read(query), query)


@blueprint.route("/<path:event_id>", merge_slashes=False)
@auth.needs("read")
@blueprint.response(200, description="An EPCISQueryDocument with the event, and with the declaration if it was wrong")
def read(event_id: str) -> dict[str, Any]:
    """Read the event with this `eventID`."""
    body, _, _ = found(parameters.read({}, parameters.named("EQ_eventID", event_id)), {})
    if not body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]:
        raise Problem("NOT_FOUND", f"There is no event {event_id[:100]}")
    return body


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(CapturedEventSchema)
@blueprint.response(201, CommittedSchema)
def record(body: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Record one event on the caller's own page of its journey, and wait until it is committed."""
    try:
        event = parsing.read(CapturedEventSchema().dump(body))
    except UnreadableEventError as error:
        raise Problem("REQUEST_INVALID", f"json.{error}", errors={"json": [str(error)]}) from None
    committed = context.act(TRADE, "Journeys:record", event.journey_id, event.observation)
    recorded = (committed["result"] or {}).get("event_id", "")
    return committed, 201, {"Location": f"{binding.ADDRESS}/events/{quote(recorded, safe='')}"}


def found(
    asked: EventQuery, query: dict[str, Any], name: str = documents.SIMPLE
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """
    Return the answer of a view: a query document, and the header that leads to the next page.

    Raises:
        Problem: REQUEST_INVALID, QUERY_TOO_LARGE.
    """
    views.refreshed()
    limit = asked.first or asked.most or query.get("perPage", bounds.PAGE.most)
    cursor = query.get("nextPageToken", "")
    try:
        page = epcisqueries.find(
            context.services().model, context.caller().msp_id, asked.query, cursor=cursor, limit=limit
        )
    except ValueError as error:
        raise pagetokens.refused(error) from None
    if asked.most and page.cursor:
        raise Problem("QUERY_TOO_LARGE", f"The query finds more than {asked.most} events")
    headers = {} if asked.first else pagetokens.link(page.cursor)
    return documents.of_query(page.events, name), 200, headers
