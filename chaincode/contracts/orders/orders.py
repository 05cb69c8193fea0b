"""
Orders on `ecommerce`: platform and merchant have the content, everybody sees the state.

Placing and opening are two transactions: the first has private values and goes only to platform and merchant, the
second needs the endorsers of the chaincode's policy. From then on, platform and merchant must endorse changes.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.orders import balances, otherchannel, sellers
from chaincode.domain import channels
from chaincode.domain.orders import orderfacts, orders
from chaincode.domain.orders.orders import BasketOrder, Cancellation, Order, PinnedTerms, PublicOrder, Total
from chaincode.domain.orders.payments import PaymentMark
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns.terms import ReturnTerms
from chaincode.domain.vocabulary import identifiers
from hlf.codec import names, records
from hlf.codec.refusals import Refused
from hlf.shim import api

_PUBLIC = "order"
_BASKET = "order.basket"
_PARTIES = ("Orders:parties(order_id)",)


@dataclasses.dataclass(frozen=True)
class OrderPage:
    """A page of orders; *bookmark* leads to the next page, and is empty on the last."""

    orders: tuple[PublicOrder, ...]
    bookmark: str


def content(ctx: api.Context, order_id: str, holder: str) -> Order:
    """Return the private content; only on the peer of *holder*, and after a check that the caller is its member."""
    return records.loads(Order, private.own(ctx, holder, content_key(ctx, order_id), f"order {order_id}"))


def content_key(ctx: api.Context, order_id: str) -> str:
    """Return the key of an order's content at platform and merchant."""
    return ctx.stub.create_composite_key("order.content", [identifiers.check("order_id", order_id)])


def mark_key(ctx: api.Context, step: str, order_id: str, *of_return: str) -> str:
    """
    Return the key of the note that a payment took the order's money (capture), paid it out (settle) or paid it back
    (refund). Refunds have a note for each return and number of its units.
    """
    checked = [identifiers.check("return_id", each) for each in of_return]
    return ctx.stub.create_composite_key(f"order.{step}", [identifiers.check("order_id", order_id), *checked])


def mark(ctx: api.Context, order: PublicOrder, made: PaymentMark) -> None:
    """
    Note a step of an order's money at platform and merchant.

    Raises:
        Refused: ALREADY_REFUNDED, for these units of the return.
    """
    of_return = (made.return_id, str(made.units)) if made.return_id else ()
    key = mark_key(ctx, made.step, order.order_id, *of_return)
    if of_return and private.held(ctx, key, order.parties):
        raise Refusal.ALREADY_REFUNDED(f"return {made.return_id} of order {order.order_id} has been paid for")
    private.put(ctx, key, records.dumps(made), order.parties)


def paid_for(ctx: api.Context, order: PublicOrder, return_id: str, units: int) -> bool:
    """Return whether so many units of a return were paid for; every peer can see this."""
    return private.held(ctx, mark_key(ctx, "refund", order.order_id, return_id, str(units)), order.parties)


def credited_for(ctx: api.Context, order: PublicOrder, return_id: str, units: int) -> bool:
    """Return whether store credit was given for so many units of a return; every peer can see this."""
    return private.held(ctx, mark_key(ctx, "credit", order.order_id, return_id, str(units)), order.parties)


def mark_proof(ctx: api.Context, order: PublicOrder, step: str, return_id: str, units: int) -> str:
    """
    Return the SHA-256, in hex, of the note that so many units of a return were paid for in money or credit.

    Raises:
        Refused: NOT_REFUNDED.
    """
    key = mark_key(ctx, step, order.order_id, return_id, str(units))
    found = {ctx.stub.get_private_data_hash(private.collection(party), key) for party in order.parties}
    if len(found) != 1 or found == {b""}:
        raise Refusal.NOT_REFUNDED(f"order {order.order_id} has no {step} for return {return_id}")
    return found.pop().hex()


def public(ctx: api.Context, order_id: str) -> PublicOrder:
    """
    Return the public part of an order.

    Raises:
        Refused: ORDER_UNKNOWN.
    """
    return store.load(ctx, PublicOrder, Refusal.ORDER_UNKNOWN, _PUBLIC, identifiers.check("order_id", order_id))


def of_party(ctx: api.Context, order_id: str) -> PublicOrder:
    """
    Return the public part of an order to one of its parties.

    Raises:
        Refused: ORDER_UNKNOWN, NOT_A_PARTY, WRONG_ROLE.
    """
    found = public(ctx, order_id)
    access.one_of(ctx, found.parties, Refusal.NOT_A_PARTY, f"order {order_id} is between other organisations")
    return found


