"""
The dues of returns: the amount of each, which platform and merchant compute from the order that both store.

The prices are here, on `ecommerce`, and the returns on `trade`. The peers of platform and merchant are on both, so
both compute the amount themselves, from the order's content and from the return as their own copy of `trade` has it.
A second transaction discloses the sum to the payment firm, and another to the auditor where one is to check it; their
peers see nothing else of the order.
"""

from __future__ import annotations

from chaincode.contracts import access, private
from chaincode.contracts.orders import orders, otherchannel
from chaincode.domain import channels
from chaincode.domain.orders import dues
from chaincode.domain.orders.dues import Dues, DueSum
from chaincode.domain.orders.orders import Order, PublicOrder
from chaincode.domain.orders.payments import PaymentChange
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns.amounts import Shares
from chaincode.domain.returns.entitlements import Entitlement
from chaincode.domain.returns.terms import PublishedTerms
from chaincode.domain.vocabulary import identifiers
from hlf.codec import names, records
from hlf.codec.refusals import invalid
from hlf.shim import api

_PARTIES = ("Orders:parties(order_id)",)
_DUE = "order.due"


class ReturnDues(api.Contract):
    """The amounts of an order's returns; platform and merchant store them; firm and auditor get the sums."""

    @api.transaction(endorsed_by=_PARTIES, transient=("order", "dues", "salt"), called_by=("platform", "merchant"))
    def state(self, ctx: api.Context, order_id: str, return_id: str, in_money: bool = False) -> dict[str, str]:
        """
        Store the amount of a return that can be settled; each of its units once.

        A return for store credit is paid in credit, unless the seller pays it *in_money*.
        *order* and *dues* are what `Orders:content` and `ReturnDues:show` answer; *dues* is left out for the first.
        A return with an amount of 0 counts as paid from then on.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_A_PARTY, NOT_AS_STORED, RETURN_UNKNOWN, WRONG_STATE, ALREADY_EXISTS,
                UNITS_RETURNED, NOT_ANSWERED (this peer has not joined `trade`), INVALID_ARGUMENT.
        """
        public = orders.of_party(ctx, order_id)
        owed, salt = entitled(ctx, order_id, return_id), private.salt(ctx)
        if owed is None:
            raise Refusal.NOT_ANSWERED("this peer has not joined the channel of returns")
        order = proven_order(ctx, public)
        stated = _proven_dues(ctx, public, order).with_due(order, owed, salt, in_money=in_money)
        due = stated.last(salt)
        private.put(ctx, _dues_key(ctx, order_id), records.dumps(stated), public.parties)
        private.put(ctx, _due_key(ctx, due), records.dumps(due), public.parties)
        if not due.amount and not due.credit:
            orders.mark(ctx, public, due.settled_by_nothing())
        return private.announce(ctx, "DueStated", order_id=order_id, return_id=return_id, units=str(due.units))

    @api.transaction(endorsed_by=("reader",), transient=("due",), called_by=("platform", "merchant"))
    def disclose(self, ctx: api.Context, order_id: str, return_id: str, reader: str) -> dict[str, str]:
        """
        Disclose the sum of a due, as `ReturnDues:due` answers it, to the payment firm or the auditor.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_A_PARTY, NOT_AS_STORED, INVALID_ARGUMENT.
        """
        public = orders.of_party(ctx, order_id)
        data, due = _proven_due(ctx, public, return_id)
        private.put(ctx, _due_key(ctx, due), data, [names.MSP_ID.check("reader", reader)])
        return private.announce(ctx, "DueDisclosed", order_id=order_id, return_id=return_id, units=str(due.units))

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def show(self, ctx: api.Context, order_id: str) -> bytes:
        """Return the dues of an order exactly as stored; nothing if there are none yet."""
        return ctx.stub.get_private_data(private.collection(access.member(ctx)), _dues_key(ctx, order_id))

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def read(self, ctx: api.Context, order_id: str) -> Dues:
        """
        Return every due of an order, with its parts.

        Raises:
            Refused: NOT_FOUND if the caller's organisation does not have the order.
        """
        order = orders.content(ctx, order_id, access.member(ctx))
        return _dues(self.show(ctx, order_id), order_id, order)

    @api.query(read_on=("caller",), called_by=("platform", "merchant", "payments", "auditor"))
    def sums(self, ctx: api.Context, order_id: str) -> tuple[DueSum, ...]:
        """
        Return the sums of an order's dues that were disclosed to the caller's organisation, without their parts.

        Raises:
            Refused: ORDER_UNKNOWN.
        """
        place = [orders.public(ctx, order_id).order_id]
        return tuple(records.loads(DueSum, each) for each in private.listed(ctx, access.member(ctx), _DUE, place))

    @api.query(read_on=("caller",), called_by=("platform", "merchant", "payments"))
    def due(self, ctx: api.Context, order_id: str, return_id: str) -> bytes:
        """
        Return the sum to pay next for a return, exactly as the caller's organisation has it; else the last one paid.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_FOUND if the caller's organisation has none.
        """
        public, own = orders.public(ctx, order_id), access.member(ctx)
        place = [order_id, identifiers.check("return_id", return_id)]
        found = {
            records.loads(DueSum, data).units: data for data in private.listed(ctx, own, _DUE, place)
        }  # fmt: skip
        if not found:
            raise Refusal.NOT_FOUND(f"{own} has no due of return {return_id}")
        paid = {units for units in found if orders.paid_for(ctx, public, return_id, units)}
        paid |= {
            units
            for units, data in found.items()
            if not records.loads(DueSum, data).amount and orders.credited_for(ctx, public, return_id, units)
        }
        return found[min(set(found) - paid, default=max(found))]

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def expected(self, ctx: api.Context, order_id: str, line: str, quantity: int, reason: str) -> Shares:
        """
        Return the amount of a return of so many units for that reason, by the pinned terms; nothing is stored.

        Raises:
            Refused: NOT_FOUND, TERMS_UNKNOWN, UNITS_RETURNED, NOT_ANSWERED, INVALID_ARGUMENT (no such line, a reason
                that the terms do not cover).
        """
        order = orders.content(ctx, order_id, access.member(ctx))
        pinned = order.terms
        answer = otherchannel.query(ctx, *channels.TRADE, "Terms:read", pinned.terms_id, str(pinned.version))
        if answer is None:
            raise Refusal.NOT_ANSWERED("this peer has not joined the channel of terms")
        cover = records.loads(PublishedTerms, answer, "terms").terms.reasons.get(reason)
        if cover is None:
            raise invalid("reason", "is not covered by the order's terms")
        known = _dues(self.show(ctx, order_id), order_id, order)
        return dues.expected(order, known, line, quantity, cover.payer, cover.restocking_bps)


