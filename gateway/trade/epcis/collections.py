"""``/epcis`` and its collections: the values in the events that a caller may see, and the events with each value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.http import auth, context
from gateway.http.problems import Problem
from gateway.readmodel import epcisqueries, views
from gateway.trade.epcis import binding, events, pagetokens, parameters
from gateway.trade.epcis.binding import CollectionSchema
from gateway.trade.epcis.parameters import EventsSchema, PageSchema

EVENT_TYPES = ("AggregationEvent", "AssociationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent")
"""The types of the standard; the ledger's catalogue of stages says which are recorded."""
COLLECTIONS: Mapping[str, tuple[str, str]] = {
    "eventTypes": ("eventType", "event types"),
    "epcs": ("MATCH_anyEPC", "EPCs"),
    "bizSteps": ("EQ_bizStep", "business steps"),
    "bizLocations": ("EQ_bizLocation", "business locations"),
    "readPoints": ("EQ_readPoint", "read points"),
    "dispositions": ("EQ_disposition", "dispositions"),
}
"""The parameter that asks for the events of a member, and what the members are."""
_TOP = ("capture", "events", "queries", *COLLECTIONS)

blueprint = binding.interface("epciscollections", __name__, "EPCIS 2.0: what recorded events have")


@blueprint.route("")
@auth.needs("read")
@blueprint.response(200, CollectionSchema)
def top() -> dict[str, Any]:
    """List the collections."""
    return binding.collection(list(_TOP))


def _serve(name: str, parameter: str, words: str) -> None:
    """Add the addresses of one collection: its members, one of them, and the events of that one."""

    @auth.needs("read")
    @blueprint.arguments(PageSchema, location="query")
    @blueprint.response(200, CollectionSchema)
    def members(query: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        found, limit = _members(parameter, query), query["perPage"]
        return binding.collection(found[:limit]), 200, pagetokens.following(found, limit)

    @auth.needs("read")
    @blueprint.response(200, CollectionSchema)
    def one(value: str) -> dict[str, Any]:
        _check(parameter, value)
        return binding.collection(["events"])

    @auth.needs("read")
    @blueprint.arguments(EventsSchema, location="query")
    @blueprint.response(200, description="An EPCISQueryDocument, as that of /epcis/events")
    def of_one(query: dict[str, Any], value: str) -> tuple[dict[str, Any], int, dict[str, str]]:
        _check(parameter, value)
        return events.found(parameters.read(query, parameters.named(parameter, value)), query)

    members.__doc__ = f"List the {words} in the events that the caller may see."
    one.__doc__ = f"Say what there is about one of the {words}."
    of_one.__doc__ = f"Find the events with one of the {words}, by the parameters of /epcis/events."
    for path, view in (("", members), ("/<path:value>/events", of_one), ("/<path:value>", one)):
        endpoint = f"{name}_{view.__name__}"
        blueprint.route(f"/{name}{path}", endpoint=endpoint, merge_slashes=False)(view)


def _members(parameter: str, query: dict[str, Any]) -> list[str]:
    """Return the members of a page, and one more if another page follows."""
    after, names = pagetokens.after(query["nextPageToken"]), parameters.TEXTS[parameter]
    if parameter == "eventType":
        return [each for each in EVENT_TYPES if each > after]
    views.refreshed()
    model, msp_id = context.services().model, context.caller().msp_id
    return epcisqueries.values(model, msp_id, names, after=after, limit=query["perPage"] + 1)


def _check(parameter: str, value: str) -> None:
    """
    Raise a problem unless the caller may see an event that has the value.

    Raises:
        Problem: NOT_FOUND.
    """
    if parameter == "eventType":
        known = value in EVENT_TYPES
    else:
        views.refreshed()
        asked = parameters.read({}, parameters.named(parameter, value)).query
        model, msp_id = context.services().model, context.caller().msp_id
        known = bool(epcisqueries.find(model, msp_id, asked, limit=1).events)
    if not known:
        raise Problem("NOT_FOUND", f"No event that you may see has {value[:100]}")


for _name, (_parameter, _words) in COLLECTIONS.items():
    _serve(_name, _parameter, _words)
