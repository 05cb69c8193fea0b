"""Organisations that trade through `hlf` alone, as an application does that has no gateway of ours."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chaincode import commerce, trade
from chaincode.domain import channels
from chaincode.domain.disclosure import claims, disclosures
from chaincode.domain.journeys import goodsfacts
from gateway.http import freshness
from hlf import errors, identity, profile
from hlf.client import contract, gateway
from hlf.codec import canonical, parties
from hlf.shim import api
from hlf.steps.commit import Status
from selat.demo import goods
from selat.demo.environment import ACTORS
from selat.demo.voyage import STEPS, Clock, HandOver, VoyageStep

CHANNEL = channels.TRADE.channel
AUDITOR, SELLER = "AuditorMSP", "MerchantMSP"
#: Who plays whom in the demo's journey, with the organisations of the default consortium.
PLAYERS: Mapping[str, str] = {actor: msp_id for actor, (msp_id, user) in ACTORS.items() if user != "Admin"}
PARTIES = [msp_id for msp_id in PLAYERS.values() if msp_id != AUDITOR]
TERMS = {
    "terms_id": "any-goods-vn",
    "version": 1,
    "seller": "MerchantMSP",
    "jurisdiction": "VN",
    "languages": ["vi", "en"],
    "window_days": 30,
    "reasons": {"DEFECTIVE": {"resolutions": ["refund"], "evidence_min": 1}},
    "arbiter": AUDITOR,
}

Row = tuple[str, str, str, list[str], list[str], list[str]]


@dataclass(frozen=True)
class Claim:
    """A committed claim, with what its owner needs to show parts of it."""

    claim_id: str
    document: bytes
    encoded: Mapping[str, str]

    def shown(self, attributes: Collection[str]) -> dict[str, bytes]:
        """Return the transient data that open *attributes*."""
        return {
            "document": self.document,
            "disclosures": canonical.dumps([text for name, text in self.encoded.items() if name in attributes]),
        }


class Member:
    """One organisation's user before its peer."""

    def __init__(self, state: Path, msp_id: str, user: str = "User1") -> None:
        self.msp_id = msp_id
        who = identity.load_user(state / "organisations" / msp_id / "users" / user, msp_id)
        # A hundred calls at once on a busy machine take longer than a caller would wait; no test is about that.
        patient = gateway.Timeouts(evaluate=60, endorse=60, submit=60)
        known = profile.Profile.load(state / "profiles" / f"{msp_id}.json")
        self.gateway = gateway.connect(known, *who, timeouts=patient)
        self.trade = self.gateway.network(CHANNEL).contract(channels.TRADE.chaincode)
        self.commerce = self.gateway.network(channels.COMMERCE.channel).contract(channels.COMMERCE.chaincode)
        self.latest = (0, "")
        self._writing = threading.Lock()
        self._first = threading.Lock()

    def ask(self, function: str, *arguments: str) -> Any:
        """Return the answer of the organisation's own peer."""
        answer = self.trade.evaluate(function, *arguments, endorsing_organizations=[self.msp_id])
        return json.loads(answer) if answer else None

    def act(
        self,
        function: str,
        *arguments: str,
        transient: Mapping[str, bytes] | None = None,
    ) -> Any:
        """Return the result of a transaction on `trade`, once it is valid."""
        status, result = self._submitted(self.trade, trade.chaincode, function, arguments, transient)
        with self._writing:
            self.latest = max(self.latest, (status.block_number, status.transaction_id))
        return json.loads(result) if result else None

    def sell(
        self,
        function: str,
        *arguments: str,
        transient: Mapping[str, bytes] | None = None,
    ) -> None:
        """Submit a transaction on `ecommerce`, and return once it is valid."""
        self._submitted(self.commerce, commerce.chaincode, function, arguments, transient)

    def _submitted(
        self,
        submitting: contract.Contract,
        chaincode: api.Chaincode,
        function: str,
        arguments: Sequence[str],
        transient: Mapping[str, bytes] | None,
    ) -> tuple[Status, bytes]:
        """Submit to those whom the function declares."""
        called = chaincode.functions[function]
        named = dict(zip((each.name for each in called.parameters), arguments, strict=False))

        def ask(query: str, asked: Sequence[str]) -> bytes:
            return submitting.evaluate(query, *asked, endorsing_organizations=[self.msp_id])

        call = parties.PlannedCall(self.msp_id, named, transient or {})
        endorsers = parties.resolve(called.declared.endorsed_by or (), call, ask)
        submitted = submitting.submit_async(
            function, *arguments, transient=transient, endorsing_organizations=endorsers
        )
        status = submitted.wait_committed()
        if not status.valid:
            raise errors.CommitError(status.transaction_id, status.code, status.block_number)
        return status, submitted.result

    def commit(self, kind: str, claim_id: str, values: Mapping[str, object]) -> Claim:
        """Commit to a claim of this organisation."""
        slots = claims.KINDS[kind].slots
        document, opened = disclosures.commit(
            kind, self.msp_id, claim_id, 1, int(time.time()), values, slots, secrets.token_bytes
        )
        made = Claim(claim_id, document.to_bytes(), {one.name: one.encoded for one in opened})
        shown = made.shown(made.encoded)
        with self._first:
            # The first claim brings the secret that all others use, so they wait for it.
            known = self.ask("Claims:secret_hash", self.msp_id)["secret_hash"]
            if not known:
                self._committed(claim_id, {**shown, "secret": salt().encode()})
        if known:
            self._committed(claim_id, shown)
        return made

    def _committed(self, claim_id: str, transient: Mapping[str, bytes]) -> None:
        """Commit, and let the auditor compare what the claim is about."""
        self.act("Claims:commit", claim_id, "1", transient=transient)
        self.wait_for_peer(AUDITOR)
        subject = self.trade.evaluate("Claims:subject", claim_id, "1", endorsing_organizations=[self.msp_id])
        self.act("Claims:show_subject", transient={"subject": subject})

    def wait_for_peer(self, msp_id: str, channel: str = CHANNEL) -> None:
        """Return once the peer of *msp_id* has all blocks of *channel* that this member's peer has."""
        network = self.gateway.network(channel)
        system = network.contract("qscc")
        freshness.Heights().wait(
            channel,
            [msp_id],
            network.height() - 1,
            lambda asked, peer: system.evaluate("GetChainInfo", asked, endorsing_organizations=[peer]),
        )

    def grant(self, grant_id: str, claim: Claim, recipient: str, attributes: Sequence[str], purpose: str) -> None:
        """Let *recipient* see attributes of *claim*."""
        terms = {
            "claim_id": claim.claim_id,
            "revision": 1,
            "recipient": recipient,
            "attributes": sorted(attributes),
            "purpose": purpose,
            "expires_at": hence(days=90),
            "salt": salt(),
        }
        self.act("Disclosures:grant", grant_id, transient={"grant": canonical.dumps(terms)})

    def deliver(self, grant_id: str, claim: Claim, recipient: str, attributes: Collection[str]) -> None:
        """Put what was granted into the recipient's collection."""
        transient = claim.shown(attributes)
        self.act("Disclosures:deliver", grant_id, recipient, transient=transient)

    def order(self, order_id: str, terms: Mapping[str, Any]) -> dict[str, Any]:
        """Place an order under published *terms* as its platform; return what `trade` learns of it."""
        sides, promised = [self.msp_id, SELLER], terms["terms"]
        pinned = {"terms_id": promised["terms_id"], "version": promised["version"], "digest": terms["digest"]}
        order = {
            "platform": self.msp_id,
            "merchant": SELLER,
            "buyer_token_hash": any_hash(),
            # The terms may come into force some seconds from now, and clocks may be ahead.
            "placed_at": max(hence(), promised["effective_from"]),
            "incoterm": "DDP",
            "named_place": goods.DESTINATION,
            "origin": goods.ORIGIN,
            "destination": goods.DESTINATION,
            "lines": [goods.HEADPHONES.order_line()],
            "currency": "USD",
            "freight": "890",
            "insurance": "120",
            "terms": pinned,
            "salt": salt(),
        }
        transient = {"order": canonical.dumps(order), "terms": canonical.dumps(promised)}
        self.sell("Orders:place", order_id, transient=transient)
        self.sell("Orders:open", order_id, *sides, json.dumps(pinned))
        kept = self.commerce.evaluate("Orders:facts", order_id, endorsing_organizations=[self.msp_id])
        told: dict[str, Any] = json.loads(kept)
        return told

    def open_journey(self, journey_id: str, order: Mapping[str, Any], parties: Sequence[str] = PARTIES) -> None:
        """Open a journey of the whole of a confirmed *order*."""
        opening = {
            "journey_id": journey_id,
            "order": order,
            "lines": [{"line": line["line"], "quantity": line["quantity"]} for line in order["lines"]],
            "epcs": [parcel(journey_id), *goods.UNITS],
            "parties": parties,
            "custodian": SELLER,
        }
        self.act("Journeys:open", json.dumps(opening))

    def record(self, journey_id: str, step: VoyageStep, clock: Clock) -> Any:
        """Record one event of the organisation's own; the receipt."""
        told = asdict(step)
        observation = {
            "stage_id": told.pop("stage"),
            "event_time": clock.next(step.place),
            "epcs": [],
            **{name: value for name, value in told.items() if name != "actor"},
        }
        return self.act("Journeys:record", journey_id, json.dumps(observation))

    def wait_for(self, transaction_id: str) -> None:
        """Return once the organisation's own peer has committed a transaction, whoever submitted it."""
        self.gateway.commit_status(CHANNEL, transaction_id).wait_committed()

    def close(self) -> None:
        """Close the connection."""
        self.gateway.close()