def entitled(ctx: api.Context, order_id: str, return_id: str) -> Entitlement | None:
    """
    Return the entitlement of a return of the order from `trade`; None at a peer that cannot ask there.

    Raises:
        Refused: RETURN_UNKNOWN, PEER_REFUSED, NOT_ANSWERED.
    """
    identifiers.check("return_id", return_id)
    answer = otherchannel.query(ctx, *channels.TRADE, "Returns:entitlement", order_id, return_id)
    return None if answer is None else records.loads(Entitlement, answer, "entitlement")


def checked(ctx: api.Context, order: PublicOrder, firm: str, change: PaymentChange, currency: str) -> DueSum:
    """
    Return the due in the transient data, which a refund for a return pays. The payment firm must store it, too. Earlier
    dues of the return must be paid.

    Raises:
        Refused: NOT_AS_STORED, AMOUNT_DIFFERS, NOT_REFUNDED, WRONG_STATE, and what `entitled` raises.
    """
    data, due = _proven_due(ctx, order, change.return_id)
    what = f"the due of return {due.return_id}"
    private.prove(ctx, data, _due_key(ctx, due), [firm], Refusal.NOT_AS_STORED, what)
    due.check_pays(change.amount, currency)
    _check_earlier(ctx, order, due)
    if due.credit and not orders.credited_for(ctx, order, due.return_id, due.units):
        raise Refusal.NOT_REFUNDED(f"give the store credit of return {due.return_id} first")
    owed = entitled(ctx, order.order_id, due.return_id)
    if owed is not None and not owed.payable:
        raise Refusal.WRONG_STATE(f"return {due.return_id} cannot be settled now")
    return due


