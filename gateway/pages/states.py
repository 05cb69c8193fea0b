"""The ledger's words for people: states, stages, steps and roles. Each is translated when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.pages.languages import gettext


@dataclass(frozen=True)
class StateWords:
    """A state for people: its words, its tone (good, wait, bad, info, plain) and its icon (empty: the tone's)."""

    words: str
    tone: str = "plain"
    sign: str = ""


def N_(message: str) -> str:  # noqa: N802  # The usual name of the mark that catalogues look for.
    """Mark *message* for the catalogues."""
    return message


STATES: Mapping[str, StateWords] = {
    # A shopper's parcel.
    "pending": StateWords(N_("Being prepared"), "wait"),
    "picked_up": StateWords(N_("Picked up"), "info", "truck"),
    "in_transit": StateWords(N_("On its way"), "info", "truck"),
    "on_hold": StateWords(N_("Held"), "bad"),
    "out_for_delivery": StateWords(N_("Out for delivery"), "info", "truck"),
    "ready_for_pickup": StateWords(N_("Ready to collect"), "good", "home"),
    "delivery_delayed": StateWords(N_("Delayed"), "wait"),
    "delivery_failed": StateWords(N_("Delivery did not work"), "bad"),
    "delivered": StateWords(N_("Delivered"), "good"),
    "return_to_sender": StateWords(N_("Going back to the sender"), "wait", "return"),
    "cancelled": StateWords(N_("Cancelled"), "plain", "cross"),
    "unknown": StateWords(N_("Not found at the moment"), "bad", "help"),
    # An order and its payment.
    "placed": StateWords(N_("Placed"), "info", "list"),
    "confirmed": StateWords(N_("Confirmed"), "info"),
    "fulfilling": StateWords(N_("On its way"), "info", "truck"),
    "shipped": StateWords(N_("Shipped"), "info", "truck"),
    "rejected": StateWords(N_("Refused"), "bad", "cross"),
    "closed": StateWords(N_("Closed"), "plain"),
    # Custody.
    "held": StateWords(N_("In safe hands"), "good", "shield"),
    "awaited": StateWords(N_("Handed over, not yet confirmed"), "wait"),
    # A return.
    "DRAFT": StateWords(N_("Draft"), "plain"),
    "SUBMITTED": StateWords(N_("Requested"), "wait"),
    "APPROVED": StateWords(N_("Accepted"), "good"),
    "REJECTED": StateWords(N_("Not accepted"), "bad", "cross"),
    "REFERRED": StateWords(N_("The seller decides"), "wait"),
    "RETURNLESS_APPROVED": StateWords(N_("Accepted, keep the goods"), "good"),
    "PICKUP_ASSIGNED": StateWords(N_("A carrier will fetch it"), "info", "truck"),
    "PICKUP_SCHEDULED": StateWords(N_("Pick-up arranged"), "info", "calendar"),
    "PICKUP_FAILED": StateWords(N_("Pick-up did not work"), "bad"),
    "PICKED_UP": StateWords(N_("Picked up"), "info", "truck"),
    "IN_RETURN_TRANSIT": StateWords(N_("On its way back"), "info", "return"),
    "RECEIVED": StateWords(N_("With the seller"), "info", "shop"),
    "INSPECTED_PASS": StateWords(N_("Checked and in order"), "good"),
    "INSPECTED_FAIL": StateWords(N_("Checked and not in order"), "bad"),
    "REFUNDED": StateWords(N_("Money paid back"), "good"),
    "EXCHANGED": StateWords(N_("Exchanged"), "good", "swap"),
    "REPAIRED": StateWords(N_("Repaired"), "good"),
    "STORE_CREDITED": StateWords(N_("Credit given"), "good"),
    "SENT_BACK": StateWords(N_("Sent back to you"), "info", "return"),
    "CLOSED": StateWords(N_("Closed"), "plain"),
    "CANCELLED": StateWords(N_("Cancelled"), "plain", "cross"),
    "EXPIRED": StateWords(N_("Expired"), "plain", "clock"),
    "DISPUTED": StateWords(N_("Disputed"), "bad"),
    "ARBITRATED": StateWords(N_("Decided by the arbiter"), "info", "stamp"),
    # A claim against a carrier, or for duty that comes back.
    "FILED": StateWords(N_("Waits for an answer"), "wait"),
    "ACCEPTED": StateWords(N_("Accepted, to be paid"), "info"),
    "OFFERED": StateWords(N_("Another sum is offered"), "wait", "swap"),
    "REFUSED": StateWords(N_("Refused"), "bad", "cross"),
    "CONTESTED": StateWords(N_("Before the arbiter"), "wait", "stamp"),
    "AWARDED": StateWords(N_("Decided, to be paid"), "info", "stamp"),
    "DISMISSED": StateWords(N_("Nothing is owed"), "plain", "cross"),
    "PAID": StateWords(N_("Paid"), "good"),
    "DEFAULTED": StateWords(N_("Not paid in time"), "bad"),
    "WITHDRAWN": StateWords(N_("Withdrawn"), "plain", "return"),
    # A hand-over that two carriers agree.
    "proposed": StateWords(N_("Proposed"), "wait"),
    "agreed": StateWords(N_("Agreed"), "good"),
    # Sharing.
    "open": StateWords(N_("May look"), "good", "eye"),
    "active": StateWords(N_("May look"), "good", "eye"),
    "revoked": StateWords(N_("Withdrawn"), "plain", "hidden"),
    "expired": StateWords(N_("Expired"), "plain", "clock"),
    "requested": StateWords(N_("Requested"), "wait"),
    "granted": StateWords(N_("Granted"), "good"),
    "declined": StateWords(N_("Declined"), "bad", "cross"),
    # A plan of carriage and the answers of its carriers.
    "published": StateWords(N_("Waits for carriers"), "wait"),
    "accepted": StateWords(N_("Accepted"), "good"),
    "refused": StateWords(N_("Refused"), "bad", "cross"),
    "failed": StateWords(N_("Cannot be done"), "bad"),
    "replaced": StateWords(N_("Replaced by another"), "plain", "swap"),
}

STAGES: Mapping[str, str] = {
    "S01": N_("Order received"),
    "S02": N_("Goods taken over"),
    "S03": N_("In the warehouse"),
    "S04": N_("Classified for customs"),
    "S05": N_("Labelled with codes"),
    "S06": N_("Counted"),
    "S07": N_("Sorted"),
    "S08": N_("Packed"),
    "S09": N_("Labelled"),
    "S10": N_("Loaded"),
    "S11": N_("On the way to the border"),
    "S12": N_("Inspected"),
    "S13": N_("Payment settled"),
    "S14": N_("Customs, leaving the country"),
    "S15": N_("On the way between the countries"),
    "S16": N_("Unloaded"),
    "S17": N_("Customs, entering the country"),
    "S18": N_("Duty and tax paid"),
    "S19": N_("Out for delivery"),
    "S20": N_("Delivery"),
    "S21": N_("Service after the sale"),
    "S22": N_("Goods on the way back"),
}

STEPS: Mapping[str, str] = {
    "departing": N_("left"),
    "arriving": N_("arrived"),
    "holding": N_("held"),
    "customs_declaring": N_("declared"),
    "customs_released": N_("released"),
    "delivery_attempted": N_("nobody there"),
    "ready_for_pickup": N_("ready to collect"),
    "pickup_expired": N_("not collected in time"),
    "inspecting": N_("checked"),
    "receiving": N_("received"),
    "shipping": N_("handed to the carrier"),
    "stocking": N_("back in stock"),
    "destroying": N_("destroyed"),
    "repairing": N_("repaired"),
    "replacing": N_("replaced"),
}
"""What a step adds to the words of its stage; other steps add nothing."""

ROLES: Mapping[str, str] = {
    "platform": N_("Marketplace"),
    "merchant": N_("Seller"),
    "manufacturer": N_("Manufacturer"),
    "supplier": N_("Supplier"),
    "payments": N_("Payments"),
    "origin_carrier": N_("Carrier in the country of origin"),
    "forwarder": N_("Freight forwarder"),
    "last_mile": N_("Carrier to the door"),
    "warehouse": N_("Warehouse"),
    "customs": N_("Customs"),
    "auditor": N_("Auditor"),
}

REASONS: Mapping[str, str] = {
    "DEFECTIVE": N_("It does not work"),
    "DAMAGED_IN_TRANSIT": N_("It was damaged on the way"),
    "WRONG_ITEM": N_("It is not what I ordered"),
    "NOT_AS_DESCRIBED": N_("It is not as described"),
    "MISSING_PARTS": N_("Parts are missing"),
    "QTY_SHORT": N_("Fewer pieces came than I ordered"),
    "EXPIRED_PRODUCT": N_("It is past its date"),
    "NOT_RECEIVED": N_("It did not arrive"),
    "LATE_DELIVERY": N_("It came too late"),
    "SIZE": N_("It does not fit"),
    "CHANGE_OF_MIND": N_("I changed my mind"),
    "RECALLED": N_("It was recalled"),
}

RESOLUTIONS: Mapping[str, str] = {
    "refund": N_("Money back"),
    "exchange": N_("The same again"),
    "repair": N_("Repair"),
    "store_credit": N_("Credit in the shop"),
}

CONDITIONS: Mapping[str, str] = {
    "sealed": N_("Not opened"),
    "unused": N_("Opened, not used"),
    "used": N_("Used"),
    "damaged": N_("Damaged"),
}

REJECTIONS: Mapping[str, str] = {
    "OUTSIDE_WINDOW": N_("The time for sending it back is over."),
    "NOT_DELIVERED": N_("You can send it back once it has arrived."),
    "ALREADY_RETURNED": N_("All of it has been sent back already."),
    "QTY_EXCEEDS": N_("You asked for more pieces than you have."),
    "FINAL_SALE": N_("It was sold without the right to send it back."),
    "CATEGORY_EXCLUDED": N_("For reasons of hygiene or safety this kind of article does not go back."),
    "REASON_NOT_COVERED": N_("The seller does not take it back for this reason."),
    "EVIDENCE_MISSING": N_("A photo is needed. Please ask again with one."),
    "CONDITION_NOT_MET": N_("The seller takes it back only in a better state."),
    "BUYER_MISMATCH": N_("Only the buyer can send it back."),
    "LIMIT_REACHED": N_("Too many articles came back from you lately."),
    "TERMS_NOT_IN_FORCE": N_("The seller's promise was not yet in force when you ordered."),
    "NO_REVERSE_COVERAGE": N_("No carrier fetches parcels where you live."),
}

RULES: Mapping[str, str] = {
    "OUTSIDE_WINDOW": N_("Asked in time"),
    "NOT_DELIVERED": N_("The goods were delivered"),
    "ALREADY_RETURNED": N_("Not sent back before"),
    "QTY_EXCEEDS": N_("Not more pieces than came"),
    "FINAL_SALE": N_("Sold with the right to send it back"),
    "CATEGORY_EXCLUDED": N_("Of a kind that may go back"),
    "REASON_NOT_COVERED": N_("The seller takes it back for this reason"),
    "EVIDENCE_MISSING": N_("Enough photos"),
    "CONDITION_NOT_MET": N_("In the state that the terms ask for"),
    "BUYER_MISMATCH": N_("Asked by the buyer"),
    "LIMIT_REACHED": N_("Not too many returns lately"),
    "TERMS_NOT_IN_FORCE": N_("The terms were in force"),
    "NO_REVERSE_COVERAGE": N_("A carrier can fetch it"),
}
"""What each rule of a return asks for, by the rejection of those that do not meet it."""

INCIDENTS: Mapping[str, str] = {
    "delayed": N_("Delayed"),
    "held": N_("Held by an authority"),
    "damaged": N_("Damaged"),
    "lost": N_("Lost"),
    "found": N_("Found again"),
    "address_unknown": N_("The address does not exist"),
    "refused_by_buyer": N_("The buyer did not take it"),
    "returning": N_("Going back to the sender"),
    "cancelled": N_("Cancelled"),
}

BASES: Mapping[str, str] = {
    "CIF": N_("The value with freight and insurance"),
    "FOB": N_("The value of the goods alone"),
}
"""What customs compares with the value up to which nothing is due."""

MISTAKES: Mapping[str, str] = {
    "did_not_occur": N_("It did not happen"),
    "incorrect_data": N_("Something in it is wrong"),
}
"""Why an event is declared an error, by EPCIS's reason."""

CANCELLATIONS: Mapping[str, str] = {
    "BUYER_REQUEST": N_("The buyer wishes it"),
    "OUT_OF_STOCK": N_("Out of stock"),
    "PAYMENT_FAILED": N_("The payment failed"),
    "EXPORT_PROHIBITED": N_("It may not be exported"),
    "FRAUD_SUSPECTED": N_("Fraud is suspected"),
}

AWARDS: Mapping[str, str] = {
    "refund": N_("The buyer gets the money"),
    "fetch": N_("The goods are fetched"),
    "uphold": N_("Nothing changes"),
}

GROUNDS: Mapping[str, str] = {
    "ENTRY_UNKNOWN": N_("Customs has no such import"),
    "DUTY_NOT_PAID": N_("Duty was not paid"),
    "GOODS_DIFFER": N_("They are other goods"),
    "USED_IN_COUNTRY": N_("The goods were used in the country"),
    "EXPORT_NOT_PROVED": N_("It is not proved that they left"),
    "AMOUNT_DIFFERS": N_("The amounts are others"),
}
"""Why customs gives no duty back."""

SUMS: Mapping[str, str] = {
    "claimed": N_("Sum claimed"),
    "offered": N_("Sum offered"),
    "awarded": N_("Sum awarded"),
}
"""The sums of a claim against a carrier, by the step that named them."""

ALARMS: Mapping[str, str] = {
    "CUSTODY_GAP": N_("For a time nobody had the goods"),
    "CUSTODY_OVERLAP": N_("For a time two companies had the goods"),
    "CUSTODY_CONTESTED": N_("A company is named as holder and does not confirm it"),
    "CUSTODY_UNREADABLE": N_("The record of who has the goods cannot be read"),
    "PAGE_DOUBTED": N_("A company wrote what it may not write"),
    "STAGE_MISSING": N_("A stage was left out"),
    "OUT_OF_ORDER": N_("Stages happened in the wrong order"),
    "LATE": N_("A stage was later than planned"),
    "OVERDUE": N_("A stage should be done by now"),
}
"""What is irregular about a journey, by the code of the alarm."""

_CONTRACT = StateWords(N_("The contract that it calls was another one, or none"), "bad")
_CHANGED = StateWords(N_("What it had read was changed before it"), "bad")
_WRITES = StateWords(N_("It writes what it must not"), "bad")
_MALFORMED = StateWords(N_("Malformed"), "bad")

CODES: Mapping[str, StateWords] = {
    "": StateWords(N_("Not looked at"), "plain"),
    "VALID": StateWords(N_("Valid"), "good"),
    "BAD_CREATOR_SIGNATURE": StateWords(N_("Its sender or the signature is not right"), "bad"),
    "INVALID_CONFIG_TRANSACTION": StateWords(N_("A configuration that the channel does not take"), "bad"),
    "DUPLICATE_TXID": StateWords(N_("The same transaction was there before"), "bad"),
    "ENDORSEMENT_POLICY_FAILURE": StateWords(N_("Not endorsed by those who must"), "bad"),
    "MVCC_READ_CONFLICT": _CHANGED,
    "PHANTOM_READ_CONFLICT": _CHANGED,
    "TARGET_CHAIN_NOT_FOUND": StateWords(N_("It is for another channel"), "bad"),
    "EXPIRED_CHAINCODE": _CONTRACT,
    "CHAINCODE_VERSION_CONFLICT": _CONTRACT,
    "INVALID_CHAINCODE": _CONTRACT,
    "ILLEGAL_WRITESET": _WRITES,
    "INVALID_WRITESET": _WRITES,
    "NOT_VALIDATED": StateWords(N_("Not looked at"), "plain"),
    "INVALID_OTHER_REASON": StateWords(N_("Refused for another reason"), "bad"),
    **dict.fromkeys(
        (
            "NIL_ENVELOPE",
            "BAD_PAYLOAD",
            "BAD_COMMON_HEADER",
            "INVALID_ENDORSER_TRANSACTION",
            "UNSUPPORTED_TX_PAYLOAD",
            "BAD_PROPOSAL_TXID",
            "UNKNOWN_TX_TYPE",
            "MARSHAL_TX_ERROR",
            "NIL_TXACTION",
            "BAD_HEADER_EXTENSION",
            "BAD_CHANNEL_HEADER",
            "BAD_RESPONSE_PAYLOAD",
            "BAD_RWSET",
        ),
        _MALFORMED,
    ),
}
"""What peers found of a transaction, by Fabric's validation code."""


def code(name: str) -> StateWords:
    """Return a validation code in words; one that Fabric added later keeps its name."""
    known = CODES.get(name)
    return StateWords(name, "bad") if known is None else StateWords(gettext(known.words), known.tone)


def of(state: str) -> StateWords:
    """Return a state in the reader's language; one without words of its own keeps the ledger's."""
    known = STATES.get(state)
    if known is None:
        return StateWords(state.replace("_", " ").lower())
    return StateWords(gettext(known.words), known.tone, known.sign)


def stage(stage_id: str) -> str:
    """Return the name of a stage; one that a consortium added keeps its id."""
    return gettext(STAGES[stage_id]) if stage_id in STAGES else stage_id


def step(stage_id: str, word: str) -> str:
    """Return what happened in a stage, with what the step adds to it."""
    adds = STEPS.get(word.rsplit("/", 1)[-1].removeprefix("selat:"), "")
    if (stage_id, word) == ("S20", "accepting"):
        return of("delivered").words
    return f"{stage(stage_id)}: {gettext(adds)}" if adds else stage(stage_id)


def role(name: str) -> str:
    """Return the name of a role of the register."""
    return gettext(ROLES[name]) if name in ROLES else name.replace("_", " ")


def said(table: Mapping[str, str], word: str) -> str:
    """Return a word of the ledger in the reader's language, by one of the tables above."""
    return gettext(table[word]) if word in table else word.replace("_", " ").lower()
