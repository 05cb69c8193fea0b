"""Every resource of the trade, tried over HTTP on the network where the story was played."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hlf import sealing
from selat.demo import goods
from selat.demo.goods import ARTICLES, CAPABILITY, FORECAST, HEADPHONES
from selat.demo.voyage import Clock
from tests.scenarios.journeys.claiming import (
    PAPER,
    abroad,
    bring_back,
    fetched,
    import_entry,
    lose,
    order_content,
    under_liability,
)
from tests.support.leaks import stands

EXPIRY = "2030-01-01T00:00:00Z"


def grant(owner, claim_id: str, recipient: str, attributes: list[str], purpose: str = "planning") -> str:
    body = {
        "claim_id": claim_id,
        "recipient": recipient,
        "attributes": attributes,
        "purpose": purpose,
        "expires_at": EXPIRY,
    }
    return owner.post("/v1/disclosures", body)["grant_id"]


@pytest.fixture(scope="module")
def forecast(cast, played) -> str:
    return cast.merchant.post("/v1/forecasts", {"values": FORECAST})["claim_id"]


@pytest.fixture(scope="module")
def capability(cast, played) -> str:
    return cast.last_mile.post("/v1/capabilities", {"values": CAPABILITY})["claim_id"]


def test_a_claim_is_revised_and_both_revisions_stay(cast, forecast):
    second = {**FORECAST, "demand.units_p50_h87": 15_000}
    cast.merchant.post("/v1/forecasts", {"claim_id": forecast, "revision": 2, "values": second})
    assert cast.merchant.get(f"/v1/forecasts/{forecast}", revision=1)["values"]["demand.units_p50_h87"] == 14_350
    assert cast.merchant.get(f"/v1/forecasts/{forecast}", revision=2)["values"]["demand.units_p50_h87"] == 15_000
    again = {"claim_id": forecast, "revision": 2, "values": second}
    assert cast.merchant.refusal("POST", "/v1/forecasts", again)["code"] == "ALREADY_EXISTS"


def test_what_is_wrong_with_a_claim_is_said_before_it_is_sent(cast):
    small = {**FORECAST, "audience.cohort_size": 12}
    assert cast.merchant.refusal("POST", "/v1/forecasts", {"values": small})["code"] == "COHORT_TOO_SMALL"
    wrong = {**FORECAST, "product.gtin14": HEADPHONES.gtin[:-1] + "0"}
    problem = cast.merchant.refusal("POST", "/v1/forecasts", {"values": wrong})
    assert (problem["code"], problem["detail"]) == ("INVALID_ARGUMENT", "product.gtin14: has a wrong GS1 check digit")


def test_a_revoked_disclosure_can_no_longer_be_read(cast, forecast):
    grant_id = grant(cast.merchant, forecast, "LastMileMSP", ["demand.peak_date"])
    assert cast.last_mile.get(f"/v1/disclosures/{grant_id}")["values"] == {"demand.peak_date": "2027-01-28"}
    cast.merchant.post(f"/v1/disclosures/{grant_id}/revoke")
    assert cast.last_mile.refusal("GET", f"/v1/disclosures/{grant_id}")["code"] in {"REVOKED", "NOT_FOUND"}
    for caller in (cast.merchant, cast.last_mile, cast.auditor):
        assert caller.get(f"/v1/disclosures/{grant_id}/receipt")
    (entry,) = [e for e in cast.auditor.get("/v1/disclosures/audit") if e["grant"]["grant_id"] == grant_id]
    assert entry["state"] == "revoked"


def test_a_false_value_is_not_what_was_committed(cast, forecast, capability):
    """A recipient who invents a number cannot prove it."""
    told = cast.merchant.get(f"/v1/forecasts/{forecast}")
    other = cast.last_mile.get(f"/v1/capabilities/{capability}")
    body = {
        "owner": "MerchantMSP",
        "claim_id": forecast,
        "document": told["document"],
        "disclosures": [other["disclosures"][0]],
    }
    problem = cast.customs.refusal("POST", "/v1/claims/verify", body)
    assert problem["code"] in {"NOT_IN_CLAIM", "UNKNOWN_ATTRIBUTE"}


def test_reciprocal_disclosures_open_together(cast, forecast, capability):
    """The carrier asks and offers; the seller agrees; neither reads before both have delivered."""
    asked = cast.last_mile.post(
        "/v1/disclosures/requests",
        {
            "owner": "MerchantMSP",
            "claim_id": forecast,
            "attributes": ["demand.units_p90_h87"],
            "purpose": "plan the vans",
            "expires_at": EXPIRY,
            "offer": {"claim_id": capability, "attributes": ["capacity.parcels_per_day_h87"]},
        },
    )
    assert asked["request_id"] in [r["request_id"] for r in cast.merchant.get("/v1/disclosures/requests")]
    answered = cast.merchant.post(f"/v1/disclosures/requests/{asked['request_id']}/grant")
    early = cast.last_mile.refusal("GET", f"/v1/disclosures/{answered['grant_id']}")
    assert early["code"] == "NOT_YET_TOGETHER"
    cast.last_mile.post(f"/v1/disclosures/{answered['counter_grant_id']}/delivery")
    seen = cast.last_mile.get(f"/v1/disclosures/{answered['grant_id']}")["values"]
    assert seen == {"demand.units_p90_h87": 21_700}
    shown = cast.merchant.get(f"/v1/disclosures/{answered['counter_grant_id']}")["values"]
    assert shown == {"capacity.parcels_per_day_h87": 6_000}
    again = cast.merchant.refusal("POST", f"/v1/disclosures/requests/{asked['request_id']}/grant")
    assert again["code"] == "ALREADY_ANSWERED"


def test_a_plain_request_is_granted_or_withdrawn(cast, forecast):
    body = {
        "owner": "MerchantMSP",
        "claim_id": forecast,
        "attributes": ["demand.peak_date"],
        "purpose": "inspectors' shifts",
        "expires_at": EXPIRY,
    }
    kept = cast.customs.post("/v1/disclosures/requests", body)["request_id"]
    answered = cast.merchant.post(f"/v1/disclosures/requests/{kept}/grant")
    assert answered["counter_grant_id"] is None
    assert cast.customs.get(f"/v1/disclosures/{answered['grant_id']}")["values"] == {"demand.peak_date": "2027-01-28"}
    dropped = cast.customs.post("/v1/disclosures/requests", body)["request_id"]
    assert cast.merchant.refusal("POST", f"/v1/disclosures/requests/{dropped}/withdrawal")["code"] == "NOT_REQUESTER"
    cast.customs.post(f"/v1/disclosures/requests/{dropped}/withdrawal")


def test_attributes_are_sealed_to_an_outsiders_key(cast, forecast):
    """Only the holder of the key opens it, only for what it was sealed for; owner and auditor keep a record."""
    key = sealing.generate(sealing.Suite.HYBRID)
    sealed = cast.merchant.post(
        "/v1/disclosures/sealed",
        {
            "claim_id": forecast,
            "attributes": ["demand.units_p50_h87"],
            "recipient": "an insurer in Singapore",
            "public_key": base64.b64encode(key.public.raw).decode(),
            "purpose": "cargo insurance",
            "expires_at": EXPIRY,
        },
    )
    ciphertext = base64.b64decode(sealed["ciphertext"])
    plain = sealing.unseal(ciphertext, key, sealing.Binding(**sealed["binding"]))
    assert forecast.encode() in plain
    records = [r for r in cast.auditor.get("/v1/disclosures/sealed") if sealed["seal_id"] in str(r)]
    assert hashlib.sha256(ciphertext).hexdigest() in str(records)
    assert not stands(14350, str(records))
    body = {
        "claim_id": forecast,
        "attributes": ["demand.units_p50_h87"],
        "recipient": "nobody",
        "public_key": "AAAA",
        "purpose": "none",
        "expires_at": EXPIRY,
    }
    assert cast.merchant.refusal("POST", "/v1/disclosures/sealed", body)["code"] == "KEY_UNUSABLE"


def ordered_again(cast, played) -> dict[str, Any]:
    """Another order of the story's goods, with a payment of its own to be made."""
    return cast.platform.post("/v1/orders", order_content(cast, played))


