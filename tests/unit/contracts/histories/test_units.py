"""
Whatever is tried with an order, its journeys, returns and money: no unit and no money is made, lost or counted twice.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hlf.shim import testing
from tests.unit.contracts import selling, shipping
from tests.unit.contracts.histories import seeded
from tests.unit.contracts.trading import AUDITOR, LAST_MILE, MERCHANT, PAYMENTS, PLATFORM, user

HASH = "a" * 64
ORDERED = {"1": 3, "2": 2}
FEES = {"DEFECTIVE": 0, "CHANGE_OF_MIND": 1_250}
REASONS = {
    reason: {"resolutions": ["refund", "exchange"], "evidence_min": 1, "restocking_bps": fee,
             "payer": "buyer" if fee else "seller"}
    for reason, fee in FEES.items()
}  # fmt: skip
PRICE = 19_900
CARRIAGE = {"1": 601, "2": 400}
"""Freight of 10.01, split over the lines by price."""
TOTAL = PRICE * sum(ORDERED.values()) + sum(CARRIAGE.values())
LONG = {
    "reasons": REASONS,
    "window_days": 3_650,
    "dispute_days": 3_650,
    "max_returns_per_90d": 10_000,
    "arbitration_days": 30,
}
KNOWN = {
    "ALREADY_ARBITRATED", "DEADLINE_PASSED", "MORE_THAN_ORDERED", "NOT_DUE", "NO_DEADLINE", "STAGE_RECORDED",
    "UNITS_RETURNED", "WRONG_AWARD", "WRONG_STATE", "NOT_IN_HAND", "AMOUNT_EXCEEDS", "NOT_CANCELLABLE",
    "ALREADY_SETTLED", "ORDER_CANCELLED", "ALREADY_EXISTS",
}  # fmt: skip
TO_COME = {"PICKUP_ASSIGNED", "PICKUP_SCHEDULED"}
FREE = {"DRAFT", "REJECTED", "CANCELLED", "EXPIRED"}
ANY = st.integers(0, 7)


def share(whole: int, among: int, number: int) -> int:
    """Return the part of unit *number* of *among*: the first ones get what is left over."""
    return whole // among + (1 if number < whole % among else 0)


def comes_to(line: str, reason: str, before: int, units: int) -> int:
    """Return what so many units of a line come to after *before* of them, unit by unit."""
    ordered, fee = ORDERED[line], round(Fraction(PRICE * ORDERED[line] * FEES[reason], 10_000))
    return sum(
        PRICE - share(fee, ordered, number) + (0 if FEES[reason] else share(CARRIAGE[line], ordered, number))
        for number in range(before, before + units)
    )


def stands(stored: dict[str, Any]) -> str:
    """
    Return what a return claims of its units, by its own acts: money or the like, goods for goods, or nothing.

    The last act counts that decides something; an award that upholds and the closing leave the one before.
    """
    for act in reversed(stored["acts"]):
        upheld = act["notes"].get("award") == "uphold"
        if act["state"] == "CLOSED" or upheld or (act["state"] == "DISPUTED" and act is not stored["acts"][-1]):
            continue
        if act["state"] == "EXCHANGED":
            return "goods"
        return "nothing" if act["state"] in FREE else "money"
    return "nothing"


class Small(selling.Market):
    """A market in which the two sides of an order are the majority: the rules are the same, with fewer peers to run."""

    def __init__(self) -> None:
        super().__init__(**LONG)
        self.ledger.world.endorsement = None

    def majority(self, function: str, *args: Any, by: str, role: str = "client") -> Any:
        """Submit with both sides' endorsement, once the market is founded."""
        if not hasattr(self, "promised"):
            return super().majority(function, *args, by=by, role=role)
        return self.submit(function, *args, by=by, role=role, endorsed_by=selling.BOTH)