class Market:
    """
    The members of channel `trade`, each with a connection, by MSP id; from ``with`` to its end.

    *participants* are rows as `goods.PARTICIPANTS` has them.
    """

    def __init__(self, state: Path, participants: Sequence[Row] = goods.PARTICIPANTS) -> None:
        self.participants = participants
        self.admin = Member(state, "PlatformMSP", "Admin")
        self.members = {msp_id: Member(state, msp_id) for msp_id, *_ in participants}
        self._open = ExitStack()

    def __getitem__(self, msp_id: str) -> Member:
        return self.members[msp_id]

    def settle(self, *msp_ids: str) -> None:
        """
        Return once the peers of these organisations, of all if none is named, have the last block that a member knows.

        A transaction is valid for its submitter when it is committed at the
        submitter's own peer. Others may be a block behind, and endorse on that.
        """
        number, transaction_id = max(member.latest for member in (self.admin, *self.members.values()))
        if number:
            for msp_id in msp_ids or self.members:
                self[msp_id].wait_for(transaction_id)

    def found(self) -> dict[str, Any]:
        """Register everybody, install the stages, publish return terms; those terms."""
        fields = ("msp_id", "name", "species", "roles", "countries", "stages")
        participants = [dict(zip(fields, row, strict=True)) for row in self.participants]
        self.admin.act("Participants:found", json.dumps(participants))
        self.admin.act("Stages:install")
        self.settle()
        fetching = next(msp_id for msp_id, _, _, roles, *_ in self.participants if "last_mile" in roles)
        coverage = [{"area": "VN", "carrier": fetching}]
        terms = {**TERMS, "coverage": coverage, "effective_from": hence(seconds=30)}
        published: dict[str, Any] = self["MerchantMSP"].act("Terms:publish", json.dumps(terms))
        self.settle()
        return published

    def travel(self, journey_id: str, players: Mapping[str, str] = PLAYERS) -> None:
        """Play the demo's steps, from the order's receipt to the delivery."""
        clock = Clock()
        for step in STEPS:
            self.settle(*set(players.values()))
            if isinstance(step, HandOver):
                self.hand_over(journey_id, step, clock, players)
            else:
                self[players[step.actor]].record(journey_id, step, clock)

    def hand_over(self, journey_id: str, step: HandOver, clock: Clock, players: Mapping[str, str] = PLAYERS) -> None:
        """Pass custody: offered by the one, accepted by the other."""
        giver, taker = self[players[step.giver]], self[players[step.taker]]
        moment = clock.next(step.place)
        giver.act("Journeys:offer_custody", journey_id, taker.msp_id, moment, step.place)
        # Both endorse the acceptance.
        taker.wait_for(giver.latest[1])
        taker.act("Journeys:accept_custody", journey_id, moment, step.place)

    def __enter__(self) -> Self:
        for member in (self.admin, *self.members.values()):
            self._open.callback(member.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def facts(order_id: str, terms: Mapping[str, Any], platform: str) -> dict[str, Any]:
    """Return what `trade` learns of an order, for a network without `ecommerce`, where no peer can ask for it."""
    promised = terms["terms"]
    return {
        "order_id": order_id,
        "order_hash": any_hash(),
        "platform": platform,
        "merchant": SELLER,
        "buyer_hash": any_hash(),
        "placed_at": hence(),
        "origin": goods.ORIGIN,
        "destination": goods.DESTINATION,
        "terms": {"terms_id": promised["terms_id"], "version": promised["version"], "digest": terms["digest"]},
        "lines": [{"line": "1", "quantity": 2, "returnless": False, "excluded": False, "goods": _committed(order_id)}],
        "nonce": salt(),
    }


def _committed(order_id: str) -> list[str]:
    return list(goodsfacts.committed({"hs6": goods.HEADPHONES.hs6}, salt(), order_id)[0])


def parcel(journey_id: str) -> str:
    """Return the Digital Link of a journey's parcel; no two journeys have the same while they are on their way."""
    serial = int.from_bytes(hashlib.sha256(journey_id.encode()).digest()[:4], "big") % 10**9
    return f"https://id.gs1.org/00/{goods.sscc(serial)}"


def hence(**later: int) -> str:
    """Return the time so much later than now (timedelta's words), as contracts take it."""
    return (datetime.now(UTC) + timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%SZ")


def salt() -> str:
    """Return a salt for a private record."""
    return secrets.token_urlsafe(16)


def any_hash() -> str:
    """Return the SHA-256 of something that nobody can know."""
    return hashlib.sha256(secrets.token_bytes(32)).hexdigest()
