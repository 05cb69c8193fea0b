"""Payments between platform, merchant and payment firm; rates and tariffs for everybody on the channel."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from gateway.fabric import results
from gateway.http import auth, context, idempotency, paging
from gateway.http.context import COMMERCE, TRADE
from gateway.http.inputs import Blueprint
from gateway.http.paging import PageQuerySchema
from gateway.trade import acts, minting
from gateway.trade.orders.settlement_schemas import (
    AuthorisationSchema,
    ConversionQuerySchema,
    DutiesQuerySchema,
    OwedSchema,
    PartSchema,
    PaymentSchema,
    RatesSchema,
    RefundProofSchema,
    RefundSchema,
    SettleSchema,
    TariffSchema,
)
from gateway.trade.receipts import CommittedSchema
from hlf.codec import canonical

payments = Blueprint("payments", __name__, url_prefix="/v1/payments", description="Payments of orders")
rates = Blueprint("rates", __name__, url_prefix="/v1/rates", description="Dated rates of exchange")
tariffs = Blueprint("tariffs", __name__, url_prefix="/v1/tariffs", description="Duty and tax by country and goods")
duties = Blueprint("duties", __name__, url_prefix="/v1/orders", description="Who pays duty and tax, and how much")

# The acts of a payment firm: address, contract's function, body, summary.
_MOVES: tuple[tuple[str, str, type[Schema] | None, str], ...] = (
    ("capture", "capture", PartSchema, "Capture some or all of the reserved money."),
    ("settlement", "settle", SettleSchema, "Pay the captured money to the merchant."),
    ("refund", "refund", RefundSchema, "Pay some or all of it back to the buyer, for a return or otherwise."),
    ("voiding", "void", None, "Release a reservation."),
)


@payments.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@payments.arguments(AuthorisationSchema)
@payments.response(201, PaymentSchema)
def authorise(body: dict[str, Any]) -> dict[str, Any]:
    """
    Reserve the total of an order; only platform, merchant and payment firm see it.

    Platform or merchant call it, because they have the order's total. The payment firm sees the total but not the
    order.
    """
    payment_id = body.pop("payment_id", None) or minting.public_id("payment")
    total = context.evaluate(COMMERCE.call("Orders:total", [body["order_id"]], None, (context.caller().msp_id,)))
    payment = {**body, "salt": minting.salt()}
    authorised = context.act(
        COMMERCE,
        "Settlement:authorise",
        payment_id,
        transient={"payment": canonical.dumps(payment), "total": total},
    )
    return {"payment_id": payment_id, **authorised}


@payments.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@payments.arguments(PageQuerySchema, location="query")
@payments.response(200, description="Payments of the caller's organisation, each with its state")
def every(query: dict[str, Any]) -> Any:
    """List the caller's organisation's payments, by pages."""
    page = context.ask_record(COMMERCE, "Settlement:list", *paging.asked(query))
    return paging.answer(page["payments"], page["bookmark"])


@payments.route("/<payment_id>")
@auth.needs("read")
@payments.response(200, description="The payment and its state")
def read(payment_id: str) -> dict[str, Any]:
    """Read a payment, as one of its three parties."""
    return context.ask_record(COMMERCE, "Settlement:read", payment_id)


@payments.route("/refunds/<order_id>/<return_id>")
@auth.needs("read")
@payments.response(200, RefundProofSchema)
def refund_proof(order_id: str, return_id: str) -> dict[str, Any]:
    """Read the proof that a payment of the order was refunded for a return."""
    units = context.ask_record(TRADE, "Returns:entitlement", order_id, return_id)["units"]
    proof = context.evaluate(COMMERCE.call("Settlement:refund_proof", [order_id, return_id, units]))
    return {"proof_hash": proof.decode()}


@payments.route("/dues/<order_id>/<return_id>")
@auth.needs("read")
@payments.response(200, OwedSchema)
def due(order_id: str, return_id: str) -> dict[str, Any]:
    """Read the sum to pay next for a return, as a payment firm that has it, or as platform or merchant."""
    return context.ask_record(COMMERCE, "ReturnDues:due", order_id, return_id)


def _serve(address: str, function: str, schema: type[Schema] | None, summary: str) -> None:
    def move(body: dict[str, Any], payment_id: str) -> dict[str, Any]:
        own = context.caller().msp_id
        stored = context.evaluate(COMMERCE.call("Settlement:show", [payment_id], None, (own,)))
        transient = {"payment": stored, "change": canonical.dumps({**body, "salt": minting.salt()})}
        if function == "settle":
            transient["debts"] = context.evaluate(COMMERCE.call("Settlement:debts", [payment_id], None, (own,)))
        if body.get("return_id"):
            place = [results.record(canonical.loads(stored))["terms"]["order_id"], body["return_id"]]
            transient["due"] = context.evaluate(COMMERCE.call("ReturnDues:due", place, None, (own,)))
        moved = context.act(COMMERCE, f"Settlement:{function}", payment_id, transient=transient)
        return {"payment_id": payment_id, **moved}

    acts.serve(payments, f"/<payment_id>/{address}", function, move, body=schema, answer=PaymentSchema, summary=summary)


for _move in _MOVES:
    _serve(*_move)


@rates.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@rates.arguments(RatesSchema)
@rates.response(201, CommittedSchema)
def publish_rates(body: dict[str, Any]) -> dict[str, Any]:
    """Publish the caller's rates of a day, once for each day and base."""
    return context.act(COMMERCE, "Settlement:publish_rates", body)