def test_a_basket_of_two_sellers_makes_two_orders(cast, played):
    """Registered under their merchant; platform and merchant find the orders by the basket, others do not."""
    body = order_content(cast, played)
    for seller_id in ("left-shop", "right-shop"):
        seller = {"seller_id": seller_id, "name": seller_id, "country": "CN", "terms_id": body["terms"]["terms_id"]}
        cast.merchant.post("/v1/sellers", seller)
    listed = {each["entry"]["seller_id"] for each in cast.payments.get("/v1/sellers", merchant="MerchantMSP")}
    assert {"left-shop", "right-shop"} <= listed
    assert cast.auditor.get("/v1/sellers/MerchantMSP/left-shop")["version"] == 1
    orders = [{**body, "seller_id": seller_id} for seller_id in ("left-shop", "right-shop")]
    basket = cast.platform.post("/v1/checkouts", {"orders": orders})
    placed = sorted(each["order_id"] for each in basket["orders"])
    found = cast.merchant.get(f"/v1/checkouts/{basket['checkout_id']}")
    assert sorted(each["order_id"] for each in found) == placed
    assert cast.payments.get(f"/v1/checkouts/{basket['checkout_id']}") == []
    assert cast.platform.refusal("GET", basket["tracking_path"])["code"] == "LINK_UNKNOWN"


