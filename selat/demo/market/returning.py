"""Acts on returns: lodged by the shopper's link, fetched, inspected, paid for or exchanged."""

from __future__ import annotations

from typing import Any

from selat.demo.callers import DemoError
from selat.demo.market import shops
from selat.demo.market.trading import PAPER, Marketplace, SoldOrder


def lodge(trading: Marketplace, sale: SoldOrder, units: int, reason: str, **changes: Any) -> str:
    """Ask for the return of units of an order's first line, as the holder of its link; return its id."""
    asked = {"line": "1", "quantity": units, "reason": reason, "resolution": "refund", "condition": "unused"}
    if reason == "DEFECTIVE":
        asked |= {"condition": "used", "evidence": [PAPER]}
    lodged = trading.callers["platform"].post(f"/track/{sale.token}/returns", asked | changes)
    return_id: str = lodged["return_id"]
    sale.entry.returns[return_id] = lodged["state"]
    return return_id


def expect(sale: SoldOrder, return_id: str, state: str) -> None:
    """Raise DemoError unless a return was answered so."""
    if sale.entry.returns[return_id] != state:
        raise DemoError(f"a return is {sale.entry.returns[return_id]}, and should be {state}")


def bring_back(trading: Marketplace, sale: SoldOrder, return_id: str, units: int, condition: str = "unused") -> None:
    """Fetch the goods of a return, give them to their merchant, and let it find them as they are."""
    callers, way, to = trading.callers, f"{return_id}-reverse", sale.to
    fetched = trading.seen("S22", "shipping", to.place, disposition="returned")
    callers[to.last].post(f"/v1/journeys/{way}/events", fetched)
    trading.hand_over(way, to.last, sale.shop.actor, shops.ORIGIN)
    report = {"condition": condition, "units": units, "report_hash": PAPER}
    callers[sale.shop.actor].post(f"/v1/returns/{return_id}/inspection", report)


def refund(trading: Marketplace, sale: SoldOrder, return_id: str, units: int, reason: str) -> int:
    """Pay for a return exactly what its terms make of it, and settle it by the proof of that payment."""
    callers, merchant = trading.callers, trading.callers[sale.shop.actor]
    line = sale.entry.lines["1"]
    amount = line.refund(units, reason)
    stated = {"return_id": return_id, "payments": callers["payments"].msp_id}
    merchant.post(f"/v1/orders/{sale.order_id}/dues", stated)
    paid = {"amount": str(amount), "return_id": return_id}
    callers["payments"].post(f"/v1/payments/{sale.payment_id}/refund", paid)
    proof = merchant.get(f"/v1/payments/refunds/{sale.order_id}/{return_id}")
    merchant.post(f"/v1/returns/{return_id}/settlement", {"resolution": "refund", **proof})
    sale.entry.refunded += amount
    sale.entry.returns[return_id] = "REFUNDED"
    line.returned += units
    return amount


def give_all_back(trading: Marketplace, sale: SoldOrder) -> int:
    """Pay a buyer everything back who got nothing; there is nothing to return."""
    amount = sale.entry.captured - sale.entry.refunded
    trading.callers["payments"].post(f"/v1/payments/{sale.payment_id}/refund", {"amount": str(amount)})
    sale.entry.refunded += amount
    return amount


def exchange(trading: Marketplace, sale: SoldOrder, return_id: str, serial: str) -> str:
    """Send another unit for one that came back, and deliver it; return its journey."""
    content = {"line": "1", "quantity": 1, "serials": [serial]}
    parcel = {"identifier": f"https://selat.test/voc/parcel/{sale.entry.merchant}/{return_id}", "contents": [content]}
    settled = {"resolution": "exchange", "proof_hash": PAPER, "parcels": [parcel]}
    trading.callers[sale.shop.actor].post(f"/v1/returns/{return_id}/settlement", settled)
    sale.entry.returns[return_id] = "EXCHANGED"
    sale.entry.lines["1"].returned += 1
    sale.entry.lines["1"].exchanged += 1
    journey = f"{return_id}-exchange"
    trading.hand_over(journey, sale.shop.actor, sale.to.last, shops.ORIGIN)
    trading.deliver(sale, journey)
    return journey
