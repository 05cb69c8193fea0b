"""
The accounts of orders on `trade`, and what stands behind the first one: the order on `ecommerce`.

An account's key takes the endorsement of the order's platform and of its
merchant. The transaction that makes it also writes into the implicit
collection of each of the two, so validation wants both from the first one on,
whatever the contract's code at other peers says. Carriers and customs rely on
these two signatures, and each is given after a look: the contract asks for
the order on `ecommerce` by a cross-channel query, at every peer that is there.
"""

from __future__ import annotations

from collections.abc import Iterator

from chaincode.contracts import private, store
from chaincode.contracts.journeys import journeystate
from chaincode.contracts.orders import elsewhere
from chaincode.contracts.returns import returnstate
from chaincode.domain import channels
from chaincode.domain.journeys import pages
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.orders import accounts, orders
from chaincode.domain.orders.accounts import Account, Tally
from chaincode.domain.orders.orderfacts import Facts
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns import returns
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

ACCOUNT = "account"

_LIVING = ("confirmed", "fulfilling")


class Accounts(api.Contract):
    """What of each order is on its way, delivered and come back, in units."""

    @api.query
    def read(self, ctx: api.Context, order_id: str) -> tuple[Tally, ...]:
        """
        The units of each line of an order.

        Raises:
            Refused: ACCOUNT_UNKNOWN, no journey of the order was opened.
        """
        account = load(ctx, order_id)
        return tuple(tally(ctx, account, each.line) for each in account.order.lines)

    @api.query
    def history(self, ctx: api.Context, order_id: str) -> tuple[store.KeyChange, ...]:
        """Every value that the account had, newest first."""
        return store.history(ctx, ACCOUNT, load(ctx, order_id).order.order_id)


def load(ctx: api.Context, order_id: str) -> Account:
    """
    Return the account of an order.

    Raises:
        Refused: ACCOUNT_UNKNOWN.
    """
    return store.load(ctx, Account, Refusal.ACCOUNT_UNKNOWN, ACCOUNT, identifiers.check("order_id", order_id))


def allot(ctx: api.Context, consignment: accounts.Consignment) -> None:
    """
    Write the units of *consignment* off its order's account, which is made if this is the first journey.

    Raises:
        Refused: INVALID_ARGUMENT, MORE_THAN_ORDERED, ORDER_DIFFERS, WRONG_STATE, ORDER_UNKNOWN, PEER_REFUSED.
    """
    order = consignment.order
    accounts.check(consignment)
    account = store.find(ctx, Account, ACCOUNT, identifiers.check("opening.order.order_id", order.order_id))
    if account is not None and account.order != order:
        raise Refusal.ORDER_DIFFERS(f"order {order.order_id} is on the ledger with other facts")
    _vouch(ctx, order)
    if account is None:
        account = accounts.opened(order)
        consent = ctx.stub.create_composite_key("account.consent", [order.order_id])
        private.put(ctx, consent, order.digest.encode(), order.parties)
    store.save(ctx, account.allot(consignment.lines), ACCOUNT, order.order_id, held_by=order.parties)


def tally(ctx: api.Context, account: Account, line: str) -> Tally:
    """Return the units of one line of an order, counted over all of its journeys and returns."""
    delivered = 0
    for journey_id in store.each(ctx, str, journeystate.OF_ORDER, account.order.order_id):
        journey = journeystate.load(ctx, journey_id)
        carried = journey.line(line)
        if carried and not journey.return_id and pages.delivered(journeystate.all_pages(ctx, journey)):
            delivered += carried.quantity
    return accounts.tally(account, line, delivered, returns_of(ctx, account.order.order_id))


def returnable(ctx: api.Context, journey: Journey, line: str, beside: str = "") -> int:
    """Return how many units of a line that *journey* brought the return *beside* may take back."""
    others = (each for each in returns_of(ctx, journey.order_id) if each.return_id != beside)
    return accounts.returnable(load(ctx, journey.order_id), journey, line, others)


def returns_of(ctx: api.Context, order_id: str) -> Iterator[returns.Return]:
    """Return every return of an order, whichever of its journeys it is of."""
    return (returnstate.load(ctx, each) for each in store.each(ctx, str, returnstate.OF_ORDER, order_id))


def _vouch(ctx: api.Context, order: Facts) -> None:
    """Raise Refused unless `ecommerce` has just this order and it is to be sent, or this peer cannot ask there."""
    answer = elsewhere.ask(ctx, *channels.COMMERCE, "Orders:read", order.order_id)
    if answer is None:
        return
    public = records.loads(orders.PublicOrder, answer, "order")
    if public.facts_hash != order.digest:
        raise Refusal.ORDER_DIFFERS(f"order {order.order_id} was placed with other facts")
    if public.state not in _LIVING:
        raise Refusal.WRONG_STATE(f"order {order.order_id} is {public.state}; goods are sent of a confirmed one")
