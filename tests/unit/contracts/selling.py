"""Orders on `ecommerce` beside their journeys on `trade`, as peers see them that joined both: for tests of accounts."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.unit.contracts import shipping, trading
from tests.unit.contracts.shipping import BUYER, at, text
from tests.unit.contracts.trading import LAST_MILE, MERCHANT, PAYMENTS, PLATFORM, as_bytes, salt, user

GTIN = "09506000134352"
BOTH = (PLATFORM, MERCHANT)


class Market(shipping.Channel):
    """Both channels; an order has lines of telephones at 199.00 USD each."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(**changes)
        self.commerce = trading.commerce_channel()
        self.ledger.join(self.commerce)
        self.commerce.join(self.ledger)
        self.promised = self.query("Terms:read", "T1", 1)["terms"]
        self.hour = 4

    def sell(self, function: str, *args: Any, by: str = PLATFORM, transient: dict[str, bytes] | None = None) -> Any:
        """Submit on `ecommerce`."""
        result = self.commerce.invoke(function, *args, client=user(by), transient=transient, at=at(self.hour))
        return result.json() if result.payload else None

    def placed(self, order_id: str, *quantities: int, **changes: Any) -> Any:
        """Place an order with a line of each quantity, not confirmed yet; return what `trade` learns of it."""
        pinned = {"terms_id": "T1", "version": 1, "digest": self.terms_hash}
        lines = [
            {"line": number, "gtin": GTIN, "hs6": "851712", "quantity": quantity, "unit_price": "19900",
             "weight_grm": 450}
            for number, quantity in enumerate(quantities, 1)
        ]  # fmt: skip
        order = {
            "platform": PLATFORM, "merchant": MERCHANT, "buyer_token_hash": BUYER, "placed_at": text(self.hour),
            "incoterm": "DDP", "named_place": "VNHAN", "origin": "CNSZX", "destination": "VNHAN", "lines": lines,
            "currency": "USD", "freight": "0", "insurance": "0", "terms": pinned, "salt": salt("order", order_id),
            **changes,
        }  # fmt: skip
        transient = {"order": as_bytes(order), "terms": as_bytes(self.promised)}
        if changes.get("credit"):
            transient |= self.credit(changes.get("credit_hash", BUYER))
        self.sell("Orders:place", order_id, transient=transient)
        self.sell("Orders:open", order_id, PLATFORM, MERCHANT, pinned)
        return self.commerce.evaluate("Orders:facts", order_id, client=user(PLATFORM), at=at(self.hour)).json()

    def ordered(self, order_id: str, *quantities: int, **changes: Any) -> Any:
        """Return an order that its merchant has confirmed; what `trade` is told of it."""
        facts = self.placed(order_id, *quantities, **changes)
        self.sell("Orders:confirm", order_id, by=MERCHANT)
        return facts

    def send(self, journey_id: str, order: dict[str, Any], **units: int) -> Any:
        """Open a journey of so many units of lines, named l1, l2, ..., of the order; of all of it if none are named."""
        changes: dict[str, Any] = {"custodian": LAST_MILE}
        if units:
            changes["lines"] = [{"line": name[1:], "quantity": quantity} for name, quantity in units.items()]
        return self.majority("Journeys:open", self.opening(journey_id, order=order, **changes), by=PLATFORM)

    def paid(self, order_id: str) -> None:
        """Take the buyer's money for an order, by a payment named after it."""
        total = self.commerce.evaluate("Orders:total", order_id, client=user(PLATFORM), at=at(self.hour))
        known = total.json()
        payment = {
            "order_id": order_id, "platform": PLATFORM, "merchant": MERCHANT, "payments": PAYMENTS,
            "amount": known["amount"], "currency": known["currency"], "settle_currency": known["currency"],
            "salt": salt("payment", order_id),
        }  # fmt: skip
        transient = {"payment": as_bytes(payment), "total": total.payload}
        self.sell("Settlement:authorise", f"P-{order_id}", transient=transient)
        self.move("capture", order_id, amount=known["amount"])

    def move(self, step: str, order_id: str, due: bytes = b"", **change: str) -> None:
        """Move the payment of an order on."""
        name = f"P-{order_id}"
        kept, debts = (self.kept(f"Settlement:{function}", name, by=PAYMENTS) for function in ("show", "debts"))
        changed = as_bytes({"salt": salt("change", hashlib.sha256(kept).hexdigest()), **change})
        transient = {"payment": kept, "change": changed} | ({"debts": debts} if step == "settle" else {})
        self.sell(f"Settlement:{step}", name, by=PAYMENTS, transient=transient | ({"due": due} if due else {}))

    def kept(self, function: str, *args: Any, by: str = MERCHANT) -> bytes:
        """Return what an organisation keeps on `ecommerce`, exactly."""
        return self.commerce.evaluate(function, *args, client=user(by), at=at(self.hour)).payload

    def credit(self, buyer_hash: str = BUYER) -> dict[str, bytes]:
        """Return the store credit of a buyer as platform and merchant keep it, for the transient data."""
        kept = self.kept("Credits:show", PLATFORM, MERCHANT, "USD", buyer_hash)
        return {"credit": kept} if kept else {}

    def balance(self, buyer_hash: str = BUYER) -> int:
        """Return what a buyer may spend."""
        kept = self.credit(buyer_hash).get("credit")
        told = json.loads(kept) if kept else {"issued": 0, "restored": 0, "spent": 0}
        return int(told["issued"]) + int(told["restored"]) - int(told["spent"])

    def issue(self, order_id: str, return_id: str, **changes: bytes) -> None:
        """Give the store credit that a return comes to."""
        due = self.kept("ReturnDues:due", order_id, return_id)
        transient = {"order": self.kept("Orders:content", order_id), "due": due, **self.credit()}
        transient |= {"salt": salt("issue", order_id, return_id).encode()}
        self.sell("Credits:issue", order_id, return_id, transient=transient | changes)

    def restore(self, order_id: str) -> None:
        """Give back the credit of a cancelled order."""
        transient = {"order": self.kept("Orders:content", order_id), **self.credit()}
        self.sell("Credits:restore", order_id, transient=transient | {"salt": salt("restore", order_id).encode()})

    def state_due(
        self, order_id: str, return_id: str, by: str = MERCHANT, *, in_money: bool = False, **changes: bytes
    ) -> None:
        """Platform and merchant agree on what a return comes to."""
        order, dues = (self.kept(name, order_id) for name in ("Orders:content", "ReturnDues:show"))
        transient = {"order": order, "salt": salt("due", order_id, return_id, len(dues)).encode()}
        transient |= {"dues": dues} if dues else {}
        self.sell("ReturnDues:state", order_id, return_id, in_money, by=by, transient=transient | changes)

    def due(self, order_id: str, return_id: str) -> Any:
        """Return the sum of a due, stated if it was not and told to the payment firm."""
        self.state_due(order_id, return_id)
        due = self.kept("ReturnDues:due", order_id, return_id)
        self.sell("ReturnDues:disclose", order_id, return_id, PAYMENTS, by=MERCHANT, transient={"due": due})
        return json.loads(due)

    def refund(self, order_id: str, return_id: str, amount: str = "") -> str:
        """Return the proof that the buyer got for a return what it comes to, or *amount*."""
        due = self.kept("ReturnDues:due", order_id, return_id, by=PAYMENTS)
        told = json.loads(due)
        self.move("refund", order_id, due=due, amount=amount or told["amount"], return_id=return_id)
        return self.proof(order_id, return_id, told["units"])

    def refunded(self, order_id: str, return_id: str) -> str:
        """Return the same, of a return without a due yet."""
        self.due(order_id, return_id)
        return self.refund(order_id, return_id)

    def proof(self, order_id: str, return_id: str, units: int) -> str:
        """Return the proof that so many units of a return were paid for."""
        asked = ("Settlement:refund_proof", order_id, return_id, units)
        return self.commerce.evaluate(*asked, client=user(MERCHANT), at=at(self.hour)).text
