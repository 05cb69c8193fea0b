"""Refusals about orders, payments, accounts and claims against carriers."""

from __future__ import annotations

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalRow as Row
from hlf.codec.refusals import RefusalTable


class OrderRefusal(RefusalTable):
    """Refusals about orders, payments, accounts and claims against carriers."""

    NOT_PAYMENT_FIRM = Row(
        Kind.NOT_ALLOWED,
        "Only the order's payment firm may do this",
        "The payment firm must make this call.",
    )
    SELLER_UNKNOWN = Row(
        Kind.NOT_FOUND,
        "The merchant sells for no such seller",
        "Check its id, or register it: POST /v1/sellers.",
    )
    ORDER_UNKNOWN = Row(Kind.NOT_FOUND, "There is no such order", "Check its id.")
    ACCOUNT_UNKNOWN = Row(
        Kind.NOT_FOUND,
        "No journey of that order was opened",
        "Check the order's id, or open a journey: POST /v1/journeys.",
    )
    NO_TARIFF = Row(Kind.NOT_FOUND, "No tariff is published for that", "Publish it first.")
    PRODUCT_UNKNOWN = Row(Kind.NOT_FOUND, "The merchant offers no such product", "Check the GTIN and the merchant.")
    RATES_UNKNOWN = Row(Kind.NOT_FOUND, "No such rates are published", "Publish them first.")
    ALREADY_CAPTURED = Row(
        Kind.CONFLICT,
        "Another payment has captured the order's money",
        "Settle that payment, and void this one.",
    )
    ALREADY_SETTLED = Row(
        Kind.CONFLICT,
        "The order's money has been paid out to the merchant",
        "Do not cancel the order: have its goods returned, and refund the payment for that return.",
    )
    ALREADY_REFUNDED = Row(Kind.CONFLICT, "A payment was refunded for this return already", "Refund each return once.")
    CREDIT_EXCEEDED = Row(
        Kind.CONFLICT,
        "The buyer has less store credit",
        "Pay with at most the balance: GET /v1/credit.",
    )
    NOT_REFUNDED = Row(
        Kind.CONFLICT,
        "No payment of the order was refunded for this return, or the proof is of another refund",
        "Have the payment firm refund the payment for the return, and give the hash of that refund as the proof.",
    )
    MORE_THAN_ORDERED = Row(
        Kind.CONFLICT,
        "The order does not have so many units left",
        "Ship at most the units that `detail` names; see GET /v1/orders/<order_id>/account.",
    )
    ORDER_DIFFERS = Row(
        Kind.CONFLICT,
        "The facts sent differ from the order's",
        "Send exactly the facts that Orders:facts returns.",
    )
    ORDER_CANCELLED = Row(Kind.CONFLICT, "The order is cancelled", "Void the payment, or refund what it captured.")
    NOT_PLACED = Row(
        Kind.CONFLICT,
        "Platform and merchant do not have the same order",
        "Place the order again with the same content at both.",
    )
    AMOUNT_EXCEEDS = Row(Kind.INVALID, "The amount is larger than what is left", "Send a smaller amount.")
    RATES_NEEDED = Row(
        Kind.INVALID,
        "The currencies differ and no rates are named",
        "Send the day and base of the rates to use.",
    )
    NOT_ANSWERED = Row(
        Kind.FAILED,
        "A chaincode on another channel failed, or this peer has not joined that channel",
        "Search that chaincode's log for the transaction id, or ask a peer on both channels; then try again.",
    )
    AMOUNT_DIFFERS = Row(
        Kind.INVALID,
        "The amount differs from the order's total, or from the return's due",
        "Send the order's total, or for a return its due: GET /v1/orders/<order_id>/dues.",
    )
    NOT_THE_CLAIMANT = Row(
        Kind.NOT_ALLOWED,
        "Another organisation made the claim",
        "The organisation that filed it must make this call.",
    )
    CLAIM_UNKNOWN = Row(Kind.NOT_FOUND, "There is no such claim against a carrier", "Check its id.")
    LIABILITY_UNKNOWN = Row(
        Kind.CONFLICT,
        "The carrier had published no terms of its liability",
        "Settle it outside the ledger. Next time choose a carrier with terms: GET /v1/carrier-claims/terms/<carrier>.",
    )
    INCIDENT_UNKNOWN = Row(
        Kind.CONFLICT,
        "No such loss or damage is reported on the journey",
        "A party of the journey must report it first: POST /v1/journeys/<journey_id>/incidents.",
    )
