"""The end of the month: what the ledger answers, beside what the book says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from selat.demo.market.book import BookEntry
from selat.demo.market.trading import Marketplace


def compare(trading: Marketplace) -> tuple[int, list[str]]:
    """Compare every order, payment, journey, return, claim and debt; return how many figures, and what differs."""
    found = list(_figures(trading))
    return len(found), [
        f"{what}: {book} by the book, {told} on the ledger" for what, book, told in found if book != told
    ]


def sums(trading: Marketplace) -> list[tuple[str, int, int, int, int, int]]:
    """Return currency, number of orders, and what is captured, refunded, settled and owed of it, in minor units."""
    rows = []
    entries = list(trading.book.orders.values())
    for currency in sorted({entry.currency for entry in entries}):
        own = [entry for entry in entries if entry.currency == currency]
        settled = sum(entry.captured - entry.refunded for entry in own if entry.settled)
        owed = sum(trading.book.owed(merchant, currency) for merchant in {entry.merchant for entry in own})
        rows.append((currency, len(own), sum(entry.captured for entry in own),
                     sum(entry.refunded for entry in own), settled, owed))  # fmt: skip
    return rows


def _figures(trading: Marketplace) -> Iterator[tuple[str, Any, Any]]:
    """Yield each figure: what it is of, by the book, and on the ledger."""
    auditor, payments = trading.callers["auditor"], trading.callers["payments"]
    paid = {each["payment"]["terms"]["order_id"]: each["payment"] for each in payments.pages("/v1/payments")}
    for order_id, entry in trading.book.orders.items():
        yield f"state of {order_id}", entry.state, auditor.get(f"/v1/orders/{order_id}")["state"]
        yield from _of_payment(order_id, entry, paid[order_id])
        for told in auditor.get(f"/v1/orders/{order_id}/account"):
            line = entry.lines[told["line"]]
            for name in ("ordered", "allotted", "delivered", "lost", "sent_back", "returned", "exchanged"):
                yield f"{name} of line {told['line']} of {order_id}", getattr(line, name), told[name]
        for journey, status in entry.journeys.items():
            yield f"status of {journey}", status, auditor.get(f"/v1/journeys/{journey}")["status"]
        for return_id, state in entry.returns.items():
            yield f"state of {return_id}", state, auditor.get(f"/v1/returns/{return_id}")["state"]
    for claim_id, state in trading.book.claims.items():
        yield f"state of {claim_id}", state, auditor.get(f"/v1/carrier-claims/{claim_id}")["state"]
    for (merchant, currency), payment_id in _payments_by_merchant(paid).items():
        yield f"debt of {merchant} in {currency}", trading.book.owed(merchant, currency), _debt(trading, payment_id)


def _of_payment(order_id: str, entry: BookEntry, told: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    settled = entry.captured - entry.refunded if entry.settled else 0
    book = {"captured": entry.captured, "refunded": entry.refunded, "settled": settled, "netted": entry.netted}
    for name, amount in book.items():
        yield f"{name} of {order_id}", amount, int(told[name])
    yield f"total of {order_id}", entry.total, int(told["terms"]["amount"])


def _payments_by_merchant(paid: dict[str, dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Return a payment of each merchant in each currency."""
    return {(each["terms"]["merchant"], each["terms"]["currency"]): each["payment_id"] for each in paid.values()}


def _debt(trading: Marketplace, payment_id: str) -> int:
    asked = {"function": "Settlement:debts", "arguments": [payment_id]}
    answer = trading.callers["payments"].post("/v1/channels/ecommerce/chaincodes/commerce/evaluate", asked)
    return int((answer["result"] if isinstance(answer["result"], dict) else json.loads(answer["result"]))["total"])
