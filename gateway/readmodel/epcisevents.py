"""
The EPCIS events in the model: those that organisations recorded on their pages of journeys and shipping units.

A page is read as the contracts read it: an entry that only a modified peer can have written is no event. An event keeps
the block in which it first came, so that a reader who follows the events gets each one once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from chaincode.domain.journeys import digitallink, epcis, pages, units
from chaincode.domain.journeys.journeys import Journey
from gateway.readmodel import recordkinds
from gateway.store.database import StoreConnection
from gateway.store.statements import PreparedStatement
from gateway.store.tables import model_epcis_events, model_epcis_names, model_records
from hlf.codec import moments, records
from hlf.codec.refusals import Refused

# The identifiers of goods in an event, by the name to query them by.
EPC, PARENT, CLASS, QUANTITY = "epc", "parentID", "epcClass", "quantity"
_IDENTIFIERS = {"epcList": EPC, "childEPCs": EPC, "parentID": PARENT}
_WORDS = ("type", "action", "bizStep", "disposition", "eventID")
_PARTIES = {"sourceList": "source", "destinationList": "destination", "bizTransactionList": "bizTransaction"}

_EVENTS, _NAMES = model_epcis_events, model_epcis_names


def _here(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(table.c[name] == sa.bindparam(f"this_{name}") for name in ("msp_id", "channel"))


_ABOUT = PreparedStatement(
    sa.select(model_records.c.document).where(
        *_here(model_records),
        model_records.c.kind == sa.bindparam("wanted"),
        model_records.c.id == sa.bindparam("name"),
        model_records.c.private == 0,
    )
)
_PAGES = PreparedStatement(
    sa.select(model_records.c.record, model_records.c.id, model_records.c.document)
    .where(
        *_here(model_records),
        model_records.c.kind == sa.bindparam("wanted"),
        model_records.c.id >= sa.bindparam("first"),
        model_records.c.id < sa.bindparam("end"),
        model_records.c.private == 0,
    )
    .order_by(model_records.c.record)
)
_KNOWN = PreparedStatement(
    sa.select(_EVENTS.c.hash, _EVENTS.c.block_number, _EVENTS.c.position).where(
        *_here(_EVENTS), _EVENTS.c.source == sa.bindparam("this_source")
    )
)
_DROP = tuple(
    PreparedStatement(
        sa.delete(table).where(
            *_here(table),
            table.c.block_number == sa.bindparam("this_block_number"),
            table.c.position == sa.bindparam("this_position"),
        )
    )
    for table in (_NAMES, _EVENTS)
)
_PUT = PreparedStatement(insert(_EVENTS).on_conflict_do_nothing())
_NAME = PreparedStatement(insert(_NAMES).on_conflict_do_nothing())


@dataclass(frozen=True)
class PageEvent:
    """
    An event on a page; times in milliseconds since 1970.

    Attributes:
        hash: of the whole record, since an event and the declaration that it is wrong have one ``eventID``.
        declared_at: when it was declared wrong; None if the record is no such declaration.
        names: what it can be found by: name, text, and the number that the text is, if it is one.
    """

    hash: str
    at: int
    recorded_at: int
    declared_at: int | None
    document: Mapping[str, object] = field(repr=False)

    @property
    def names(self) -> Iterator[tuple[str, str, int | None]]:
        for name, text in _named(self.document):
            if text and len(text) <= recordkinds.LONGEST and recordkinds.storable(text):
                yield name, text, int(text) if name == QUANTITY else None


class PageEvents:
    """Keeps the events of one channel in step with its pages, block by block."""

    def __init__(self, database: StoreConnection, msp_id: str, channel: str) -> None:
        self._database = database
        self._values = {"msp_id": msp_id, "channel": channel}
        self._here = {f"this_{name}": value for name, value in self._values.items()}

    def drop(self, source: str) -> None:
        """Delete the events of a record that is gone; most records have none."""
        for place in self._known(source).values():
            self._forget(place)

    def take(self, changed: Iterable[tuple[str, str]], number: int) -> None:
        """Read the pages again that a block may have changed, by the kinds and ids of its records."""
        subjects = sorted({(kind, name) for each in changed for kind, name in _subjects(*each)})
        position = 0
        for kind, name in subjects:
            about = self._about(kind, name)
            for row in self._pages(kind, name):
                position = self._read(row, kind, about, number, position)

    def _read(self, row: Any, kind: str, about: str, number: int, position: int) -> int:
        found = {each.hash: each for each in of_page(kind, row["id"], row["document"], about)}
        known = self._known(row["record"])
        for gone in known.keys() - found.keys():
            self._forget(known[gone])
        for each in found.values():
            if each.hash not in known:
                self._put(each, row["record"], number, position)
                position += 1
        return position

    def _put(self, event: PageEvent, source: str, number: int, position: int) -> None:
        place = {"block_number": number, "position": position}
        put = self._database.execute(
            _PUT,
            {
                **self._values,
                **place,
                "hash": event.hash,
                "source": source,
                "at": event.at,
                "recorded_at": event.recorded_at,
                "declared_at": event.declared_at,
                "document": json.dumps(event.document, separators=(",", ":")),
            },
        )
        if put.rowcount != 1:
            return  # Another page has the same record; only a modified peer can have copied it.
        rows = [
            {**self._values, **place, "name": name, "value": text, "number": counted}
            for name, text, counted in sorted(set(event.names), key=lambda each: each[:2])
        ]
        if rows:
            self._database.execute_each(_NAME, rows)

    def _known(self, source: str) -> dict[str, tuple[int, int]]:
        """Return the hash and place of each event of a record."""
        rows = self._database.execute(_KNOWN, {**self._here, "this_source": source}).fetchall()
        return {row["hash"]: (row["block_number"], row["position"]) for row in rows}

    def _forget(self, place: tuple[int, int]) -> None:
        values = {**self._here, "this_block_number": place[0], "this_position": place[1]}
        for statement in _DROP:
            self._database.execute(statement, values)

    def _about(self, kind: str, name: str) -> str:
        row = self._database.execute(_ABOUT, {**self._here, "wanted": _SUBJECT[kind], "name": name}).fetchone()
        return str(row["document"]) if row else ""

    def _pages(self, kind: str, name: str) -> list[Any]:
        # All names that begin with this one and a slash; "0" is the character after the slash.
        asked = {"wanted": kind, "first": f"{name}/", "end": f"{name}0"}
        return list(self._database.execute(_PAGES, {**self._here, **asked}).fetchall())


def of_page(kind: str, name: str, document: str, about: str) -> list[PageEvent]:
    """
    Return the events on a page, from the text that its organisation wrote under a *name*, and that of what it is about.

    There are none if these do not fit together, or cannot be read.
    """
    subject, honest = _READ[kind]
    try:
        page = records.loads(pages.Page, document)
        if name != "/".join([page.journey_id, page.msp_id, *filter(None, [page.parcel])]):
            return []
        kept = honest(records.loads(subject, about), page)
    except (records.RecordError, Refused):
        return []
    return [_event(entry) for entry in kept.entries]


def _event(entry: pages.Entry) -> PageEvent:
    declared = entry.event.get("errorDeclaration")
    declared_at = None
    if isinstance(declared, Mapping):
        declared_at = _moment(declared.get("declarationTime"), entry.recorded_at)
    return PageEvent(epcis.record_hash(entry.event), entry.at, entry.recorded_at, declared_at, entry.event)


def _named(event: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what an event can be found by; only its stage, step, time and recorder are known to be as they should."""
    for name in _WORDS:
        yield name, _text(event.get(name))
    for name in ("readPoint", "bizLocation"):
        yield name, _text(_member(event.get(name), "id"))
    for name, kind in _IDENTIFIERS.items():
        for each in _listed(event.get(name)):
            yield kind, digitallink.canonical(_text(each))
    for name, kind in _PARTIES.items():
        for each in _listed(event.get(name)):
            yield f"{kind}_{_text(_member(each, 'type'))}", _text(_member(each, kind))
    for name in ("quantityList", "childQuantityList"):
        for each in _listed(event.get(name)):
            yield CLASS, digitallink.canonical(_text(_member(each, "epcClass")))
            count = _member(each, "quantity")
            if isinstance(count, int) and not isinstance(count, bool):
                yield QUANTITY, str(count)
    declared = event.get("errorDeclaration")
    yield "errorReason", _text(_member(declared, "reason"))
    for each in _listed(_member(declared, "correctiveEventIDs")):
        yield "correctiveEventID", _text(each)
    for name, value in event.items():
        if name.startswith("selat:") and len(name) <= recordkinds.LONGEST and recordkinds.storable(name):
            yield name, _text(value)


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: object, otherwise: int) -> int:
    try:
        return moments.parse(_text(value)).at
    except ValueError:
        return otherwise


def _subjects(kind: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the pages' kind and subject that a record of this kind and id concerns."""
    for pages_kind, subject in _SUBJECT.items():
        if kind == subject:
            yield pages_kind, name
        elif kind == pages_kind:
            yield pages_kind, name.split("/", 1)[0] if kind == recordkinds.PAGES else name.rpartition("/")[0]


_SUBJECT = {recordkinds.PAGES: "journeys", recordkinds.UNIT_PAGES: "units"}
_READ: dict[str, tuple[type, Callable[[Any, pages.Page], pages.Page]]] = {
    recordkinds.PAGES: (Journey, pages.without_forgeries),
    recordkinds.UNIT_PAGES: (units.ShippingUnit, units.without_forgeries),
}