class Orders(api.Contract):
    """Orders between a platform and a merchant, with their pinned return terms."""

    @api.transaction(
        endorsed_by=("transient.order.platform", "transient.order.merchant"),
        transient=("order", "terms", "credit"),
        called_by=("platform", "merchant"),
    )
    def place(self, ctx: api.Context, order_id: str) -> dict[str, str]:
        """
        Write an order's content to the collections of platform and merchant; the caller is one of them.

        *credit*, as `Credits:show` answers it, is given if the order is paid with some; this spends it.

        Raises:
            Refused: NOT_A_PARTY, ALREADY_EXISTS, WRONG_TERMS, SELLER_UNKNOWN, EVENT_IN_FUTURE, TOO_LATE,
                CREDIT_EXCEEDED, NOT_AS_STORED, or INVALID_ARGUMENT with the field.
        """
        order, terms = private.record(ctx, "order", Order), private.record(ctx, "terms", ReturnTerms)
        access.one_of(ctx, order.parties, Refusal.NOT_A_PARTY, "an order is placed by its platform or its merchant")
        orders.timely(order, clock.now(ctx))
        if order.seller_id:
            sellers.load(ctx, order.merchant, order.seller_id).check_pins(order.terms.terms_id)
        facts = orderfacts.facts_of(order_id, order, terms)
        key, data = content_key(ctx, order_id), records.dumps(order)
        private.absent(ctx, key, order.parties, f"order {order_id}")
        private.put(ctx, key, data, order.parties)
        private.put(ctx, _terms_key(ctx, order_id), records.dumps(order.terms), order.parties)
        private.put(ctx, _total_key(ctx, order_id), records.dumps(orders.total_of(order_id, order)), order.parties)
        private.put(ctx, _facts_key(ctx, order_id), records.dumps(facts), order.parties)
        if order.checkout_id:
            basket = ctx.stub.create_composite_key(_BASKET, [order.checkout_id, order_id])
            private.put(
                ctx, basket, records.dumps(BasketOrder(order_id, order.merchant, order.seller_id)), order.parties
            )
        if order.credit:
            balances.put(ctx, balances.proven(ctx, order).with_spent(order.credit, order.salt))
        placed = {"order_id": order_id, "order_hash": hashlib.sha256(data).hexdigest()}
        store.announce(ctx, "OrderPlaced", placed)
        return placed

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def open(self, ctx: api.Context, order_id: str, platform: str, merchant: str, terms: PinnedTerms) -> PublicOrder:
        """
        Publish id, hash, state and pinned terms of a placed order; from then on both parties must endorse changes.

        Raises:
            Refused: NOT_A_PARTY, ALREADY_EXISTS, NOT_PLACED (the two do not have the same content), WRONG_TERMS.
        """
        parties = {names.MSP_ID.check("platform", platform), names.MSP_ID.check("merchant", merchant)}
        access.one_of(ctx, parties, Refusal.NOT_A_PARTY, "an order is opened by its platform or its merchant")
        if store.find(ctx, PublicOrder, _PUBLIC, identifiers.check("order_id", order_id)):
            raise Refusal.ALREADY_EXISTS(f"order {order_id} is open")
        content, facts = (
            _held_by_both(ctx, key(ctx, order_id), parties, order_id) for key in (content_key, _facts_key)
        )
        pinned = records.dumps(terms)
        private.prove(ctx, pinned, _terms_key(ctx, order_id), parties, Refusal.WRONG_TERMS, "the terms to pin")
        opened = PublicOrder(order_id, content.hex(), facts.hex(), platform, merchant, terms)
        store.save(ctx, opened, _PUBLIC, order_id, held_by=opened.parties)
        store.announce(ctx, "OrderOpened", opened)
        return opened

    @api.transaction(endorsed_by=_PARTIES, called_by=("merchant",))
    def confirm(self, ctx: api.Context, order_id: str) -> PublicOrder:
        """
        Confirm an order, as its merchant.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_A_PARTY, WRONG_STATE.
        """
        found = public(ctx, order_id)
        access.one_of(ctx, [found.merchant], Refusal.NOT_A_PARTY, "the merchant confirms an order")
        return _moved(ctx, found.moved("confirmed"))

    @api.transaction(endorsed_by=_PARTIES, called_by=("platform", "merchant"))
    def cancel(self, ctx: api.Context, order_id: str, reason: Cancellation) -> PublicOrder:
        """
        Cancel an order before anything is shipped and before its money is paid out.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_A_PARTY, WRONG_STATE, ALREADY_SETTLED, NOT_CANCELLABLE.
        """
        found = of_party(ctx, order_id)
        _check_unsent(ctx, order_id)
        if private.held(ctx, mark_key(ctx, "settle", order_id), found.parties):
            raise Refusal.ALREADY_SETTLED(f"the money of order {order_id} is paid out to {found.merchant}")
        return _moved(ctx, found.moved("cancelled", reason=reason))

    @api.transaction(endorsed_by=_PARTIES, called_by=("platform", "merchant"))
    def fulfil(self, ctx: api.Context, order_id: str, journey_id: str) -> PublicOrder:
        """
        Record the journey that brings the goods.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_A_PARTY, WRONG_STATE.
        """
        identifiers.check("journey_id", journey_id)
        return _moved(ctx, of_party(ctx, order_id).moved("fulfilling", journey_id=journey_id))

    @api.transaction(endorsed_by=_PARTIES, called_by=("platform", "merchant"))
    def close(self, ctx: api.Context, order_id: str) -> PublicOrder:
        """
        Close an order that is delivered and paid.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_A_PARTY, WRONG_STATE.
        """
        return _moved(ctx, of_party(ctx, order_id).moved("closed"))

    @api.query
    def parties(self, ctx: api.Context, order_id: str) -> tuple[str, ...]:
        """
        Return platform and merchant of an order, who endorse each change of it.

        Raises:
            Refused: ORDER_UNKNOWN.
        """
        return public(ctx, order_id).parties

    @api.query
    def read(self, ctx: api.Context, order_id: str) -> PublicOrder:
        """Return the public part of an order."""
        return public(ctx, order_id)

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def content(self, ctx: api.Context, order_id: str) -> Order:
        """
        Return the whole order, for platform and merchant.

        Raises:
            Refused: NOT_FOUND if the caller's organisation does not have it.
        """
        return content(ctx, order_id, access.member(ctx))

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def of_checkout(self, ctx: api.Context, checkout_id: str) -> tuple[BasketOrder, ...]:
        """Return the orders of a basket that the caller's organisation has: a platform all, a merchant its own."""
        place = [identifiers.check("checkout_id", checkout_id)]
        return tuple(
            records.loads(BasketOrder, each) for each in private.listed(ctx, access.member(ctx), _BASKET, place)
        )

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def total(self, ctx: api.Context, order_id: str) -> bytes:
        """Return an order's total, exactly as stored; give it to Settlement:authorise."""
        return private.own(ctx, access.member(ctx), _total_key(ctx, order_id), f"total of order {order_id}")

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def facts(self, ctx: api.Context, order_id: str) -> bytes:
        """Return an order's facts for `trade`, exactly as stored; give them to Journeys:open."""
        return private.own(ctx, access.member(ctx), _facts_key(ctx, order_id), f"facts of order {order_id}")

    @api.query
    def list(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> OrderPage:
        """
        Return the public parts of the next *size* orders.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        return OrderPage(*store.page(ctx, PublicOrder, size, bookmark, _PUBLIC))

    @api.query
    def history(self, ctx: api.Context, order_id: str) -> tuple[store.KeyChange, ...]:
        """Return every state that an order had, newest first."""
        return store.history(ctx, _PUBLIC, identifiers.check("order_id", order_id))


def proven_total(ctx: api.Context, order: PublicOrder) -> Total:
    """
    Return the total in the transient data, if platform and merchant both store exactly this for *order*.

    Raises:
        Refused: NOT_AS_STORED.
    """
    data = private.transient(ctx, "total")
    key, what = _total_key(ctx, order.order_id), f"the total of order {order.order_id}"
    private.prove(ctx, data, key, order.parties, Refusal.NOT_AS_STORED, what)
    return records.loads(Total, data, "transient.total")


def _total_key(ctx: api.Context, order_id: str) -> str:
    return ctx.stub.create_composite_key("order.total", [identifiers.check("order_id", order_id)])


def _held_by_both(ctx: api.Context, key: str, parties: Iterable[str], order_id: str) -> bytes:
    """Return the hash of the value that platform and merchant both store under *key*."""
    found = {ctx.stub.get_private_data_hash(private.collection(party), key) for party in sorted(parties)}
    if len(found) != 1 or found == {b""}:
        raise Refusal.NOT_PLACED(f"platform and merchant store different orders {order_id}")
    return found.pop()


def _facts_key(ctx: api.Context, order_id: str) -> str:
    return ctx.stub.create_composite_key("order.facts", [identifiers.check("order_id", order_id)])


def _terms_key(ctx: api.Context, order_id: str) -> str:
    """Return the key of the pinned terms; they are stored alone, so that they can be proved without the rest."""
    return ctx.stub.create_composite_key("order.terms", [identifiers.check("order_id", order_id)])


def _check_unsent(ctx: api.Context, order_id: str) -> None:
    """Raise Refused if this peer can ask `trade` and a journey of the order is open there."""
    try:
        account = otherchannel.query(ctx, *channels.TRADE, "Accounts:read", order_id)
    except Refused as refused:
        if refused.code != Refusal.ACCOUNT_UNKNOWN.code:
            raise
        return
    if account is not None:
        raise Refusal.NOT_CANCELLABLE(f"goods of order {order_id} are on their way: request a return")


def _moved(ctx: api.Context, moved: PublicOrder) -> PublicOrder:
    store.save(ctx, moved, _PUBLIC, moved.order_id)
    store.announce(ctx, "OrderMoved", moved)
    return moved
