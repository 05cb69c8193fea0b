"""A buyer's store credit as platform and merchant store it: its key and its proof."""

from __future__ import annotations

from chaincode.contracts import private
from chaincode.domain.orders import storecredit
from chaincode.domain.orders.orders import Order
from chaincode.domain.orders.storecredit import StoreCredit
from chaincode.domain.refusals import Refusal
from hlf.codec import records
from hlf.shim import api

BALANCE = "store-credit"


def proven(ctx: api.Context, order: Order) -> StoreCredit:
    """
    Return the credit of an order's buyer, as the transient data have it, proved at platform and merchant.

    Raises:
        Refused: NOT_AS_STORED, another balance is stored, or one is stored and the transient data have none.
    """
    nothing, what = storecredit.none(order), "the buyer's store credit"
    key = key_of(ctx, nothing.place)
    if not ctx.transient.get("credit"):
        if private.held(ctx, key, order.parties):
            raise Refusal.NOT_AS_STORED(f"{what} is missing in the transient data")
        return nothing
    data = private.transient(ctx, "credit")
    found = records.loads(StoreCredit, data, "transient.credit")
    found.check_of(order)
    private.prove(ctx, data, key, order.parties, Refusal.NOT_AS_STORED, what)
    return found


def put(ctx: api.Context, credit: StoreCredit) -> None:
    """Write a buyer's credit to platform and merchant."""
    private.put(ctx, key_of(ctx, credit.place), records.dumps(credit), (credit.platform, credit.merchant))


def key_of(ctx: api.Context, place: tuple[str, ...]) -> str:
    """Return the key of a buyer's credit."""
    return ctx.stub.create_composite_key(BALANCE, list(place))