class Units(RuleBasedStateMachine):
    """One order of two lines, and a book of its units and its money that is kept beside the ledger."""

    @initialize(sent=st.booleans())
    def placed(self, sent: bool) -> None:
        """Place it, take the buyer's money, and perhaps send a part of it."""
        self.market = Small()
        self.order = self.market.ordered("O1", *ORDERED.values(), freight="1001")
        self.market.paid("O1")
        self.carried: dict[str, dict[str, int]] = {}
        self.lodged: dict[str, tuple[str, str, int]] = {}
        self.reasons: dict[str, str] = {}
        self.proofs: dict[str, str] = {}
        self.owed: dict[str, int] = {}
        self.book = {"refunded": 0, "after": 0}
        self.paid, self.cancelled = False, False
        if sent:
            self.send(2, 0)

    def tried(self, call, *args: Any, **named: Any) -> Any:
        """Return the answer, or None if it was refused with a code that these steps know."""
        self.market.hour += 1
        try:
            return call(*args, **named)
        except testing.Refused as refused:
            assert refused.code in KNOWN, refused  # noqa: PT017  (some tries are allowed)
            return None

    def step(self, number: int, states: set[str], function: str, *args: Any, by: str) -> None:
        """One step of a return that is in one of *states*, if there is one."""
        able = [each for each in sorted(self.lodged) if self.market.query("Returns:read", each)["state"] in states]
        if able:
            self.tried(self.market.majority, f"Returns:{function}", able[number % len(able)], *args, by=by)

    @rule(first=st.integers(0, 3), second=st.integers(0, 2))
    def send(self, first: int, second: int) -> None:
        """Open a journey of so many units of each line, and give them to the buyer."""
        units = {f"l{line}": count for line, count in (("1", first), ("2", second)) if count}
        name = f"J{len(self.carried)}"
        if units and self.tried(self.market.send, name, self.order, **units):
            assert not self.cancelled
            self.carried[name] = {line[1:]: count for line, count in units.items()}
            self.market.record(LAST_MILE, "S20", "accepting", self.market.hour, "VNHAN", name)

    @rule(number=ANY, quantity=st.integers(1, 3), resolution=st.sampled_from(["refund", "exchange"]),
          reason=st.sampled_from(sorted(FEES)), proven=st.booleans())  # fmt: skip
    def lodge(self, number: int, quantity: int, resolution: str, reason: str, proven: bool) -> None:
        """Ask for a return; without evidence it is turned down, and may be disputed."""
        came = [(name, line) for name in sorted(self.carried) for line in sorted(self.carried[name])]
        if not came:
            return
        (name, line), return_id = came[number % len(came)], f"R{len(self.lodged)}"
        asked = {"journey_id": name, "line": line, "quantity": quantity, "resolution": resolution}
        evidence = [HASH] if proven else []
        if self.tried(self.market.lodge, return_id, **asked, reason=reason, evidence=evidence):
            self.lodged[return_id], self.reasons[return_id] = (name, line, quantity), reason

    @rule(number=ANY)
    def finish(self, number: int) -> None:
        """Fetch the goods, find them as they should be, and give the buyer what it asked for or the arbiter said."""
        if not self.lodged:
            return
        market, return_id = self.market, sorted(self.lodged)[number % len(self.lodged)]
        _, line, units = self.lodged[return_id]
        stored = market.query("Returns:read", return_id)["stored"]
        if stored["state"] in TO_COME:
            market.record(LAST_MILE, "S22", "shipping", market.hour, "VNHAN", f"{return_id}-reverse")
            market.hand_over(LAST_MILE, MERCHANT, market.hour, "VNHAN", f"{return_id}-reverse")
            self.tried(market.majority, "Returns:inspect", return_id, "damaged", units, HASH, by=MERCHANT)
        resolution = "refund" if stored["state"] == "ARBITRATED" else stored["request"]["resolution"]
        epcs = [shipping.SSCC] if resolution == "exchange" else []
        proof = HASH
        if resolution == "refund":
            # With a proof of nothing no return is refunded, whatever its state.
            with pytest.raises(testing.Refused):
                market.majority("Returns:settle", return_id, resolution, HASH, epcs, by=MERCHANT)
            if return_id not in self.proofs:
                self.refund_return(return_id)
            proof = self.proofs.get(return_id, HASH)
            if proof == HASH:
                return
        made = self.tried(market.majority, "Returns:settle", return_id, resolution, proof, epcs, by=MERCHANT)
        if made and made["state"] == "EXCHANGED":
            name = f"{return_id}-exchange"
            self.carried[name] = {line: units}
            market.hand_over(MERCHANT, LAST_MILE, market.hour, "CNSZX", name)
            market.record(LAST_MILE, "S20", "accepting", market.hour, "VNHAN", name)

    @rule(amount=st.integers(1, 120_000))
    def rebate(self, amount: int) -> None:
        """Give some money back without a return."""
        if self.moved(self.market.move, "refund", "O1", amount=str(amount)):
            self.count(amount)

    def refund_return(self, return_id: str) -> None:
        """Give back what a return comes to, if it is to be settled and there is so much left."""
        market, (_, line, units) = self.market, self.lodged[return_id]
        if self.moved(market.state_due, "O1", return_id):
            self.owed[return_id] = comes_to(line, self.reasons[return_id], self.due_units(line), units)
        if return_id not in self.owed:
            return
        due = market.kept("ReturnDues:due", "O1", return_id)
        assert json.loads(due)["amount"] == str(self.owed[return_id])
        market.sell("ReturnDues:disclose", "O1", return_id, PAYMENTS, by=MERCHANT, transient={"due": due})
        with pytest.raises(testing.Refused):
            market.refund("O1", return_id, str(self.owed[return_id] - 1))
        if self.moved(market.refund, "O1", return_id):
            self.count(self.owed[return_id])
            self.proofs[return_id] = market.proof("O1", return_id, units)

    def due_units(self, line: str) -> int:
        """Return the units of a line that have a due."""
        return sum(self.lodged[each][2] for each in self.owed if self.lodged[each][1] == line)

    def count(self, amount: int) -> None:
        """Note in the book what was given back."""
        self.book["refunded"] += amount
        self.book["after"] += amount if self.paid else 0

    @rule()
    def settle(self) -> None:
        """Pay the merchant what is left."""
        if self.moved(self.market.move, "settle", "O1"):
            assert not self.cancelled
            self.paid = True

    @rule()
    def give_up(self) -> None:
        """Cancel the order, which ends with the first journey and with the settlement."""
        if self.moved(self.market.sell, "Orders:cancel", "O1", "BUYER_REQUEST"):
            assert not self.carried
            assert not self.paid
            self.cancelled = True

    def moved(self, call, *args: Any, **named: Any) -> bool:
        """Whether *call* was not refused, with a code that these steps know."""
        self.market.hour += 1
        return seeded.went_through(KNOWN, call, *args, **named)

    @rule(number=ANY)
    def cancel(self, number: int) -> None:
        """Take a request back."""
        self.step(number, TO_COME, "cancel", by=PLATFORM)

    @rule(number=ANY)
    def dispute(self, number: int) -> None:
        """Go to the arbiter."""
        self.step(number, {"REJECTED", "EXCHANGED", "REFUNDED", "EXPIRED"}, "dispute", HASH, by=PLATFORM)

    @rule(number=ANY, award=st.sampled_from(["refund", "fetch", "uphold"]))
    def arbitrate(self, number: int, award: str) -> None:
        """Decide."""
        self.step(number, {"DISPUTED"}, "arbitrate", award, HASH, by=AUDITOR)

    @rule(number=ANY)
    def enforce(self, number: int) -> None:
        """Write down what a deadline leads to, forty days later."""
        self.market.hour += 24 * 40
        self.step(number, {*TO_COME, "PICKUP_FAILED", "DISPUTED", "INSPECTED_PASS"}, "enforce", by=LAST_MILE)

    @invariant()
    def counted(self) -> None:
        """Allotted is what journeys carry; what returns claim was carried once, and is paid for once."""
        if not self.carried:
            return
        claims = {each: stands(self.market.query("Returns:read", each)["stored"]) for each in self.lodged}
        for tally in self.market.query("Accounts:read", "O1"):
            line, ordered = tally["line"], ORDERED[tally["line"]]
            sent = sum(units.get(line, 0) for name, units in self.carried.items() if "-" not in name)
            assert tally["allotted"] == tally["delivered"] == sent <= ordered
            asked = {each: lodged for each, lodged in self.lodged.items() if lodged[1] == line}
            paid = sum(units for each, (_, _, units) in asked.items() if claims[each] == "money")
            assert paid <= ordered
            assert tally["left"] >= 0
            for name, carried in self.carried.items():
                back = sum(units for each, (of, _, units) in asked.items() if of == name and claims[each] != "nothing")
                assert back <= carried.get(line, 0)

    @invariant()
    def conserved(self) -> None:
        """Check that captured money is settled, refunded or held, later refunds are owed, and each refund is proved."""
        listed = self.market.commerce.evaluate(
            "Settlement:list", client=user(MERCHANT), at=shipping.at(self.market.hour)
        )
        payment = listed.json()["payments"][0]["payment"]
        captured, refunded, settled = (int(payment[name]) for name in ("captured", "refunded", "settled"))
        assert captured == TOTAL
        assert refunded == self.book["refunded"] <= captured
        assert settled == (captured - refunded if self.paid else 0)
        debts = self.market.commerce.evaluate(
            "Settlement:debts", "P-O1", client=user(MERCHANT), at=shipping.at(self.market.hour)
        )
        assert int(debts.json()["total"]) == self.book["after"]
        # No unit is paid for twice: all dues of a line are at most what was paid for it.
        for line, ordered in ORDERED.items():
            due = sum(amount for each, amount in self.owed.items() if self.lodged[each][1] == line)
            assert due <= PRICE * ordered + CARRIAGE[line]
            assert self.due_units(line) <= ordered
        for return_id in self.lodged:
            acts = self.market.query("Returns:read", return_id)["stored"]["acts"]
            proofs = [act["notes"]["proof_hash"] for act in acts if act["state"] == "REFUNDED"]
            assert set(proofs) <= {self.proofs.get(return_id)}


@pytest.mark.timeout(seeded.SECONDS)
@pytest.mark.parametrize("seed", seeded.SEEDS)
def test_no_unit_and_no_money_is_made_or_lost(seed: int):
    """Random histories of orders, journeys, returns and money."""
    seeded.run(Units, seed)
