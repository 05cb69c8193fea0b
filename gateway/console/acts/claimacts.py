"""What a person may do about a claim against a carrier: its claimant, the carrier and the arbiter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import url_for

from chaincode.domain.orders.carrierclaims import LiabilityTerms
from gateway.console import companies
from gateway.console.acts import actfields
from gateway.console.acts.actfields import (
    AMOUNT_FIELD,
    CHOICE,
    CURRENCY_FIELD,
    HASHED,
    ID,
    NUMBER,
    PLACE_FIELD,
    REASONS_FIELD,
    ActField,
    PersonAct,
    Values,
)
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http import context
from gateway.http.context import TRADE
from gateway.pages import localformats, states
from gateway.pages.states import N_
from gateway.trade.orders import carrierclaims

_CLAIM = ActField("claim_id", N_("Claim"), ID)
_DAYS: Mapping[str, str] = {
    "claim_days": N_("Days to file a claim, from the loss or damage"),
    "answer_days": N_("Days to answer"),
    "pay_days": N_("Days to pay"),
    "arbitration_days": N_("Days for the arbiter"),
}


def _claim(values: Values) -> str:
    return url_for("console.carrier_claim", claim_id=values["claim_id"])


def _claims(_values: Values) -> str:
    return url_for("console.carrier_claims")


def _terms(carrier: str) -> list[dict[str, Any]]:
    return context.ask_list(TRADE, "CarrierClaims:terms", carrier)


def _known_terms(values: Values) -> Values:
    """Return the first values of the form: the terms in force, or the domain's defaults."""
    latest = (_terms(context.caller().msp_id) or [{}])[-1]
    defaults = {name: getattr(LiabilityTerms, name, "") for name in _DAYS}
    return {
        **values,
        "arbiter": latest.get("arbiter", ""),
        **{name: str(latest.get(name, default)) for name, default in defaults.items()},
    }


def _publish_terms(values: Values) -> LedgerCall:
    terms = {
        "version": len(_terms(context.caller().msp_id)) + 1,
        "effective_from": actfields.moment(values, values["place"]),
        "arbiter": values["arbiter"],
        **{name: int(values[name]) for name in _DAYS},
    }
    return TRADE.call("CarrierClaims:publish_terms", [terms])


def _body(values: Values) -> dict[str, Any]:
    body = {name: values[name] for name in ("journey_id", "kind", "parcel", "carrier")}
    return {
        **body,
        "evidence_hash": actfields.fingerprint(values["opinion"]),
        "amount": actfields.minor(values),
        "currency": actfields.currency(values),
    }


def _file(values: Values) -> LedgerCall:
    return TRADE.call("CarrierClaims:file", [carrierclaims.filing(_body(values))[0]])


def _disclosed(parties: set[str]) -> Iterator[LedgerCall]:
    """Yield the calls that give a sum to each party; only that party sees it."""
    for party in sorted(parties):
        yield TRADE.call("CarrierClaims:disclose", ["claim", party], {"sum": b"{}"})


def _told_on_filing(values: Values) -> Iterator[LedgerCall]:
    journey = context.ask_record(TRADE, "Journeys:read", values["journey_id"])["journey"]
    ordered = localformats.read(journey["ordered_at"])
    in_force = [each for each in _terms(values["carrier"]) if localformats.read(each["effective_from"]) <= ordered]
    yield from _disclosed(
        {context.caller().msp_id, values["carrier"], *(each["arbiter"] for each in in_force[-1:])},
    )


def _told_of_claim(values: Values) -> Iterator[LedgerCall]:
    yield from _disclosed(carrierclaims.parties(context.ask_record(TRADE, "CarrierClaims:read", values["claim_id"])))


def _offer(values: Values) -> LedgerCall:
    told = carrierclaims.salted_sum(values["claim_id"], "offered", actfields.minor(values), actfields.currency(values))
    return TRADE.call("CarrierClaims:offer", [values["claim_id"], carrierclaims.digest(told)])


def _award(values: Values) -> LedgerCall:
    told = carrierclaims.salted_sum(values["claim_id"], "awarded", actfields.minor(values), actfields.currency(values))
    reasons = actfields.fingerprint(values["opinion"])
    return TRADE.call("CarrierClaims:arbitrate", [values["claim_id"], reasons, carrierclaims.digest(told)])


