"""Two at once: what the ledger allows once happens once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import LedgerCall
from gateway.fabric.wallet import Wallet
from selat.demo.goods import FORECAST, gtin

SUBMIT = "/v1/channels/trade/chaincodes/trade/submit"


def test_one_idempotency_key_from_many_callers_commits_once(cast, played):
    """Whoever is not first is told to come back, or gets the first one's answer."""
    body = {"claim_id": "forecast-once", "values": {**FORECAST, "product.gtin14": gtin("55001")}}
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda _: cast.platform.send("POST", "/v1/forecasts", json=body, headers={"Idempotency-Key": "once"}),
                range(6),
            )
        )
    codes = {answer.status_code for answer in answers}
    assert codes <= {201, 409}
    assert len({answer.json()["transaction_id"] for answer in answers if answer.status_code == 201}) == 1
    claims = [claim for claim in cast.platform.get("/v1/forecasts") if claim["claim_id"] == "forecast-once"]
    assert len(claims) == 1
    again = cast.platform.send("POST", "/v1/forecasts", json=body, headers={"Idempotency-Key": "once"})
    assert again.headers["Idempotency-Replayed"] == "true"


class _CrashError(Exception):
    """The gateway ends here."""


@pytest.fixture
def ledgers(stage):
    """Yield a gateway's own connections to the scenarios' network."""
    made = Ledgers(Wallet(stage.network.folder.root), 30)
    yield made
    made.close()


def test_what_was_stored_before_it_was_sent_commits_once(cast, played, ledgers):
    """A crash just before the orderer got it; two attempts that carry it on get one transaction's receipt."""
    participant = next(p for p in cast.auditor.get("/v1/participants") if p["msp_id"] == "PaymentsMSP")
    call = LedgerCall(
        "trade", "trade", "Participants:propose", ("amendment-crashed", {**participant, "name": "Crashed"})
    )
    stored = []

    def crash(transaction_id: str, signed: bytes) -> None:
        stored.append((transaction_id, signed))
        raise _CrashError

    with pytest.raises(_CrashError):
        ledgers.submit("PlatformMSP", "User1", call, crash)
    ((transaction_id, signed),) = stored
    carry_on = partial(ledgers.carry_on, "PlatformMSP", "User1", "trade", signed, lambda _: None)
    with ThreadPoolExecutor(2) as pool:
        receipts = [pool.submit(carry_on).result() for _ in range(2)]
    assert receipts[0] == receipts[1]
    assert receipts[0].transaction_id == transaction_id
    assert json.loads(receipts[0].result)["amendment_id"] == "amendment-crashed"


@pytest.fixture
def proposed(cast, played):
    """Return an amendment of the register that seven more may approve."""
    participant = next(p for p in cast.auditor.get("/v1/participants") if p["msp_id"] == "PaymentsMSP")
    changed = {**participant, "name": "Straits Settlement and Clearing"}
    return cast.platform.post("/v1/participants/amendments", {"participant": changed})["amendment_id"]


def test_approvals_at_once_conflict_and_are_adopted_by_retrying(cast, proposed):
    """Each approval reads and writes one key: in one block the first is valid, the others are told to try again."""

    def approve(caller):
        for attempt in range(1, 20):
            answer = caller.send("POST", f"/v1/participants/amendments/{proposed}/approval")
            if answer.status_code == 200:
                return attempt
            problem = answer.json()
            if problem["code"] == "ALREADY_ADOPTED":
                return attempt
            # Endorsed before and after another's block, or committed behind it: both say so, and nothing was written.
            assert (answer.status_code, problem["code"]) in {(409, "MVCC_READ_CONFLICT"), (409, "ENDORSERS_DISAGREE")}
        raise AssertionError("never got through")

    callers = [cast.merchant, cast.payments, cast.origin, cast.forwarder, cast.last_mile, cast.customs]
    with ThreadPoolExecutor(len(callers)) as pool:
        attempts = list(pool.map(approve, callers))
    assert max(attempts) > 1
    names = {p["msp_id"]: p["name"] for p in cast.auditor.get("/v1/participants")}
    assert names["PaymentsMSP"] == "Straits Settlement and Clearing"
    told = cast.auditor.get("/v1/audit/trade/history/Participants/PaymentsMSP")
    assert [change["value"]["name"] for change in told["changes"]] == [
        "Straits Settlement and Clearing",
        "Straits Settlement",
    ]


def test_a_write_endorsed_by_the_wrong_ones_is_invalid(cast, played):
    """Custody's key wants its custodian; a majority of everybody else is no substitute."""
    body = {
        "function": "Journeys:offer_custody",
        "arguments": [played.journey_id, "CustomsMSP", "2030-01-01T00:00:00Z", "VNHAN"],
        "endorsing_organizations": ["PlatformMSP", "MerchantMSP", "PaymentsMSP", "CustomsMSP", "AuditorMSP"],
    }
    problem = cast.last_mile.refusal("POST", SUBMIT, body)
    assert problem["status"] in {403, 409, 422}
    assert cast.auditor.get(f"/v1/journeys/{played.journey_id}")["custody"]["state"] == "delivered"
