"""
Payments for an order: authorised, captured, settled, refunded, in minor units.

An amount is first reserved (authorised), then taken from the buyer (captured), then paid to the merchant in its own
currency at the rate of a named day (settled). Captured money can be paid back (refunded), all or a part, before and
after it is settled. An authorised amount can be released (voided). A refund after the settlement is the merchant's
debt (`debts`), netted against its next settlements. At every moment captured = settled + refunded + what the
payment firm holds.

Only one payment collects an order's money. Platform and merchant store beside their payments (`PaymentMark`) which one
it is, that it was settled, and which return got how much of it: other payments of the order must not collect it again,
a paid order cannot be cancelled, and a return is paid for once.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from chaincode.domain.disclosure import disclosures
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers, money
from chaincode.domain.vocabulary.money import Money, Rates
from hlf.codec import names
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid

State = Literal["authorised", "captured", "settled", "refunded", "voided"]
Step = Literal["authorise", "capture", "settle", "refund", "void"]


@dataclasses.dataclass(frozen=True)
class Authorisation:
    """The parties' input to reserve an amount."""

    order_id: str
    platform: str
    merchant: str
    payments: str
    amount: Amount
    currency: str
    settle_currency: str
    salt: str

    def __post_init__(self) -> None:
        identifiers.check("payment.order_id", self.order_id)
        for field in ("platform", "merchant", "payments"):
            names.MSP_ID.check(f"payment.{field}", getattr(self, field))
        if self.amount <= 0:
            raise invalid("payment.amount", "must be more than 0")
        money.KNOWN.check("payment.settle_currency", self.settle_currency)
        Money(self.amount, self.currency)
        disclosures.check_salt(self.salt, "payment.salt")


@dataclasses.dataclass(frozen=True)
class PaymentChange:
    """
    The input for the next step of a payment.

    Attributes:
        amount: only for a capture or a refund, where it is required.
        return_id: of a refund, the return on `trade` that it pays for; empty if it pays for none.
        rate_date: the day of the payment firm's rates, for settling in another currency.
        rate_base: their base currency.
    """

    salt: str
    amount: Amount | None = None
    rate_date: str = ""
    rate_base: str = ""
    return_id: str = ""

    def __post_init__(self) -> None:
        disclosures.check_salt(self.salt, "change.salt")
        if self.return_id:
            identifiers.check("change.return_id", self.return_id)
        if self.amount is not None and self.amount <= 0:
            raise invalid("change.amount", "must be more than 0")


@dataclasses.dataclass(frozen=True)
class PaymentEntry:
    """One step of a payment; the amount in the payment's currency."""

    step: Step
    at: str
    amount: Amount


@dataclasses.dataclass(frozen=True)
class PaymentMark:
    """
    That money of an order was captured or settled by one of its payments, or refunded for a return.

    The step ``credit`` means that store credit was given, for a return or for the whole of a cancelled order.

    Kept by platform and merchant. The hash of the mark of a refund proves to the channel `trade` that so many units
    of a return were paid for.
    """

    step: Literal["capture", "settle", "refund", "credit"]
    order_id: str
    payment_id: str
    salt: str
    return_id: str = ""
    amount: Amount = 0
    units: int = 0


