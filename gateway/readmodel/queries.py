"""
Queries of an organisation's model: lists with filter, order and pages, and search by any number.

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

from gateway.readmodel import cursors, recordkinds, ways
from gateway.readmodel.model import Model
from gateway.readmodel.ways import AccessPath
from gateway.store.database import StoreConnection
from gateway.store.tables import model_events, model_labels, model_records

SORTS = ("-changed", "changed", "id", "-id", "state", "-state")
_COLUMNS = {"changed": "block_number", "id": "id", "state": "state"}
_BY_CHANGE = ("changed", "-changed")
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
    with model.store.reading() as database:
        rows = database.execute(_asked(database, msp_id, query)).fetchall()
    more = len(rows) > query.limit
    shown = rows[: query.limit]
    keys = _keys(query.sort, model_records)
    return RecordPage(tuple(map(_record, shown)), cursors.text([shown[-1][key.name] for key in keys]) if more else "")


def _keys(sort: str, table: sa.FromClause) -> tuple[sa.ColumnElement[Any], ...]:
    return tuple(table.c[name] for name in (_COLUMNS[sort.lstrip("-")], "channel", "record"))


def _asked(database: StoreConnection, msp_id: str, query: Query) -> sa.Select[Any]:
    """Return the statement for a page and one row more, by the way that reads the fewest rows."""
    conditions: list[tuple[str, str, str]] = [("where", name, value) for name, value in query.where.items()]
    conditions += [(name, "", value) for name in ("state", "channel") if (value := getattr(query, name))]
    if not conditions:
        return _page(model_records, msp_id, query, _of_kind(model_records, msp_id, query))
    along = [_way(msp_id, query, each) for each in conditions]
    best, few = (0, False) if len(along) == 1 and query.sort in _BY_CHANGE else ways.fewest(database, along)
    others = [each for number, each in enumerate(conditions) if number != best]
    if few:
        table = along[best].table
        met = sa.select(table.c.channel, table.c.record).where(*along[best].where).limit(ways.FEW).subquery()
        within = model_records.join(
            met, sa.and_(model_records.c.channel == met.c.channel, model_records.c.record == met.c.record)
        )
        where = [*_of_kind(model_records, msp_id, query), *_probes(model_records, msp_id, others)]
        return _page(model_records, msp_id, query, where, within)
    if query.sort in _BY_CHANGE:
        base = along[best].table
        return _page(base, msp_id, query, [*along[best].where, *_probes(base, msp_id, others)])
    where = [*_of_kind(model_records, msp_id, query), *_probes(model_records, msp_id, conditions)]
    return _page(model_records, msp_id, query, where)


def _page(
    base: sa.Table,
    msp_id: str,
    query: Query,
    where: Sequence[sa.ColumnElement[bool]],
    within: sa.FromClause | None = None,
) -> sa.Select[Any]:
    """Return the records of the page that *base* has under these conditions; documents are read of these alone."""
    down, keys = query.sort.startswith("-"), _keys(query.sort, base)
    picked = sa.select(base.c.channel, base.c.record).select_from(base if within is None else within).where(*where)
    if query.cursor:
        types = [type_of(key) for key in keys]
        picked = picked.where(cursors.beyond(keys, cursors.read(query.cursor, types), down))
    some = picked.order_by(*_ordered(keys, down)).limit(query.limit + 1).subquery()
    same = sa.and_(
        model_records.c.msp_id == msp_id,
        model_records.c.channel == some.c.channel,
        model_records.c.record == some.c.record,
    )
    return (
        sa.select(model_records)
        .join_from(some, model_records, same)
        .order_by(*_ordered(_keys(query.sort, model_records), down))
    )


def _ordered(keys: Sequence[sa.ColumnElement[Any]], down: bool) -> list[sa.ColumnElement[Any]]:
    return [key.desc() if down else key for key in keys]


def _of_kind(table: sa.Table, msp_id: str, query: Query) -> list[sa.ColumnElement[bool]]:
    return [table.c.msp_id == msp_id, table.c.kind == query.kind]


def _way(msp_id: str, query: Query, condition: tuple[str, str, str]) -> AccessPath:
    what, name, value = condition
    if what == "where":
        labelled = (model_labels.c.name == name, model_labels.c.value == recordkinds.label(value))
        return AccessPath(model_labels, (*_of_kind(model_labels, msp_id, query), *labelled))
    return AccessPath(model_records, (*_of_kind(model_records, msp_id, query), model_records.c[what] == value))


def _probes(
    base: sa.Table, msp_id: str, conditions: Sequence[tuple[str, str, str]]
) -> Iterator[sa.ColumnElement[bool]]:
    """Yield each condition as one on a row of *base*."""
    for what, name, value in conditions:
        if what in base.c:
            yield base.c[what] == value
            continue
        table = (model_labels if what == "where" else model_records).alias()
        told = (
            (table.c.name == name, table.c.value == recordkinds.label(value))
            if what == "where"
            else (table.c[what] == value,)
        )
        yield ways.holds(
            table, table.c.msp_id == msp_id, table.c.channel == base.c.channel, table.c.record == base.c.record, *told
        )


def named(model: Model, msp_id: str, kind: str, ids: Collection[str]) -> tuple[ModelRecord, ...]:
    """Return an organisation's records of one kind with these ids, the last changed first."""
    asked = sa.select(model_records).where(
        model_records.c.msp_id == msp_id, model_records.c.kind == kind, model_records.c.id.in_(sorted(ids))
    )
    with model.store.reading() as database:
        rows = database.execute(asked).fetchall()
    # Sorted here: in the order of an index, SQLite would read all records of the kind to find a few.
    rows.sort(key=lambda row: (-row["block_number"], row["channel"], row["record"]))
    return tuple(map(_record, rows))


def search(model: Model, msp_id: str, text: str, limit: int = 20) -> tuple[ModelRecord, ...]:
    """Return an organisation's records with a number or name that begins with *text*; the equal ones come first."""
    wanted = recordkinds.label(text)
    if not wanted:
        return ()
    with model.store.reading() as database:
        found = dict(itertools.islice(_beginning(database, msp_id, wanted), limit))
        if not found:
            return ()
        rows = _at(database, msp_id, found)
    rows.sort(key=lambda row: (found[row["channel"], row["record"]], row["kind"], row["id"]))
    return tuple(map(_record, rows))


def _at(database: StoreConnection, msp_id: str, places: Collection[tuple[str, str]]) -> list[Any]:
    """Return the records at these places: channel by channel, since SQLite looks pairs up in no index."""
    by_channel: dict[str, list[str]] = {}
    for channel, record in places:
        by_channel.setdefault(channel, []).append(record)
    rows = []
    for channel, records in by_channel.items():
        here = (model_records.c.msp_id == msp_id, model_records.c.channel == channel)
        rows += database.execute(sa.select(model_records).where(*here, model_records.c.record.in_(records))).fetchall()
    return rows


def _beginning(database: StoreConnection, msp_id: str, wanted: str) -> Iterator[tuple[tuple[str, str], str]]:
    """
    Yield each record with a label that begins so, and the first of its labels, in the order of these.

    It walks the index and reads no more labels than asked for, however many begin so.
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
    return int if column.name == model_records.c.block_number.name else str


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
