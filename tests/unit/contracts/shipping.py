"""A consignment on channel `trade` in memory: who records what, hands over, returns; for the tests of contracts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from chaincode import trade
from chaincode.domain.register import stages
from hlf.shim import testing
from tests.unit.contracts import trading
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MEMBERS,
    MERCHANT,
    ORIGIN,
    PAYMENTS,
    PLATFORM,
    user,
)  # fmt: skip

START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday; hour 0 of every scenario."""

MAJORITY = MEMBERS[:5]
SSCC = "urn:epc:id:sscc:0614141.1234567890"
BUYER = trading.secret("buyer").hex()
TOKEN_HASH = trading.secret("link").hex()


def sscc(journey_id: str) -> str:
    """Return the parcel of a journey; no two of them share one while both are on their way."""
    serial = int.from_bytes(trading.secret("parcel", journey_id)[:4], "big") % 10**9
    return SSCC if journey_id == "J1" else f"urn:epc:id:sscc:0614141.1{serial:09}"


def at(hour: float) -> datetime:
    """Return the transaction time *hour* hours after the start."""
    return START + timedelta(hours=hour)


def text(hour: float, offset: int = 0) -> str:
    """Return the time of hour *hour* as clients write it, on a clock *offset* hours ahead of UTC."""
    return (START + timedelta(hours=hour + offset)).strftime(f"%Y-%m-%dT%H:%M:%S.000+{offset:02}:00")


def terms(version: int = 1, effective: float = 2, **changes: Any) -> dict[str, Any]:
    """Return the merchant's return terms."""
    free = {"resolutions": ["refund", "exchange", "repair", "store_credit"]}
    return {
        "terms_id": "T1",
        "version": version,
        "seller": MERCHANT,
        "jurisdiction": "VN",
        "effective_from": text(effective),
        "languages": ["vi", "en"],
        "window_days": 7,
        "reasons": {
            "CHANGE_OF_MIND": {**free, "condition": "unused", "payer": "buyer"},
            "DEFECTIVE": {**free, "evidence_min": 1, "despite": ["FINAL_SALE"]},
            "NOT_RECEIVED": free,
            "WRONG_ITEM": {**free, "referred": True},
        },
        "arbiter": AUDITOR,
        "coverage": [{"area": "VN", "carrier": LAST_MILE}],
    } | changes


_FOUNDED: dict[str, tuple[testing.Ledger, str]] = {}
"""By what its terms change: a ledger to begin with, and the digest of the terms."""


