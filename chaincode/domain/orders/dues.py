"""
Dues: the amounts that an order's buyer gets for returns, as platform and merchant agree on them.

Both keep all dues of an order in one record, so that each unit of a line gets its share once, whichever return takes
it. The payment firm gets the sum of one due (`DueSum`), which its refund must equal, and nothing else of the order.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.disclosure import disclosures
from chaincode.domain.orders import storecredit
from chaincode.domain.orders.orders import Order
from chaincode.domain.orders.payments import PaymentMark
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns import amounts
from chaincode.domain.returns.amounts import Shares
from chaincode.domain.returns.entitlements import Entitlement
from chaincode.domain.returns.terms import Resolution
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid


@dataclasses.dataclass(frozen=True)
class Due:
    """
    The amount of one return.

    A second due of the same return is for further units, after an award of the arbiter.

    Attributes:
        before: the units of the line that had a due already.
        credit: what of its amount goes back as store credit.
    """

    return_id: str
    line: str
    before: int
    units: int
    resolution: Resolution
    payer: str
    restocking_bps: int
    shares: Shares
    credit: Amount = 0


@dataclasses.dataclass(frozen=True)
class DueSum:
    """
    The sum of a due as its own record; its salt does not help anybody to guess the others.

    Attributes:
        units: how many units of the return have a due, this one included.
        before: how many units have an earlier due; that is paid first.
        amount: to be paid back in money.
        credit: to be given as store credit.
    """

    order_id: str
    return_id: str
    units: int
    before: int
    resolution: Resolution
    amount: Amount
    currency: str
    salt: str
    credit: Amount = 0

    @property
    def in_proportion(self) -> bool:
        """Whether credit goes back in the proportion in which the order was paid, and not instead of money."""
        return self.resolution is not Resolution.STORE_CREDIT

    def check_pays(self, amount: int | None, currency: str) -> None:
        """
        Refuse a sum that is not the due.

        Raises:
            Refused: AMOUNT_DIFFERS.
        """
        if (amount, currency) != (self.amount, self.currency):
            raise Refusal.AMOUNT_DIFFERS(f"the due of return {self.return_id} of order {self.order_id} is another sum")

    def settled_by_nothing(self) -> PaymentMark:
        """Return the mark of a return with an amount of 0, which needs no payment."""
        salt = disclosures.derived_salt(self.salt, "nothing")
        return PaymentMark("refund", self.order_id, "", salt, self.return_id, 0, self.units)


@dataclasses.dataclass(frozen=True)
class Dues:
    """All dues of an order, in the order in which they were stated."""

    order_id: str
    currency: str
    stated: tuple[Due, ...]
    salt: str

    def units_of(self, line: str) -> int:
        """Return how many units of *line* have a due."""
        return sum(each.units for each in self.stated if each.line == line)

    def units_back(self, return_id: str) -> int:
        """Return for how many units of the return a due is stated."""
        return sum(each.units for each in self.stated if each.return_id == return_id)

    def with_due(self, order: Order, owed: Entitlement, salt: str, *, in_money: bool = False) -> Dues:
        """
        Return the dues with that of one more return, or of further units of one.

        A return for store credit is paid in credit unless the seller pays it *in_money*; any other return in the
        proportion in which the order was paid.

        Raises:
            Refused: WRONG_STATE if the return is not to be settled now; ALREADY_EXISTS if its units have a due;
                UNITS_RETURNED if the units of the line do.
        """
        if not owed.payable:
            raise Refusal.WRONG_STATE(f"return {owed.return_id} cannot be settled now")
        units, before = owed.units - self.units_back(owed.return_id), self.units_of(owed.line)
        if units <= 0:
            raise Refusal.ALREADY_EXISTS(f"the due of return {owed.return_id} is stated")
        comes_to = expected(order, self, owed.line, units, owed.payer, owed.restocking_bps)
        as_credit = owed.resolution is Resolution.STORE_CREDIT and not in_money
        back = sum(each.shares.amount for each in self.stated)
        due = Due(
            owed.return_id, owed.line, before, units, Resolution.REFUND if in_money else owed.resolution, owed.payer,
            owed.restocking_bps, comes_to,
            comes_to.amount if as_credit else storecredit.part(order, back, comes_to.amount),
        )  # fmt: skip
        return dataclasses.replace(self, stated=(*self.stated, due), salt=disclosures.derived_salt(salt, "dues"))

    def last(self, salt: str) -> DueSum:
        """Return the sum of the due that was stated last."""
        due = self.stated[-1]
        units = self.units_back(due.return_id)
        return DueSum(
            self.order_id, due.return_id, units, units - due.units, due.resolution, due.shares.amount - due.credit,
            self.currency, disclosures.derived_salt(salt, f"due of {due.return_id} for {units}"), due.credit,
        )  # fmt: skip


def none(order_id: str, order: Order) -> Dues:
    """Return the dues of an order without returns."""
    return Dues(order_id, order.currency, (), order.salt)


def expected(order: Order, known: Dues, line: str, units: int, payer: str, restocking_bps: int) -> Shares:
    """
    Return the amount of *units* of a line if they are the next to be returned.

    Raises:
        Refused: INVALID_ARGUMENT if there is no such line; UNITS_RETURNED if the line has less left.
    """
    sale = amounts.sales(order).get(line)
    if sale is None or units < 1:
        raise invalid("line", "must be a line of the order, with 1 unit or more")
    before = known.units_of(line)
    if before + units > sale.units:
        raise Refusal.UNITS_RETURNED(f"of line {line} of order {known.order_id} {sale.units - before} units are left")
    return amounts.shares(sale, before, units, payer, restocking_bps)
