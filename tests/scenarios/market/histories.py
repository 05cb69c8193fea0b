"""
Whatever is tried with an order through HTTP, by whomever: its units and its money are neither made nor lost.

Many of the steps are cheats. The book beside the ledger is in plain sums and knows nothing of the contracts.
"""

from __future__ import annotations

import collections
import dataclasses
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from selat.demo.market import shops
from selat.demo.market.trading import PAPER, Marketplace

ANY = st.integers(0, 7)
TO = shops.KUALA_LUMPUR
ORDERED = {"1": 3, "2": 2}
FEES = {"DEFECTIVE": 0, "CHANGE_OF_MIND": shops.RESTOCKING_BPS, "NOT_RECEIVED": 0}
REFUSED = (403, 404, 409, 422)
"""How the rules of the trade refuse; another status tells of a fault or of a request that is none."""
HAD = {"DEFECTIVE", "CHANGE_OF_MIND"}


@dataclasses.dataclass
class Parcel:
    """Units of one line in a box: with the carrier until it is delivered, lost or sent back."""

    journey: str
    identifier: str
    line: str
    units: int
    state: str = "carried"


@dataclasses.dataclass
class RequestedReturn:
    """A return that was allowed; *amount* is what it comes to, once that was stated."""

    line: str
    units: int
    reason: str
    state: str
    amount: int = 0