@dataclasses.dataclass(frozen=True)
class Payment:
    """
    A payment as platform, merchant and payment firm store it.

    Attributes:
        settled: what the merchant has of it, in the payment's currency, less what went back to the buyer since.
        paid_out: what the merchant was paid, in its own currency.
        netted: what of the settlement was not paid out, because the merchant owed it.
        rate_date: the day of the rates that were used; empty if no exchange was needed.
        captured_mark: the salt of the mark that this payment collected the order's money; empty if it did not.
    """

    payment_id: str
    terms: Authorisation
    entries: tuple[PaymentEntry, ...]
    captured: Amount = 0
    refunded: Amount = 0
    settled: Amount = 0
    paid_out: Amount = 0
    rate_date: str = ""
    rate_base: str = ""
    voided: bool = False
    captured_mark: str = ""
    netted: Amount = 0

    @property
    def parties(self) -> frozenset[str]:
        """Who keeps it and may read it."""
        return frozenset({self.terms.platform, self.terms.merchant, self.terms.payments})

    @property
    def state(self) -> State:
        """The state; ``refunded`` when all captured money was paid back."""
        if self.voided:
            return "voided"
        if self.captured and self.refunded == self.captured:
            return "refunded"
        if self.paid:
            return "settled"
        return "captured" if self.captured else "authorised"

    @property
    def paid(self) -> bool:
        """Whether it was settled, whatever went back since."""
        return any(entry.step == "settle" for entry in self.entries)

    @property
    def mark(self) -> PaymentMark | None:
        """The mark that this payment collected the order's money, if it did."""
        if not self.captured_mark:
            return None
        return PaymentMark("capture", self.terms.order_id, self.payment_id, self.captured_mark)

    def captured_by(self, change: PaymentChange, at: str) -> Payment:
        """
        Return the payment with some or all of the reserved amount captured; parts are possible until it is settled.

        Raises:
            Refused: WRONG_STATE, AMOUNT_EXCEEDS, INVALID_ARGUMENT (no amount).
        """
        self._check("capture", "authorised", "captured")
        amount = self._amount(change, self.terms.amount - self.captured, "authorised")
        mark = self.captured_mark or disclosures.derived_salt(change.salt, "captured")
        return self._stepped("capture", change, at, amount, captured=self.captured + amount, captured_mark=mark)

    def settled_by(self, change: PaymentChange, at: str, rates: Rates | None, owed: int = 0) -> Payment:
        """
        Return the payment with everything captured and not refunded paid out in the merchant's currency. *rates*
        are needed if that is another currency.

        What the merchant owes (*owed*, in the payment's currency) is kept back.

        Raises:
            Refused: WRONG_STATE, RATES_NEEDED, NO_RATE, INVALID_ARGUMENT (an amount is given).
        """
        self._check("settle", "captured")
        if change.amount is not None:
            raise invalid("change.amount", "is not given: everything captured and not refunded is settled")
        settled = self.captured - self.refunded
        netted = min(settled, owed)
        due = Money(settled - netted, self.terms.currency)
        if self.terms.settle_currency == self.terms.currency:
            paid, date, base = due.minor, "", ""
        elif rates is None:
            raise Refusal.RATES_NEEDED("the merchant is paid in another currency: name a day's rates")
        else:
            paid, date, base = rates.convert(due, self.terms.settle_currency).minor, rates.date, rates.base
        return self._stepped(
            "settle", change, at, settled, settled=settled, paid_out=paid, netted=netted, rate_date=date, rate_base=base
        )

    def refunded_by(self, change: PaymentChange, at: str) -> Payment:
        """
        Give back some or all of what was captured; once it is settled, out of what the merchant has of it.

        Raises:
            Refused: WRONG_STATE, AMOUNT_EXCEEDS, INVALID_ARGUMENT (no amount).
        """
        self._check("refund", "captured", "settled")
        amount = self._amount(change, self.captured - self.refunded, "captured")
        settled = self.settled - amount if self.paid else 0
        return self._stepped("refund", change, at, amount, refunded=self.refunded + amount, settled=settled)

    def voided_by(self, change: PaymentChange, at: str) -> Payment:
        """
        Return the payment with its reservation released, if nothing was captured.

        Raises:
            Refused: WRONG_STATE, INVALID_ARGUMENT (an amount is given).
        """
        self._check("void", "authorised")
        if change.amount is not None:
            raise invalid("change.amount", "is not given: a reservation is let go as a whole")
        return self._stepped("void", change, at, self.terms.amount, voided=True)

    def _check(self, step: Step, *states: State) -> None:
        if self.state not in states:
            needed = " or ".join(states)
            raise Refusal.WRONG_STATE(f"payment {self.payment_id} is {self.state}; {step} needs {needed}")

    def _amount(self, change: PaymentChange, most: int, what: str) -> int:
        if change.amount is None:
            raise invalid("change.amount", "is missing: say how many minor units")
        if change.amount > most:
            raise Refusal.AMOUNT_EXCEEDS(f"payment {self.payment_id} has less than that {what}")
        return change.amount

    def _stepped(self, step: Step, change: PaymentChange, at: str, amount: int, **fields: Any) -> Payment:
        if change.salt == self.terms.salt:
            raise Refusal.SALT_REUSED("a changed record needs a salt of its own")
        terms = dataclasses.replace(self.terms, salt=change.salt)
        entries = (*self.entries, PaymentEntry(step, at, amount))
        return dataclasses.replace(self, terms=terms, entries=entries, **fields)


def settled_mark(payment: Payment, change: PaymentChange) -> PaymentMark:
    """Return the mark that *change* paid the order's money to the merchant."""
    return PaymentMark(
        "settle", payment.terms.order_id, payment.payment_id, disclosures.derived_salt(change.salt, "settled")
    )


def refunded_mark(payment: Payment, change: PaymentChange, units: int) -> PaymentMark:
    """Return the mark, for platform and merchant to keep, that *change* paid for so many *units* of a return."""
    salt, order_id = disclosures.derived_salt(change.salt, "refunded"), payment.terms.order_id
    return PaymentMark("refund", order_id, payment.payment_id, salt, change.return_id, change.amount or 0, units)


def authorised(payment_id: str, terms: Authorisation, at: str) -> Payment:
    """
    Return a new payment.

    Raises:
        Refused: INVALID_ARGUMENT, a currency that is in force no more.
    """
    money.check_currency_on("payment.currency", terms.currency, at)
    money.check_currency_on("payment.settle_currency", terms.settle_currency, at)
    return Payment(payment_id, terms, (PaymentEntry("authorise", at, terms.amount),))
