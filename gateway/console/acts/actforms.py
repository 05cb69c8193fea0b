"""
What a person may do in the console: the fields of each act, and the call of the contract that they make.

``acting`` shows them, previews who must endorse and who will see what, and sends them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from flask import url_for

from chaincode.domain.returns.terms import Condition
from gateway.console import companies
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http import context
from gateway.http.context import COMMERCE, TRADE
from gateway.pages import localformats, states
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from gateway.trade.disclosure import disclosing

Values: TypeAlias = Mapping[str, str]
# Kinds of fields: an id that the link gives; a text; one whose fingerprint alone is sent; a time; a place; a number.
ID, TEXT, HASHED, TIME, PLACE, NUMBER, CHOICE = "id", "text", "hashed", "time", "place", "number", "choice"


@dataclass(frozen=True)
class ActField:
    """One field of a form; *choices* yields (value, words) pairs."""

    name: str
    words: str
    kind: str = TEXT
    choices: Callable[[], list[tuple[str, str]]] | None = None
    optional: bool = False


@dataclass(frozen=True)
class PersonAct:
    """One act: its words and icon, its fields, the call that they make, and the page that shows the result."""

    title: str
    lead: str
    sign: str
    fields: tuple[ActField, ...]
    call: Callable[[Values], LedgerCall]
    back: Callable[[Values], str]


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text that stays outside the ledger."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def moment(values: Values, place: str = "") -> str:
    """
    Return the time in the form, at the clock of *place*, as contracts take it.

    Raises:
        ValueError: it is no time.
    """
    local = datetime.fromisoformat(values["at"])
    return local.replace(tzinfo=localformats.zone(place)).isoformat()


def _others() -> list[tuple[str, str]]:
    own = context.caller().msp_id
    return [(id_, str(one["name"])) for id_, one in companies.register().items() if id_ != own]


def _yes_or_no(yes: str, no: str) -> Callable[[], list[tuple[str, str]]]:
    return lambda: [("true", gettext(yes)), ("false", gettext(no))]


def _journey(values: Values) -> str:
    return url_for("console.journey", journey_id=values["journey_id"])


def _goods_back(values: Values) -> str:
    return url_for("console.goods_back", return_id=values["return_id"])


def _on_return(function: str, *arguments: Callable[[Values], object]) -> Callable[[Values], LedgerCall]:
    return lambda v: TRADE.call(f"Returns:{function}", [v["return_id"], *(each(v) for each in arguments)])


def _revoke(values: Values) -> LedgerCall:
    own = (context.caller().msp_id,)
    stored = context.evaluate(TRADE.call("Disclosures:show", [values["grant_id"]], None, own))
    return TRADE.call("Disclosures:revoke", [values["grant_id"]], {"grant": stored, "salt": disclosing.salt()})


_JOURNEY = ActField("journey_id", N_("Journey"), ID)
_RETURN = ActField("return_id", N_("Return"), ID)
_PLACE = ActField("place", N_("Place (UN/LOCODE)"), PLACE)
_TIME = ActField("at", N_("When, by the clock of the place"), TIME)
_REASONS = ActField("opinion", N_("Your reasons; only their fingerprint is sent, so keep the text"), HASHED)

ACTS: Mapping[str, PersonAct] = {
    "hand-over": PersonAct(
        N_("Hand the goods over"),
        N_("They stay in your hands until the other company confirms."),
        "truck",
        (_JOURNEY, ActField("taker", N_("To whom"), CHOICE, _others), _PLACE, _TIME),
        lambda v: TRADE.call(
            "Journeys:offer_custody", [v["journey_id"], v["taker"], moment(v, v["place"]), v["place"], []]
        ),
        _journey,
    ),
    "take-over": PersonAct(
        N_("Confirm that you have the goods"),
        N_("From this moment you answer for them."),
        "check",
        (_JOURNEY, _PLACE, _TIME),
        lambda v: TRADE.call("Journeys:accept_custody", [v["journey_id"], moment(v, v["place"]), v["place"], []]),
        _journey,
    ),
    "take-back": PersonAct(
        N_("Take the hand-over back"),
        N_("The other company can no longer confirm it."),
        "return",
        (_JOURNEY,),
        lambda v: TRADE.call("Journeys:withdraw_custody", [v["journey_id"]]),
        _journey,
    ),
    "confirm-order": PersonAct(
        N_("Confirm the order"),
        N_("You promise to deliver it as it is written."),
        "check",
        (ActField("order_id", N_("Order"), ID),),
        lambda v: COMMERCE.call("Orders:confirm", [v["order_id"]]),
        lambda _: url_for("console.orders"),
    ),
    "answer-return": PersonAct(
        N_("Answer the buyer"),
        N_("The terms leave this request to you."),
        "return",
        (_RETURN, ActField("approve", N_("Answer"), CHOICE, _yes_or_no(N_("Take it back"), N_("Refuse"))), _REASONS),
        _on_return("answer", lambda v: v["approve"] == "true", lambda v: fingerprint(v["opinion"])),
        _goods_back,
    ),
    "plan-pick-up": PersonAct(
        N_("Say when you fetch it"),
        N_("The buyer sees the time on the page of the parcel."),
        "calendar",
        (_RETURN, _PLACE, _TIME),
        _on_return("schedule_pickup", lambda v: moment(v, v["place"])),
        _goods_back,
    ),
    "inspect": PersonAct(
        N_("Say how it came back"),
        N_("The terms decide by this what the buyer gets."),
        "search",
        (
            _RETURN,
            ActField(
                "condition",
                N_("Condition"),
                CHOICE,
                lambda: [(str(one), states.said(states.CONDITIONS, one)) for one in Condition],
            ),
            ActField("units", N_("Pieces in this condition"), NUMBER),
            ActField("opinion", N_("Your report; only its fingerprint is sent, so keep the text"), HASHED),
        ),
        _on_return(
            "inspect",
            lambda v: v["condition"],
            lambda v: int(v["units"]),
            lambda v: fingerprint(v["opinion"]),
            lambda _: [],
        ),
        _goods_back,
    ),
    "answer-leg": PersonAct(
        N_("Answer the request to carry"),
        N_("If you accept, the capacity is booked."),
        "truck",
        (
            ActField("plan_id", N_("Plan"), ID),
            ActField("number", N_("Leg"), ID),
            ActField("accept", N_("Answer"), CHOICE, _yes_or_no(N_("Carry it"), N_("Refuse"))),
            ActField("reason", N_("If you refuse: why, in one word"), optional=True),
        ),
        lambda v: TRADE.call(
            "Matching:answer", [v["plan_id"], int(v["number"]), v["accept"] == "true", v.get("reason", "")]
        ),
        lambda v: url_for("console.plan", plan_id=v["plan_id"]),
    ),
    "ask-why": PersonAct(
        N_("Ask why you were not chosen"),
        N_("Marketplace and auditor compute the answer. Only you can read it."),
        "help",
        (
            ActField("plan_id", N_("Plan"), ID),
            ActField("grant_id", N_("Your offer"), ID),
            ActField("step", N_("Step of the way, from 0"), NUMBER),
        ),
        lambda v: TRADE.call("Matching:ask_why", [v["plan_id"], v["grant_id"], int(v["step"])]),
        lambda v: url_for("console.plan", plan_id=v["plan_id"]),
    ),
    "withdraw": PersonAct(
        N_("Let them look no longer"),
        N_("Their copy is deleted at their peer. What they read before, they have read."),
        "hidden",
        (ActField("grant_id", N_("What you show"), ID),),
        _revoke,
        lambda _: url_for("console.disclosures"),
    ),
}
