"""
The parameters of EPCIS's simple event query (EPCIS 2.0, section 8.2.7.1), in a query string and as JSON.

The ledger's events have no sensor readings, transformations, business locations or persistent dispositions. Such
parameters are understood, and find nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chaincode.domain.journeys import digitallink
from gateway import bounds
from gateway.http.problems import Problem
from gateway.readmodel import epcisevents, recordkinds
from gateway.readmodel.epcisqueries import (
    COMPARED,
    ORDERS,
    TIMES,
    EpcisQuery,
    NameCondition,
    NumberCondition,
    TimeCondition,
)
from gateway.trade.epcis import parsing
from hlf.codec import moments

_PER_PAGE = 30
_Field = fields.Field[Any]

# Parameters with one or more texts as value, and the names under which an event must have one of them.
TEXTS: Mapping[str, tuple[str, ...]] = {
    "eventType": ("type",),
    "MATCH_epc": (epcisevents.EPC,),
    "MATCH_parentID": (epcisevents.PARENT,),
    "MATCH_anyEPC": (epcisevents.EPC, epcisevents.PARENT),
    "MATCH_epcClass": (epcisevents.CLASS,),
    "MATCH_anyEPCClass": (epcisevents.CLASS,),
    "WD_readPoint": ("readPoint",),
    "WD_bizLocation": ("bizLocation",),
    **{
        f"EQ_{name}": (name,)
        for name in (
            *("action", "bizStep", "disposition", "readPoint", "bizLocation", "eventID"),
            *("errorReason", "correctiveEventID", "bizTransaction_po"),
            *("source_possessing_party", "destination_possessing_party"),
            *("selat:journey", "selat:unit", "selat:stage", "selat:recorder"),
        )
    },
    # Parameters about values that no event of the ledger has.
    **{f"MATCH_{name}": (name,) for name in ("inputEPC", "outputEPC", "inputEPCClass", "outputEPCClass")},
    **{
        f"EQ_{name}": (name,)
        for name in (
            *("transformationID", "persistentDisposition_set", "persistentDisposition_unset"),
            *("deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules"),
            *("stringValue", "booleanValue", "hexBinaryValue", "uriValue"),
        )
    },
    "EQ_type": ("type of a sensor's reading",),
    **{f"{compared}_{name}": (name,) for name in ("startTime", "endTime") for compared in ("GE", "LT")},
}
_TIMES = tuple(f"{compared}_{name}" for name in TIMES for compared in ("GE", "LT"))
_COUNTS = tuple(f"{compared}_{epcisevents.QUANTITY}" for compared in COMPARED)


@dataclass(frozen=True)
class EventQuery:
    """
    A query as it was asked.

    Attributes:
        first: only so many events; None for all, by pages.
        most: refuse the query if it finds more events; None for any number.
    """

    query: EpcisQuery
    first: int | None = None
    most: int | None = None


def read(sent: Mapping[str, Any], *fixed: NameCondition) -> EventQuery:
    """
    Return the query that parameters ask for, of events that also meet the *fixed* conditions.

    Raises:
        Problem: REQUEST_INVALID.
    """
    first, most = sent.get("eventCountLimit"), sent.get("maxEventCount")
    if first and not sent.get("orderBy"):
        raise _invalid("eventCountLimit", "needs orderBy, which says what comes first")
    if first and most:
        raise _invalid("maxEventCount", "excludes eventCountLimit")
    query = EpcisQuery(
        (*fixed, *_conditions(sent)),
        bool(sent.get("EXISTS_errorDeclaration")),
        sent.get("orderBy", ""),
        bool(sent.get("orderBy")) and sent.get("orderDirection", "DESC") == "DESC",
    )
    return EventQuery(query, first, most)


def named(parameter: str, text: str) -> NameCondition:
    """Return the condition that a parameter with one value asks for."""
    return NameCondition(TEXTS[parameter], (_spelt(parameter, text),))


def _conditions(sent: Mapping[str, Any]) -> Iterator[NameCondition | NumberCondition | TimeCondition]:
    for name in TEXTS:
        if name in sent:
            told = sent[name] if isinstance(sent[name], list) else str(sent[name]).split("|")
            yield NameCondition(TEXTS[name], tuple(_spelt(name, each) for each in told))
    for name in _TIMES:
        if name in sent:
            compared, _, time = name.partition("_")
            yield TimeCondition(time, compared, moments.parse(sent[name]).at)
    for name in _COUNTS:
        if name in sent:
            compared, _, counted = name.partition("_")
            yield NumberCondition(counted, compared, sent[name])


def _spelt(parameter: str, text: str) -> str:
    """Return a value as events in the model have it: a word of CBV without its URI, an identifier in one spelling."""
    if not recordkinds.storable(text):
        raise _invalid(parameter, "has U+0000 or a lone surrogate, which no event has")
    if parameter.startswith("MATCH_"):
        return digitallink.canonical(text)
    return parsing.recorded(parameter.removeprefix("EQ_"), text)


def check_moment(text: str) -> None:
    """Raise ValidationError unless the text is a time."""
    try:
        moments.parse(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _schema(name: str, words: str, texts: Callable[[], _Field], **more: _Field) -> type[Schema]:
    """Return the schema of a query; *texts* makes the field of each parameter whose value is one or more texts."""
    made: dict[str, _Field] = {each: texts() for each in TEXTS}
    made |= {each: fields.String(validate=[bounds.counted(bounds.MOMENT), check_moment]) for each in _TIMES}
    made |= {each: fields.Float(validate=bounds.within(bounds.COUNT)) for each in _COUNTS}
    count = bounds.within(bounds.PAGE)
    made |= {
        "EXISTS_errorDeclaration": fields.Boolean(
            metadata={"description": "Only declarations that an event was wrong"}
        ),
        "orderBy": fields.String(validate=validate.OneOf(ORDERS)),
        "orderDirection": fields.String(validate=validate.OneOf(["ASC", "DESC"])),
        "eventCountLimit": fields.Integer(
            validate=count, metadata={"description": "Only the first so many, on one page; needs `orderBy`"}
        ),
        "maxEventCount": fields.Integer(
            validate=count, metadata={"description": "Refuse the query if it finds more; they come on one page"}
        ),
    }
    schema = Schema.from_dict({**made, **more}, name=name)
    schema.__doc__ = words
    return schema


def _piped() -> _Field:
    return fields.String(
        validate=bounds.counted(bounds.ALTERNATIVES),
        metadata={"description": "One of these values; several are separated by `|`"},
    )


def _listed() -> _Field:
    return fields.List(fields.String(validate=bounds.counted(bounds.TEXT)), validate=bounds.counted(bounds.VALUES))


PAGE: dict[str, _Field] = {
    "perPage": fields.Integer(
        load_default=_PER_PAGE,
        validate=bounds.within(bounds.PAGE),
        metadata={"description": "How many a page has at most"},
    ),
    "nextPageToken": fields.String(
        load_default="",
        validate=bounds.counted(bounds.CURSOR),
        metadata={"description": 'From the `Link` header (`rel="next"`) of the page before; it does not expire'},
    ),
}
PageSchema = Schema.from_dict(PAGE, name="EpcisPageSchema")
PageSchema.__doc__ = "Query of a collection."
EventsSchema = _schema("EpcisEventsSchema", "Query of EPCIS events.", _piped, **PAGE)
QuerySchema = _schema("EpcisQuerySchema", "A simple event query of EPCIS, as JSON.", _listed)


def _invalid(name: str, words: str) -> Problem:
    return Problem("REQUEST_INVALID", f"{name}: {words}", errors={"query": {name: [words]}})