class Histories(RuleBasedStateMachine):
    """One order of two lines, everything that may happen to it, and what nobody may do with it."""

    def __init__(self, trading: Marketplace, owed: collections.Counter[str]) -> None:
        super().__init__()
        self.trading, self.owed = trading, owed
        self.parcels: list[Parcel] = []
        self.asked: dict[str, RequestedReturn] = {}
        self.refunded, self.settled, self.netted, self.cancelled = 0, False, 0, False

    @initialize(first=st.integers(0, 3), second=st.integers(0, 2))
    def bought(self, first: int, second: int) -> None:
        """Let a buyer fill a basket at a shop and pay for it, and perhaps send a part of it."""
        (self.sale,) = self.trading.basket(TO, (shops.LEFT, list(ORDERED.values())))
        self.total = sum((TO.price + TO.freight + TO.tax) * units for units in ORDERED.values())
        self.send(first, second)

    @property
    def order(self) -> str:
        """Where the order is served."""
        return f"/v1/orders/{self.sale.order_id}"

    def tried(self, actor: str, address: str, body: Any = None, *, never: bool = False) -> dict[str, Any] | None:
        """Return the answer to a request, or None if it was refused; what *never* may be done must be."""
        response = self.trading.callers[actor].send("POST", address, json={} if body is None else body)
        told: dict[str, Any] = response.json()
        if response.status_code < 400:
            assert not never, f"{actor} was allowed {address} with {body}"
            return told
        assert response.status_code in REFUSED, told
        assert told["code"] != "REQUEST_INVALID", told
        return None

    # Goods.

    @rule(first=st.integers(0, 4), second=st.integers(0, 3))
    def send(self, first: int, second: int) -> None:
        """Send so many units of each line, each line in a parcel of its own; no more than are left may go."""
        units = {line: count for line, count in (("1", first), ("2", second)) if count}
        if not units:
            return
        left = {line: ordered - self.units(line, "carried", "delivered", "lost") for line, ordered in ORDERED.items()}
        allowed = not self.cancelled and all(count <= left[line] for line, count in units.items())
        number = len(self.parcels)
        boxes = {line: f"https://selat.test/voc/parcel/PeninsulaMSP/{self.sale.order_id[-12:]}-{number}-{line}"
                 for line in units}  # fmt: skip
        opening = {
            "order_id": self.sale.order_id,
            "parties": [self.msp(each) for each in ("platform", "merchant", "origin", TO.last)],
            "custodian": self.msp("origin"),
            "parcels": [{"identifier": boxes[line], "contents": [{"line": line, "quantity": count}]}
                        for line, count in units.items()],
        }  # fmt: skip
        opened = self.tried("platform", "/v1/journeys", opening, never=not allowed)
        if opened:
            self.trading.hand_over(opened["journey_id"], "origin", TO.last, shops.ORIGIN)
            self.parcels += [Parcel(opened["journey_id"], boxes[line], line, count) for line, count in units.items()]
        else:
            # Units that a return claims stay with their buyer; everything else that is left may go.
            assert not allowed or self.asked

    @precondition(lambda self: self.parcels)
    @rule(number=ANY, end=st.sampled_from(["delivered", "lost", "sent_back"]))
    def end(self, number: int, end: str) -> None:
        """Deliver a parcel, lose it or take it back to its sender; each of them ends once."""
        parcel = self.parcels[number % len(self.parcels)]
        journey, boxes = f"/v1/journeys/{parcel.journey}", [parcel.identifier]
        over = parcel.state != "carried"
        if end == "delivered":
            seen = self.trading.seen("S20", "accepting", TO.place, epcs=boxes)
            done = self.tried(TO.last, f"{journey}/events", seen)
        else:
            kind = "lost" if end == "lost" else "returning"
            told = {"kind": kind, "stage_id": "S19", "at": self.trading.moment(), "parcels": boxes}
            done = self.tried(TO.last, f"{journey}/incidents", told)
            if done and end == "sent_back" and not over:
                self.trading.hand_over(parcel.journey, TO.last, "origin", shops.ORIGIN, *boxes)
        if not over:
            assert done
            parcel.state = end

    # Returns.

    @precondition(lambda self: self.parcels)
    @rule(number=ANY, units=st.integers(1, 4), reason=st.sampled_from(sorted(FEES)))
    def ask(self, number: int, units: int, reason: str) -> None:
        """Ask for the money of so many units of a parcel, by the order's link."""
        parcel = self.parcels[number % len(self.parcels)]
        asked = {"journey_id": parcel.journey, "line": parcel.line, "quantity": units, "reason": reason,
                 "resolution": "refund", "condition": "unused", "tracking_token": self.sale.token,
                 "evidence": [PAPER]}  # fmt: skip
        made = self.tried("platform", "/v1/returns", asked)
        assert made
        if made["result"]["state"] != "REJECTED":
            self.asked[made["return_id"]] = RequestedReturn(parcel.line, units, reason, made["result"]["state"])

    @precondition(lambda self: self.asked)
    @rule(number=ANY)
    def fetch(self, number: int) -> None:
        """Fetch the goods of a return, and let their merchant find them as they are."""
        return_id = self.one(number)
        one, way = self.asked[return_id], f"{return_id}-reverse"
        if one.state == "PICKUP_ASSIGNED":
            fetched = self.trading.seen("S22", "shipping", TO.place, disposition="returned")
            self.trading.callers[TO.last].post(f"/v1/journeys/{way}/events", fetched)
            self.trading.hand_over(way, TO.last, "merchant", shops.ORIGIN)
        report = {"condition": "unused", "units": one.units, "report_hash": PAPER}
        may = one.state == "PICKUP_ASSIGNED"
        if self.tried("merchant", f"/v1/returns/{return_id}/inspection", report, never=not may):
            one.state = "INSPECTED_PASS"

    @precondition(lambda self: self.asked)
    @rule(number=ANY)
    def pay(self, number: int) -> None:
        """Pay for a return: nothing but what it comes to, once, and settled by the proof of that alone."""
        return_id = self.one(number)
        one, act = self.asked[return_id], f"/v1/returns/{return_id}/settlement"
        payable = one.state in {"INSPECTED_PASS", "RETURNLESS_APPROVED"}
        self.tried("merchant", act, {"resolution": "refund", "proof_hash": "0" * 64}, never=True)
        stated = {"return_id": return_id, "payments": self.msp("payments")}
        if self.tried("merchant", f"{self.order}/dues", stated) and not one.amount:
            assert payable
            one.amount = self.comes_to(one)
        if not one.amount:
            return
        refund, paid = f"/v1/payments/{self.sale.payment_id}/refund", {"return_id": return_id}
        for wrong in (one.amount - 1, one.amount + 1):
            self.tried("payments", refund, paid | {"amount": str(wrong)}, never=True)
        may = payable and one.amount <= self.total - self.refunded
        if self.tried("payments", refund, paid | {"amount": str(one.amount)}, never=not may):
            self.gave(one.amount)
            proof = self.trading.callers["merchant"].get(f"/v1/payments/refunds/{self.sale.order_id}/{return_id}")
            assert self.tried("merchant", act, {"resolution": "refund", **proof})
            one.state = "REFUNDED"

    # Money.

    @rule(amount=st.integers(1, 130_000))
    def rebate(self, amount: int) -> None:
        """Give money back without a return: no more than is there."""
        address = f"/v1/payments/{self.sale.payment_id}/refund"
        may = amount <= self.total - self.refunded
        if self.tried("payments", address, {"amount": str(amount)}, never=not may):
            self.gave(amount)

    @rule()
    def settle(self) -> None:
        """Pay the merchant, once, less what it owes."""
        may = not (self.settled or self.cancelled or self.refunded == self.total)
        address = f"/v1/payments/{self.sale.payment_id}/settlement"
        if self.tried("payments", address, never=not may):
            self.netted = min(self.owed[TO.currency], self.total - self.refunded)
            self.owed[TO.currency] -= self.netted
            self.settled = True
        else:
            assert not may

    @rule()
    def cancel(self) -> None:
        """Cancel the order, which nobody may do once goods are on their way or the merchant is paid."""
        may = not (self.parcels or self.settled or self.cancelled)
        if self.tried("platform", f"{self.order}/cancellation", {"reason": "BUYER_REQUEST"}, never=not may):
            self.cancelled = True

    @rule()
    def collect_again(self) -> None:
        """Take the buyer's money a second time, by this payment or by another: neither is allowed."""
        amount = {"amount": str(self.total)}
        self.tried("payments", f"/v1/payments/{self.sale.payment_id}/capture", amount, never=True)
        sides = {name: self.msp(name) for name in ("platform", "merchant", "payments")}
        other = {"order_id": self.sale.order_id, "currency": TO.currency, "settle_currency": TO.currency}
        reserved = self.tried("platform", "/v1/payments", sides | other | amount)
        if reserved:
            self.tried("payments", f"/v1/payments/{reserved['payment_id']}/capture", amount, never=True)
            assert self.tried("payments", f"/v1/payments/{reserved['payment_id']}/voiding")

    @rule(days=st.sampled_from([400, -4_000, 2_900_000]))
    def forge(self, days: int) -> None:
        """Order under terms that nobody published, or at a moment that is far away."""
        content = self.trading.callers["platform"].get(f"{self.order}/content")
        made = {"salt", "buyer_token_hash", "credit", "order_id"}
        again = {name: content[name] for name in content if name not in made}
        self.refused_for(again | {"terms": {**content["terms"], "digest": "0" * 64}}, "WRONG_TERMS")
        far = self.trading.calendar.now + timedelta(days=days)
        codes = {"EVENT_IN_FUTURE", "INVALID_ARGUMENT", "TOO_LATE"}
        self.refused_for(again | {"placed_at": shops.utc(far)}, *codes)

    @rule(units=st.sampled_from([1, 1_000]), known=st.booleans())
    def invent(self, units: int, known: bool) -> None:
        """Send goods of an order that nobody placed, or more units of one than its parties agreed on."""
        door = "/v1/channels/{0}/chaincodes/{1}/{2}".format
        asked: dict[str, Any] = {"function": "Orders:facts", "arguments": [self.sale.order_id]}
        facts = self.trading.callers["platform"].post(door("ecommerce", "commerce", "evaluate"), asked)["result"]
        for line in facts["lines"]:
            line["quantity"] += units
        if not known:
            facts["order_id"] += "-x"
        opening = {
            "journey_id": f"{self.sale.order_id}-forged", "order": facts, "lines": [{"line": "1", "quantity": units}],
            "epcs": ["https://selat.test/voc/parcel/PeninsulaMSP/forged"], "custodian": self.msp(TO.last),
            "parties": [self.msp(each) for each in ("platform", "merchant", TO.last)],
        }  # fmt: skip
        asked = {"function": "Journeys:open", "arguments": [opening]}
        self.tried("platform", door("trade", "trade", "submit"), asked, never=True)

    def refused_for(self, order: dict[str, Any], *codes: str) -> None:
        """See that an order is refused, for one of these reasons."""
        refused = self.trading.callers["platform"].refusal("POST", "/v1/orders", order)
        assert refused["code"] in codes, refused

    # The book.

    def msp(self, actor: str) -> str:
        """Return the organisation of an actor."""
        return self.trading.callers[actor].msp_id

    def one(self, number: int) -> str:
        """One of the returns."""
        return sorted(self.asked)[number % len(self.asked)]

    def units(self, line: str, *states: str) -> int:
        """How many units of a line are in parcels of these states."""
        return sum(each.units for each in self.parcels if each.line == line and each.state in states)

    def gave(self, amount: int) -> None:
        """Note what went back to the buyer; the merchant owes it if it was paid."""
        self.refunded += amount
        self.owed[TO.currency] += amount if self.settled else 0

    def comes_to(self, one: RequestedReturn) -> int:
        """Return what a return comes to: unit by unit, after those of its line that have an amount."""
        ordered = ORDERED[one.line]
        before = sum(each.units for each in self.asked.values() if each.line == one.line and each.amount)
        fee = round(Fraction(TO.price * ordered * FEES[one.reason], 10_000))
        return sum(
            TO.price - fee // ordered - (number < fee % ordered) + (0 if fee else TO.freight + TO.tax)
            for number in range(before, before + one.units)
        )

    @invariant()
    def agreed(self) -> None:
        """Assert that the ledger agrees with the book, and that no part is larger than its whole."""
        auditor, payments = self.trading.callers["auditor"], self.trading.callers["payments"]
        paid = payments.get(f"/v1/payments/{self.sale.payment_id}")["payment"]
        told = {name: int(paid[name]) for name in ("captured", "refunded", "settled", "netted")}
        settled = self.total - self.refunded if self.settled else 0
        assert told == {"captured": self.total, "refunded": self.refunded, "settled": settled, "netted": self.netted}
        assert self.refunded <= self.total
        assert not (self.cancelled and (self.settled or self.parcels))
        for tally in auditor.get(f"{self.order}/account") if self.parcels else ():
            line = tally["line"]
            for name in ("delivered", "lost", "sent_back"):
                assert tally[name] == self.units(line, name)
            assert tally["allotted"] == self.units(line, "carried", "delivered", "lost") <= ORDERED[line]
            over = sum(each.units for each in self.asked.values() if each.line == line and each.state == "REFUNDED")
            claimed = sum(each.units for each in self.asked.values() if each.line == line)
            assert (tally["returned"], tally["returning"]) == (over, claimed - over)
            had = sum(each.units for each in self.asked.values() if each.line == line and each.reason in HAD)
            assert had <= tally["delivered"]
            assert claimed <= tally["delivered"] + tally["lost"] <= tally["allotted"]
        debt = {"function": "Settlement:debts", "arguments": [self.sale.payment_id]}
        debts = payments.post("/v1/channels/ecommerce/chaincodes/commerce/evaluate", debt)["result"]
        assert int(debts["total"]) == self.owed[TO.currency]
