"""
Questions to an organisation's model for EPCIS events.

    page = epcisqueries.find(model, "PlatformMSP", EpcisQuery((Having(("bizStep",), ("departing",)),)))
    page.events, page.cursor
"""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from gateway.readmodel import cursors
from gateway.readmodel.model import Model
from gateway.store.tables import model_epcis_events, model_epcis_names

_EVENTS, _NAMES = model_epcis_events, model_epcis_names
_PLACE = (_EVENTS.c.block_number, _EVENTS.c.channel, _EVENTS.c.position)
TIMES: Mapping[str, sa.Column[Any]] = MappingProxyType(
    {"eventTime": _EVENTS.c.at, "recordTime": _EVENTS.c.recorded_at, "errorDeclarationTime": _EVENTS.c.declared_at}
)
ORDERS = ("eventTime", "recordTime")
COMPARED = {"EQ": operator.eq, "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le}


@dataclass(frozen=True)
class Having:
    """One of *values* under one of *names*."""

    names: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Counting:
    """A number under a *name*, compared as one of ``COMPARED`` says."""

    name: str
    compared: str
    number: float


@dataclass(frozen=True)
class Within:
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
        order: one of ``ORDERS``; empty for the order in which events came onto the channels.
    """

    conditions: tuple[Having | Counting | Within, ...] = ()
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
    keys = (TIMES[query.order], *_PLACE) if query.order else _PLACE
    asked = _asked(msp_id, query)
    if cursor:
        types: list[type] = [str if key is _EVENTS.c.channel else int for key in keys]
        asked = asked.where(cursors.beyond(keys, cursors.read(cursor, types), query.down))
    asked = asked.order_by(*(key.desc() if query.down else key for key in keys)).limit(limit + 1)
    with model.store.reading() as database:
        rows = database.execute(asked).fetchall()
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
    asked = (
        sa.select(_NAMES.c.value)
        .where(_NAMES.c.msp_id == msp_id, _NAMES.c.name.in_(names), _NAMES.c.value > after)
        .group_by(_NAMES.c.value)
        .order_by(_NAMES.c.value)
        .limit(limit)
    )
    with model.store.reading() as database:
        return [row["value"] for row in database.execute(asked).fetchall()]


def _asked(msp_id: str, query: EpcisQuery) -> sa.Select[Any]:
    asked = sa.select(_EVENTS).where(_EVENTS.c.msp_id == msp_id)
    if query.declared:
        asked = asked.where(_EVENTS.c.declared_at.is_not(None))
    for each in query.conditions:
        asked = asked.where(_condition(each))
    return asked


def _condition(each: Having | Counting | Within) -> sa.ColumnElement[bool]:
    if isinstance(each, Within):
        compared: sa.ColumnElement[bool] = COMPARED[each.compared](TIMES[each.time], each.at)
        return compared
    if isinstance(each, Having):
        return _named(_NAMES.c.name.in_(each.names), _NAMES.c.value.in_(each.values))
    return _named(_NAMES.c.name == each.name, COMPARED[each.compared](_NAMES.c.number, each.number))


def _named(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    same = (_NAMES.c[name] == _EVENTS.c[name] for name in ("msp_id", "channel", "hash"))
    return sa.exists(sa.select(sa.literal(1)).where(*same, *conditions))
