"""What a person may do about figures and plans: who may look, who carries, and what all must agree to."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for

from chaincode.domain.disclosure import claims
from gateway.console import companies
from gateway.console.acts import actfields
from gateway.console.acts.actfields import CHOICE, ID, NUMBER, ActField, PersonAct, Values
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http import context
from gateway.http.context import TRADE
from gateway.pages import figurewords
from gateway.pages.states import N_
from gateway.trade import minting
from gateway.trade.disclosure import disclosing, requests

AMENDED: Mapping[str, str] = {
    "Participants": "approve",
    "Lpi": "approve",
    "Terms": "approve_floor",
    "Stages": "approve",
}
"""The contracts with data that all must agree to, and the function of each that approves an amendment."""

_PLAN = ActField("plan_id", N_("Plan"), ID)
_LEG = ActField("number", N_("Leg"), ID)
_REQUEST = ActField("request_id", N_("Request"), ID)


def _plan(values: Values) -> str:
    return url_for("console.plan", plan_id=values["plan_id"])


def _disclosures(_values: Values) -> str:
    return url_for("console.disclosures")


def _revoke(values: Values) -> LedgerCall:
    own = (context.caller().msp_id,)
    stored = context.evaluate(TRADE.call("Disclosures:show", [values["grant_id"]], None, own))
    return TRADE.call("Disclosures:revoke", [values["grant_id"]], {"grant": stored, "salt": disclosing.salt()})


def _grant(values: Values) -> LedgerCall:
    request_id = values["request_id"]
    function, arguments, transient = requests.granting(request_id, *requests.stored_request(request_id))
    return TRADE.call(function, arguments, transient)


def _ask(values: Values) -> LedgerCall:
    asked = {
        "owner": values["owner"],
        "claim_id": values["claim_id"],
        "revision": int(values["revision"]),
        "attributes": [values["figure"]],
        "purpose": values["purpose"],
        "expires_at": f"{values['until']}T23:59:59Z",
    }
    return TRADE.call("Disclosures:request", [minting.public_id("request")], {"request": disclosing.salted(asked)})


def _figures() -> list[tuple[str, str]]:
    """Return the figures of both kinds of claims, to choose from."""
    return [(name, figurewords.figure(name)) for kind in claims.KINDS.values() for name in kind.slots]


def _approve(values: Values) -> LedgerCall:
    contract = values["contract"]
    if contract not in AMENDED:
        raise ValueError(contract)
    return TRADE.call(f"{contract}:{AMENDED[contract]}", [values["amendment_id"]])


MARKET_ACTS: Mapping[str, PersonAct] = {
    "answer-leg": PersonAct(
        N_("Answer the request to carry"),
        N_("If you accept, the capacity is booked."),
        "truck",
        (
            _PLAN,
            _LEG,
            ActField("accept", N_("Answer"), CHOICE, actfields.yes_or_no(N_("Carry it"), N_("Refuse"))),
            ActField("reason", N_("If you refuse: why, in one word"), optional=True),
        ),
        lambda v: TRADE.call(
            "Matching:answer", [v["plan_id"], int(v["number"]), v["accept"] == "true", v.get("reason", "")]
        ),
        _plan,
    ),
    "fail-leg": PersonAct(
        N_("Say that you cannot carry it after all"),
        N_("Marketplace and auditor choose again; the failure counts in what is observed of you."),
        "alert",
        (_PLAN, _LEG, ActField("reason", N_("Why, in one word"))),
        lambda v: TRADE.call("Matching:fail", [v["plan_id"], int(v["number"]), v["reason"]]),
        _plan,
    ),
    "ask-why": PersonAct(
        N_("Ask why you were not chosen"),
        N_("Marketplace and auditor compute the answer. Only you can read it."),
        "help",
        (
            _PLAN,
            ActField("grant_id", N_("Your offer"), ID),
            ActField("step", N_("Step of the way, from 0"), NUMBER),
        ),
        lambda v: TRADE.call("Matching:ask_why", [v["plan_id"], v["grant_id"], int(v["step"])]),
        _plan,
    ),
    "withdraw": PersonAct(
        N_("Let them look no longer"),
        N_("Their copy is deleted at their peer. What they read before, they have read."),
        "hidden",
        (ActField("grant_id", N_("What you show"), ID),),
        _revoke,
        _disclosures,
    ),
    "answer-request": PersonAct(
        N_("Show what they ask for"),
        N_("Exactly these figures, for their purpose, until their day. What they offer in return comes to you."),
        "eye",
        (_REQUEST,),
        _grant,
        _disclosures,
        do=lambda v: requests.answered(v["request_id"]),
    ),
    "withdraw-request": PersonAct(
        N_("Take your request back"),
        N_("The owner can no longer answer it."),
        "return",
        (_REQUEST,),
        lambda v: TRADE.call("Disclosures:withdraw", [v["request_id"]], requests.withdrawing(v["request_id"])),
        _disclosures,
    ),
    "ask-figures": PersonAct(
        N_("Ask to see a figure"),
        N_("Its owner decides. Only owner and auditor read what you ask for."),
        "eye",
        (
            ActField("owner", N_("Whose"), CHOICE, companies.others, private=True),
            ActField("claim_id", N_("Id of the forecast or capability"), private=True),
            ActField("revision", N_("Version"), NUMBER, private=True),
            ActField("figure", N_("Figure"), CHOICE, _figures, private=True, member="attributes"),
            ActField("purpose", N_("What for"), private=True),
            ActField("until", N_("Until"), actfields.DAY, private=True, member="expires_at"),
        ),
        _ask,
        _disclosures,
    ),
    "approve-amendment": PersonAct(
        N_("Approve the amendment"),
        N_("It is in force for everybody when more than half of the companies have approved it."),
        "stamp",
        (ActField("contract", N_("What it changes"), ID), ActField("amendment_id", N_("Amendment"), ID)),
        _approve,
        lambda _: url_for("console.network"),
    ),
}
