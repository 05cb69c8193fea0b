"""Channel `trade` with carriers that compete, and what platform, auditor and carriers send: for tests of matching."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from chaincode.contracts.disclosure.claims import Claims
from chaincode.contracts.disclosure.disclosures import Disclosures
from chaincode.contracts.matching.matching import Matching
from chaincode.contracts.register.participants import Participants
from chaincode.domain.matching import offers
from hlf.shim import api, testing
from tests.unit.contracts import trading
from tests.unit.contracts.trading import (
    AUDITOR,
    CAPABILITY,
    FORWARDER,
    LAST_MILE,
    MEMBERS,
    ORIGIN,
    PARTICIPANTS,
    PLATFORM,
    START,
    Altered,
    Claim,
    Desk,
    as_bytes,
    majority,
    salt,
    terms,
    user,
)

CHAINCODE = api.Chaincode("trade", [Participants, Claims, Disclosures, Matching, Altered])
TENDER = (PLATFORM, AUDITOR)
MAJORITY = MEMBERS[:5]
CARRIERS = (ORIGIN, FORWARDER, LAST_MILE)
STAGES = ["S11", "S15", "S19", "S20"]

SERVICE: dict[str, Any] = {
    **{name: value for name, value in CAPABILITY.items() if name in offers.NEEDED},
    "service_id": "all-the-way",
    "stages": STAGES,
    "coverage.regions": ["CN-GD", "VN-HN"],
    "capacity.parcels_per_day_h87": 900,
    "capacity.utilisation_bps": 0,
    "time.transit_p90_hur": 20,
    "time.cutoff": "17:00",
    "time.time_zone": "Asia/Ho_Chi_Minh",
    "time.dwell_p90_hur": 3,
    "quality.on_time_bps": 9_500,
    "quality.loss_ppm": 100,
    "quality.damage_ppm": 100,
    "price.base_minor": "1500",
    "price.per_kg_minor": "60",
    "price.currency": "USD",
    "integration.languages": ["en"],
    "integration.interface": "epcis",
}
"""A capability with all that matching needs; carriers differ in what the tests say."""

PRICES = {ORIGIN: "918273", FORWARDER: "918373", LAST_MILE: "918473"}
"""Nobody writes one of these by chance."""

DEMAND: dict[str, Any] = {
    "kind": "forward",
    "steps": [
        {"stage": "S11", "regions": ["CN-GD"], "locodes": ["CNSZX"]},
        {"stage": "S15", "regions": ["CN-GD", "VN-HN"], "locodes": ["CNSZX", "VNHAN"]},
        {"stage": "S20", "regions": ["VN-HN"], "locodes": ["VNHAN"]},
    ],
    "ready_at": "2026-11-23T01:00:00Z",
    "deadline_hours": 240,
    "answer_hours": 24,
    "parcels": 3,
    "weight_grm": 2_400,
    "heaviest_grm": 900,
    "dimensions_mmt": [300, 200, 100],
    "currency": "USD",
    "goods_value": "50000",
    "late": "2000",
    "hour": "40",
}


def channel() -> testing.Ledger:
    """Channel `trade` with its collection; each of the three carriers may record every stage."""
    ledger = testing.Ledger(CHAINCODE, MEMBERS, collections=[trading.TENDER], endorsement=majority(MEMBERS))
    entitled = [{**one, "stages": STAGES} if one["msp_id"] in CARRIERS else one for one in PARTICIPANTS]
    ledger.invoke("Participants:found", json.dumps(entitled), client=user(PLATFORM, "admin"))
    return ledger


class Tender(Desk):
    """Offers, plans and answers, each sent as an honest client would."""

    def __init__(self, *carriers: str, ledger: testing.Ledger | None = None, **changes: Any) -> None:
        super().__init__(ledger or channel())
        self.claims: dict[str, Claim] = {}
        for carrier in carriers:
            self.consent(carrier, {**changes, "price.base_minor": PRICES[carrier]})
            self.offer(carrier)

    def consent(self, carrier: str, changes: dict[str, Any], *, revision: int = 1, **grant: Any) -> str:
        """Commit to a capability and grant it for matching; the grant's id."""
        values = {**SERVICE, **changes}
        claim = Claim("capability", carrier, f"c-{carrier}", values, revision)
        claim.commit(self.ledger)
        name = f"g-{carrier}-{revision}"
        parts = {"purpose": offers.PURPOSE, **grant}
        self.grant(name, claim, terms(claim, parts.pop("recipient", PLATFORM), *sorted(values), **parts))
        self.claims[name] = claim
        return name

    def offer(
        self, carrier: str, *, revision: int = 1, by: str = PLATFORM, at: datetime = START, **changes: bytes
    ) -> testing.Result:
        """Bring a carrier's offer into the tender."""
        name = f"g-{carrier}-{revision}"
        sent: dict[str, Any] = {"grant": self.show(name, carrier), "salt": salt("offer", name).encode()}
        sent |= {**self.claims[name].transient(), **changes}
        return self.write("Matching:offer", name, by=by, at=at, **sent)

    def write(
        self,
        function: str,
        *args: Any,
        by: str = PLATFORM,
        at: datetime = START,
        endorsed_by: tuple[str, ...] | None = None,
        **sent: bytes,
    ) -> testing.Result:
        """Return a transaction with private values."""
        return self.ledger.invoke(function, *args, client=user(by), transient=sent, endorsed_by=endorsed_by, at=at)

    def endorse_match(self, plan_id: str, **demand: Any) -> testing.EndorsedTransaction:
        """Return a match that is not committed yet."""
        return self.ledger.endorse(
            "Matching:match", plan_id, f"j-{plan_id}", client=user(PLATFORM), at=START,
            transient={"demand": as_bytes({**DEMAND, **demand}), "salt": salt("plan", plan_id).encode()},
        )  # fmt: skip

    def match(
        self,
        plan_id: str = "p1",
        *,
        by: str = PLATFORM,
        at: datetime = START,
        endorsed_by: tuple[str, ...] | None = None,
        **demand: Any,
    ) -> testing.Result:
        """Match and book."""
        return self.write(
            "Matching:match", plan_id, f"j-{plan_id}", by=by, at=at, endorsed_by=endorsed_by,
            demand=as_bytes({**DEMAND, **demand}), salt=salt("plan", plan_id).encode(),
        )  # fmt: skip

    def say(
        self, function: str, *args: Any, by: str, at: datetime = START, endorsed_by: tuple[str, ...] | None = None
    ) -> testing.Result:
        """Return a public transaction."""
        return self.ledger.invoke(function, *args, client=user(by), endorsed_by=endorsed_by, at=at)

    def ask(self, function: str, *args: Any, by: str = PLATFORM, peer: str = "") -> testing.Result:
        """Return a query."""
        return self.ledger.evaluate(function, *args, client=user(by), peer=peer, at=START)

    def plan(self, plan_id: str = "p1") -> Any:
        """Return a plan as the tender keeps it."""
        return self.ask("Matching:plan", plan_id).json()

    def publish(self, plan_id: str = "p1", *, by: str = AUDITOR) -> testing.Result:
        """Tell everybody."""
        return self.say("Matching:publish", self.ask("Matching:notice", plan_id).text, by=by)

    def deliver_legs(self, plan_id: str = "p1") -> list[str]:
        """Every leg to its carrier; the carriers in the order of their legs."""
        legs = self.plan(plan_id)["legs"]
        for leg in legs:
            self.write(
                "Matching:deliver", plan_id, leg["number"], leg["carrier"],
                leg=_canonical(leg),
            )  # fmt: skip
        return [leg["carrier"] for leg in legs]

    def answer(
        self, carrier: str, number: int, accept: bool = True, plan_id: str = "p1", at: datetime = START
    ) -> testing.Result:
        """Return a carrier's answer."""
        reason = "" if accept else "no_vehicle"
        return self.say("Matching:answer", plan_id, number, accept, reason, by=carrier, at=at)


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def played() -> testing.Ledger:
    """One run through everything: for the scan for private bytes, and for two hash seeds."""
    tender = Tender(*CARRIERS)
    tender.match("p1")
    tender.publish("p1")
    first = tender.deliver_legs("p1")[0]
    tender.answer(first, 0, accept=False)
    for carrier in CARRIERS:
        if carrier != first:
            tender.say("Matching:ask_why", "p1", f"g-{carrier}-1", 0, by=carrier)
            tender.write("Matching:explain", "p1", f"g-{carrier}-1", 0, salt=salt("why", carrier).encode())
            reply = tender.ask("Matching:reply", "p1", f"g-{carrier}-1", 0).payload
            tender.write("Matching:deliver_reply", "p1", f"g-{carrier}-1", 0, carrier, reply=reply)
    tender.write("Matching:replan", "p1", "p2", [], 0, salt=salt("plan", "p2").encode())
    tender.publish("p2")
    for number, carrier in enumerate(tender.deliver_legs("p2")):
        tender.answer(carrier, number, plan_id="p2")
    tender.say("Matching:conclude", "p2", by=PLATFORM)
    return tender.ledger
