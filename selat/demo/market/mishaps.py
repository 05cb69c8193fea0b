"""Mishaps, and how the ledger handles them: each function plays one and returns a row for the screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chaincode.domain.vocabulary.money import Money
from selat.demo.callers import DemoError
from selat.demo.market import returning, shops
from selat.demo.market.trading import PAPER, Load, Marketplace, SoldOrder

Row = tuple[str, str, str]


def lost(trading: Marketplace, sale: SoldOrder, load: Load) -> Load:
    """Let the freighter miss a parcel in a unit, and report it as lost; return the unit without it."""
    freighter, parcel = trading.callers[sale.to.freighter], sale.parcels[sale.journey][0]
    missed = {"action": "DELETE", "members": [parcel], "observation": trading.seen("S16", "unloading", sale.to.place)}
    freighter.post("/v1/units/contents", {"unit_id": load.unit_id, **missed})
    told = {"kind": "lost", "stage_id": "S15", "at": trading.moment()}
    freighter.post(f"/v1/journeys/{sale.journey}/incidents", told)
    sale.entry.journeys[sale.journey] = "unknown"
    sale.entry.lines["1"].lost += 1
    return replace(load, members=tuple(each for each in load.members if each != parcel))


def made_good(trading: Marketplace, sale: SoldOrder) -> Row:
    """Let the merchant claim for a lost parcel and the carrier pay; the buyer gets its money back."""
    callers, merchant = trading.callers, trading.callers[sale.shop.actor]
    claim = {
        "journey_id": sale.journey,
        "kind": "lost",
        "carrier": callers[sale.to.freighter].msp_id,
        "evidence_hash": PAPER,
        "amount": str(sale.entry.lines["1"].price),
        "currency": sale.to.currency,
    }
    claim_id = merchant.post("/v1/carrier-claims", claim)["claim_id"]
    callers[sale.to.freighter].post(f"/v1/carrier-claims/{claim_id}/acceptance")
    merchant.post(f"/v1/carrier-claims/{claim_id}/payment", {"proof_hash": PAPER})
    trading.book.claims[claim_id] = "PAID"
    return_id = returning.lodge(trading, sale, 1, "NOT_RECEIVED")
    returning.expect(sale, return_id, "RETURNLESS_APPROVED")
    back = Money(returning.refund(trading, sale, return_id, 1, "NOT_RECEIVED"), sale.to.currency)
    return ("lost on the way", f"the carrier pays for it, the buyer gets {back} back", "REFUNDED")


def held(trading: Marketplace, sale: SoldOrder) -> Row:
    """Let customs hold goods, the last carrier try to deliver them, and customs release them."""
    events = f"/v1/journeys/{sale.journey}/events"
    place, customs, last = sale.to.place, trading.callers["customs"], trading.callers[sale.to.last]
    customs.post(events, trading.seen("S17", "holding", place))
    refused = last.refusal("POST", events, trading.seen("S20", "accepting", place))
    customs.post(events, trading.seen("S17", "selat:customs_released", place))
    trading.deliver(sale)
    return ("held by customs", "nobody delivers it before it is released", refused["code"])


def tried_in_vain(trading: Marketplace, sale: SoldOrder, reason: str, times: int) -> Row:
    """Let the carrier come so many times, and bring the goods back to the warehouse where they came from."""
    last, journey, place = trading.callers[sale.to.last], sale.journey, sale.to.place
    for _ in range(times):
        attempt = trading.seen("S20", "selat:delivery_attempted", place, details={"reason": reason})
        last.post(f"/v1/journeys/{journey}/events", attempt)
        trading.calendar.forward(hours=3)
    turned = {"kind": "returning", "stage_id": "S20", "at": trading.moment()}
    last.post(f"/v1/journeys/{journey}/incidents", turned)
    trading.hand_over(journey, sale.to.last, "origin", shops.ORIGIN)
    sale.entry.journeys[journey] = "return_to_sender"
    sale.entry.lines["1"].sent_back += 1
    sale.entry.lines["1"].allotted -= 1
    back = Money(returning.give_all_back(trading, sale), sale.to.currency)
    tries = "refused at the door" if reason == "refused" else f"{times} attempts, nobody there"
    return (tries, f"goes back to its sender, the buyer gets {back} back", "RETURN_TO_SENDER")


def collected(trading: Marketplace, sale: SoldOrder) -> Row:
    """Let a parcel wait in a locker until its buyer comes."""
    until = shops.utc(trading.calendar.now + timedelta(days=3))
    waiting = trading.seen("S20", "selat:ready_for_pickup", sale.to.place,
                           details={"point": "locker", "collect_until": until})  # fmt: skip
    trading.callers[sale.to.last].post(f"/v1/journeys/{sale.journey}/events", waiting)
    seen = trading.callers["platform"].get(f"/track/{sale.token}")["status"]
    if seen != "ready_for_pickup":
        raise DemoError(f"a parcel in a locker is shown as {seen}")
    trading.calendar.forward(hours=5)
    trading.deliver(sale)
    return ("in a locker", "collected within three days", "DELIVERED")


def one_of_three(trading: Marketplace, sale: SoldOrder) -> Row:
    """Return one unit of a line of three; the others stay."""
    return_id = returning.lodge(trading, sale, 1, "CHANGE_OF_MIND")
    returning.bring_back(trading, sale, return_id, 1)
    amount = returning.refund(trading, sale, return_id, 1, "CHANGE_OF_MIND")
    fee = f"less {shops.RESTOCKING_BPS // 100} %, without carriage and duty"
    return ("one of three returned", f"{Money(amount, sale.to.currency)}: its price {fee}", "REFUNDED")


def exchanged(trading: Marketplace, sale: SoldOrder, serial: str, other: str) -> Row:
    """Exchange a broken unit, known by its serial, for another."""
    return_id = returning.lodge(trading, sale, 1, "DEFECTIVE", resolution="exchange", serials=[serial])
    returning.bring_back(trading, sale, return_id, 1, "used")
    returning.exchange(trading, sale, return_id, other)
    seen = trading.callers["platform"].get(f"/track/{sale.token}")["returns"]
    status = next(each["exchange"]["status"] for each in seen if each["return_id"] == return_id)
    return ("broken, exchanged", f"the shopper's link shows the new one: {status}", "EXCHANGED")


def not_worth_the_way(trading: Marketplace, sale: SoldOrder) -> Row:
    """Pay for a cheap broken unit that the terms leave with its buyer."""
    return_id = returning.lodge(trading, sale, 1, "DEFECTIVE")
    returning.expect(sale, return_id, "RETURNLESS_APPROVED")
    amount = returning.refund(trading, sale, return_id, 1, "DEFECTIVE")
    return ("broken and cheap", f"stays with its buyer, who gets {Money(amount, sale.to.currency)}", "REFUNDED")


def an_hour_late(trading: Marketplace, sale: SoldOrder, ends: str) -> Row:
    """Ask for a return one hour after the window closed where the buyer lives."""
    return_id = returning.lodge(trading, sale, 1, "CHANGE_OF_MIND")
    returning.expect(sale, return_id, "REJECTED")
    decision = trading.callers["auditor"].get(f"/v1/returns/{return_id}")["stored"]["decision"]
    if decision["code"] != "OUTSIDE_WINDOW":
        raise DemoError(f"a late return is rejected for {decision['code']}")
    asked = shops.local(sale.to, trading.calendar.now)
    return ("an hour too late", f"the window ended at {ends}, and it was {asked} there", decision["code"])


def disputed(trading: Marketplace, sale: SoldOrder) -> Row:
    """Let the terms reject a return, the buyer's side dispute that, and the arbiter award the money."""
    return_id = returning.lodge(trading, sale, 1, "CHANGE_OF_MIND", condition="used")
    returning.expect(sale, return_id, "REJECTED")
    act = f"/v1/returns/{return_id}"
    trading.callers["platform"].post(f"{act}/dispute", {"grounds_hash": PAPER})
    trading.callers["auditor"].post(f"{act}/arbitration", {"award": "refund", "opinion_hash": PAPER})
    amount = returning.refund(trading, sale, return_id, 1, "CHANGE_OF_MIND")
    return ("rejected and disputed", f"the arbiter awards the money: {Money(amount, sale.to.currency)}", "REFUNDED")


def after_the_settlement(trading: Marketplace, sale: SoldOrder, later: SoldOrder) -> Row:
    """Pay a merchant, refund its buyer, and take the debt off the merchant's next settlement."""
    trading.settle(sale)
    return_id = returning.lodge(trading, sale, 1, "DEFECTIVE")
    returning.bring_back(trading, sale, return_id, 1, "used")
    amount = returning.refund(trading, sale, return_id, 1, "DEFECTIVE")
    netted = trading.settle(later)
    if netted != amount:
        raise DemoError(f"the merchant owes {amount}, and its next settlement takes {netted} off")
    told = f"{Money(amount, sale.to.currency)} are its merchant's debt, and come off its next settlement"
    return ("refunded after the settlement", told, "NETTED")
