"""The consortium's channels in memory, and what their members send: for the tests of contracts."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from datetime import UTC, datetime
from typing import Any

from chaincode import commerce
from chaincode.contracts.disclosure.claims import Claims
from chaincode.contracts.disclosure.disclosures import Disclosures
from chaincode.contracts.disclosure.gapmeter import GapMeter
from chaincode.contracts.register.lpi import Lpi
from chaincode.contracts.register.participants import Participants
from chaincode.domain.disclosure import claims, disclosures
from chaincode.domain.journeys import goodsfacts
from hlf.shim import api, testing

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

TENDER = testing.Collection(
    "tender-PlatformMSP",
    members=(PLATFORM, AUDITOR),
    endorsement="AND('PlatformMSP.peer', 'AuditorMSP.peer')",
    member_only_read=True,
    member_only_write=True,
)
"""The collection of the consortium file."""


class Altered(api.Contract):
    """What an organisation can do with a chaincode of its own making: endorse any write at its own peer."""

    @api.transaction
    def put(self, ctx: api.Context, collection: str, key: str, value: bytes) -> None:
        """Write any private value."""
        ctx.stub.put_private_data(collection, key, value)

    @api.query
    def hash_of(self, ctx: api.Context, collection: str, key: str) -> str:
        """Return what the channel has of a private value, in hex."""
        return ctx.stub.get_private_data_hash(collection, key).hex()


CHAINCODE = api.Chaincode("trade", [Participants, Claims, Disclosures, GapMeter, Lpi, Altered])
"""The part of chaincode `trade` that is about who knows what, and a member that cheats."""

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


def fact_line(line: str = "1", quantity: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a line of an order as `trade` is told of it: its goods are commitments, here to telephones."""
    goods, _ = goodsfacts.committed({"hs6": "851712"}, salt("order"), f"goods of line {line}")
    return {"line": line, "quantity": quantity, "returnless": False, "excluded": False, "goods": list(goods)} | changes


def salt(*words: object) -> str:
    """Return a salt for a private record, the same in every run."""
    return base64.urlsafe_b64encode(secret("salt", *words)[:16]).rstrip(b"=").decode()


def source(*words: object) -> Any:
    """Return a source of "random" bytes for disclosures that is the same in every run."""
    counter = itertools.count()
    return lambda size: secret("random", *words, next(counter))[:size]


def user(msp_id: str, role: str = "client") -> testing.Caller:
    """Return a user of that organisation."""
    return testing.client(msp_id, role)


def trade_channel() -> testing.Ledger:
    """Channel `trade` with all eight organisations and its collection `tender`; participants are founded."""
    ledger = testing.Ledger(CHAINCODE, MEMBERS, collections=[TENDER], endorsement=majority(MEMBERS))
    ledger.invoke("Participants:found", json.dumps(PARTICIPANTS), client=user(PLATFORM, "admin"))
    return ledger


def commerce_channel() -> testing.Ledger:
    """Channel `ecommerce` with its chaincode's policy: platform and merchant."""
    members = (PLATFORM, MERCHANT, PAYMENTS, AUDITOR)
    policy = "AND('PlatformMSP.peer', 'MerchantMSP.peer')"
    return testing.Ledger(commerce.chaincode, members, endorsement=policy, channel="ecommerce")


def majority(members: tuple[str, ...]) -> str:
    """Return the policy that more than half of *members* endorse."""
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

    def transient(self, *names: str) -> dict[str, bytes]:
        """Document and disclosures, of *names* alone if any are given."""
        chosen = [one.encoded for one in self.disclosures if not names or one.name in names]
        return {"document": self.document.to_bytes(), "disclosures": json.dumps(chosen).encode()}

    def commit(self, ledger: testing.Ledger) -> testing.Result:
        """Commit it at its owner, and let the auditor compare what it is about."""
        committed = ledger.invoke(
            "Claims:commit",
            self.claim_id,
            self.revision,
            client=user(self.owner),
            transient={**self.transient(), "secret": salt("subjects", self.owner).encode()},
            at=self.at,
        )
        self.show_subject(ledger)
        return committed

    def show_subject(self, ledger: testing.Ledger) -> testing.Result:
        """Let the auditor compare what it is about."""
        owner = user(self.owner)
        subject = ledger.evaluate("Claims:subject", self.claim_id, self.revision, client=owner).payload
        return ledger.invoke("Claims:show_subject", client=owner, transient={"subject": subject}, at=self.at)


