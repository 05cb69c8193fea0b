"""A seller by a form: what it is called, and how it looks to its buyers."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for

from gateway.console.acts.actfields import ActField, PersonAct, Values
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http import context
from gateway.http.context import COMMERCE
from gateway.pages.states import N_

_FIELDS = (
    ActField("seller_id", N_("Short name, which never changes")),
    ActField("name", N_("Name, as buyers know it")),
    ActField("country", N_("Country, in two letters")),
    ActField("terms_id", N_("Name of the return terms")),
    ActField("colour", N_("Colour of the buyers' pages, as #0a6570"), optional=True),
    ActField("contact", N_("Where buyers reach you: https://, mailto: or tel:"), optional=True),
)


def own() -> list[Mapping[str, str]]:
    """Return the sellers of the caller's organisation, as they are registered."""
    return [each["entry"] for each in context.ask_pages(COMMERCE, "Sellers:list", "sellers", context.caller().msp_id)]


def _known(values: Values) -> Values:
    """Return what the form shows of a seller that there is."""
    wanted = values.get("seller_id")
    found = next((each for each in own() if each["seller_id"] == wanted), {}) if wanted else {}
    return {**found, **values}


def _register(values: Values) -> LedgerCall:
    """Return the call that registers a seller, or changes one."""
    entry = {each.name: values.get(each.name, "").strip() for each in _FIELDS}
    changed = {"country": entry["country"].upper(), "colour": entry["colour"].lower()}
    return COMMERCE.call("Sellers:register", [{**entry, **changed}])


SELLER_ACTS: Mapping[str, PersonAct] = {
    "register-seller": PersonAct(
        N_("Say how a shop looks to its buyers"),
        N_("Its buyers see name, colour and contact on the pages of their parcels."),
        "shop",
        _FIELDS,
        _register,
        lambda _: url_for("console.terms"),
        start=_known,
    ),
}