def test_payments_move_between_three_and_nobody_else_sees_them(cast, played):
    today = datetime.now(UTC).date().isoformat()
    assert cast.merchant.get(f"/v1/rates/PaymentsMSP/USD/{today}")["rates"]["CNY"] == "7.1024"
    again = {"date": today, "base": "USD", "rates": {"CNY": "9"}, "source": "second thoughts"}
    assert cast.payments.refusal("POST", "/v1/rates", again)["code"] == "ALREADY_EXISTS"
    converted = cast.merchant.get(
        f"/v1/rates/PaymentsMSP/USD/{today}/conversion", minor="100", currency="USD", target="CNY"
    )
    assert converted == {"minor": "710", "currency": "CNY"}
    order = ordered_again(cast, played)["order_id"]
    asked = {
        "order_id": order,
        "platform": "PlatformMSP",
        "merchant": "MerchantMSP",
        "payments": "PaymentsMSP",
        "amount": goods.total(cast.merchant.get(f"/v1/orders/{order}/content")),
        "currency": "USD",
        "settle_currency": "CNY",
    }
    again = {**asked, "order_id": played.order["order_id"]}
    assert cast.platform.refusal("POST", "/v1/payments", again)["code"] == "ALREADY_CAPTURED"
    assert cast.platform.refusal("POST", "/v1/payments", {**asked, "amount": "1"})["code"] == "AMOUNT_DIFFERS"
    payment = cast.platform.post("/v1/payments", asked)["payment_id"]
    all_of_it = {"amount": asked["amount"]}
    assert cast.merchant.refusal("POST", f"/v1/payments/{payment}/capture", all_of_it)["code"] == "NOT_PAYMENT_FIRM"
    cast.payments.post(f"/v1/payments/{payment}/capture", all_of_it)
    cast.payments.post(f"/v1/payments/{payment}/refund", {"amount": "100"})
    cast.payments.post(f"/v1/payments/{payment}/settlement", {"rate_date": today, "rate_base": "USD"})
    cast.payments.post(f"/v1/payments/{payment}/refund", {"amount": "40"})
    owing = cast.merchant.get(f"/v1/payments/{payment}")["payment"]
    assert int(owing["settled"]) == int(owing["captured"]) - 140
    for caller in (cast.platform, cast.merchant, cast.payments):
        assert caller.get(f"/v1/payments/{payment}")["state"] == "settled"
    assert cast.auditor.refusal("GET", f"/v1/payments/{payment}")["status"] in {403, 404, 422}
    assert payment in str(cast.payments.get("/v1/payments"))


def test_duties_say_who_pays(cast, played):
    tariff = {
        "country": "VN",
        "currency": "VND",
        "effective_from": "2026-01-01",
        "duty_bps": 1000,
        "tax_bps": 1000,
        "duty_free_to": "0",
        "tax_free_to": "0",
        "source": "a decree",
    }
    today = datetime.now(UTC).date().isoformat()
    rates = {"date": today, "base": "USD", "rates": {"VND": "26350.5"}, "source": "the platform's own"}
    cast.platform.post("/v1/rates", rates)
    for hs6 in (article.hs6 for article in ARTICLES):
        cast.admin.post("/v1/tariffs", {**tariff, "hs6": hs6})
    assert cast.merchant.get("/v1/tariffs/PlatformMSP/VN/851830")["duty_bps"] == 1000
    assert cast.merchant.get("/v1/tariffs/PlatformMSP/VN/851830/versions")
    path = f"/v1/orders/{played.order['order_id']}/duties"
    due = cast.merchant.get(path, tariffs_by="PlatformMSP", publisher="PlatformMSP", base="USD", date=today)
    assert due["payer"] in {"seller", "merchant"}
    assert int(due["duty"]) > 0