def credited(ctx: api.Context, order: PublicOrder, return_id: str) -> DueSum:
    """
    Return the due in the transient data whose store credit is to be given.

    Raises:
        Refused: NOT_AS_STORED, WRONG_STATE (it has no store credit), ALREADY_REFUNDED, NOT_REFUNDED (an earlier due).
    """
    _, due = _proven_due(ctx, order, return_id)
    if not due.credit:
        raise Refusal.WRONG_STATE(f"the due of return {return_id} is in money alone")
    if orders.credited_for(ctx, order, return_id, due.units):
        raise Refusal.ALREADY_REFUNDED(f"store credit was given for return {return_id}")
    _check_earlier(ctx, order, due)
    return due


def _check_earlier(ctx: api.Context, order: PublicOrder, due: DueSum) -> None:
    """
    Raise Refused unless the return's earlier due is paid, in money or credit.

    Raises:
        Refused: NOT_REFUNDED.
    """
    earlier = (ctx, order, due.return_id, due.before)
    if due.before and not (orders.paid_for(*earlier) or orders.credited_for(*earlier)):
        raise Refusal.NOT_REFUNDED(f"return {due.return_id} has an earlier due: pay that first")


def proven_order(ctx: api.Context, public: PublicOrder) -> Order:
    """
    Return the order's content in the transient data, if platform and merchant both store exactly this.

    Raises:
        Refused: NOT_AS_STORED.
    """
    data, key = private.transient(ctx, "order"), orders.content_key(ctx, public.order_id)
    private.prove(ctx, data, key, public.parties, Refusal.NOT_AS_STORED, f"order {public.order_id}")
    return records.loads(Order, data, "transient.order")


def _proven_dues(ctx: api.Context, public: PublicOrder, order: Order) -> Dues:
    key, what = _dues_key(ctx, public.order_id), f"the dues of order {public.order_id}"
    data = ctx.transient.get("dues", b"")
    if data:
        private.prove(ctx, data, key, public.parties, Refusal.NOT_AS_STORED, what)
    elif private.held(ctx, key, public.parties):
        raise Refusal.NOT_AS_STORED(f"{what} are missing in the transient data")
    return _dues(data, public.order_id, order)


def _proven_due(ctx: api.Context, public: PublicOrder, return_id: str) -> tuple[bytes, DueSum]:
    data = private.transient(ctx, "due")
    due = records.loads(DueSum, data, "transient.due")
    what = f"the due of return {return_id}"
    if (due.order_id, due.return_id) != (public.order_id, return_id):
        raise Refusal.NOT_AS_STORED(f"{what} is of another order")
    private.prove(ctx, data, _due_key(ctx, due), public.parties, Refusal.NOT_AS_STORED, what)
    return data, due


def _dues(data: bytes, order_id: str, order: Order) -> Dues:
    return records.loads(Dues, data, "transient.dues") if data else dues.none(order_id, order)


def _dues_key(ctx: api.Context, order_id: str) -> str:
    return ctx.stub.create_composite_key("order.dues", [identifiers.check("order_id", order_id)])


def _due_key(ctx: api.Context, due: DueSum) -> str:
    place = [due.order_id, identifiers.check("due.return_id", due.return_id), str(due.units)]
    return ctx.stub.create_composite_key(_DUE, place)
