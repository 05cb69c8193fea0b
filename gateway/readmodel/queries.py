"""
Questions to an organisation's model: lists with filter, order and pages, and search by any number.

    page = queries.find(model, "PlatformMSP", Query("orders", where={"state": "confirmed"}, sort="-changed"))
    page.records, page.cursor
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from gateway.readmodel import cursors, recordkinds
from gateway.readmodel.model import Model
from gateway.store.database import StoreConnection
from gateway.store.tables import model_events, model_labels, model_records

SORTS = ("-changed", "changed", "id", "-id", "state", "-state")
_COLUMNS = {"changed": model_records.c.block_number, "id": model_records.c.id, "state": model_records.c.state}
_LAST = "\U0010ffff"
_LABELS_AT_ONCE = 100


@dataclass(frozen=True)
class Query:
    """
    A question for records of one kind.

    Attributes:
        where: names and values that a record must have; a name is a path of members, as ``lines.gtin``.
        sort: one of ``SORTS``; a hyphen turns the order.
        cursor: from the page before; empty for the first one.
    """

    kind: str
    where: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    state: str = ""
    sort: str = SORTS[0]
    cursor: str = ""
    limit: int = 100


@dataclass(frozen=True)
class ModelRecord:
    """A record as it is after the model's last block; *changed_at* in milliseconds since 1970."""

    kind: str
    id: str
    channel: str
    private: bool
    state: str
    block_number: int
    transaction_id: str
    changed_at: int
    document: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class LoggedEvent:
    """An event of a chaincode; *payload* is None if it is not JSON, *index* its transaction's place in the block."""

    channel: str
    chaincode: str
    name: str
    block_number: int
    transaction_id: str
    at: int
    payload: Any = field(repr=False)
    index: int = 0


@dataclass(frozen=True)
class RecordPage:
    """Records in order; *cursor* leads to the next page, and is empty on the last one."""

    records: tuple[ModelRecord, ...]
    cursor: str


@dataclass(frozen=True)
class EventPage:
    """Events, newest first; *cursor* as for ``RecordPage``."""

    events: tuple[LoggedEvent, ...]
    cursor: str


def find(model: Model, msp_id: str, query: Query) -> RecordPage:
    """
    Return a page of an organisation's records.

    Raises:
        ValueError: the cursor is not from a page in this order.
    """
    down = query.sort.startswith("-")
    column = _COLUMNS[query.sort.lstrip("-")]
    keys = (column, model_records.c.channel, model_records.c.record)
    asked = sa.select(model_records).where(model_records.c.msp_id == msp_id, model_records.c.kind == query.kind)
    if query.channel:
        asked = asked.where(model_records.c.channel == query.channel)
    if query.state:
        asked = asked.where(model_records.c.state == query.state)
    for name, value in query.where.items():
        asked = asked.where(_labelled(name, value))
    if query.cursor:
        asked = asked.where(cursors.beyond(keys, cursors.read(query.cursor, [type_of(key) for key in keys]), down))
    asked = asked.order_by(*(key.desc() if down else key for key in keys)).limit(query.limit + 1)
    with model.store.reading() as database:
        rows = database.execute(asked).fetchall()
    more = len(rows) > query.limit
    shown = rows[: query.limit]
    return RecordPage(tuple(map(_record, shown)), cursors.text([shown[-1][key.name] for key in keys]) if more else "")


def named(model: Model, msp_id: str, kind: str, ids: Collection[str]) -> tuple[ModelRecord, ...]:
    """Return an organisation's records of one kind with these ids, the last changed first."""
    asked = (
        sa.select(model_records)
        .where(model_records.c.msp_id == msp_id, model_records.c.kind == kind, model_records.c.id.in_(sorted(ids)))
        .order_by(model_records.c.block_number.desc(), model_records.c.channel, model_records.c.record)
    )
    with model.store.reading() as database:
        return tuple(map(_record, database.execute(asked).fetchall()))


def search(model: Model, msp_id: str, text: str, limit: int = 20) -> tuple[ModelRecord, ...]:
    """Return an organisation's records with a number or name that begins with *text*; the equal ones come first."""
    wanted = recordkinds.label(text)
    if not wanted:
        return ()
    records = sa.tuple_(model_records.c.channel, model_records.c.record)
    with model.store.reading() as database:
        found = dict(itertools.islice(_beginning(database, msp_id, wanted), limit))
        if not found:
            return ()
        asked = sa.select(model_records).where(model_records.c.msp_id == msp_id, records.in_(list(found)))
        rows = database.execute(asked).fetchall()
    rows.sort(key=lambda row: (found[row["channel"], row["record"]], row["kind"], row["id"]))
    return tuple(map(_record, rows))


