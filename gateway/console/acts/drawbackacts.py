"""What a person may do about duty that comes back: the selling side that claims it, and customs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from flask import url_for

from chaincode.domain.register import customs
from chaincode.domain.returns.drawbacks import DrawbackTerms
from gateway.console import companies
from gateway.console.acts import actfields
from gateway.console.acts.actfields import (
    CHOICE,
    DAY,
    HASHED,
    ID,
    MONEY,
    NUMBER,
    REASONS_FIELD,
    ActField,
    PersonAct,
    Values,
)
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http import context
from gateway.http.context import TRADE
from gateway.pages import localformats, states
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from gateway.trade.returns import drawbacks

_DRAWBACK = ActField("drawback_id", N_("Drawback"), ID)
_DAYS: Mapping[str, str] = {
    "export_days": N_("Days to leave the country, from the payment of duty"),
    "claim_days": N_("Days to file a claim, from leaving the country"),
    "answer_days": N_("Days to answer"),
    "pay_days": N_("Days to pay"),
}
# Shares are asked in percent, and stored in hundredths of one.
_SHARES: Mapping[str, str] = {
    "duty_bps": N_("Duty that comes back, in percent"),
    "tax_bps": N_("Tax that comes back, in percent"),
}
_HUNDREDTHS = 100


def _drawback(values: Values) -> str:
    return url_for("console.drawback", drawback_id=values["drawback_id"])


def _drawbacks(_values: Values) -> str:
    return url_for("console.drawbacks")


def _agreements() -> list[tuple[str, str]]:
    return [("", gettext("None, the general rate")), *((one, one) for one in get_args(customs.Agreement))]


def _countries() -> list[tuple[str, str]]:
    """Return the countries whose customs the caller's organisation is."""
    own = companies.register().get(context.caller().msp_id, {})
    return [(code, localformats.country(code)) for code in own.get("countries", ())]


