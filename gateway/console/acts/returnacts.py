"""What a person may do with a return: the seller, the buyer's agent, the carrier and the arbiter."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import url_for

from chaincode.domain.returns.terms import Condition, Resolution
from gateway.console.acts import actfields
from gateway.console.acts.actfields import (
    CHOICE,
    HASHED,
    ID,
    NUMBER,
    PLACE_FIELD,
    REASONS_FIELD,
    TIME,
    TIME_FIELD,
    ActField,
    PersonAct,
    Values,
)
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http import context
from gateway.http.context import COMMERCE, TRADE
from gateway.pages import states
from gateway.pages.states import N_

_MORE_TIMES = ("second", "third")
_RETURN = ActField("return_id", N_("Return"), ID)
_PROOF = ActField("opinion", N_("Proof of it, as a number of a parcel; only its fingerprint is sent"), HASHED)
# How the other channel proves that the buyer got it; a new journey for an exchange takes more than a form has.
_PROOFS = {Resolution.REFUND: "Settlement:refund_proof", Resolution.STORE_CREDIT: "Credits:proof"}


def _goods_back(values: Values) -> str:
    return url_for("console.goods_back", return_id=values["return_id"])


def _on_return(function: str, *arguments: Callable[[Values], object]) -> Callable[[Values], LedgerCall]:
    return lambda v: TRADE.call(f"Returns:{function}", [v["return_id"], *(each(v) for each in arguments)])


def _reasons(values: Values) -> str:
    return actfields.fingerprint(values["opinion"])


def _offered(values: Values) -> list[str]:
    """Return the times of the form, at the clock of the place."""
    return [actfields.moment(values, values["place"], name) for name in ("at", *_MORE_TIMES) if values[name]]


def _settle(values: Values) -> LedgerCall:
    """Return the call that settles a return, with the proof of the refund or credit on the other channel."""
    resolution = Resolution(values["resolution"])
    if resolution not in _PROOFS:
        return TRADE.call("Returns:settle", [values["return_id"], resolution, _reasons(values), []])
    known = context.ask_record(TRADE, "Returns:read", values["return_id"])["stored"]
    journey = context.ask_record(TRADE, "Journeys:read", known["request"]["journey_id"])["journey"]
    asked = COMMERCE.call(_PROOFS[resolution], [journey["order_id"], values["return_id"], known["request"]["quantity"]])
    return TRADE.call(
        "Returns:settle", [values["return_id"], resolution, context.evaluate(asked).decode("utf-8", "replace"), []]
    )


def _act(title: str, lead: str, sign: str, call: Callable[[Values], LedgerCall], *fields: ActField) -> PersonAct:
    return PersonAct(title, lead, sign, (_RETURN, *fields), call, _goods_back)


RETURN_ACTS: Mapping[str, PersonAct] = {
    "answer-return": _act(
        N_("Answer the buyer"),
        N_("The terms leave this request to you."),
        "return",
        _on_return("answer", lambda v: v["approve"] == "true", _reasons),
        ActField("approve", N_("Answer"), CHOICE, actfields.yes_or_no(N_("Take it back"), N_("Refuse"))),
        REASONS_FIELD,
    ),
    "offer-pick-ups": _act(
        N_("Offer times to fetch it"),
        N_("The buyer chooses one of them on the page of the parcel."),
        "calendar",
        _on_return("offer_pickups", _offered),
        PLACE_FIELD,
        TIME_FIELD,
        *(ActField(name, N_("Another time"), TIME, optional=True) for name in _MORE_TIMES),
    ),
    "plan-pick-up": _act(
        N_("Say when you fetch it"),
        N_("The buyer sees the time on the page of the parcel."),
        "calendar",
        _on_return("schedule_pickup", lambda v: actfields.moment(v, v["place"])),
        PLACE_FIELD,
        TIME_FIELD,
    ),
    "fail-pick-up": _act(
        N_("Say that you could not fetch it"),
        N_("The buyer gets more days to hand it over."),
        "alert",
        _on_return("fail_pickup", lambda v: v["reason"]),
        ActField("reason", N_("Why, in one word")),
    ),
    "inspect": _act(
        N_("Say how it came back"),
        N_("The terms decide by this what the buyer gets."),
        "search",
        _on_return("inspect", lambda v: v["condition"], lambda v: int(v["units"]), _reasons, lambda _: []),
        ActField("condition", N_("Condition"), CHOICE, actfields.words_of(states.CONDITIONS, Condition)),
        ActField("units", N_("Pieces in this condition"), NUMBER),
        ActField("opinion", N_("Your report; only its fingerprint is sent, so keep the text"), HASHED),
    ),
    "settle-return": _act(
        N_("Say that the buyer got it"),
        N_("Pay the money back or give the credit first; its proof is read from the ledger."),
        "check",
        _settle,
        ActField(
            "resolution",
            N_("What the buyer got"),
            CHOICE,
            actfields.words_of(states.RESOLUTIONS, (Resolution.REFUND, Resolution.STORE_CREDIT, Resolution.REPAIR)),
        ),
        ActField(
            "opinion", N_("Proof of a repair; only its fingerprint is sent, so keep the text"), HASHED, optional=True
        ),
    ),
    "send-back": _act(
        N_("Send it back to the buyer"),
        N_("It was not in the state that the terms ask for."),
        "truck",
        _on_return("send_back", _reasons),
        _PROOF,
    ),
    "cancel-return": _act(N_("Cancel the return"), N_("The buyer keeps the goods."), "cross", _on_return("cancel")),
    "dispute-return": _act(
        N_("Go to the arbiter"),
        N_("For the buyer. The arbiter whom the terms name decides."),
        "alert",
        _on_return("dispute", _reasons),
        REASONS_FIELD,
    ),
    "arbitrate": _act(
        N_("Decide the dispute"),
        N_("Both sides are bound by what you decide."),
        "stamp",
        _on_return("arbitrate", lambda v: v["award"], _reasons),
        ActField("award", N_("Your decision"), CHOICE, actfields.words_of(states.AWARDS)),
        REASONS_FIELD,
    ),
    "close-return": _act(N_("Close the return"), N_("The buyer has got what was agreed."), "lock", _on_return("close")),
    "enforce-return": _act(
        N_("Let the missed deadline count"),
        N_("Somebody did not act in time; what the terms say of that happens now."),
        "clock",
        _on_return("enforce"),
    ),
}
