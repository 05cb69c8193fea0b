"""
Two at once of one order: both are endorsed before either is ordered, and one of them counts.

The peers that endorse cannot know of each other's answer; the validation of every peer decides, and the ledger then has
no more units and no more money than were ordered and paid.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import LedgerCall
from gateway.fabric.wallet import Wallet
from hlf import errors
from selat.demo import goods
from selat.demo.voyage import Clock

PAPER = "a" * 64
SIDES = {"platform": "PlatformMSP", "merchant": "MerchantMSP", "payments": "PaymentsMSP"}


@pytest.fixture(scope="module")
def ledgers(stage) -> Iterator[Ledgers]:
    """Yield connections of a gateway's own to the scenarios' network."""
    made = Ledgers(Wallet(stage.network.folder.root), 30)
    yield made
    made.close()


@pytest.fixture(scope="module")
def order(cast, played) -> dict[str, Any]:
    """Return an order of two units and one, confirmed and paid."""
    told = cast.platform.get(f"/v1/orders/{played.order['order_id']}/content")
    kept = (
        "platform", "merchant", "placed_at", "incoterm", "named_place", "currency", "freight", "insurance", "origin",
        "destination", "terms",
    )  # fmt: skip
    wanted = {name: told[name] for name in kept} | {"lines": [article.order_line() for article in goods.ARTICLES]}
    placed: dict[str, Any] = cast.platform.post("/v1/orders", wanted)
    cast.merchant.post(f"/v1/orders/{placed['order_id']}/confirmation")
    due = {"amount": goods.total(wanted), "currency": "USD", "settle_currency": "USD"}
    payment = cast.platform.post("/v1/payments", {"order_id": placed["order_id"], **SIDES, **due})["payment_id"]
    cast.payments.post(f"/v1/payments/{payment}/capture", {"amount": due["amount"]})
    return placed | {"payment_id": payment, "paid": due["amount"]}


def code_of_the_later(ledgers: Ledgers, msp_id: str, first: LedgerCall, second: LedgerCall) -> str:
    """Endorse both calls, then order *second* and after it *first*; return Fabric's code of *first*."""

    def meanwhile(*_: object) -> None:
        ledgers.submit(msp_id, "User1", second, lambda *_: None)

    with pytest.raises(errors.CommitError) as late:
        ledgers.submit(msp_id, "User1", first, meanwhile)
    return late.value.name


@pytest.fixture(scope="module")
def journey(cast, order, ledgers) -> str:
    """Return the journey of the whole order: another one was endorsed at the same time."""
    asked = LedgerCall("ecommerce", "commerce", "Orders:facts", (order["order_id"],))
    facts = json.loads(ledgers.evaluate("PlatformMSP", "User1", asked))
    parties = [*SIDES.values(), "LastMileMSP"]

    def opening(journey_id: str) -> LedgerCall:
        lines = [{"line": each["line"], "quantity": each["quantity"]} for each in facts["lines"]]
        box = f"https://selat.test/voc/parcel/LastMileMSP/{journey_id}"
        told = {"journey_id": journey_id, "order": facts, "lines": lines, "epcs": [box], "parties": parties,
                "custodian": "LastMileMSP"}  # fmt: skip
        return LedgerCall("trade", "trade", "Journeys:open", (told,))

    names = [f"at-once-{secrets.token_hex(4)}" for _ in range(2)]
    code = code_of_the_later(ledgers, "PlatformMSP", opening(names[0]), opening(names[1]))
    assert code == "MVCC_READ_CONFLICT"
    assert cast.platform.get("/v1/journeys", order_id=order["order_id"]) == names[1:]
    return names[1]


def test_two_openings_at_once_send_no_more_than_was_ordered(cast, order, journey):
    """Each took all units of the order; the account has them once."""
    account = cast.merchant.get(f"/v1/orders/{order['order_id']}/account")
    assert [(line["ordered"], line["allotted"]) for line in account] == [(2, 2), (1, 1), (1, 1)]


def test_two_returns_at_once_bring_no_more_than_was_delivered(cast, order, journey, ledgers):
    """Each asked for both units of a line."""
    seen = {"stage_id": "S20", "step": "accepting", "event_time": Clock().next("VNHAN"), "place": "VNHAN"}
    cast.last_mile.post(f"/v1/journeys/{journey}/events", seen)
    content = cast.platform.get(f"/v1/orders/{order['order_id']}/content")

    def asking(return_id: str) -> LedgerCall:
        wanted = {"return_id": return_id, "journey_id": journey, "line": "1", "quantity": 2, "reason": "DEFECTIVE",
                  "resolution": "refund", "condition": "used", "buyer_hash": content["buyer_token_hash"],
                  "evidence": [PAPER]}  # fmt: skip
        return LedgerCall("trade", "trade", "Returns:request", (wanted,))

    names = [f"{journey}-{number}" for number in (1, 2)]
    code = code_of_the_later(ledgers, "PlatformMSP", asking(names[0]), asking(names[1]))
    assert code in {"MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"}
    line, *_ = cast.merchant.get(f"/v1/orders/{order['order_id']}/account")
    assert (line["delivered"], line["returning"], line["returned"]) == (2, 2, 0)
    assert cast.auditor.refusal("GET", f"/v1/returns/{names[0]}")["status"] == 404


def test_two_refunds_at_once_give_back_no_more_than_was_taken(cast, order, ledgers):
    """Each gave back more than half."""
    shown = LedgerCall("ecommerce", "commerce", "Settlement:show", (order["payment_id"],))
    kept = ledgers.evaluate("PaymentsMSP", "User1", shown)
    amount = str(int(order["paid"]) * 2 // 3)

    def refunding() -> LedgerCall:
        salt = base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
        transient = {"payment": kept, "change": json.dumps({"salt": salt, "amount": amount}).encode()}
        return LedgerCall("ecommerce", "commerce", "Settlement:refund", (order["payment_id"],), transient)

    assert code_of_the_later(ledgers, "PaymentsMSP", refunding(), refunding()) == "MVCC_READ_CONFLICT"
    payment = cast.payments.get(f"/v1/payments/{order['payment_id']}")["payment"]
    assert (payment["captured"], payment["refunded"]) == (order["paid"], amount)