def _step(title: str, lead: str, sign: str, function: str, *fields: ActField) -> PersonAct:
    """Return an act on a claim without a sum; its only field besides the claim is a text for its fingerprint."""

    def call(values: Values) -> LedgerCall:
        texts = [actfields.fingerprint(values[field.name]) for field in fields]
        return TRADE.call(f"CarrierClaims:{function}", [values["claim_id"], *texts])

    return PersonAct(title, lead, sign, (_CLAIM, *fields), call, _claim)


def _with_sum(
    title: str,
    lead: str,
    sign: str,
    call: Callable[[Values], LedgerCall],
    do: Callable[[Values], object],
    *more: ActField,
) -> PersonAct:
    fields = (_CLAIM, AMOUNT_FIELD, CURRENCY_FIELD, *more)
    return PersonAct(title, lead, sign, fields, call, _claim, do=do, then=_told_of_claim)


CLAIM_ACTS: Mapping[str, PersonAct] = {
    "publish-liability": PersonAct(
        N_("Publish your liability"),
        N_("Orders placed from then on are under it: who decides, and how many days each side has."),
        "receipt",
        (
            ActField("arbiter", N_("Who decides disputes"), CHOICE, companies.others),
            *(ActField(name, words, NUMBER) for name, words in _DAYS.items()),
            PLACE_FIELD,
            ActField("at", N_("When, by the clock of the place"), actfields.TIME, member="effective_from"),
        ),
        _publish_terms,
        _claims,
        start=_known_terms,
    ),
    "file-claim": PersonAct(
        N_("Claim for loss or damage"),
        N_("The carrier answers; all members see that there is a claim, and never the sum."),
        "alert",
        (
            ActField("journey_id", N_("Journey"), ID),
            ActField("kind", N_("What went wrong"), CHOICE, actfields.words_of(states.INCIDENTS, ("lost", "damaged"))),
            ActField("parcel", N_("Parcel, if there are several"), optional=True),
            ActField("carrier", N_("Carrier"), CHOICE, companies.others),
            AMOUNT_FIELD,
            CURRENCY_FIELD,
            ActField("opinion", N_("Your evidence; only its fingerprint is sent, so keep the text"), HASHED),
        ),
        _file,
        lambda v: url_for("console.carrier_claims", q=v["journey_id"]),
        do=lambda v: carrierclaims.filed(_body(v)),
        then=_told_on_filing,
    ),
    "accept-claim": _step(
        N_("Accept it"), N_("You agree to the sum that was asked or offered last."), "check", "accept"
    ),
    "offer-sum": _with_sum(
        N_("Offer another sum"),
        N_("The claimant takes it, or goes to the arbiter."),
        "swap",
        _offer,
        lambda v: carrierclaims.offered(v["claim_id"], actfields.minor(v), actfields.currency(v)),
    ),
    "refuse-claim": _step(
        N_("Refuse the claim"), N_("The claimant may go to the arbiter."), "cross", "refuse", REASONS_FIELD
    ),
    "contest-claim": _step(
        N_("Bring it before the arbiter"),
        N_("The arbiter whom the carrier's terms name decides."),
        "stamp",
        "contest",
        REASONS_FIELD,
    ),
    "award-sum": _with_sum(
        N_("Award a sum"),
        N_("Both sides are bound by what you decide."),
        "stamp",
        _award,
        lambda v: carrierclaims.awarded(
            v["claim_id"], actfields.fingerprint(v["opinion"]), actfields.minor(v), actfields.currency(v)
        ),
        REASONS_FIELD,
    ),
    "dismiss-claim": _step(
        N_("Decide that nothing is owed"),
        N_("Both sides are bound by what you decide."),
        "cross",
        "arbitrate",
        REASONS_FIELD,
    ),
    "claim-paid": _step(
        N_("Confirm that you were paid"),
        N_("The matter ends with this."),
        "receipt",
        "confirm_payment",
        ActField("opinion", N_("Proof, as the bank's advice; only its fingerprint is sent, so keep the text"), HASHED),
    ),
    "withdraw-claim": _step(
        N_("Withdraw the claim"), N_("You may file it again while there is time."), "return", "withdraw"
    ),
    "enforce-claim": _step(
        N_("Let the missed deadline count"),
        N_("Who is silent has agreed: what that means for this claim happens now."),
        "clock",
        "enforce",
    ),
}