def _known_terms(values: Values) -> Values:
    given = {name: getattr(DrawbackTerms, name, "") for name in _DAYS}
    shares = {name: str(getattr(DrawbackTerms, name) // _HUNDREDTHS) for name in _SHARES}
    return {**values, **{name: str(days) for name, days in given.items()}, **shares}


def _publish_terms(values: Values) -> LedgerCall:
    terms = {
        "country": values["country"],
        "effective_from": values["effective_from"],
        "source": values["source"],
        **{name: int(values[name]) for name in _DAYS},
        **{name: int(values[name]) * _HUNDREDTHS for name in _SHARES},
    }
    return TRADE.call("Drawbacks:publish_terms", [terms])


def _publish_de_minimis(values: Values) -> LedgerCall:
    stated = {name: values[name] for name in ("country", "effective_from", "basis", "source")}
    sums = {name: actfields.minor(values, name) for name in ("duty_free_to", "tax_free_to")}
    return TRADE.call("Customs:publish_de_minimis", [{**stated, "currency": actfields.currency(values), **sums}])


def _body(values: Values) -> dict[str, Any]:
    return {
        "return_id": values["return_id"],
        "evidence_hash": actfields.fingerprint(values["opinion"]),
        "entry": {
            "reference": values["reference"],
            "on": values["on"],
            "code": values["code"],
            "currency": actfields.currency(values),
            "units": int(values["units"]),
            **{name: actfields.minor(values, name) for name in ("customs_value", "duty", "tax")},
            "agreement": values["agreement"],
        },
    }


def _file(values: Values) -> LedgerCall:
    return TRADE.call("Drawbacks:file", [drawbacks.filing(_body(values))[0]])


def _told_on_filing(values: Values) -> Iterator[LedgerCall]:
    """Yield the calls that give the import entry to claimant and customs of the country of delivery."""
    stored = context.ask_record(TRADE, "Returns:read", values["return_id"])["stored"]
    journey = context.ask_record(TRADE, "Journeys:read", stored["request"]["journey_id"])["journey"]
    offices = [
        each["msp_id"]
        for each in journey["parties"]
        if "customs" in each["roles"]
        and journey["destination"][:2] in companies.register().get(each["msp_id"], {}).get("countries", ())
    ]
    for party in (context.caller().msp_id, *offices[:1]):
        yield TRADE.call("Drawbacks:disclose", ["drawback", party], {"entry": b"{}"})


def _step(
    title: str,
    lead: str,
    sign: str,
    function: str,
    told: Callable[[Values], list[str]] = lambda _: [],
    *fields: ActField,
) -> PersonAct:
    def call(values: Values) -> LedgerCall:
        return TRADE.call(f"Drawbacks:{function}", [values["drawback_id"], *told(values)])

    return PersonAct(title, lead, sign, (_DRAWBACK, *fields), call, _drawback)


DRAWBACK_ACTS: Mapping[str, PersonAct] = {
    "publish-drawback-terms": PersonAct(
        N_("Publish what comes back"),
        N_("For goods imported from that day on, as customs of the country."),
        "receipt",
        (
            ActField("country", N_("Country"), CHOICE, _countries),
            ActField("effective_from", N_("For imports from"), DAY),
            *(ActField(name, words, NUMBER) for name, words in {**_DAYS, **_SHARES}.items()),
            ActField("source", N_("The law or notice that says so")),
        ),
        _publish_terms,
        _drawbacks,
        start=_known_terms,
    ),
    "publish-de-minimis": PersonAct(
        N_("Publish up to which value nothing is due"),
        N_("For goods imported from that day on, as customs of the country."),
        "stamp",
        (
            ActField("country", N_("Country"), CHOICE, _countries),
            ActField("effective_from", N_("For imports from"), DAY),
            ActField(
                "basis", N_("What is compared"), CHOICE, actfields.words_of(states.BASES, get_args(customs.Basis))
            ),
            ActField("currency", N_("Currency")),
            ActField("duty_free_to", N_("No duty up to"), MONEY),
            ActField("tax_free_to", N_("No tax up to"), MONEY),
            ActField("source", N_("The law or notice that says so")),
        ),
        _publish_de_minimis,
        _drawbacks,
    ),
    "file-drawback": PersonAct(
        N_("Claim duty and tax back"),
        N_("For goods that left the country again. Only customs reads the import entry."),
        "return",
        (
            ActField("return_id", N_("Return"), ID),
            ActField("reference", N_("Number of the import declaration"), private=True),
            ActField("on", N_("Day of the import"), DAY, private=True),
            ActField("code", N_("Tariff code of the goods"), private=True),
            ActField("units", N_("Pieces on the whole line"), NUMBER, private=True),
            ActField("currency", N_("Currency"), private=True),
            ActField("customs_value", N_("Customs value of the line"), MONEY, private=True),
            ActField("duty", N_("Duty paid for the line"), MONEY, private=True),
            ActField("tax", N_("Tax paid for the line"), MONEY, private=True),
            ActField("agreement", N_("Trade agreement"), CHOICE, _agreements, optional=True, private=True),
            ActField("opinion", N_("Papers of the export; only their fingerprint is sent, so keep the text"), HASHED),
        ),
        _file,
        lambda v: url_for("console.drawbacks", q=v["return_id"]),
        do=lambda v: drawbacks.filed(_body(v)),
        then=_told_on_filing,
    ),
    "accept-drawback": _step(
        N_("Accept the claim for duty"), N_("You promise to pay what comes back in time."), "check", "accept"
    ),
    "refuse-drawback": _step(
        N_("Refuse the claim for duty"),
        N_("The claimant may file again with other papers while there is time."),
        "cross",
        "refuse",
        lambda v: [v["grounds"], actfields.fingerprint(v["opinion"])],
        ActField("grounds", N_("Why"), CHOICE, actfields.words_of(states.GROUNDS)),
        REASONS_FIELD,
    ),
    "drawback-paid": _step(
        N_("Confirm that customs paid"),
        N_("The matter ends with this."),
        "receipt",
        "confirm_payment",
        lambda v: [actfields.fingerprint(v["opinion"])],
        ActField("opinion", N_("Proof, as the bank's advice; only its fingerprint is sent, so keep the text"), HASHED),
    ),
    "withdraw-drawback": _step(
        N_("Withdraw the claim for duty"), N_("You may file it again while there is time."), "return", "withdraw"
    ),
    "enforce-drawback": _step(
        N_("Let customs' missed deadline count"),
        N_("Customs that does not answer in time has accepted; what that means happens now."),
        "clock",
        "enforce",
    ),
}
