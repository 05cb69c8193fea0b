"""
The accounts of orders on `trade`, and the check of the order on `ecommerce`.

The order's platform and merchant must endorse every change of an account. The transaction that creates it also
writes into the implicit collections of both, so validation needs both from the beginning, whatever code other peers
run. Carriers and customs rely on these two signatures. Before a peer signs, the contract reads the order on
`ecommerce` by a cross-channel query, if the peer has joined that channel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from chaincode.contracts import private, store
from chaincode.contracts.journeys import journeystate
from chaincode.contracts.orders import otherchannel
from chaincode.contracts.returns import returnstate
from chaincode.domain import channels
from chaincode.domain.journeys import tracking
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.journeys.tracking import ParcelOutcome
from chaincode.domain.orders import accounts, orders
from chaincode.domain.orders.accounts import Account, Tally
from chaincode.domain.orders.orderfacts import Facts
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns import returns, serials
from chaincode.domain.returns.review import ReturnRequest
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

ACCOUNT = "account"

_TO_SEND = ("confirmed", "fulfilling")


class Accounts(api.Contract):
    """The account of each order: units on journeys, delivered and returned."""

    @api.query
    def read(self, ctx: api.Context, order_id: str) -> tuple[Tally, ...]:
        """
        Return the units of each line of an order.

        Raises:
            Refused: ACCOUNT_UNKNOWN if no journey of the order was opened.
        """
        account = load(ctx, order_id)
        return tuple(tally(ctx, account, each.line) for each in account.order.lines)

    @api.query
    def history(self, ctx: api.Context, order_id: str) -> tuple[store.KeyChange, ...]:
        """Return every value that the account had, newest first."""
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
    Allot the units of *consignment* in its order's account; the first journey creates the account.

    Raises:
        Refused: INVALID_ARGUMENT, MORE_THAN_ORDERED, ORDER_DIFFERS, WRONG_STATE, ORDER_UNKNOWN, PEER_REFUSED.
    """
    order = consignment.order
    accounts.check(consignment)
    account = store.find(ctx, Account, ACCOUNT, identifiers.check("opening.order.order_id", order.order_id))
    if account is not None and account.order != order:
        raise Refusal.ORDER_DIFFERS(f"order {order.order_id} is on the ledger with other facts")
    _check_order(ctx, order)
    if account is None:
        account = accounts.opened(order)
        consent = ctx.stub.create_composite_key("account.consent", [order.order_id])
        private.put(ctx, consent, order.digest.encode(), order.parties)
    free = {each.line: _free_again(ctx, order.order_id, each.line) for each in consignment.lines}
    store.save(ctx, account.allot(consignment.lines, free), ACCOUNT, order.order_id, held_by=order.parties)


def tally(ctx: api.Context, account: Account, line: str) -> Tally:
    """Return the units of one line of an order, counted over all of its journeys and returns."""
    carried = sum(
        (units_by_outcome(ctx, journey, line) for journey in _sent(ctx, account.order.order_id)),
        Counter[ParcelOutcome](),
    )
    return accounts.tally(account, line, carried, returns_of(ctx, account.order.order_id))


def units_by_outcome(
    ctx: api.Context, journey: Journey, line: str, among: Collection[str] = ()
) -> Counter[ParcelOutcome]:
    """
    Return what happened to the units of a line on *journey*, by the contents of its parcels.

    Only units with serials *among* the given ones are counted, if any are.
    """
    units: Counter[ParcelOutcome] = Counter()
    if journey.line(line) is not None:
        told = journeystate.parcel_records(ctx, journey)
        for parcel in journey.parcels:
            known = told[parcel.identifier]
            units[tracking.outcome(journey, known.timeline, known.incidents)] += parcel.units(line, among)
    return units


def _free_again(ctx: api.Context, order_id: str, line: str) -> int:
    """Return how many units of a line came back to their sender and can be sent again."""
    known = list(returns_of(ctx, order_id))
    sent = _sent(ctx, order_id)
    return sum(accounts.free_again(units_by_outcome(ctx, each, line), each, line, known) for each in sent)


def line_records(ctx: api.Context, journey: Journey, request: ReturnRequest) -> tuple[tracking.ParcelRecords, ...]:
    """Return what was recorded of each parcel that has units of the line that *request* is about, those it names."""
    known, among = journeystate.parcel_records(ctx, journey), serials.named(request)
    return tuple(known[each.identifier] for each in journey.parcels if each.units(request.line, among))


def _sent(ctx: api.Context, order_id: str) -> Iterator[Journey]:
    """Return the journeys of an order from its seller; those that a return opened are counted with the return."""
    found = (journeystate.load(ctx, each) for each in store.each(ctx, str, journeystate.OF_ORDER, order_id))
    return (journey for journey in found if not journey.return_id)


def returnable(ctx: api.Context, journey: Journey, request: ReturnRequest) -> int:
    """
    Return how many units of a line from *journey* may still be returned by *request*, of those it names if it names
    some. The return of this request itself is not counted.
    """
    line, delivered = request.line, None
    others = [each for each in returns_of(ctx, journey.order_id) if each.return_id != request.return_id]
    left = serials.left(journey, request, others)
    if accounts.had(request.reason):
        delivered = units_by_outcome(ctx, journey, line)[ParcelOutcome.DELIVERED]
        came = units_by_outcome(ctx, journey, line, serials.named(request))[ParcelOutcome.DELIVERED]
        left = min(left, came) if request.serials else left
    return min(left, accounts.returnable(load(ctx, journey.order_id), journey, line, others, delivered))


def returns_of(ctx: api.Context, order_id: str) -> Iterator[returns.Return]:
    """Return every return of an order, from all its journeys."""
    return (returnstate.load(ctx, each) for each in store.each(ctx, str, returnstate.OF_ORDER, order_id))


def _check_order(ctx: api.Context, order: Facts) -> None:
    """Raise Refused if this peer can ask `ecommerce` and the order there is different or not ready to be sent."""
    answer = otherchannel.query(ctx, *channels.COMMERCE, "Orders:read", order.order_id)
    if answer is None:
        return
    public = records.loads(orders.PublicOrder, answer, "order")
    if public.facts_hash != order.digest:
        raise Refusal.ORDER_DIFFERS(f"order {order.order_id} was placed with other facts")
    if public.state not in _TO_SEND:
        raise Refusal.WRONG_STATE(f"order {order.order_id} is {public.state}; only goods of a confirmed order are sent")
