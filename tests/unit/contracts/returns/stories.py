# mypy: ignore-errors
"""Stories of returns and journeys: between them they play what no other story of `test_replays` does."""

from __future__ import annotations

from tests.unit.contracts import selling, shipping
from tests.unit.contracts.journeys import test_goods, test_journeys, test_units
from tests.unit.contracts.test_orders import RATES, TARIFF
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MERCHANT,
    ORIGIN,
    PAYMENTS,
    PLATFORM,
    as_bytes,
    fact_line,
    salt,
    user,
)

HASH = "a" * 64
SIDES = (MERCHANT, LAST_MILE)


def delivered(**changes) -> shipping.Channel:
    """Return a channel with journey J1 at its buyer, at hour 30."""
    made = shipping.Channel(**changes)
    made.open(custodian=LAST_MILE, order=made.order(lines=[fact_line(quantity=9)]))
    made.record(LAST_MILE, "S20", "accepting", 24, "VNHAN")
    made.hour = 30
    return made


def back(channel: shipping.Channel, return_id: str) -> None:
    """Fetch the goods of a return and bring them to the seller."""
    channel.record(LAST_MILE, "S22", "shipping", channel.hour, "VNHAN", f"{return_id}-reverse")
    channel.hand_over(LAST_MILE, MERCHANT, channel.hour, "VNHAN", f"{return_id}-reverse")


def returns() -> None:
    """Play returns that are drafted, answered, fetched in vain, cancelled, disputed, exchanged, sent back, closed."""
    channel = delivered()

    def act(function, return_id, *args, by, endorsed_by=SIDES):
        return channel.submit(f"Returns:{function}", return_id, *args, by=by, endorsed_by=endorsed_by)

    # Drafted, sent off, fetched at a time that the buyer chose, and exchanged.
    asked = {"reason": "DEFECTIVE", "resolution": "exchange", "condition": "damaged", "evidence": [HASH]}
    channel.majority("Returns:draft", channel.request("R1", **asked), by=PLATFORM)
    channel.majority("Returns:submit", "R1", by=PLATFORM)
    act("offer_pickups", "R1", [shipping.text(40), shipping.text(44)], by=LAST_MILE)
    act("choose_pickup", "R1", shipping.text(44), by=PLATFORM, endorsed_by=selling.BOTH)
    act("schedule_pickup", "R1", shipping.text(41), by=LAST_MILE)
    act("fail_pickup", "R1", "nobody_home", by=LAST_MILE)
    act("schedule_pickup", "R1", shipping.text(42), by=LAST_MILE)
    back(channel, "R1")
    act("inspect", "R1", "damaged", "1", HASH, by=MERCHANT)
    act("settle", "R1", "exchange", HASH, ["urn:epc:id:sscc:0614141.1234567891"], by=MERCHANT,
        endorsed_by=shipping.MAJORITY)  # fmt: skip
    act("close", "R1", by=PLATFORM)
    # Cancelled; and used where unused was promised, so that it goes back to the buyer.
    channel.lodge("R2")
    act("cancel", "R2", by=PLATFORM, endorsed_by=selling.BOTH)
    channel.lodge("R3")
    back(channel, "R3")
    act("inspect", "R3", "used", "1", HASH, by=MERCHANT)
    act("send_back", "R3", HASH, by=MERCHANT)
    # Left to the seller, who rejects; the arbiter has the goods fetched.
    channel.lodge("R4", reason="WRONG_ITEM")
    act("answer", "R4", "false", HASH, by=MERCHANT, endorsed_by=selling.BOTH)
    act("dispute", "R4", HASH, by=PLATFORM, endorsed_by=(MERCHANT, AUDITOR))
    act("arbitrate", "R4", "fetch", HASH, by=AUDITOR, endorsed_by=shipping.MAJORITY)
    # Left to the seller, who is silent.
    channel.lodge("R5", reason="WRONG_ITEM")
    channel.hour += 73
    channel.majority("Returns:enforce", "R5", by=CUSTOMS)


def journeys() -> None:
    """Play what is stated, corrected, offered in vain, contested, linked and lost of a journey and of a unit."""
    channel = shipping.Channel()
    channel.open()
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    channel.majority("Journeys:unlink", shipping.TOKEN_HASH, by=PLATFORM)
    channel.submit("Journeys:state_time", "J1", "S19", shipping.text(90), by=LAST_MILE)
    channel.hour = 6
    seen = [{"stage_id": stage, "step": step, "event_time": shipping.text(5), "place": "CNSZX"}
            for stage, step in (("S02", "receiving"), ("S03", "storing"))]  # fmt: skip
    first, _ = channel.submit("Journeys:record_all", "J1", seen, by=MERCHANT)
    channel.submit("Journeys:correct", "J1", first["event_id"], "did_not_occur", by=MERCHANT)
    channel.submit("Journeys:offer_custody", "J1", ORIGIN, shipping.text(6), "CNSZX", by=MERCHANT)
    channel.submit("Journeys:withdraw_custody", "J1", by=MERCHANT)
    # Only a peer with another contract can name a custodian that took nothing over.
    peer, at = test_journeys.doctored(channel), shipping.at(channel.hour)
    channel.ledger.commit(peer.endorse("Journeys:dump", "J1", ORIGIN, client=user(MERCHANT), at=at))
    channel.submit("Journeys:repudiate_custody", "J1", by=ORIGIN)
    yard = test_units.Yard()
    yard.hour = 9
    yard.submit("Units:report", test_units.BOX, "delayed", "S11", shipping.text(9), by=ORIGIN)
    yard.submit("Units:offer_custody", test_units.BOX, FORWARDER, shipping.text(9), test_units.BOX_AT, by=ORIGIN)
    yard.submit("Units:withdraw_custody", test_units.BOX, by=ORIGIN)


def customs() -> None:
    """Play an order whose goods are shown to all readers, its tariff and rates, a payment given up, and its close."""
    market = selling.Market()
    market.sell("Settlement:publish_rates", as_bytes(RATES | {"date": "2026-01-05"}), by=PAYMENTS)
    published = {"client": user(PLATFORM, "admin"), "at": shipping.at(market.hour)}
    market.commerce.invoke("Settlement:publish_tariff", as_bytes(TARIFF), **published)
    facts = market.ordered("O1", 2)
    total = market.kept("Orders:total", "O1", by=PLATFORM)
    payment = {
        "order_id": "O1", "platform": PLATFORM, "merchant": MERCHANT, "payments": PAYMENTS, "amount": "39800",
        "currency": "USD", "settle_currency": "USD", "salt": salt("payment", "O1"),
    }  # fmt: skip
    transient = {"payment": as_bytes(payment), "total": total}
    market.sell("Settlement:authorise", "P-O1", transient=transient)
    market.move("void", "O1")
    market.send("J1", facts)
    order = test_goods.records.loads(test_goods.Order, market.kept("Orders:content", "O1"))
    for readers in ("logistics", "customs", "auditor"):
        test_goods.show(market, readers, test_goods.shown(order, readers))
    market.sell("Orders:fulfil", "O1", "J1")
    market.sell("Orders:close", "O1")
