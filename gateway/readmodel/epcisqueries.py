"""
Questions to an organisation's model for EPCIS events.

    page = epcisqueries.find(model, "PlatformMSP", EpcisQuery((Having(("bizStep",), ("departing",)),)))
    page.events, page.cursor
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from gateway.readmodel import cursors, ways
from gateway.readmodel.model import Model
from gateway.readmodel.ways import AccessPath
from gateway.store.database import StoreConnection
from gateway.store.tables import model_epcis_events, model_epcis_names

_EVENTS, _NAMES = model_epcis_events, model_epcis_names
_EVENTS_BESIDE, _NAMES_BESIDE = _EVENTS.alias(), _NAMES.alias()
_PLACE = (_EVENTS.c.block_number, _EVENTS.c.channel, _EVENTS.c.position)
TIMES: Mapping[str, sa.Column[Any]] = MappingProxyType(
    {"eventTime": _EVENTS.c.at, "recordTime": _EVENTS.c.recorded_at, "errorDeclarationTime": _EVENTS.c.declared_at}
)
ORDERS = ("eventTime", "recordTime")
COMPARED = {"EQ": operator.eq, "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le}


@dataclass(frozen=True)
class NameCondition:
    """One of *values* under one of *names*."""

    names: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class NumberCondition:
    """A number under a *name*, compared as one of ``COMPARED`` says."""

    name: str
    compared: str
    number: float


@dataclass(frozen=True)
class TimeCondition:
    """One of ``TIMES``, in milliseconds since 1970, compared as one of ``COMPARED`` says."""

    time: str
    compared: str
    at: int


@dataclass(frozen=True)
class EpcisQuery:
    """
    Conditions that all hold for an event.

    Attributes:
        declared: only declarations that an event is wrong.
        order: one of ``ORDERS``; empty for that of a time among the conditions, and without one for the order in
            which events came onto the channels.
    """

    conditions: tuple[NameCondition | NumberCondition | TimeCondition, ...] = ()
    declared: bool = False
    order: str = ""
    down: bool = False


@dataclass(frozen=True)
class EpcisPage:
    """Events as their recorders wrote them; *cursor* leads to the next page, and is empty on the last one."""

    events: tuple[dict[str, Any], ...] = field(repr=False)
    cursor: str


@dataclass(frozen=True)
class PlacedEvent:
    """An event, and where it came onto the channel."""

    block_number: int
    position: int
    document: dict[str, Any] = field(repr=False)


def find(model: Model, msp_id: str, query: EpcisQuery, *, cursor: str = "", limit: int = 30) -> EpcisPage:
    """
    Return a page of the events that an organisation may see.

    Raises:
        ValueError: the cursor is not from a page in this order.
    """
    query = _ordered(query)
    keys = _keys(query)
    after = cursors.read(cursor, [str if key is _EVENTS.c.channel else int for key in keys]) if cursor else []
    with model.store.reading() as database:
        rows = database.execute(_page(database, msp_id, query, after, limit + 1)).fetchall()
    shown = rows[:limit]
    return EpcisPage(
        tuple(json.loads(row["document"]) for row in shown),
        cursors.text([shown[-1][key.name] for key in keys]) if len(rows) > limit else "",
    )


def following(
    model: Model, msp_id: str, channel: str, query: EpcisQuery, after: tuple[int, int], limit: int
) -> list[PlacedEvent]:
    """Return the events that came onto a channel after a block and position, in that order."""
    place = (_EVENTS.c.block_number, _EVENTS.c.position)
    asked = _asked(msp_id, query).where(_EVENTS.c.channel == channel, cursors.beyond(place, list(after), down=False))
    with model.store.reading() as database:
        rows = database.execute(asked.order_by(*place).limit(limit)).fetchall()
    return [PlacedEvent(row["block_number"], row["position"], json.loads(row["document"])) for row in rows]


def values(model: Model, msp_id: str, names: tuple[str, ...], *, after: str = "", limit: int = 30) -> list[str]:
    """Return what there is under *names* in an organisation's events, each once and in order, after a value."""
    found: set[str] = set()
    with model.store.reading() as database:
        for name in names:
            rows = database.execute(_each_value(msp_id, name, after, limit)).fetchall()
            found.update(row["value"] for row in rows if row["value"] is not None)
    return sorted(found)[:limit]


def _each_value(msp_id: str, name: str, after: str, limit: int) -> sa.Select[Any]:
    """Walk the index from value to value, so that each value is read once, however many events have it."""
    here = (_NAMES.c.msp_id == msp_id, _NAMES.c.name == name)
    first = sa.select(sa.func.min(_NAMES.c.value).label("value"), sa.literal(1).label("number"))
    found = first.where(*here, _NAMES.c.value > after).cte("found", recursive=True)
    following = sa.select(sa.func.min(_NAMES.c.value)).where(*here, _NAMES.c.value > found.c.value).scalar_subquery()
    more = sa.select(following, found.c.number + 1).where(found.c.value.is_not(None), found.c.number < limit)
    return sa.select(found.union_all(more).c.value)


def _ordered(query: EpcisQuery) -> EpcisQuery:
    """
    Return the query with an order.

    One that names a time and no order gets the order of that time, whose index begins where the time does. Without
    both, events come in the order of the channel.
    """
    times = [each.time for each in query.conditions if isinstance(each, TimeCondition) and each.time in ORDERS]
    return query if query.order or not times else dataclasses.replace(query, order=times[0])


def _keys(query: EpcisQuery) -> tuple[sa.ColumnElement[Any], ...]:
    return (TIMES[query.order], *_PLACE) if query.order else _PLACE