def _beginning(database: StoreConnection, msp_id: str, wanted: str) -> Iterator[tuple[tuple[str, str], str]]:
    """
    Yield each record with a label that begins so, and the first of its labels, in the order of these.

    It goes along the index and never looks at more labels than it is asked for, however many begin so.
    """
    keys = (model_labels.c.value, model_labels.c.channel, model_labels.c.record)
    here = (model_labels.c.msp_id == msp_id, model_labels.c.value >= wanted, model_labels.c.value < wanted + _LAST)
    seen: set[tuple[str, str]] = set()
    last: list[Any] = []
    while True:
        asked = sa.select(*keys).where(*here, *([cursors.beyond(keys, last, down=False)] if last else []))
        rows = database.execute(asked.order_by(*keys).limit(_LABELS_AT_ONCE)).fetchall()
        for row in rows:
            record = (row["channel"], row["record"])
            if record not in seen:
                seen.add(record)
                yield record, row["value"]
        if len(rows) < _LABELS_AT_ONCE:
            return
        last = [rows[-1][key.name] for key in keys]


def events(
    model: Model, msp_id: str, *, channel: str = "", name: str = "", cursor: str = "", limit: int = 100
) -> EventPage:
    """
    Return a page of the events of an organisation's channels, newest first.

    Raises:
        ValueError: the cursor is not from a page of events.
    """
    keys = (model_events.c.block_number, model_events.c.channel, model_events.c.index)
    asked = sa.select(model_events).where(model_events.c.msp_id == msp_id)
    if channel:
        asked = asked.where(model_events.c.channel == channel)
    if name:
        asked = asked.where(model_events.c.name == name)
    if cursor:
        asked = asked.where(cursors.beyond(keys, cursors.read(cursor, [int, str, int]), down=True))
    with model.store.reading() as database:
        rows = database.execute(asked.order_by(*(key.desc() for key in keys)).limit(limit + 1)).fetchall()
    shown = rows[:limit]
    return EventPage(
        tuple(map(_event, shown)), cursors.text([shown[-1][key.name] for key in keys]) if len(rows) > limit else ""
    )


def following(
    model: Model,
    msp_id: str,
    channel: str,
    after: tuple[int, int],
    *,
    chaincode: str = "",
    names: Sequence[str] = (),
    limit: int = 100,
) -> list[LoggedEvent]:
    """Return the events of a channel after a block and index, in the order of the chain."""
    place = (model_events.c.block_number, model_events.c.index)
    asked = sa.select(model_events).where(
        model_events.c.msp_id == msp_id,
        model_events.c.channel == channel,
        cursors.beyond(place, list(after), down=False),
    )
    if chaincode:
        asked = asked.where(model_events.c.chaincode == chaincode)
    if names:
        asked = asked.where(model_events.c.name.in_(names))
    with model.store.reading() as database:
        rows = database.execute(asked.order_by(*place).limit(limit)).fetchall()
    return [_event(row) for row in rows]


def index_of(model: Model, msp_id: str, channel: str, block_number: int, transaction_id: str) -> int | None:
    """Return the place of an event's transaction in its block; None if the channel has no such event."""
    asked = sa.select(model_events.c.index).where(
        model_events.c.msp_id == msp_id,
        model_events.c.channel == channel,
        model_events.c.block_number == block_number,
        model_events.c.transaction_id == transaction_id,
    )
    with model.store.reading() as database:
        row = database.execute(asked).fetchone()
    return int(row["index"]) if row else None


def type_of(column: sa.ColumnElement[Any]) -> type:
    """Return the type of a column's values."""
    return int if column is model_records.c.block_number else str


def _labelled(name: str, value: str) -> sa.ColumnElement[bool]:
    """Return the condition that a record has the value under the name, compared as on a label."""
    same = (model_labels.c[each] == model_records.c[each] for each in ("msp_id", "channel", "record"))
    return sa.exists(
        sa.select(sa.literal(1)).where(
            *same, model_labels.c.name == name, model_labels.c.value == recordkinds.label(value)
        )
    )


def _record(row: Any) -> ModelRecord:
    return ModelRecord(
        row["kind"],
        row["id"],
        row["channel"],
        bool(row["private"]),
        row["state"],
        row["block_number"],
        row["transaction_id"],
        row["changed_at"],
        json.loads(row["document"]),
    )


def _event(row: Any) -> LoggedEvent:
    return LoggedEvent(
        row["channel"],
        row["chaincode"],
        row["name"],
        row["block_number"],
        row["transaction_id"],
        row["at"],
        json.loads(row["payload"]) if row["payload"] else None,
        row["index"],
    )
