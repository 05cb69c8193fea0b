"""Records of many journeys, straight into the read model: no network carries them there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex

from gateway.readmodel import recordkinds
from gateway.readmodel.changes import RecordWrite
from gateway.store.database import Store
from gateway.store.statements import PreparedStatement
from gateway.store.tables import model_events, model_labels, model_records

OWN = "PlatformMSP"
CHANNEL = "trade"
_NUMBERS = count()
_HERE = {"msp_id": OWN, "channel": CHANNEL}
_RECORD, _LABEL, _EVENT = (PreparedStatement(sa.insert(each)) for each in (model_records, model_labels, model_events))
_CARRIERS = ("OriginCarrierMSP", "ForwarderMSP", "LastMileMSP", "WarehouseMSP")
_PLACES = ("CNSZX", "VNHPH", "VNHAN", "THBKK", "MYPKG", "IDJKT", "SGSIN", "PHMNL")
# Of so many journeys one goes back, and one is claimed for.
_RETURNED, _CLAIMED = 20, 200
_AT_ONCE = 2000
_BEGAN = 1_790_000_000_000
_MINUTE = 60_000


def fill(store: Store, journeys: int) -> None:
    """
    Write so many journeys of `OWN`, as the feeder would, each with its order and parcel, and what some lead to.

    Indices are made after the rows, and records have names in their order: both only so that it is soon done.
    """
    left = _records(journeys)
    indices = [index for table in (model_records, model_labels) for index in table.indexes]
    with store.connection(durable=False) as database:
        for index in indices:
            database.driver.execute(f"DROP INDEX {index.name}")
        for number in count():
            some = tuple(islice(left, _AT_ONCE))
            if not some:
                break
            database.execute_each(_RECORD, [_row(each, number) for each in some])
            database.execute_each(_LABEL, [label for each in some for label in _labels(each, number)])
            database.execute_each(_EVENT, list(_events(number)))
        for index in indices:
            database.driver.execute(str(CreateIndex(index).compile(dialect=sqlite.dialect())))


def _row(put: RecordWrite, number: int) -> dict[str, Any]:
    return {
        **_HERE, "record": put.record, "kind": put.kind, "id": put.id, "private": 0, "state": put.state,
        "document": put.text, "block_number": number, "transaction_id": "", "changed_at": put.at,
    }  # fmt: skip


def _labels(put: RecordWrite, number: int) -> Iterator[dict[str, Any]]:
    known = {**_HERE, "record": put.record, "kind": put.kind, "block_number": number}
    labels = {*recordkinds.labels(dict(put.document)), ("id", recordkinds.label(put.id))}
    return ({**known, "name": name, "value": value} for name, value in labels)


def journey_id(number: int) -> str:
    """Return the id of a journey."""
    return f"journey-{hashlib.sha256(str(number).encode()).hexdigest()[:16]}"


def parcel(number: int) -> str:
    """Return the number on the label of a journey's parcel."""
    return f"0037612345{number:08}"


def _records(journeys: int) -> Iterator[RecordWrite]:
    for number in range(journeys):
        at = _BEGAN + number * _MINUTE
        yield from _of_journey(number, at)
        if number % _RETURNED == 0:
            yield _put("returns", f"return-{number}", _return(number), at)
        if number % _CLAIMED == 0:
            yield _put("carrier-claims", f"claim-{number}", _claim(number, at), at)
            yield _put("drawbacks", f"drawback-{number}", _drawback(number, at), at)


def _of_journey(number: int, at: int) -> Iterator[RecordWrite]:
    name, order = journey_id(number), f"order-{number}"
    origin, destination = _PLACES[number % 2], _PLACES[2 + number % 6]
    held, last = ("held", "held", "delivered")[number % 3], _CARRIERS[number % 4]
    parties = [{"msp_id": each, "roles": ["carrier"]} for each in (OWN, *_CARRIERS)]
    journey = {"journey_id": name, "order_id": order, "origin": origin, "destination": destination, "kind": "forward"}
    lines = [{"line": "1", "quantity": 1}]
    yield _put("journeys", name, {**journey, "parties": parties, "lines": lines, "ordered_at": at}, at)
    periods = [
        {"custodian": each, "since": at + step * _MINUTE, "place": origin, "giver": "", "released_at": None}
        for step, each in enumerate((_CARRIERS[0], last))
    ]
    offer = {"taker": _CARRIERS[(number + 1) % 4], "place": destination} if number % 10 == 0 else None
    custody = {
        "journey_id": name,
        "parcel": f"https://id.gs1.org/00/{parcel(number)}",
        "state": "awaited" if offer and held == "held" else held,
        "periods": periods,
        "offer": offer,
        "ended_at": None,
        "ended_place": "",
    }
    yield _put("parcels", f"{name}/{number}", custody, at)
    state = ("placed", "confirmed", "fulfilling", "closed")[number % 4]
    placed = {"order_id": order, "platform": OWN, "merchant": "MerchantMSP", "state": state, "journey_id": name}
    yield _put(
        "orders",
        order,
        {**placed, "content_hash": hashlib.sha256(name.encode()).hexdigest(), "destination": destination},
        at,
    )


def _return(number: int) -> dict[str, Any]:
    state = ("RECEIVED", "REFUNDED", "CLOSED")[number // _RETURNED % 3]
    request = {"return_id": f"return-{number}", "journey_id": journey_id(number), "quantity": 1, "line": "1"}
    roles = {"seller": "MerchantMSP", "carrier": "LastMileMSP", "arbiter": "AuditorMSP", "agent": OWN}
    request |= {"reason": "SIZE", "resolution": "refund", "condition": "unused"}
    return {"request": request, "state": state, "roles": roles, "due": None}


def _claim(number: int, at: int) -> dict[str, Any]:
    filing = {"claim_id": f"claim-{number}", "journey_id": journey_id(number), "kind": "lost", "parcel": parcel(number)}
    terms = {"arbiter": "AuditorMSP"}
    state = ("FILED", "PAID")[number // _CLAIMED % 2]
    return {
        "filing": {**filing, "carrier": "LastMileMSP"}, "claimant": "MerchantMSP", "terms": terms, "state": state,
        "due": at,
    }  # fmt: skip


def _drawback(number: int, at: int) -> dict[str, Any]:
    filing = {"drawback_id": f"drawback-{number}", "return_id": f"return-{number}"}
    return {
        "filing": filing, "claimant": "MerchantMSP", "customs": "CustomsMSP", "units": 1, "line": "1",
        "state": "FILED", "due": at,
    }  # fmt: skip


def _put(kind: str, name: str, document: dict[str, Any], at: int) -> RecordWrite:
    return RecordWrite(
        f"{next(_NUMBERS):064}",
        kind,
        name,
        private=False,
        state=str(document.get("state", "")),
        document=document,
        at=at,
    )


def _events(number: int) -> Iterator[dict[str, Any]]:
    for index, (name, member) in enumerate((("PlanPublished", "plan_id"), ("TermsPublished", "terms_id"))):
        payload = f'{{"{member}":"{member}-{number}","journey_id":"{journey_id(number)}"}}'
        told = {"chaincode": "trade", "name": name, "transaction_id": "", "at": _BEGAN, "payload": payload}
        yield {**_HERE, "block_number": number, "index": index, **told}