@rates.route("/<publisher>/<base>/<date>")
@auth.needs("read")
@rates.response(200, RatesSchema)
def read_rates(publisher: str, base: str, date: str) -> dict[str, Any]:
    """Read the rates of a publisher and a day."""
    return context.ask_record(COMMERCE, "Settlement:rates", publisher, base, date)


@rates.route("/<publisher>/<base>/<date>/conversion")
@auth.needs("read")
@rates.arguments(ConversionQuerySchema, location="query")
@rates.response(200, description="The amount in minor units of the target currency")
def convert(query: dict[str, Any], publisher: str, base: str, date: str) -> dict[str, Any]:
    """Convert an amount by those rates."""
    amount = {"minor": query["minor"], "currency": query["currency"]}
    return context.ask_record(COMMERCE, "Settlement:convert", publisher, base, date, amount, query["target"])


@tariffs.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@tariffs.arguments(TariffSchema)
@tariffs.response(201, CommittedSchema)
def publish_tariff(body: dict[str, Any]) -> dict[str, Any]:
    """Publish a tariff of a country under the caller's name; by its administrator."""
    return context.act(COMMERCE, "Settlement:publish_tariff", body)


@tariffs.route("/<publisher>/<country>/<hs6>")
@auth.needs("read")
@tariffs.response(200, TariffSchema)
def read_tariff(publisher: str, country: str, hs6: str) -> dict[str, Any]:
    """Read a tariff of a publisher."""
    return context.ask_record(COMMERCE, "Settlement:tariff", publisher, country, hs6)


@tariffs.route("/<publisher>/<country>/<hs6>/versions")
@auth.needs("read")
@tariffs.response(200, description="All versions")
def tariff_versions(publisher: str, country: str, hs6: str) -> list[dict[str, Any]]:
    """List all versions of a publisher's tariff."""
    return context.ask_list(COMMERCE, "Settlement:tariff_history", publisher, country, hs6)


@duties.route("/<order_id>/duties")
@auth.needs("read")
@duties.arguments(DutiesQuerySchema, location="query")
@duties.response(200, description="Payer, customs value, duty and tax")
def of_order(query: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Compute the duty and tax of an order, and who pays them (stage S18); for its platform and merchant."""
    given = [query[name] for name in ("publisher", "base", "date") if name in query]
    return context.ask_record(COMMERCE, "Settlement:duties", order_id, query["tariffs_by"], *given)
