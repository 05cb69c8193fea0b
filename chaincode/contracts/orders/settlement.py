"""
Payments for orders, dated exchange rates, and duty and tax of imports.

Amounts are private to the three parties of a payment. For each change the client sends the stored payment as
transient data, and the contract proves it by its hash, because each peer has only its own copy. Platform and
merchant store a mark of the payment that collected an order's money; every endorser can see whether it is there.

Rates and tariffs are public, and each is its publisher's own statement: this channel has no register of
participants who could vote on one for all. Nobody can change another's, and readers name the publisher to use.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.orders import debts, dues, orders
from chaincode.domain.orders import duties, payments
from chaincode.domain.orders.debts import Debts, paid_off
from chaincode.domain.orders.debts import of as debt_of
from chaincode.domain.orders.duties import Assessment, Tariff
from chaincode.domain.orders.orders import PublicOrder
from chaincode.domain.orders.payments import Authorisation, Payment, PaymentChange, State
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import attributes, goods, identifiers, places
from chaincode.domain.vocabulary.money import Money, Rates
from hlf.codec import names, records
from hlf.shim import api

_RATES = "rates"
_TARIFF = "tariff"
_SIDES = ("platform", "merchant", "payments")
_TO_AUTHORISE = tuple(f"transient.payment.{side}" for side in _SIDES)
_OF_PAYMENT = tuple(f"transient.payment.terms.{side}" for side in _SIDES)


@dataclasses.dataclass(frozen=True)
class ListedPayment:
    """A payment and its state."""

    payment: Payment
    state: State


@dataclasses.dataclass(frozen=True)
class PaymentPage:
    """A page of payments, and the bookmark of the next."""

    payments: tuple[ListedPayment, ...]
    bookmark: str


class Settlement(api.Contract):
    """Payments for orders; amounts are in minor units and never public on the channel."""

    @api.transaction(
        endorsed_by=_TO_AUTHORISE, transient=("payment", "total"), called_by=("platform", "merchant", "payments")
    )
    def authorise(self, ctx: api.Context, payment_id: str) -> dict[str, str]:
        """
        Reserve the total of an open order; the payment firm sees the total, not the order.

        Raises:
            Refused: NOT_A_PARTY, ORDER_UNKNOWN, WRONG_ORDER, WRONG_STATE, NOT_AS_STORED, AMOUNT_DIFFERS,
                ALREADY_EXISTS, ALREADY_CAPTURED, INVALID_ARGUMENT.
        """
        terms = private.record(ctx, "payment", Authorisation)
        made = payments.authorised(payment_id, terms, clock.stamp(ctx))
        access.one_of(ctx, made.parties, Refusal.NOT_A_PARTY, "a payment is authorised by one of its parties")
        order = orders.public(ctx, terms.order_id)
        if (order.platform, order.merchant) != (terms.platform, terms.merchant):
            raise Refusal.WRONG_ORDER(f"order {order.order_id} is between other organisations")
        if order.state in ("closed", "cancelled"):
            raise Refusal.WRONG_STATE(f"order {order.order_id} is {order.state}")
        _check_untaken(ctx, order)
        orders.proven_total(ctx, order).check_pays(terms.amount, terms.currency)
        key = _key(ctx, payment_id)
        private.absent(ctx, key, made.parties, f"payment {payment_id}")
        private.put(ctx, key, records.dumps(made), made.parties)
        return private.announce(ctx, "PaymentAuthorised", payment_id=payment_id)

    @api.transaction(endorsed_by=_OF_PAYMENT, transient=("payment", "change"), called_by=("payments",))
    def capture(self, ctx: api.Context, payment_id: str) -> dict[str, str]:
        """
        Capture some or all of the reserved amount; only one payment of an order may do this.

        Raises:
            Refused: NOT_AS_STORED, NOT_PAYMENT_FIRM, WRONG_STATE, AMOUNT_EXCEEDS, SALT_REUSED, ALREADY_CAPTURED,
                ORDER_CANCELLED, INVALID_ARGUMENT (no amount).
        """
        found, change = _next(ctx, payment_id)
        order = _not_cancelled(ctx, found)
        captured = found.captured_by(change, clock.stamp(ctx))
        if found.mark is None and captured.mark:
            _check_untaken(ctx, order)
            orders.mark(ctx, order, captured.mark)
        return _keep(ctx, "PaymentCaptured", found, captured)

    @api.transaction(endorsed_by=_OF_PAYMENT, transient=("payment", "change", "debts"), called_by=("payments",))
    def settle(self, ctx: api.Context, payment_id: str) -> dict[str, str]:
        """
        Pay everything captured out to the merchant, less its debt, at the payment firm's own published rates.

        *debts* is what `Settlement:debts` answers; it is left out where there are none.

        Raises:
            Refused: NOT_AS_STORED, NOT_PAYMENT_FIRM, WRONG_STATE, RATES_NEEDED, RATES_UNKNOWN, RATES_STALE, NO_RATE,
                SALT_REUSED, ORDER_CANCELLED, INVALID_ARGUMENT (an amount).
        """
        found, change = _next(ctx, payment_id)
        owed = debts.proven(ctx, found)
        order, rates = _not_cancelled(ctx, found), None
        if change.rate_date:
            rates = _rates(ctx, found.terms.payments, change.rate_base, change.rate_date)
            rates.check_fresh(clock.stamp(ctx)[:10])
        settled = found.settled_by(change, clock.stamp(ctx), rates, owed.total)
        for before, after in zip(owed.debts, paid_off(owed.debts, settled.netted, change.salt), strict=True):
            if after != before:
                debts.put(ctx, after)
        orders.mark(ctx, order, payments.settled_mark(found, change))
        return _keep(ctx, "PaymentSettled", found, settled)

    @api.transaction(endorsed_by=_OF_PAYMENT, transient=("payment", "change", "due"), called_by=("payments",))
    def refund(self, ctx: api.Context, payment_id: str) -> dict[str, str]:
        """
        Give some or all of what was captured back to the buyer, for a return if the change names one.

        For a return it is exactly the amount of its *due*, as `ReturnDues:due` answers it. After the
        settlement the merchant owes the sum, as a debt of its own.

        Raises:
            Refused: NOT_AS_STORED, NOT_PAYMENT_FIRM, WRONG_STATE, AMOUNT_EXCEEDS, AMOUNT_DIFFERS, SALT_REUSED,
                ALREADY_REFUNDED, NOT_REFUNDED (an earlier due of the return), RETURN_UNKNOWN, INVALID_ARGUMENT (no
                amount).
        """
        found, change = _next(ctx, payment_id)
        if change.return_id:
            order = orders.public(ctx, found.terms.order_id)
            due = dues.checked(ctx, order, found.terms.payments, change, found.terms.currency)
            orders.mark(ctx, order, payments.refunded_mark(found, change, due.units))
        refunded = found.refunded_by(change, clock.stamp(ctx))
        if found.paid:
            debts.put(ctx, debt_of(refunded, refunded.refunded - found.refunded, change.salt))
        return _keep(ctx, "PaymentRefunded", found, refunded)

    @api.transaction(endorsed_by=_OF_PAYMENT, transient=("payment", "change"), called_by=("payments",))
    def void(self, ctx: api.Context, payment_id: str) -> dict[str, str]:
        """
        Release a reservation, if nothing was captured.

        Raises:
            Refused: NOT_AS_STORED, NOT_PAYMENT_FIRM, WRONG_STATE, SALT_REUSED, INVALID_ARGUMENT (an amount).
        """
        found, change = _next(ctx, payment_id)
        return _keep(ctx, "PaymentVoided", found, found.voided_by(change, clock.stamp(ctx)))

    @api.transaction(endorsed_by=())
    def publish_rates(self, ctx: api.Context, rates: str) -> Rates:
        """
        Publish the caller's rates of a day (JSON Rates), once; payments that it handles use them.

        Raises:
            Refused: ALREADY_EXISTS, RATES_STALE, INVALID_ARGUMENT.
        """
        publisher, published = access.member(ctx), records.loads(Rates, rates, "rates")
        published.check_fresh(clock.stamp(ctx)[:10])
        place = (_RATES, publisher, published.base, published.date)
        if store.find(ctx, Rates, *place):
            raise Refusal.ALREADY_EXISTS(f"{publisher} has published its rates of {published.date}")
        store.save(ctx, published, *place)
        store.announce(ctx, "RatesPublished", {"publisher": publisher, "base": published.base, "date": published.date})
        return published

    @api.transaction(endorsed_by=(), called_by=("admin",))
    def publish_tariff(self, ctx: api.Context, tariff: str) -> Tariff:
        """
        Publish a country's duty and tax on an HS subheading (JSON Tariff), under the caller's name.

        It is the publisher's own statement, for countries whose customs is no member; customs that is one publishes
        on `trade` (`Customs:publish_tariff`). A later tariff replaces the same organisation's earlier one, which
        stays in the history.

        Raises:
            Refused: WRONG_ROLE, INVALID_ARGUMENT.
        """
        publisher, published = access.administrator(ctx), records.loads(Tariff, tariff, "tariff")
        store.save(ctx, published, _TARIFF, publisher, published.country, published.hs6)
        place = {"publisher": publisher, "country": published.country, "hs6": published.hs6}
        store.announce(ctx, "TariffPublished", place)
        return published

    @api.query(read_on=("caller",), called_by=("platform", "merchant", "payments"))
    def show(self, ctx: api.Context, payment_id: str) -> bytes:
        """Return a payment exactly as stored; give it to the next change."""
        return private.own(ctx, access.member(ctx), _key(ctx, payment_id), f"payment {payment_id}")

    @api.query(read_on=("caller",), called_by=("platform", "merchant", "payments"))
    def debts(self, ctx: api.Context, payment_id: str) -> Debts:
        """
        Return the debts of the payment's merchant, as the caller's organisation stores them; give them to `settle`.
        """
        return debts.stored(ctx, access.member(ctx), records.loads(Payment, self.show(ctx, payment_id)))

    @api.query
    def refund_proof(self, ctx: api.Context, order_id: str, return_id: str, units: int) -> str:
        """
        Return the SHA-256, in hex, of the payment's record that it paid for so many units of a return.

        `Returns:settle` compares it.

        Raises:
            Refused: ORDER_UNKNOWN, NOT_REFUNDED.
        """
        return orders.mark_proof(ctx, orders.public(ctx, order_id), "refund", return_id, units)

    @api.query(read_on=("caller",), called_by=("platform", "merchant", "payments"))
    def read(self, ctx: api.Context, payment_id: str) -> ListedPayment:
        """Return a payment of the caller, and its state."""
        return _listed(self.show(ctx, payment_id))

    @api.query(read_on=("caller",), called_by=("platform", "merchant", "payments"))
    def list(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> PaymentPage:
        """
        Return the next *size* payments of the caller's organisation.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        return PaymentPage(*private.page(ctx, access.member(ctx), _listed, size, bookmark, "payment"))

    @api.query
    def rates(self, ctx: api.Context, publisher: str, base: str, date: str) -> Rates:
        """Return one organisation's rates of a day."""
        return _rates(ctx, publisher, base, date)

    @api.query
    def convert(self, ctx: api.Context, publisher: str, base: str, date: str, amount: Money, target: str) -> Money:
        """Return *amount* (JSON Money) converted to *target* at these rates."""
        return _rates(ctx, publisher, base, date).convert(amount, target)

    @api.query
    def tariff(self, ctx: api.Context, publisher: str, country: str, hs6: str) -> Tariff:
        """Return a country's duty and tax on an HS subheading, as published by one organisation."""
        return store.load(ctx, Tariff, Refusal.NO_TARIFF, *_tariff_place(publisher, country, hs6))

    @api.query
    def tariff_history(self, ctx: api.Context, publisher: str, country: str, hs6: str) -> tuple[store.KeyChange, ...]:
        """Return all versions of one organisation's tariff, newest first."""
        return store.history(ctx, *_tariff_place(publisher, country, hs6))

    @api.query(read_on=("caller",), called_by=("platform", "merchant"))
    def duties(
        self, ctx: api.Context, order_id: str, tariffs_by: str, publisher: str = "", base: str = "", date: str = ""
    ) -> Assessment:
        """
        Return duty and tax of an order's import, and who pays S18 by its Incoterm; for platform and merchant.

        The tariffs are those of *tariffs_by*, the rates those of *publisher*. It is an estimate from what a member
        stated. Where customs of the country is a member, `Customs:assess` on `trade` computes by customs' own
        tariffs, preferences and de-minimis.

        Raises:
            Refused: NOT_FOUND, NO_TARIFF, RATES_UNKNOWN, RATES_NEEDED, NO_RATE.
        """
        order = orders.content(ctx, order_id, access.member(ctx))
        country = order.destination[:2]
        wanted = sorted({line.hs6 for line in order.lines})
        found = {hs6: store.find(ctx, Tariff, *_tariff_place(tariffs_by, country, hs6)) for hs6 in wanted}
        tariffs = {hs6: tariff for hs6, tariff in found.items() if tariff}
        rates = _rates(ctx, publisher, base, date) if publisher else None
        return duties.assess(order, tariffs, rates)