class Channel:
    """Channel `trade` with participants, catalogue and terms, and one way to do each thing."""

    ledger: testing.Ledger
    terms_hash: str

    def __init__(self, **changes: Any) -> None:
        changed = json.dumps(changes, sort_keys=True)
        if changed not in _FOUNDED:
            self._found(changes)
            _FOUNDED[changed] = self.ledger, self.terms_hash
        ledger, self.terms_hash = _FOUNDED[changed]
        self.ledger = ledger.copy()
        self.hour = 1.0

    def _found(self, changes: dict[str, Any]) -> None:
        """Make the channel as it stands at hour 1."""
        self.ledger = testing.Ledger(
            trade.chaincode,
            MEMBERS,
            collections=[trading.TENDER],
            endorsement=trading.majority(MEMBERS),
            channel="trade",
        )
        self.hour = 0.0
        every = [stage.stage_id for stage in stages.STANDARD.stages]
        founders = [{**each, "stages": every} for each in trading.PARTICIPANTS]
        self.majority("Participants:found", json.dumps(founders), by=PLATFORM, role="admin")
        self.majority("Stages:install", by=PLATFORM, role="admin")
        self.hour = 1
        self.terms_hash = self.majority("Terms:publish", terms(**changes), by=MERCHANT)["digest"]

    def majority(self, function: str, *args: Any, by: str, role: str = "client") -> Any:
        """Submit what the majority endorses."""
        return self.submit(function, *args, by=by, role=role)

    def submit(
        self, function: str, *args: Any, by: str, role: str = "client", endorsed_by: tuple[str, ...] = ()
    ) -> Any:
        """Submit at the present hour; endorsed as the function declares unless others are named."""
        result = self.ledger.invoke(
            function, *args, client=user(by, role), endorsed_by=endorsed_by or None, at=at(self.hour)
        )
        return result.json() if result.payload else None

    def count(self, *journey_ids: str) -> list[str]:
        """Count what was observed of these journeys."""
        counted: list[str] = self.majority("Performance:count", list(journey_ids), by=CUSTOMS)
        return counted

    def query(self, function: str, *args: Any, by: str = AUDITOR) -> Any:
        """Evaluate at the present hour."""
        return self.ledger.evaluate(function, *args, client=user(by), at=at(self.hour)).json()

    def order(self, order_id: str = "O1", **changes: Any) -> dict[str, Any]:
        """Return an order of two telephones, as `trade` is told of it."""
        return {
            "order_id": order_id,
            "order_hash": "0" * 64,
            "platform": PLATFORM,
            "merchant": MERCHANT,
            "buyer_hash": BUYER,
            "placed_at": text(3),
            "origin": "CNSZX",
            "destination": "VNHAN",
            "terms": {"terms_id": "T1", "version": 1, "digest": self.terms_hash},
            "lines": [trading.fact_line(quantity=2)],
            "nonce": trading.salt("facts", order_id),
        } | changes

    def opening(self, journey_id: str = "J1", **changes: Any) -> dict[str, Any]:
        """Return what the platform states when it opens a journey: by default the whole of an order of its own."""
        order = changes.pop("order", None) or self.order("O1" if journey_id == "J1" else f"O-of-{journey_id}")
        return {
            "journey_id": journey_id,
            "order": order,
            "lines": [{"line": each["line"], "quantity": each["quantity"]} for each in order["lines"]],
            "epcs": [sscc(journey_id)],
            "parties": list(MEMBERS),
            "custodian": MERCHANT,
        } | changes

    def open(self, journey_id: str = "J1", **changes: Any) -> Any:
        """Open a journey at hour 4, or now if that is past."""
        self.hour = max(self.hour, 4)
        return self.majority("Journeys:open", self.opening(journey_id, **changes), by=PLATFORM)

    def record(
        self, by: str, stage_id: str, step: str, hour: float, place: str = "CNSZX", journey_id: str = "J1", **more: Any
    ) -> Any:
        """Record a step that happened at *hour*, at that hour or now if that is past."""
        self.hour = max(self.hour, hour)
        observation = {"stage_id": stage_id, "step": step, "event_time": text(hour), "place": place, **more}
        return self.submit("Journeys:record", journey_id, observation, by=by)

    def hand_over(self, giver: str, taker: str, hour: float, place: str = "CNSZX", journey_id: str = "J1") -> Any:
        """Offer and accept, both of them at *hour*."""
        self.hour = max(self.hour, hour)
        self.submit("Journeys:offer_custody", journey_id, taker, text(hour), place, by=giver)
        accepted = ("Journeys:accept_custody", journey_id, text(hour), place)
        return self.submit(*accepted, by=taker)

    def deliver(self, journey_id: str = "J1") -> None:
        """Carry an open journey through all of S01 to S20 in a day."""
        went = [
            (PLATFORM, "S01", "selat:order_receiving", 5, "SGSIN"),
            (MERCHANT, "S02", "receiving", 5.5, "CNSZX"),
            (MERCHANT, "S03", "storing", 6, "CNSZX"),
            (MERCHANT, "S04", "selat:classifying", 6.5, "CNSZX"),
            (MERCHANT, "S05", "commissioning", 7, "CNSZX"),
            (MERCHANT, "S06", "cycle_counting", 7.5, "CNSZX"),
            (MERCHANT, "S07", "selat:sorting", 8, "CNSZX"),
            (MERCHANT, "S08", "packing", 8.5, "CNSZX"),
            (MERCHANT, "S09", "selat:labelling", 9, "CNSZX"),
            (ORIGIN, "", "", 10, "CNSZX"),
            (ORIGIN, "S10", "loading", 10.5, "CNSZX"),
            (ORIGIN, "S11", "departing", 11, "CNSZX"),
            (ORIGIN, "S11", "arriving", 12, "CNNNG"),
            (CUSTOMS, "S12", "inspecting", 13, "CNNNG"),
            (PAYMENTS, "S13", "selat:settling", 13, "SGSIN"),
            (CUSTOMS, "S14", "selat:customs_released", 13.5, "CNNNG"),
            (FORWARDER, "", "", 14, "CNNNG"),
            (FORWARDER, "S15", "departing", 15, "CNNNG"),
            (FORWARDER, "S15", "arriving", 18, "VNHPH"),
            (FORWARDER, "S16", "unloading", 19, "VNHPH"),
            (CUSTOMS, "S17", "selat:customs_released", 20, "VNHPH"),
            (CUSTOMS, "S18", "selat:duty_paid", 20.5, "VNHPH"),
            (LAST_MILE, "", "", 21, "VNHPH"),
            (LAST_MILE, "S19", "departing", 22, "VNHAN"),
            (LAST_MILE, "S20", "accepting", 24, "VNHAN"),
        ]
        custodian = MERCHANT
        for by, stage_id, step, hour, place in went:
            if stage_id:
                self.record(by, stage_id, step, hour, place, journey_id)
            else:
                self.hand_over(custodian, by, hour, place, journey_id)
                custodian = by

    def request(self, return_id: str = "R1", journey_id: str = "J1", **changes: Any) -> dict[str, Any]:
        """Return what the platform lodges for the buyer."""
        return {
            "return_id": return_id,
            "journey_id": journey_id,
            "line": "1",
            "quantity": 1,
            "reason": "CHANGE_OF_MIND",
            "resolution": "refund",
            "condition": "unused",
            "buyer_hash": BUYER,
        } | changes

    def lodge(self, return_id: str = "R1", **changes: Any) -> Any:
        """Lodge a request at the present hour."""
        return self.majority("Returns:request", self.request(return_id, **changes), by=PLATFORM)
