"""One run through everything private, in which every private value is one that nobody could have written by chance."""

from __future__ import annotations

from typing import Any

from hlf.shim import testing
from tests.unit.contracts import test_orders
from tests.unit.contracts.disclosure import test_gapmeter
from tests.unit.contracts.trading import (
    CAPABILITY,
    FORECAST,
    FORWARDER,
    MERCHANT,
    PAYMENTS,
    Claim,
    Desk,
    as_bytes,
    asked,
    salt,
    terms,
)

PRIVATE = {
    "demand.units_p10_h87": 4_170_013,
    "demand.units_p50_h87": 4_217_903,
    "demand.units_p90_h87": 9_334_171,
    "money.gmv_minor": "731904455518273",
    "method": "kestrel-quartz-smoothing",
}
PRICES = {"price.base_minor": "918273645", "time.transit_p95_hur": 9_217}
OTHER_GOODS = {"product.gtin14": "09506000134369"}
"""Not what the claims behind the meter are about: an owner has one claim for each subject."""
PURPOSES = ("heron-purpose", "egret-purpose")
ORDER = {"freight": "77310519", "buyer_token_hash": "9e" * 32}
PAYMENT = {"amount": str(2 * 19_900 + int(ORDER["freight"]))}


def secrets() -> list[bytes]:
    """Return what no block may hold: values, purposes, names of granted attributes, recipients outside the channel."""
    values: list[Any] = [*PRIVATE.values(), *PRICES.values(), *ORDER.values(), *PAYMENT.values(), *PURPOSES]
    values += ["demand.units_p50_h87", "Port of Haiphong", "capacity-gap-meter"]
    return [str(value).encode() for value in values]


def trading() -> testing.Ledger:
    """Claims, requests, grants, deliveries, a revocation, a seal and a meter on `trade`."""
    meter = test_gapmeter.Meter()
    show(meter)
    count(meter)
    return meter.ledger


def show(desk: Desk) -> None:
    """Claims, requests, grants, deliveries, a revocation and a seal."""
    forecast = Claim("forecast", MERCHANT, "c1", {**FORECAST, **PRIVATE, **OTHER_GOODS})
    capability = Claim("capability", FORWARDER, "c2", {**CAPABILITY, **PRICES, "service_id": "sea-leg"})
    forecast.commit(desk.ledger)
    capability.commit(desk.ledger)
    shown = ["price.base_minor", "time.transit_p95_hur"]
    offer = {"claim_id": "c2", "revision": 1, "attributes": shown}
    names = ("demand.units_p50_h87", "money.gmv_minor")
    desk.request("r1", FORWARDER, asked(forecast, *names, offer=offer, purpose=PURPOSES[0]))
    _reciprocal(desk, forecast, names)
    desk.deliver("g1", forecast, FORWARDER, *names)
    desk.deliver("g2", capability, MERCHANT, *shown)
    desk.revoke("g2", FORWARDER, MERCHANT)
    _seal(desk, forecast)


def count(meter: test_gapmeter.Meter) -> None:
    """Let six parties be counted by the meter."""
    for party in test_gapmeter.UNITS:
        meter.consent(party)
        meter.contribute(party)
    meter.compute()


def selling() -> testing.Ledger:
    """Return an order and its payment on `ecommerce`."""
    shop = test_orders.Shop()
    shop.place(**ORDER)
    shop.open()
    shop.authorise(**PAYMENT)
    shop.submit("Settlement:publish_rates", as_bytes(test_orders.RATES), by=PAYMENTS)
    shop.move("capture", 1, amount=PAYMENT["amount"])
    shop.move("refund", 2, amount="1")
    shop.move("settle", 3, rate_date="2026-11-20", rate_base="USD")
    return shop.ledger


def _reciprocal(desk: Desk, forecast: Claim, names: tuple[str, ...]) -> None:
    kept = desk.ledger.evaluate("Disclosures:show_request", "r1", client=testing.client(MERCHANT)).payload
    grant = terms(forecast, FORWARDER, *names, purpose=PURPOSES[0], request_id="r1")
    desk.ledger.invoke(
        "Disclosures:grant_reciprocal", "r1", "g1", "g2", client=testing.client(MERCHANT), at=forecast.at,
        transient={"request": kept, "grant": as_bytes(grant), "counter_salt": salt("counter").encode()},
    )  # fmt: skip


def _seal(desk: Desk, forecast: Claim) -> None:
    sealed = {
        **terms(forecast, "Port of Haiphong", "method", purpose=PURPOSES[1]),
        "key_thumbprint": "0" * 64,
        "suite": "MLKEM768-X25519",
        "ciphertext_sha256": "1" * 64,
    }
    desk.ledger.invoke(
        "Disclosures:record_sealed", "s1", client=testing.client(MERCHANT), at=forecast.at,
        transient={"sealed": as_bytes(sealed)},
    )  # fmt: skip
