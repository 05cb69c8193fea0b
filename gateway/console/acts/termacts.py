"""Return terms by a form: the next version of a seller's own, or the first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import url_for

from chaincode.domain.returns.terms import Condition, Resolution, ReturnReason
from chaincode.domain.vocabulary import places
from gateway.console import companies
from gateway.console.acts import actfields
from gateway.console.acts.actfields import CHOICE, NUMBER, PLACE_FIELD, TIME_FIELD, ActField, PersonAct, Values
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http import context
from gateway.http.context import TRADE
from gateway.pages import states
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from hlf import errors

# What a buyer may choose for a reason, as a form offers it.
_NOTHING, _EVERYTHING = "", ",".join(Resolution)
_OFFERS = (Resolution.REFUND, f"{Resolution.REFUND},{Resolution.EXCHANGE}", _EVERYTHING)
# Reasons that are the buyer's own, for which the terms say who pays and in what state the goods must be.
_OWN = (ReturnReason.CHANGE_OF_MIND, ReturnReason.SIZE)


def _offers() -> list[tuple[str, str]]:
    named = [(each, " / ".join(states.said(states.RESOLUTIONS, one) for one in each.split(","))) for each in _OFFERS]
    return [(_NOTHING, gettext("Not taken back")), *named]


def _payers() -> list[tuple[str, str]]:
    return [(each, states.role({"seller": "merchant"}.get(each, each))) for each in ("seller", "buyer")]


_REASON_FIELDS = tuple(
    ActField(f"for_{reason}", states.REASONS[reason], CHOICE, _offers, optional=True) for reason in ReturnReason
)
_FIELDS = (
    ActField("terms_id", N_("Name of the terms")),
    ActField("jurisdiction", N_("Country of the buyers")),
    PLACE_FIELD,
    TIME_FIELD,
    ActField(
        "languages",
        N_("Languages"),
    ),
    ActField("window_days", N_("Days to send it back, from delivery"), NUMBER),
    *_REASON_FIELDS,
    ActField("payer", N_("Who pays if the buyer changed their mind"), CHOICE, _payers),
    ActField(
        "condition",
        N_("In what state, if the buyer changed their mind"),
        CHOICE,
        actfields.words_of(states.CONDITIONS, Condition),
    ),
    ActField("excluded_hs", N_("Goods that never go back (beginnings of HS codes)"), optional=True),
    ActField("arbiter", N_("Who decides disputes"), CHOICE, companies.others),
    ActField("carrier", N_("Who fetches returns"), CHOICE, companies.others),
)


def latest(terms_id: str) -> dict[str, Any] | None:
    """Return the newest version of terms; None if there is none."""
    try:
        found: dict[str, Any] = context.ask_record(TRADE, "Terms:latest", terms_id)["terms"]
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        return None
    return found


def _known(values: Values) -> Values:
    """Return what the form shows of the newest version, so that a person changes only what is new."""
    tomorrow = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), time())
    values = {**values, "at": values.get("at") or tomorrow.isoformat(timespec="minutes")}
    terms = latest(values["terms_id"]) if values.get("terms_id") else None
    if terms is None:
        return values
    covers = {f"for_{reason}": ",".join(cover["resolutions"]) for reason, cover in terms["reasons"].items()}
    own: Mapping[str, str] = next((terms["reasons"][one] for one in _OWN if one in terms["reasons"]), {})
    return {
        **values,
        **covers,
        "jurisdiction": terms["jurisdiction"],
        "languages": " ".join(terms["languages"]),
        "window_days": str(terms["window_days"]),
        "payer": own.get("payer", "seller"),
        "condition": own.get("condition", Condition.UNUSED),
        "excluded_hs": " ".join(terms.get("excluded_hs", ())),
        "arbiter": terms["arbiter"],
        "carrier": next((each["carrier"] for each in terms["coverage"]), ""),
    }


def _publish(values: Values) -> LedgerCall:
    """
    Return the call that publishes the next version; what the form does not ask stays as in the version before.

    Raises:
        ValueError: no reason is covered, or a number or time is none.
    """
    before = latest(values["terms_id"])
    old = before["reasons"] if before else {}
    covers = {}
    for reason in ReturnReason:
        offered = values.get(f"for_{reason}", "")
        if offered:
            own = {"payer": values["payer"], "condition": values["condition"]} if reason in _OWN else {}
            covers[str(reason)] = {**old.get(reason, {}), **own, "resolutions": offered.split(",")}
    if not covers:
        raise ValueError("no reason is covered")
    country = places.check_country("jurisdiction", values["jurisdiction"].upper())
    coverage = [{"area": country, "carrier": values["carrier"]}]
    if before and coverage[0] in before["coverage"]:
        coverage = before["coverage"]
    terms = {
        **(before or {}),
        "terms_id": values["terms_id"],
        "version": before["version"] + 1 if before else 1,
        "seller": context.caller().msp_id,
        "jurisdiction": country,
        "effective_from": actfields.moment(values, values["place"]),
        "languages": actfields.listed(values["languages"]),
        "window_days": int(values["window_days"]),
        "reasons": covers,
        "arbiter": values["arbiter"],
        "coverage": coverage,
        "excluded_hs": actfields.listed(values.get("excluded_hs", "")),
    }
    return TRADE.call("Terms:publish", [terms])


TERM_ACTS: Mapping[str, PersonAct] = {
    "publish-terms": PersonAct(
        N_("Publish return terms"),
        N_("Orders placed from then on are bound to them; earlier orders keep theirs."),
        "return",
        _FIELDS,
        _publish,
        lambda _: url_for("console.terms"),
        start=_known,
    ),
}
