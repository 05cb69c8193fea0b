"""What a ledger says of one journey, claim, return and transaction, for the pages that show one thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.pages.records import OWN
from gateway.fabric.ledgercalls import LedgerCall
from tests.unit.gateway.chained import ChainedLedgers
from tests.unit.gateway.console.audited import Story
from tests.unit.gateway.fakes import FakeLedgers

_CARRIER = "ForwarderMSP"
_EVENTS, _ARTICLES, _MOVES = 24, 3, ("S11", "S15", "S19")
_BEGAN = datetime(2026, 11, 2, tzinfo=UTC)
_PLACES = ("CNSZX", "CNYTN", "VNHPH", "VNHAN")


def _at(hour: int) -> str:
    return (_BEGAN + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")


def _event(number: int) -> dict[str, Any]:
    place = _PLACES[number * len(_PLACES) // _EVENTS]
    return {"at": _at(number), "place": place, "stage": _MOVES[number * 3 // _EVENTS], "step": _step(number)}


def _step(number: int) -> str:
    return ("departing", "arriving")[number % 2]


def _epcis(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "eventTime": event["at"],
        "bizStep": f"https://ref.gs1.org/cbv/BizStep-{event['step']}",
        "readPoint": {"id": f"https://selat.test/loc/{event['place']}"},
        "selat:stage": event["stage"],
        "selat:recorder": _CARRIER,
    }


_HAPPENED = [_event(number) for number in range(_EVENTS)]
_PERIOD = {"custodian": _CARRIER, "since": _at(1), "place": "CNSZX", "giver": OWN, "released_at": _at(1)}
_LINES = [{"line": str(number + 1), "quantity": 1} for number in range(_ARTICLES)]
_SEEN = {
    "status": "delivered",
    "kind": "forward",
    "origin": "CNSZX",
    "destination": "VNHAN",
    "updated_at": _at(_EVENTS),
    "expected_at": "",
    "events": _HAPPENED,
    "parcels": [],
    "delivered": 1,
}
_LEFT = [{"rule": "ALREADY_RETURNED", "met": True, "facts": {"carried": "1", "left": "1"}}]
_ACTS = [{"state": "FILED", "by": _CARRIER, "at": _at(30)}]
_FILING = {"claim_id": "CC1", "journey_id": "J1", "kind": "lost", "carrier": OWN, "parcel": "https://id.gs1.org/00/37"}
ANSWERS: Mapping[str, object] = {
    "Journeys:read": {
        "journey": {
            "journey_id": "J1",
            "order_id": "O1",
            "lines": _LINES,
            "origin": "CNSZX",
            "destination": "VNHAN",
            "parties": [],
        },
        "incidents": [],
        "custody": {"state": "held", "periods": [_PERIOD] * 5, "offer": None, "ended_at": None, "ended_place": ""},
        "status": "in_transit",
        "parcels": [],
        "delivered": 0,
        "alarms": [],
    },
    "Journeys:events": {"epcisBody": {"eventList": [_epcis(each) for each in _HAPPENED]}},
    "Journeys:progress": [
        {"stage_id": stage, "recorders": [_CARRIER], "events": 8, "first_at": _at(1), "missing": [], "early": []}
        for stage in _MOVES
    ],
    "CarrierClaims:read": {
        "filing": _FILING,
        "claimant": _CARRIER,
        "terms": {"arbiter": _CARRIER},
        "happened_at": _at(29),
        "acts": _ACTS,
        "sums": {"claimed": "0" * 64},
        "due": _at(9000),
        "state": "FILED",
    },
    "CarrierClaims:sum": {"amount": "125000", "currency": "VND"},
    "Journeys:track": _SEEN,
    "Journeys:linked": ["J1"],
    "Journeys:estimate": None,
    "Returns:track": [],
    "Returns:preview": {
        "outcome": "APPROVED",
        "code": "",
        "window_ends": _at(700),
        "payer": "buyer",
        "findings": _LEFT,
    },
    "Orders:content": {
        "merchant": "MerchantMSP",
        "currency": "USD",
        "lines": [{"line": number + 1, "gtin": "06901234567892"} for number in range(_ARTICLES)],
    },
    "Catalogue:read": {"product": {"titles": {"en": "Headphones", "vi": "Tai nghe"}}},
    "ReturnDues:expected": {"amount": "4590"},
}


class OneOfEach(FakeLedgers):
    """A ledger with one journey, claim and link, and a chain with one transaction to prove."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        told = {**ANSWERS, **answers}
        super().__init__(answers={name: json.dumps(each).encode() for name, each in told.items()})
        self.story = Story()
        self._chain = ChainedLedgers(self.story.chain)

    def evaluate(self, msp_id: str, user: str, call: LedgerCall) -> bytes:
        """Return an answer; blocks come out of the chain."""
        if call.chaincode == "qscc":
            return self._chain.evaluate(msp_id, user, call)
        return super().evaluate(msp_id, user, call)
