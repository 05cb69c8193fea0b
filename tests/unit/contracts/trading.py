"""The consortium's channels in memory, and what their members send: for the tests of contracts."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from datetime import UTC, datetime
from typing import Any

from chaincode.contracts import commerce, trade
from chaincode.domain import claims, disclosures
from chaincode.shim import testing

PLATFORM, MERCHANT, PAYMENTS = "PlatformMSP", "MerchantMSP", "PaymentsMSP"
ORIGIN, FORWARDER, LAST_MILE = "OriginCarrierMSP", "ForwarderMSP", "LastMileMSP"
CUSTOMS, AUDITOR = "CustomsMSP", "AuditorMSP"
MEMBERS = (PLATFORM, MERCHANT, PAYMENTS, ORIGIN, FORWARDER, LAST_MILE, CUSTOMS, AUDITOR)

PARTICIPANTS = [
    {"msp_id": PLATFORM, "name": "Platform", "species": "core", "roles": ["platform"], "countries": ["SG"],
     "stages": ["S01", "S21", "S22"]},
    {"msp_id": MERCHANT, "name": "Merchant", "species": "key", "roles": ["merchant", "manufacturer"],
     "countries": ["CN"], "stages": ["S01", "S02", "S03"]},
    {"msp_id": PAYMENTS, "name": "Payments", "species": "supporting", "roles": ["payments"], "countries": ["SG"],
     "stages": ["S13", "S18"]},
    {"msp_id": ORIGIN, "name": "Origin", "species": "key", "roles": ["origin_carrier"], "countries": ["CN"],
     "stages": ["S11"]},
    {"msp_id": FORWARDER, "name": "Forwarder", "species": "key", "roles": ["forwarder"], "countries": ["SG"],
     "stages": ["S15"]},
    {"msp_id": LAST_MILE, "name": "Last mile", "species": "key", "roles": ["last_mile"], "countries": ["VN"],
     "stages": ["S19", "S20"]},
    {"msp_id": CUSTOMS, "name": "Customs", "species": "supporting", "roles": ["customs"], "countries": ["VN"],
     "stages": ["S12", "S14", "S17", "S18"]},
    {"msp_id": AUDITOR, "name": "Auditor", "species": "supporting", "roles": ["auditor"], "countries": ["SG"]},
]  # fmt: skip

START = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)

FORECAST: dict[str, Any] = {
    "horizon.start": "2026-11-30",
    "horizon.end": "2026-12-27",
    "horizon.bucket": "P1W",
    "product.gtin14": "09506000134352",
    "product.hs6": "851712",
    "product.ahtn8": "85171210",
    "region.subdivisions": ["VN-HN", "VN-SG"],
    "demand.units_p10_h87": 2_000,
    "demand.units_p50_h87": 4_200,
    "demand.units_p90_h87": 7_000,
    "demand.unit_weight_grm": 450,
    "audience.age_band": "25-34",
    "audience.cohort_size": 1_200,
    "money.gmv_minor": "90000000000000000",
    "money.currency": "VND",
    "confidence_bps": 8_000,
    "method": "seasonal naive",
}

CAPABILITY: dict[str, Any] = {
    "service_id": "line-haul",
    "valid.from": "2026-11-01",
    "valid.to": "2027-01-31",
    "stages": ["S19", "S20"],
    "operating_type": "direct",
    "coverage.regions": ["VN-HN"],
    "capacity.parcels_per_day_h87": 900,
    "capacity.utilisation_bps": 6_000,
    "time.transit_p50_hur": 40,
    "time.transit_p90_hur": 60,
    "time.transit_p95_hur": 72,
    "price.base_minor": "1500",
    "price.currency": "SGD",
}


def secret(*words: object) -> bytes:
    """32 bytes that look random and are the same in every run."""
    return hashlib.sha256(repr(words).encode()).digest()


def salt(*words: object) -> str:
    """A salt for a private record, the same in every run."""
    return base64.urlsafe_b64encode(secret("salt", *words)[:16]).rstrip(b"=").decode()


def source(*words: object) -> Any:
    """A source of "random" bytes for disclosures that is the same in every run."""
    counter = itertools.count()
    return lambda size: secret("random", *words, next(counter))[:size]


def user(msp_id: str, role: str = "client") -> testing.Caller:
    """A user of that organisation."""
    return testing.client(msp_id, role)


def trade_channel() -> testing.Ledger:
    """Channel `trade` with all eight organisations and its collection `tender`; participants are founded."""
    tender = testing.Collection(
        "tender",
        members=(PLATFORM, AUDITOR),
        endorsement="AND('PlatformMSP.peer', 'AuditorMSP.peer')",
        member_only_read=True,
        member_only_write=True,
    )
    ledger = testing.Ledger(trade.chaincode, MEMBERS, collections=[tender], endorsement=majority(MEMBERS))
    ledger.invoke(
        "Participants:found", json.dumps(PARTICIPANTS), client=user(PLATFORM, "admin"), endorsed_by=MEMBERS[:5]
    )
    return ledger


def commerce_channel() -> testing.Ledger:
    """Channel `ecommerce` with its chaincode's policy: platform and merchant."""
    members = (PLATFORM, MERCHANT, PAYMENTS, AUDITOR)
    policy = "AND('PlatformMSP.peer', 'MerchantMSP.peer')"
    return testing.Ledger(commerce.chaincode, members, endorsement=policy)


def majority(members: tuple[str, ...]) -> str:
    """The policy that more than half of *members* endorse."""
    listed = ", ".join(f"'{member}.peer'" for member in members)
    return f"OutOf({len(members) // 2 + 1}, {listed})"


class Claim:
    """A claim that its owner prepared: what goes into the transient data."""

    def __init__(
        self, kind: str, owner: str, claim_id: str, values: dict[str, Any], revision: int = 1, at: datetime = START
    ) -> None:
        self.kind, self.owner, self.claim_id, self.revision, self.at = kind, owner, claim_id, revision, at
        self.document, self.disclosures = disclosures.commit(
            kind, owner, claim_id, revision, int(at.timestamp()), values, claims.KINDS[kind].slots,
            source(owner, claim_id, revision),
        )  # fmt: skip

    def transient(self, *names: str) -> dict[bytes, bytes] | dict[str, bytes]:
        """Document and disclosures, of *names* alone if any are given."""
        chosen = [one.encoded for one in self.disclosures if not names or one.name in names]
        return {"document": self.document.to_bytes(), "disclosures": json.dumps(chosen).encode()}

    def commit(self, ledger: testing.Ledger) -> testing.Result:
        """Commit it at its owner."""
        client, transient = user(self.owner), self.transient()
        return ledger.invoke("Claims:commit", self.claim_id, self.revision, client=client, transient=transient, at=self.at)
