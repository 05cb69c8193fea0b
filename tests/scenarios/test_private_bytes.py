"""Private values occur in no block, no event, no log line and no answer to others."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from selat.demo import goods
from selat.demo.goods import FORECAST, SERVICE

CHANNELS = {"trade": ("auditor", "trade"), "ecommerce": ("auditor", "commerce"), "logistics": ("auditor", "carriage")}
# Each can be told from anything that occurs by chance.
FIGURE = 918_273_645_546
METHOD = "kernel-regression-of-the-quiet-harbour"
PURPOSE = "a purpose nobody else may read: reserve the Haiphong night slot"
PRICE = "777000111222333"
TARIFF = "404111404222404"
CONDITIONS = "the seal is broken by the forwarder's man alone, at the third gate"


@pytest.fixture(scope="module")
def private(cast, played) -> dict[str, str]:
    """Values that went in by request bodies, by what they are."""
    values = FORECAST | {"product.gtin14": goods.gtin("55002"), "demand.units_p90_h87": FIGURE, "method": METHOD}
    claim = cast.platform.post("/v1/forecasts", {"values": values})
    granted = cast.platform.post(
        "/v1/disclosures",
        {
            "claim_id": claim["claim_id"],
            "recipient": "ForwarderMSP",
            "attributes": ["demand.units_p90_h87", "method"],
            "purpose": PURPOSE,
            "expires_at": "2030-01-01T00:00:00Z",
        },
    )
    told = cast.forwarder.get(f"/v1/disclosures/{granted['grant_id']}")
    assert told["values"] == {"demand.units_p90_h87": FIGURE, "method": METHOD}
    content = cast.merchant.get(f"/v1/orders/{played.order['order_id']}/content")
    order = {**content, "freight": PRICE}
    for field in ("buyer_token_hash", "salt", "seller_id", "checkout_id"):
        order.pop(field)
    placed = cast.platform.post("/v1/orders", order)
    assert cast.merchant.get(f"/v1/orders/{placed['order_id']}/content")["freight"] == PRICE
    tariff = tender(cast)
    cast.origin.post(
        "/v1/agreements",
        {
            "taker": "ForwarderMSP",
            "consignments": ["c1"],
            "place": "CNYTN",
            "opens_at": "2030-01-01T00:00:00Z",
            "closes_at": "2030-01-02T00:00:00Z",
            "conditions": CONDITIONS,
        },
    )
    asked = {"order_id": placed["order_id"], "platform": "PlatformMSP", "merchant": "MerchantMSP"}
    amount = goods.total(cast.merchant.get(f"/v1/orders/{placed['order_id']}/content"))
    asked |= {"payments": "PaymentsMSP", "amount": amount, "currency": "USD", "settle_currency": "USD"}
    payment = cast.platform.post("/v1/payments", asked)["payment_id"]
    assert cast.payments.get(f"/v1/payments/{payment}")["payment"]["terms"]["amount"] == amount
    assert int(amount) > int(PRICE)
    secrets = {
        "a tariff": TARIFF,
        "the offer's salt": tariff,
        "an agreement's words": CONDITIONS,
        "what an order comes to": amount,
        "a figure": str(FIGURE),
        "a text": METHOD,
        "a purpose": PURPOSE,
        "a price": PRICE,
        "a shopper's link": placed["tracking_token"],
        "the demo's link": played.order["tracking_token"],
        "a grant's salt": told["grant"]["terms"]["salt"],
        "an order's salt": cast.merchant.get(f"/v1/orders/{placed['order_id']}/content")["salt"],
    }
    for number, disclosure in enumerate(told["disclosures"]):
        padded = disclosure + "=" * (-len(disclosure) % 4)
        secrets[f"disclosure {number}"] = disclosure
        secrets[f"salt of disclosure {number}"] = json.loads(base64.urlsafe_b64decode(padded))[0]
    return secrets


def tender(cast) -> str:
    """Offer for matching at a tariff that is nobody else's; the salt of the price's disclosure."""
    values = {**SERVICE, "service_id": "private-bytes", "stages": ["S15"], "price.base_minor": TARIFF}
    claim = cast.forwarder.post("/v1/capabilities", {"values": values})["claim_id"]
    consent = {"claim_id": claim, "recipient": "PlatformMSP", "attributes": sorted(values), "purpose": "matching"}
    grant_id = cast.forwarder.post("/v1/disclosures", {**consent, "expires_at": "2030-01-01T00:00:00Z"})["grant_id"]
    cast.platform.post("/v1/matching/offers", {"grant_id": grant_id})
    assert TARIFF in str(cast.platform.get("/v1/matching/offers"))
    for disclosure in cast.platform.get(f"/v1/disclosures/{grant_id}")["disclosures"]:
        salt, name, _ = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
        if name == "price.base_minor":
            return salt
    raise AssertionError("the price is not among the attributes shown")


def forms(secret: str) -> Iterator[bytes]:
    """How a value may stand in bytes: as it is, and in base64 at each of the three alignments."""
    plain = secret.encode()
    yield plain
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            coded = encode(b"\0" * offset + plain)
            # The first and last groups depend on what stands beside the value.
            inner = coded[4 if offset else 0 : len(coded) // 4 * 4 - 4]
            if len(inner) >= 8:
                yield inner


def blocks_of(cast, channel: str) -> Iterator[bytes]:
    """Every block of a channel, as its peer serves it."""
    address = f"/v1/channels/{channel}/chaincodes/qscc/evaluate"
    number = 0
    while True:
        body = {"function": "GetBlockByNumber", "arguments": [channel, str(number)]}
        answer = cast.auditor.send("POST", address, json=body)
        if answer.status_code != 200:
            return
        yield base64.b64decode(answer.json()["result_base64"])
        number += 1


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_block_has_a_private_value(cast, private, channel):
    count = 0
    for block in blocks_of(cast, channel):
        count += 1
        for what, secret in private.items():
            assert not any(form in block for form in forms(secret)), f"{what} is in block {count - 1} of {channel}"
    assert count > 2


@pytest.mark.parametrize("channel", ["trade", "ecommerce"])
def test_no_event_has_a_private_value(cast, private, channel):
    actor, chaincode = CHANNELS[channel]
    path = f"/v1/events/{channel}/{chaincode}"
    text = getattr(cast, actor).send("GET", path, params={"start_block": 1, "idle_seconds": 1}).content
    assert text.count(b"\nevent: ") > 1
    for what, secret in private.items():
        assert not any(form in text for form in forms(secret)), what


def test_no_log_line_has_a_private_value_or_a_token(stage, private, folder):
    logs = [path for path in folder.rglob("*.log") if path.is_file()]
    assert {path.parent.parent.name for path in logs} == {"network", "gateway"}
    text = b"".join(path.read_bytes() for path in logs)
    assert b"POST /v1/forecasts 201" in text
    for what, secret in {**private, **{f"token of {name}": token for name, token in stage.tokens.items()}}.items():
        assert not any(form in text for form in forms(secret)), what


def test_the_gateway_keeps_no_private_value(private, folder):
    kept = b"".join(path.read_bytes() for path in (folder / "gateway").rglob("*") if path.is_file())
    for what, secret in private.items():
        assert not any(form in kept for form in forms(secret)), what


def test_no_answer_to_others_has_a_private_value(cast, private, played):
    """Strangers ask for everything there is to ask for."""
    paths = [
        "/v1/forecasts",
        "/v1/disclosures/given",
        "/v1/disclosures/received",
        "/v1/disclosures/requests",
        f"/v1/disclosures/{played.grant_id}",
        f"/v1/disclosures/{played.grant_id}/grant",
        f"/v1/forecasts/{played.claim_id}",
        f"/v1/orders/{played.order['order_id']}",
        f"/v1/orders/{played.order['order_id']}/content",
        f"/v1/journeys/{played.journey_id}",
        f"/v1/journeys/{played.journey_id}/events",
        f"/v1/audit/trade/history/Journeys/{played.journey_id}",
        "/v1/orders",
        "/v1/participants",
    ]
    for caller in (cast.last_mile, cast.customs, cast.payments):
        for path in paths:
            text = caller.send("GET", path).content
            for what, secret in private.items():
                assert not any(form in text for form in forms(secret)), f"{what} in {path} for {caller.msp_id}"


def test_the_scan_would_find_what_it_looks_for(private):
    """Each value is found as it is and inside base64, wherever it stands in it."""
    for secret in private.values():
        for before in (b"", b"x", b"xy"):
            haystack = b"...." + base64.b64encode(before + secret.encode() + b"tail") + b"...."
            assert any(form in haystack for form in forms(secret))
            assert any(form in before + secret.encode() for form in forms(secret))