def asked(claim: Claim, *names: str, **changes: Any) -> dict[str, Any]:
    """Return a request for attributes of *claim*."""
    parts = {
        "owner": claim.owner,
        "claim_id": claim.claim_id,
        "revision": claim.revision,
        "attributes": list(names),
        "purpose": "capacity planning",
        "expires_at": "2027-01-01T00:00:00Z",
        "salt": salt("request", claim.owner, claim.claim_id, names),
    }
    return {**parts, **changes}


def terms(claim: Claim, recipient: str, *names: str, **changes: Any) -> dict[str, Any]:
    """Return what an owner writes to grant attributes of *claim*."""
    parts = {
        "claim_id": claim.claim_id,
        "revision": claim.revision,
        "recipient": recipient,
        "attributes": list(names),
        "purpose": "capacity planning",
        "expires_at": "2027-01-01T00:00:00Z",
        "salt": salt("grant", claim.owner, claim.claim_id, recipient, names),
    }
    return {**parts, **changes}


def as_bytes(value: Any) -> bytes:
    """*value* as JSON for the transient data."""
    return json.dumps(value).encode()


def plant(ledger: testing.Ledger, msp_id: str, object_type: str, attributes: list[str], value: bytes) -> None:
    """Write into an organisation's own collection, as only its own altered chaincode would."""
    key = api.Stub.create_composite_key(object_type, attributes)
    ledger.invoke("Altered:put", f"_implicit_org_{msp_id}", key, value, client=user(msp_id))


def hash_on_channel(ledger: testing.Ledger, msp_id: str, object_type: str, *attributes: str) -> str:
    """SHA-256 of what an organisation keeps, as any member of the channel sees it; empty if there is nothing."""
    key = api.Stub.create_composite_key(object_type, attributes)
    return ledger.evaluate("Altered:hash_of", f"_implicit_org_{msp_id}", key, client=user(CUSTOMS)).text


class Desk:
    """Requests, grants and deliveries on one ledger, each sent as an honest client would."""

    def __init__(self, ledger: testing.Ledger) -> None:
        self.ledger = ledger

    def request(self, request_id: str, requester: str, request: dict[str, Any], at: datetime = START) -> Any:
        """Ask."""
        return self.ledger.invoke(
            "Disclosures:request",
            request_id,
            client=user(requester),
            transient={"request": as_bytes(request)},
            at=at,
        )

    def grant(self, grant_id: str, claim: Claim, grant: dict[str, Any], at: datetime = START) -> testing.Result:
        """Grant."""
        return self.ledger.invoke(
            "Disclosures:grant",
            grant_id,
            client=user(claim.owner),
            transient={"grant": as_bytes(grant)},
            at=at,
        )

    def deliver(self, grant_id: str, claim: Claim, recipient: str, *names: str, at: datetime = START) -> Any:
        """Deliver *names* of *claim*."""
        return self.ledger.invoke(
            "Disclosures:deliver",
            grant_id,
            recipient,
            client=user(claim.owner),
            transient=claim.transient(*names),
            at=at,
        )

    def show(self, grant_id: str, who: str) -> bytes:
        """Return the grant as *who* keeps it."""
        return self.ledger.evaluate("Disclosures:show", grant_id, client=user(who), at=START).payload

    def revoke(self, grant_id: str, owner: str, recipient: str, *, fresh: str = "", at: datetime = START) -> Any:
        """Take a grant back."""
        return self.ledger.invoke(
            "Disclosures:revoke",
            grant_id,
            client=user(owner),
            transient={"grant": self.show(grant_id, owner), "salt": (fresh or salt("revoke", grant_id)).encode()},
            at=at,
        )

    def read(self, grant_id: str, who: str, at: datetime = START, peer: str = "") -> Any:
        """Return what *who* was shown, asked at its own peer or at *peer*."""
        return self.ledger.evaluate("Disclosures:read", grant_id, client=user(who), peer=peer, at=at).json()
