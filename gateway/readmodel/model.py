"""The model in the database: apply blocks, each exactly once, and forget a channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.readmodel import recordkinds
from gateway.readmodel.changes import Changes, RecordWrite
from gateway.readmodel.epcisevents import PageEvents
from gateway.store.database import Store, StoreConnection
from gateway.store.statements import PreparedStatement
from gateway.store.tables import (
    model_epcis_events,
    model_epcis_names,
    model_events,
    model_labels,
    model_positions,
    model_records,
)

_HERE = ("msp_id", "channel")


def _here(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(table.c[name] == sa.bindparam(f"this_{name}") for name in _HERE)


_BEGIN = PreparedStatement(
    insert(model_positions).on_conflict_do_nothing(), "msp_id", "channel", "next_block", "last_hash"
)
_POSITION = PreparedStatement(sa.select(model_positions).where(*_here(model_positions)))
_POSITIONS = PreparedStatement(
    sa.select(model_positions).where(model_positions.c.msp_id == sa.bindparam("this_msp_id"))
)
_ADVANCE = PreparedStatement(
    sa.update(model_positions).where(*_here(model_positions), model_positions.c.next_block == sa.bindparam("expected")),
    "next_block",
    "last_hash",
)
_PUTTING = insert(model_records)
_PUT = PreparedStatement(
    _PUTTING.on_conflict_do_update(
        index_elements=["msp_id", "channel", "record"],
        set_={
            name: _PUTTING.excluded[name]
            for name in ("kind", "id", "private", "state", "document", "block_number", "transaction_id", "changed_at")
        },
    )
)
_DELETE = tuple(
    PreparedStatement(sa.delete(table).where(*_here(table), table.c.record == sa.bindparam("this_record")))
    for table in (model_records, model_labels)
)
_LABEL = PreparedStatement(insert(model_labels).on_conflict_do_nothing())
_EVENT = PreparedStatement(sa.insert(model_events))
_FORGET = tuple(
    PreparedStatement(sa.delete(table).where(*_here(table)))
    for table in (
        model_positions,
        model_records,
        model_labels,
        model_events,
        model_epcis_events,
        model_epcis_names,
    )
)


class OtherChainError(Exception):
    """A block does not follow the last one that was applied: the channel is another one of the same name."""


class _PassedError(Exception):
    """Another gateway has applied the block already."""


class Model:
    """The models of all organisations; each call names the one that it is for."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def next_block(self, msp_id: str, channel: str) -> int:
        """Return the number of the first block that is not in an organisation's model."""
        with self.store.reading() as database:
            row = database.execute(_POSITION, _place(msp_id, channel)).fetchone()
        return int(row["next_block"]) if row else 0

    def blocks(self, msp_id: str) -> dict[str, int]:
        """Return the newest block of each channel in an organisation's model."""
        with self.store.reading() as database:
            rows = database.execute(_POSITIONS, {"this_msp_id": msp_id}).fetchall()
        return {row["channel"]: row["next_block"] - 1 for row in sorted(rows, key=lambda row: row["channel"])}

    def apply(self, msp_id: str, channel: str, blocks: Sequence[Changes]) -> bool:
        """
        Apply blocks that follow each other: all of them and the new position, or nothing.

        Return False if another gateway was faster; then nothing was changed.

        Raises:
            OtherChainError: they do not follow what was applied.
            gateway.store.database.StoreError
        """
        place = _place(msp_id, channel)
        try:
            # Not durable: what a power cut takes is read from the channel again, as the position is lost with it.
            with self.store.connection(durable=False) as database:
                database.execute(_BEGIN, {"msp_id": msp_id, "channel": channel, "next_block": 0, "last_hash": b""})
                for changes in blocks:
                    self._follow(database, place, changes)
                    _write(database, msp_id, channel, changes)
        except _PassedError:
            return False
        return True

    def _follow(self, database: StoreConnection, place: dict[str, str], changes: Changes) -> None:
        """Move the position over a block; it waits for another gateway that is doing so."""
        known = database.execute(_POSITION, place).fetchone()
        if known["next_block"] == changes.number and known["last_hash"] not in (b"", changes.previous_hash):
            raise OtherChainError(
                f"block {changes.number} does not follow block {changes.number - 1} as it was applied"
            )
        moved = {"next_block": changes.number + 1, "last_hash": changes.hash, "expected": changes.number}
        if database.execute(_ADVANCE, {**place, **moved}).rowcount != 1:
            raise _PassedError

    def forget(self, msp_id: str, channel: str) -> None:
        """Delete what an organisation's model has of a channel; it begins again at block 0."""
        with self.store.connection() as database:
            for statement in _FORGET:
                database.execute(statement, _place(msp_id, channel))


def _write(database: StoreConnection, msp_id: str, channel: str, changes: Changes) -> None:
    place = {"msp_id": msp_id, "channel": channel}
    of_pages, changed = PageEvents(database, msp_id, channel), []
    for step in changes.steps:
        for statement in _DELETE:
            database.execute(statement, {**_place(msp_id, channel), "this_record": step.record})
        if not isinstance(step, RecordWrite):
            of_pages.drop(step.record)
            continue
        changed.append((step.kind, step.id))
        database.execute(_PUT, {**place, **_row(step, changes.number)})
        if step.kind in recordkinds.KINDS:
            labels = {*recordkinds.labels(dict(step.document)), ("id", recordkinds.label(step.id))}
            labelled = {"record": step.record, "kind": step.kind, "block_number": changes.number}
            _each(
                database,
                _LABEL,
                ({**place, **labelled, "name": name, "value": value} for name, value in sorted(labels)),
            )
    of_pages.take(changed, changes.number)
    _each(
        database,
        _EVENT,
        (
            {
                **place,
                "block_number": changes.number,
                "index": each.index,
                "chaincode": each.chaincode,
                "name": each.name,
                "transaction_id": each.transaction_id,
                "at": each.at,
                "payload": each.payload,
            }
            for each in changes.events
        ),
    )


def _each(database: StoreConnection, statement: PreparedStatement, rows: Iterable[dict[str, object]]) -> None:
    if listed := list(rows):
        database.execute_each(statement, listed)


def _row(put: RecordWrite, number: int) -> dict[str, object]:
    return {
        "record": put.record,
        "kind": put.kind,
        "id": put.id,
        "private": int(put.private),
        "state": put.state,
        "document": put.text,
        "block_number": number,
        "transaction_id": put.transaction_id,
        "changed_at": put.at,
    }


def _place(msp_id: str, channel: str) -> dict[str, str]:
    return {"this_msp_id": msp_id, "this_channel": channel}