def test_the_catalogue(cast):
    product = {
        "gtin": HEADPHONES.gtin,
        "titles": {"en": "Wireless headphones", "vi": "Tai nghe không dây"},
        "hs6": HEADPHONES.hs6,
        "category": "audio",
        "weight_grm": 310,
        "volume_cmq": 1900,
        "list_price": "4590",
        "currency": "USD",
        "origin": "CN",
    }
    cast.merchant.post("/v1/catalogue", product)
    assert cast.platform.get(f"/v1/catalogue/MerchantMSP/{HEADPHONES.gtin}")["product"]["titles"]["vi"].startswith(
        "Tai"
    )
    listed = cast.payments.get("/v1/catalogue", merchant="MerchantMSP")
    assert HEADPHONES.gtin in [each["product"]["gtin"] for each in listed]
    cast.merchant.post(f"/v1/catalogue/{HEADPHONES.gtin}/withdrawal")
    assert cast.platform.get(f"/v1/catalogue/MerchantMSP/{HEADPHONES.gtin}")["state"] == "withdrawn"


def test_the_gap_meter_hides_what_too_few_stand_behind(cast, forecast):
    """One forecast alone says what its owner forecasts: nothing is published."""
    attributes = ["horizon.start", "horizon.end", "region.subdivisions", "demand.units_p50_h87"]
    grant_id = grant(cast.merchant, forecast, "PlatformMSP", attributes, purpose="capacity-gap-meter")
    cast.platform.post("/v1/gap-meter/contributions", {"grant_id": grant_id})
    body = {"region": "VN-HN", "first_week": "2026-W49", "weeks": 2}
    problem = cast.platform.refusal("POST", "/v1/gap-meter", body)
    assert problem["code"] == "NOTHING_TO_TELL"
    assert cast.customs.get("/v1/gap-meter", region="VN-HN", first_week="2026-W49", weeks=2) == []
    cast.platform.post(f"/v1/gap-meter/contributions/{grant_id}/removal")


def test_the_logistics_index(cast):
    cast.admin.post("/v1/lpi/installation")
    assert set(cast.merchant.get("/v1/lpi")) >= {"2018", "2023"}
    assert cast.merchant.get("/v1/lpi/2023/SG/overall")["score_x100"] == 430


def moment(hours: int) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_departures_take_no_more_than_they_hold(cast, played):
    slot = {
        "departs_at": moment(30),
        "arrives_at": moment(60),
        "cut_off_at": moment(24),
        "parcels": 10,
        "grams": 90_000,
    }
    plan = cast.forwarder.post(
        "/v1/plans",
        {"origin": "CNYTN", "destination": "VNHPH", "mode": "1", "slots": [{"slot_id": "monday", **slot}]},
    )["plan_id"]
    path = f"/v1/plans/{plan}/slots/monday/bookings"
    booked = cast.forwarder.post(path, {"shipper": "OriginCarrierMSP", "parcels": 8, "grams": 5000})["booking_id"]
    over = {"shipper": "LastMileMSP", "parcels": 3, "grams": 5000}
    assert cast.forwarder.refusal("POST", path, over)["code"] == "CAPACITY_EXCEEDED"
    cast.forwarder.post(f"{path}/{booked}/release")
    cast.forwarder.post(path, over)
    (departure,) = cast.forwarder.get(f"/v1/plans/{plan}/departures")
    assert [booking["shipper"] for booking in departure["bookings"]] == ["LastMileMSP"]
    assert cast.origin.refusal("GET", f"/v1/plans/{plan}")["code"] == "NOT_FOUND"
    assert plan in str(cast.forwarder.get("/v1/plans"))


def test_what_a_journey_carries_is_told_to_those_who_need_it(cast, played):
    """The story showed it: a carrier has the HS code, customs the price too, and others the commitments."""
    address = f"/v1/journeys/{played.journey_id}/goods"
    line = cast.forwarder.get(address)["lines"][0]
    assert line["values"]["hs6"] == HEADPHONES.hs6
    assert "unit_price" not in line["values"]
    assert cast.customs.get(address)["lines"][0]["values"]["gtin14"] == HEADPHONES.gtin
    assert cast.payments.refusal("GET", address)["code"] == "NOT_FOUND"
    assert HEADPHONES.hs6 not in str(cast.payments.get(f"/v1/journeys/{played.journey_id}"))


