"""What a merchant owes, as platform, merchant and payment firm keep it: its key, its proof."""

from __future__ import annotations

from chaincode.contracts import private
from chaincode.domain.orders import debts
from chaincode.domain.orders.debts import Debt
from chaincode.domain.orders.payments import Payment
from chaincode.domain.refusals import Refusal
from hlf.codec import records
from hlf.shim import api


def proven(ctx: api.Context, payment: Payment) -> Debt:
    """
    Return what the payment's merchant owes, as the transient data have it, proved at all three who keep it.

    Raises:
        Refused: NOT_AS_STORED, another sum is kept, or one is kept and none was brought along.
    """
    nothing = debts.none(payment.terms)
    key, what = _key(ctx, nothing), f"the debt of {payment.terms.merchant}"
    if not ctx.transient.get("debt"):
        if private.held(ctx, key, nothing.parties):
            raise Refusal.NOT_AS_STORED(f"{what} is missing in the transient data")
        return nothing
    data = private.transient(ctx, "debt")
    found = records.loads(Debt, data, "transient.debt")
    if not found.is_of(payment.terms):
        raise Refusal.NOT_AS_STORED(f"{what} is of other payments")
    private.prove(ctx, data, key, found.parties, Refusal.NOT_AS_STORED, what)
    return found


def put(ctx: api.Context, debt: Debt) -> None:
    """Write what the merchant owes from now on to all three."""
    private.put(ctx, _key(ctx, debt), records.dumps(debt), debt.parties)


def stored(ctx: api.Context, holder: str, payment: Payment) -> bytes:
    """Return the debt that counts for *payment* as *holder* keeps it, on its own peer; nothing if there is none."""
    return ctx.stub.get_private_data(private.collection(holder), _key(ctx, debts.none(payment.terms)))


def _key(ctx: api.Context, debt: Debt) -> str:
    return ctx.stub.create_composite_key("debt", [debt.platform, debt.merchant, debt.payments, debt.currency])