def _page(database: StoreConnection, msp_id: str, query: EpcisQuery, after: list[Any], limit: int) -> sa.Select[Any]:
    """Return the statement for a page, along the condition that reads the fewest rows."""
    keys, down = _keys(query), query.down
    beyond = [cursors.beyond(keys, after, down)] if after else []
    told = [each for each in query.conditions if not (isinstance(each, TimeCondition) and each.time == query.order)]
    along = [_way(msp_id, each) for each in told]
    if query.declared:
        along.append(AccessPath(_EVENTS, (_EVENTS.c.msp_id == msp_id, _EVENTS.c.declared_at.is_not(None))))
    best, few = ways.fewest(database, along) if along else (0, False)
    asked = _asked(msp_id, query).where(*beyond)
    if few:
        asked = _among(
            asked, sa.select(*_of_place(along[best].table)).where(*along[best].where).distinct().limit(ways.FEW)
        )
    elif not query.order and along and isinstance(leading := (told + [None])[best], NameCondition):
        return _along(msp_id, query, leading, after, limit)
    return asked.order_by(*(key.desc() if down else key for key in keys)).limit(limit)


def _along(msp_id: str, query: EpcisQuery, leading: NameCondition, after: list[Any], limit: int) -> sa.Select[Any]:
    """Return the statement that reads the events of each value in the order of the channel, as many as fit a page."""
    others = [each for each in query.conditions if each is not leading]
    # The events of two values stand in the same order in the index, so the database merges them.
    beside = [each for each in others if isinstance(each, NameCondition) and len(each.names) == len(each.values) == 1]
    rest = dataclasses.replace(query, conditions=tuple(each for each in others if each not in beside))
    parts = [
        _of_value(msp_id, [(name, value), *((each.names[0], each.values[0]) for each in beside)])
        for name, value in itertools.product(leading.names, leading.values)
    ]
    places, some = _of_place(_NAMES), []
    for part in parts:
        found = part.where(*_probes(msp_id, rest, _NAMES))
        found = found.where(cursors.beyond(places, after, query.down)) if after else found
        ordered = found.order_by(*(key.desc() if query.down else key for key in places)).limit(limit).subquery()
        some.append(sa.select(*_of_place(ordered)))
    asked = _among(sa.select(_EVENTS).where(_EVENTS.c.msp_id == msp_id), sa.union(*some) if len(some) > 1 else some[0])
    return asked.order_by(*(key.desc() if query.down else key for key in _PLACE)).limit(limit)


def _of_value(msp_id: str, pairs: list[tuple[str, str]]) -> sa.Select[Any]:
    """Return the question for the places of events that have each of these values under its name."""
    (name, value), *others = pairs
    places = _of_place(_NAMES)
    asked = sa.select(*places).where(_NAMES.c.msp_id == msp_id, _NAMES.c.name == name, _NAMES.c.value == value)
    for other_name, other_value in others:
        beside = _NAMES.alias()
        same = (mine == other for mine, other in zip(places, _of_place(beside), strict=True))
        held = (beside.c.msp_id == msp_id, beside.c.name == other_name, beside.c.value == other_value)
        asked = asked.join(beside, sa.and_(*same, *held))
    return asked


def _among(asked: sa.Select[Any], places: sa.Select[Any] | sa.CompoundSelect[Any]) -> sa.Select[Any]:
    """Return the question for the events at these places alone."""
    some = places.subquery()
    return asked.join(some, sa.and_(*(mine == other for mine, other in zip(_PLACE, _of_place(some), strict=True))))


def _of_place(table: sa.FromClause) -> tuple[sa.ColumnElement[Any], ...]:
    return tuple(table.c[key.name] for key in _PLACE)


def _asked(msp_id: str, query: EpcisQuery) -> sa.Select[Any]:
    return sa.select(_EVENTS).where(_EVENTS.c.msp_id == msp_id, *_probes(msp_id, query, _EVENTS))


def _probes(msp_id: str, query: EpcisQuery, base: sa.Table) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions of a query as conditions on rows of *base*, each an event."""
    same = [_NAMES_BESIDE.c.msp_id == msp_id]
    same += [_NAMES_BESIDE.c[key.name] == base.c[key.name] for key in _PLACE]
    event = [_EVENTS_BESIDE.c.msp_id == msp_id]
    event += [_EVENTS_BESIDE.c[key.name] == base.c[key.name] for key in _PLACE]
    on_events: list[Callable[[sa.FromClause], sa.ColumnElement[bool]]] = []
    if query.declared:
        on_events.append(lambda table: table.c.declared_at.is_not(None))
    for each in query.conditions:
        if isinstance(each, TimeCondition):
            on_events.append(functools.partial(_within, each))
        else:
            yield ways.holds(_NAMES_BESIDE, *same, *_met(each, _NAMES_BESIDE))
    for condition in on_events:
        yield condition(base) if base is _EVENTS else ways.holds(_EVENTS_BESIDE, *event, condition(_EVENTS_BESIDE))


def _way(msp_id: str, each: NameCondition | NumberCondition | TimeCondition) -> AccessPath:
    if isinstance(each, TimeCondition):
        return AccessPath(_EVENTS, (_EVENTS.c.msp_id == msp_id, _within(each, _EVENTS)))
    return AccessPath(_NAMES, (_NAMES.c.msp_id == msp_id, *_met(each, _NAMES)))


def _within(each: TimeCondition, table: sa.FromClause) -> sa.ColumnElement[bool]:
    compared: sa.ColumnElement[bool] = COMPARED[each.compared](table.c[TIMES[each.time].name], each.at)
    return compared


def _met(each: NameCondition | NumberCondition, table: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
    if isinstance(each, NameCondition):
        return table.c.name.in_(each.names), table.c.value.in_(each.values)
    return table.c.name == each.name, COMPARED[each.compared](table.c.number, each.number)