def test_carriers_agree_between_themselves(cast, played):
    draft: dict[str, Any] = {
        "taker": "ForwarderMSP",
        "consignments": [played.journey_id],
        "place": "CNYTN",
        "opens_at": moment(1),
        "closes_at": moment(5),
        "seals": ["CN4471902"],
        "conditions": "dry, seal unbroken",
    }
    agreement = cast.origin.post("/v1/agreements", draft)["agreement_id"]
    assert cast.last_mile.refusal("GET", f"/v1/agreements/{agreement}")["code"] == "NOT_FOUND"
    cast.forwarder.post(f"/v1/agreements/{agreement}/answer", {"agree": True})
    assert cast.origin.get(f"/v1/agreements/{agreement}")["state"] == "agreed"
    cast.origin.post(f"/v1/agreements/{agreement}/cancellation")
    assert "cancelled" in str(cast.forwarder.get("/v1/agreements"))


def test_terms_are_exported_and_tried_before_a_purchase(cast, played):
    terms_id = played.order["opening"]["result"]["terms"]["terms_id"]
    assert cast.customs.get(f"/v1/terms/{terms_id}/versions/1/policy")["@type"] == "MerchantReturnPolicy"
    ordered, asked = moment(24 * 40), moment(24 * 90)
    scenario = {
        "hs6": "851830",
        "ordered": 1,
        "ordered_at": ordered,
        "delivered_at": moment(24 * 50),
        "destination": "VNHAN",
        "asked_at": asked,
        "reason": "DEFECTIVE",
        "resolution": "refund",
        "evidence": 1,
    }
    decided = cast.customs.post(f"/v1/terms/{terms_id}/versions/0/simulation", scenario)
    assert (decided["outcome"], decided["code"]) == ("REJECTED", "OUTSIDE_WINDOW")
    in_time = {**scenario, "asked_at": moment(24 * 60)}
    assert cast.customs.post(f"/v1/terms/{terms_id}/versions/1/simulation", in_time)["outcome"] == "APPROVED"


def test_times_incidents_and_corrections_of_a_journey(cast, played):
    journey = f"/v1/journeys/{played.journey_id}"
    events = cast.payments.get(f"{journey}/events")["epcisBody"]["eventList"]
    (settling,) = [e for e in events if e["selat:stage"] == "S13"]
    wrong = {"event_id": settling["eventID"], "reason": "did_not_occur"}
    assert cast.customs.refusal("POST", f"{journey}/corrections", wrong)["code"] == "EVENT_UNKNOWN"
    cast.payments.post(f"{journey}/corrections", wrong)
    after = cast.payments.get(f"{journey}/events")["epcisBody"]["eventList"]
    assert [e for e in after if "errorDeclaration" in e]
    cast.payments.post(f"{journey}/times", {"stage_id": "S13", "at": moment(2)})
    cast.last_mile.post(
        f"{journey}/incidents", {"kind": "delayed", "stage_id": "S19", "at": moment(0), "note_hash": PAPER}
    )
    (stage,) = [s for s in cast.auditor.get(f"{journey}/progress") if s["stage_id"] == "S13"]
    assert stage["planned_at"]
    assert cast.auditor.get(journey)["incidents"]
    assert cast.auditor.get(f"{journey}/estimate") is None


def test_scans_at_once_are_recorded_or_told_to_come_again(cast, played):
    """Each event sets its page's policy, so Fabric refuses those behind it in the block by that; it is a conflict."""
    clock = Clock()
    scans = [
        {"stage_id": "S04", "step": "selat:classifying", "event_time": clock.next("CNSZX"), "place": "CNSZX"}
        for _ in range(8)
    ]  # fmt: skip

    def scan(body: dict[str, Any]) -> tuple[int, str]:
        answer = cast.merchant.send("POST", f"/v1/journeys/{played.journey_id}/events", json=body)
        return answer.status_code, answer.json().get("code", "")

    with ThreadPoolExecutor(8) as pool:
        outcomes = set(pool.map(scan, scans))
    assert (201, "") in outcomes
    assert outcomes <= {(201, ""), (409, "KEY_POLICY_CONFLICT"), (409, "MVCC_READ_CONFLICT")}
    for body in scans[:2]:
        assert scan({**body, "event_time": clock.next("CNSZX")})[0] == 201


