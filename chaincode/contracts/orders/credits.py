"""
The contract of store credit: given for a return, given back for a cancelled order.

It is spent when an order is placed (`Orders:place`). Platform and merchant store a balance and sign each change of
it, and each sum is given once: a mark says for which return, or for which cancelled order.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, private
from chaincode.contracts.orders import balances, dues, orders
from chaincode.domain.disclosure import disclosures
from chaincode.domain.orders.payments import PaymentMark
from chaincode.domain.orders.storecredit import StoreCredit
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers, money
from hlf.codec import names, records
from hlf.shim import api

_PARTIES = ("Orders:parties(order_id)",)


@dataclasses.dataclass(frozen=True)
class Balance:
    """A buyer's store credit, and how much of it may still be spent."""

    credit: StoreCredit
    balance: records.Amount


@dataclasses.dataclass(frozen=True)
class BalancePage:
    """A page of credits, and the bookmark of the next."""

    credits: tuple[Balance, ...]
    bookmark: str


class Credits(api.Contract):
    """Store credit of buyers at sellers; balances are private to platform and merchant."""

    @api.transaction(
        endorsed_by=_PARTIES, transient=("order", "due", "credit", "salt"), called_by=("platform", "merchant")
    )
    def issue(self, ctx: api.Context, order_id: str, return_id: str) -> dict[str, str]:
        """
        Give the buyer the store credit due for a return.

        *order*, *due* and *credit* are what `Orders:content`, `ReturnDues:due` and `Credits:show` answer; *credit* is
        left out for the first. Money that is due besides is refunded afterwards.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_A_PARTY, NOT_AS_STORED, WRONG_STATE (it has no store credit, or is not to be
                settled now), ALREADY_REFUNDED, NOT_REFUNDED (an earlier due), RETURN_UNKNOWN, INVALID_ARGUMENT.
        """
        public = orders.of_party(ctx, order_id)
        order, salt = dues.proven_order(ctx, public), private.salt(ctx)
        due = dues.credited(ctx, public, return_id)
        owed = dues.entitled(ctx, order_id, return_id)
        if owed is not None and not owed.payable:
            raise Refusal.WRONG_STATE(f"return {return_id} is not to be settled now")
        balance = balances.proven(ctx, order)
        as_credit = not due.in_proportion
        balances.put(ctx, (balance.with_issued if as_credit else balance.with_restored)(due.credit, salt))
        given = PaymentMark(
            "credit", order_id, "", disclosures.derived_salt(salt, "credit"), return_id, due.credit, due.units
        )
        orders.mark(ctx, public, given)
        if not due.amount and not as_credit:
            # There is no money to refund, so this is the refund.
            orders.mark(ctx, public, due.settled_by_nothing())
        return private.announce(ctx, "CreditIssued", order_id=order_id, return_id=return_id)

    @api.transaction(endorsed_by=_PARTIES, transient=("order", "credit", "salt"), called_by=("platform", "merchant"))
    def restore(self, ctx: api.Context, order_id: str) -> dict[str, str]:
        """
        Give back the credit that a cancelled order was to be paid with.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_A_PARTY, NOT_AS_STORED, WRONG_STATE (it is not cancelled, or had no credit),
                ALREADY_REFUNDED, INVALID_ARGUMENT.
        """
        public = orders.of_party(ctx, order_id)
        order, salt = dues.proven_order(ctx, public), private.salt(ctx)
        if public.state != "cancelled" or not order.credit:
            raise Refusal.WRONG_STATE(
                f"order {order_id} is {public.state}; only the credit of a cancelled order is given back"
            )
        if private.held(ctx, orders.mark_key(ctx, "credit", order_id), public.parties):
            raise Refusal.ALREADY_REFUNDED(f"the credit of order {order_id} was given back")
        balances.put(ctx, balances.proven(ctx, order).with_restored(order.credit, salt))
        orders.mark(ctx, public, PaymentMark("credit", order_id, "", disclosures.derived_salt(salt, "credit")))
        return private.announce(ctx, "CreditRestored", order_id=order_id)

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def show(
        self, ctx: api.Context, platform: str, merchant: str, currency: str, buyer_hash: str, seller_id: str = ""
    ) -> bytes:
        """
        Return a buyer's credit exactly as the caller's organisation keeps it; nothing if there is none.

        Raises:
            Refused: NOT_A_PARTY, INVALID_ARGUMENT.
        """
        for field, msp_id in (("platform", platform), ("merchant", merchant)):
            names.MSP_ID.check(field, msp_id)
        holder = access.one_of(ctx, (platform, merchant), Refusal.NOT_A_PARTY, "the credit is with other organisations")
        names.SHA256.check("buyer_hash", buyer_hash)
        money.CURRENCY.check("currency", currency)
        seller = identifiers.check("seller_id", seller_id) if seller_id else "-"
        key = balances.key_of(ctx, (platform, merchant, seller, currency, buyer_hash))
        return ctx.stub.get_private_data(private.collection(holder), key)

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def read(
        self, ctx: api.Context, platform: str, merchant: str, currency: str, buyer_hash: str, seller_id: str = ""
    ) -> Balance:
        """
        Return a buyer's credit and its balance.

        Raises:
            Refused: NOT_A_PARTY, NOT_FOUND if there is none, INVALID_ARGUMENT.
        """
        data = self.show(ctx, platform, merchant, currency, buyer_hash, seller_id)
        if not data:
            raise Refusal.NOT_FOUND("this buyer has no store credit there")
        return _with_balance(data)

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def list(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> BalancePage:
        """
        Return the next *size* credits that the caller's organisation keeps.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        return BalancePage(*private.page(ctx, access.member(ctx), _with_balance, size, bookmark, balances.BALANCE))

    @api.query
    def proof(self, ctx: api.Context, order_id: str, return_id: str, units: int) -> str:
        """
        SHA-256 of the record of credit that was given for so many units of a return, in hex.

        `Returns:settle` compares it.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_REFUNDED.
        """
        return orders.mark_proof(ctx, orders.public(ctx, order_id), "credit", return_id, units)


def _with_balance(data: bytes) -> Balance:
    found = records.loads(StoreCredit, data)
    return Balance(found, found.balance)