def _next(ctx: api.Context, payment_id: str) -> tuple[Payment, PaymentChange]:
    """Return the payment, proved at all three parties, and the change that the payment firm asks for."""
    data = private.transient(ctx, "payment")
    found = records.loads(Payment, data, "transient.payment")
    private.prove(ctx, data, _key(ctx, payment_id), found.parties, Refusal.NOT_AS_STORED, f"payment {payment_id}")
    access.one_of(ctx, [found.terms.payments], Refusal.NOT_PAYMENT_FIRM, "its payment firm moves a payment on")
    return found, private.record(ctx, "change", PaymentChange)


def _not_cancelled(ctx: api.Context, payment: Payment) -> PublicOrder:
    """
    Return the payment's order, if money may still be captured or paid out.

    Raises:
        Refused: ORDER_CANCELLED.
    """
    order = orders.public(ctx, payment.terms.order_id)
    if order.state == "cancelled":
        raise Refusal.ORDER_CANCELLED(f"order {order.order_id} is cancelled; void or refund its payment")
    return order


def _check_untaken(ctx: api.Context, order: PublicOrder) -> None:
    if private.held(ctx, orders.mark_key(ctx, "capture", order.order_id), order.parties):
        raise Refusal.ALREADY_CAPTURED(f"another payment took the money of order {order.order_id}")


def _keep(ctx: api.Context, event: str, before: Payment, after: Payment) -> dict[str, str]:
    private.put(ctx, _key(ctx, before.payment_id), records.dumps(after), before.parties)
    return private.announce(ctx, event, payment_id=before.payment_id)


def _listed(data: bytes) -> ListedPayment:
    found = records.loads(Payment, data)
    return ListedPayment(found, found.state)


def _rates(ctx: api.Context, publisher: str, base: str, date: str) -> Rates:
    names.MSP_ID.check("publisher", publisher)
    identifiers.check("base", base)
    attributes.day("date", date)
    return store.load(ctx, Rates, Refusal.RATES_UNKNOWN, _RATES, publisher, base, date)


def _tariff_place(publisher: str, country: str, hs6: str) -> tuple[str, str, str, str]:
    names.MSP_ID.check("publisher", publisher)
    return _TARIFF, publisher, places.check_country("country", country), goods.check_hs6("hs6", hs6)


def _key(ctx: api.Context, payment_id: str) -> str:
    return ctx.stub.create_composite_key("payment", [identifiers.check("payment_id", payment_id)])