def test_carriers_are_seen_to_perform(cast, played):
    seen = cast.merchant.get("/v1/performance/carriers/ForwarderMSP")
    assert isinstance(seen, list)
    assert cast.merchant.get("/v1/performance/lanes", origin="CNYTN", destination="VNHPH") is not None


def test_an_approved_return_goes_its_way(cast, played):
    """Lodged in the story and fetched; inspected, settled and closed here."""
    return_id, reverse = fetched(cast, played)
    early = {"condition": "used", "units": 1, "report_hash": PAPER}
    assert cast.merchant.refusal("POST", f"/v1/returns/{return_id}/inspection", early)["status"] == 409
    bring_back(cast, reverse)
    assert cast.platform.get(f"/v1/returns/{return_id}")["state"] == "RECEIVED"
    assert cast.platform.refusal("POST", f"/v1/returns/{return_id}/inspection", early)["code"] == "NOT_THE_SELLER"
    cast.merchant.post(f"/v1/returns/{return_id}/inspection", early)
    assert cast.platform.get(f"/v1/returns/{return_id}")["state"] == "INSPECTED_PASS"
    unproven = {"resolution": "refund", "proof_hash": PAPER}
    assert cast.merchant.refusal("POST", f"/v1/returns/{return_id}/settlement", unproven)["code"] == "NOT_REFUNDED"
    order_id = played.order["order_id"]
    (payment,) = [
        each["payment"]["payment_id"]
        for each in cast.payments.get("/v1/payments")
        if each["payment"]["terms"]["order_id"] == order_id
    ]
    expected = cast.merchant.get(f"/v1/orders/{order_id}/dues/expected", line="1", quantity=1, reason="DEFECTIVE")
    for _ in range(2):  # The second call states nothing, and discloses it to the firm again.
        told = cast.merchant.post(f"/v1/orders/{order_id}/dues", {"return_id": return_id, "payments": "PaymentsMSP"})
    assert "stating" not in told
    (due,) = cast.platform.get(f"/v1/orders/{order_id}/dues")["stated"]
    owed = cast.payments.get(f"/v1/payments/dues/{order_id}/{return_id}")
    assert (due["shares"], due["shares"]["amount"]) == (expected, owed["amount"])
    assert cast.auditor.refusal("GET", f"/v1/orders/{order_id}/dues", None)["code"] == "NOT_FOUND"
    wrong = {"amount": "4590", "return_id": return_id}
    assert cast.payments.refusal("POST", f"/v1/payments/{payment}/refund", wrong)["code"] == "AMOUNT_DIFFERS"
    cast.payments.post(f"/v1/payments/{payment}/refund", {"amount": owed["amount"], "return_id": return_id})
    proof = cast.merchant.get(f"/v1/payments/refunds/{order_id}/{return_id}")
    cast.merchant.post(f"/v1/returns/{return_id}/settlement", {"resolution": "refund", **proof})
    assert cast.platform.get(f"/v1/returns/{return_id}")["state"] == "REFUNDED"
    cast.platform.post(f"/v1/returns/{return_id}/closing", {})
    assert cast.platform.get(f"/v1/returns/{return_id}")["state"] == "CLOSED"
    told = cast.auditor.get(f"/v1/audit/trade/history/Returns/{return_id}")
    assert all(change["verified"] for change in told["changes"])


def test_a_return_that_was_closed_cannot_be_disputed_by_others(cast, played):
    return_id = cast.merchant.get("/v1/returns", journey_id=played.journey_id)[0]
    body = {"grounds_hash": PAPER}
    assert cast.customs.refusal("POST", f"/v1/returns/{return_id}/dispute", body)["status"] in {403, 409}
    assert cast.platform.refusal("POST", f"/v1/returns/{return_id}/enforcement", {})["code"] in {
        "NO_DEADLINE",
        "NOT_DUE",
    }


