"""Lists and search over all that the caller's organisation may see."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import g

from gateway.http import auth, context, times
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from gateway.readmodel import queries, recordkinds
from gateway.readmodel.schemas import (
    EventPageSchema,
    EventsQuerySchema,
    RecordPageSchema,
    RecordsQuerySchema,
    SearchAnswerSchema,
    SearchQuerySchema,
)

blueprint = Blueprint("model", __name__, url_prefix="/v1", description="Lists and search over several channels")


@blueprint.route("/model/<kind>")
@auth.needs("read")
@blueprint.arguments(RecordsQuerySchema, location="query")
@blueprint.response(200, RecordPageSchema)
def records(query: dict[str, Any], kind: str) -> dict[str, Any]:
    """
    List the records of one kind, filtered and in order.

    The gateway's own copy answers, and names the newest block of each channel in it; with Selat-After it has at least
    that block. Private records are those of the caller's organisation alone.
    """
    if kind not in recordkinds.KINDS:
        raise Problem("NO_SUCH_ADDRESS", f"There is no list of {kind[:64]!r}; there are {', '.join(recordkinds.KINDS)}")
    blocks = refreshed()
    members = [name for name in query["fields_"].split(",") if name]
    asked = queries.Query(
        kind,
        dict(condition.split(":", 1) for condition in query["where"].split(",") if condition),
        query["channel"],
        query["state"],
        query["sort"],
        query["cursor"],
        query["limit"],
    )
    try:
        page = queries.find(context.services().model, context.caller().msp_id, asked)
    except ValueError as error:
        raise _cursor(error) from None
    shown = [_shown(each, members) for each in page.records]
    return {"records": shown, "next": page.cursor or None, "blocks": blocks}


@blueprint.route("/model/events")
@auth.needs("read")
@blueprint.arguments(EventsQuerySchema, location="query")
@blueprint.response(200, EventPageSchema)
def events(query: dict[str, Any]) -> dict[str, Any]:
    """List the events of the caller's channels, newest first."""
    blocks = refreshed()
    try:
        page = queries.events(context.services().model, context.caller().msp_id, **query)
    except ValueError as error:
        raise _cursor(error) from None
    shown = [{**dataclasses.asdict(each), "at": times.text(each.at)} for each in page.events]
    return {"events": shown, "next": page.cursor or None, "blocks": blocks}


@blueprint.route("/search")
@auth.needs("read")
@blueprint.arguments(SearchQuerySchema, location="query")
@blueprint.response(200, SearchAnswerSchema)
def search(query: dict[str, Any]) -> dict[str, Any]:
    """
    Find records by any number on a label: of an order, parcel, journey, product, return or payment.

    Case, blanks, hyphens, the parentheses of GS1's application identifiers and zeros before a number do not count.
    """
    blocks = refreshed()
    found = queries.search(context.services().model, context.caller().msp_id, query["q"], query["limit"])
    return {"records": [_shown(each, []) for each in found], "blocks": blocks}


def refreshed() -> dict[str, int]:
    """
    Take over new blocks for the caller, once in a request; return the newest block of each channel in the model.

    Raises:
        gateway.http.freshness.NotReachedError: a block in ``Selat-After`` did not come.
    """
    if "model_blocks" not in g:
        services, asking = context.services(), context.caller()
        services.feeder.refresh(asking.msp_id, asking.user, services.wallet.channels(), context.blocks_needed())
        g.model_blocks = services.model.blocks(asking.msp_id)
    blocks: dict[str, int] = g.model_blocks
    return blocks


def _shown(record: queries.ModelRecord, members: list[str]) -> dict[str, Any]:
    document = {name: record.document[name] for name in members if name in record.document}
    return {
        **dataclasses.asdict(record),
        "changed_at": times.text(record.changed_at),
        "document": times.shown(document if members else record.document),
    }


def _cursor(error: ValueError) -> Problem:
    return Problem("REQUEST_INVALID", str(error), errors={"query": {"cursor": [str(error)]}})
