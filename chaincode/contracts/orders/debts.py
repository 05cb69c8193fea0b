"""A merchant's debts, as platform, merchant and payment firm store them: a key for each, and its proof."""

from __future__ import annotations

from chaincode.contracts import private
from chaincode.domain.orders import debts
from chaincode.domain.orders.debts import Debt, Debts
from chaincode.domain.orders.payments import Payment
from chaincode.domain.refusals import Refusal
from hlf.codec import records
from hlf.codec.refusals import invalid
from hlf.shim import api

_DEBT = "debt"


def proven(ctx: api.Context, payment: Payment) -> Debts:
    """
    Return the debts that the settlement of a payment pays off, as the transient data have them, proved at all three.

    Raises:
        Refused: NOT_AS_STORED, INVALID_ARGUMENT (too many, or one twice).
    """
    if not ctx.transient.get("debts"):
        return debts.together(())
    listed = private.record(ctx, "debts", Debts).debts
    if len(listed) not in debts.MOST or len({each.place for each in listed}) < len(listed):
        raise invalid("transient.debts", f"must be {debts.MOST} debts, each once")
    for each in listed:
        what = f"the debt of {each.merchant} for {each.payment_id}"
        if not each.is_of(payment.terms):
            raise Refusal.NOT_AS_STORED(f"{what} is of other payments")
        private.prove(ctx, records.dumps(each), _key(ctx, each), each.parties, Refusal.NOT_AS_STORED, what)
    return debts.together(listed)


def put(ctx: api.Context, debt: Debt) -> None:
    """Write a debt to all three; one that is paid off is deleted."""
    if debt.amount:
        private.put(ctx, _key(ctx, debt), records.dumps(debt), debt.parties)
        return
    for holder in sorted(debt.parties):
        ctx.stub.delete_private_data(private.collection(holder), _key(ctx, debt))


def stored(ctx: api.Context, holder: str, payment: Payment) -> Debts:
    """Return the debts that a settlement of *payment* pays off, as *holder* keeps them, on its own peer."""
    found = private.listed(ctx, holder, _DEBT, debts.paid_off_by(payment.terms), debts.MOST.most)
    return debts.together([records.loads(Debt, each) for each in found])


def _key(ctx: api.Context, debt: Debt) -> str:
    return ctx.stub.create_composite_key(_DEBT, list(debt.place))