def test_a_loss_is_claimed_from_the_carrier(cast, played):
    """Under its published liability; every member sees the states, and the three parties the sums."""
    journey_id, soon = under_liability(cast, played)
    assert cast.merchant.get("/v1/carrier-claims/terms/LastMileMSP")[0]["answer_days"] == 30
    claim = {
        "journey_id": journey_id, "kind": "lost", "carrier": "LastMileMSP", "evidence_hash": PAPER,
        "amount": "41517", "currency": "USD",
    }  # fmt: skip
    assert cast.merchant.refusal("POST", "/v1/carrier-claims", claim)["code"] == "INCIDENT_UNKNOWN"
    lose(cast, journey_id, soon)
    filed = cast.merchant.post("/v1/carrier-claims", claim)
    place = f"/v1/carrier-claims/{filed['claim_id']}"
    assert sorted(filed["disclosing"]) == ["AuditorMSP", "LastMileMSP", "MerchantMSP"]
    assert cast.platform.get("/v1/carrier-claims", journey_id=journey_id) == [filed["claim_id"]]
    cast.last_mile.post(f"{place}/offer", {"amount": "20018", "currency": "USD"})
    assert cast.merchant.get(f"{place}/sums/offered")["amount"] == "20018"
    assert cast.platform.refusal("GET", f"{place}/sums/offered")["code"] == "NOT_FOUND"
    cast.merchant.post(f"{place}/contest", {"grounds_hash": PAPER})
    cast.auditor.post(f"{place}/award", {"amount": "30019", "currency": "USD", "opinion_hash": PAPER})
    assert cast.last_mile.get(f"{place}/sums/awarded")["amount"] == "30019"
    cast.merchant.post(f"{place}/payment", {"proof_hash": PAPER})
    found = cast.customs.get(place)
    assert (found["state"], found["owed"]) == ("PAID", "awarded")


def test_duty_of_returned_goods_is_claimed_back(cast, played):
    """Customs publishes its terms; the goods of the story's return are abroad; the import entry is for two alone."""
    return_id = abroad(cast, played)
    entry = import_entry(cast)
    assert cast.merchant.get("/v1/drawbacks/terms/VN")[0]["duty_bps"] == 10_000
    claim = {"return_id": return_id, "evidence_hash": PAPER, "entry": entry}
    filed = cast.merchant.post("/v1/drawbacks", claim)
    place = f"/v1/drawbacks/{filed['drawback_id']}"
    assert sorted(filed["disclosing"]) == ["CustomsMSP", "MerchantMSP"]
    assert cast.customs.get(f"{place}/entry")["amount"] == "940000"
    assert cast.forwarder.refusal("GET", f"{place}/entry")["code"] == "NOT_FOUND"
    assert cast.merchant.refusal("POST", "/v1/drawbacks", claim)["code"] == "ALREADY_EXISTS"
    assert cast.platform.get("/v1/drawbacks", return_id=return_id) == [filed["drawback_id"]]
    cast.customs.post(f"{place}/acceptance", {})
    cast.merchant.post(f"{place}/payment", {"proof_hash": PAPER})
    assert cast.auditor.get(place)["state"] == "PAID"


def test_reference_data_change_by_majority_and_stay_visible(cast, played):
    """A floor for return terms, and a stage with one more step: five of eight approve."""
    floor = {
        "jurisdiction": "VN",
        "window_days": 7,
        "reasons": {"DEFECTIVE": {"resolution": "refund", "condition": "damaged", "evidence_most": 3, "free": True}},
    }
    proposed = cast.auditor.post("/v1/terms/floors", floor)["amendment_id"]
    assert cast.merchant.get("/v1/terms/floors/VN") is None
    (stage,) = [s for s in cast.auditor.get("/v1/stages")["stages"] if s["stage_id"] == "S09"]
    changed = {**stage, "steps": [*stage["steps"], "selat:relabelling"]}
    version = cast.auditor.get("/v1/stages")["version"]
    amended = cast.auditor.post("/v1/stages/amendments", {"stages": [changed]})["amendment_id"]
    for caller in (cast.platform, cast.merchant, cast.origin, cast.forwarder):
        caller.post(f"/v1/terms/floors/amendments/{proposed}/approval")
        caller.post(f"/v1/stages/amendments/{amended}/approval")
    (listed,) = cast.merchant.get("/v1/terms/floors/amendments")
    assert listed == cast.merchant.get(f"/v1/terms/floors/amendments/{proposed}")
    assert (listed["state"], len(listed["approvals"])) == ("adopted", 5)
    assert cast.merchant.get("/v1/terms/floors/VN")["window_days"] == 7
    assert cast.merchant.get("/v1/terms/floors/VN/history")
    assert cast.auditor.get("/v1/stages")["version"] == version + 1
    old = cast.auditor.get(f"/v1/stages/versions/{version}")["stages"]
    assert stage in old
    assert cast.auditor.get(f"/v1/journeys/{played.journey_id}")["journey"]["catalogue_version"] == version
