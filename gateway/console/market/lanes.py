"""Performance on a lane: what was observed of each carrier, beside what it declared to the caller."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from chaincode.domain.disclosure import claims, disclosures
from chaincode.domain.vocabulary import places
from gateway.console import lists
from gateway.console.blueprint import blueprint
from gateway.console.figures import permissions
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.pages import localformats
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from gateway.readmodel import views
from gateway.readmodel.queries import Query
from hlf import errors

# How many grants are read for what a carrier declared, and among how many of the newest ones they are searched.
_MOST, _LOOKED_AT = 20, 500
# Pages of the caller's own claims among which the newest is found.
_CLAIM_PAGES = 10


def _hours(number: float) -> str:
    return gettext("%(number)s h") % {"number": localformats.number(round(number, 1))}


@dataclass(frozen=True)
class Measure:
    """
    One measure of a carrier: its names among observed and declared figures, and how to show it.

    Each value is divided by its *per_* number and then written by *told*; *least* means that less is better.
    """

    words: str
    observed: str
    per_observed: int
    declared: str
    per_declared: int
    told: Callable[[float], str]
    least: bool = True


MEASURES = (
    Measure(N_("Half within"), "p50_minutes", 60, "time.transit_p50_hur", 1, _hours),
    Measure(N_("Nine of ten within"), "p90_minutes", 60, "time.transit_p90_hur", 1, _hours),
    Measure(N_("On time"), "on_time_bps", 10_000, "quality.on_time_bps", 10_000, localformats.share, least=False),
    Measure(N_("Lost"), "loss_ppm", 10**6, "quality.loss_ppm", 10**6, localformats.share),
    Measure(N_("Damaged"), "damage_ppm", 10**6, "quality.damage_ppm", 10**6, localformats.share),
)


@dataclass(frozen=True)
class ComparedMeasure:
    """One measure of one carrier: both values in words, empty if unknown; *kept* if it did as well as it declared."""

    observed: str
    declared: str
    kept: bool


@blueprint.route("/lanes")
@auth.needs("read")
@inputs.takes(query={"origin", "destination"})
def lanes() -> str:
    """Show the carriers of a lane; without one, that of the latest journey."""
    given = {name: request.args.get(name, "").strip().upper() for name in ("origin", "destination")}
    if not any(given.values()):
        given = _latest()
    wrong = any(given.values()) and not all(map(places.LOCODE.shape.fullmatch, given.values()))
    refused = gettext("Write both places as UN/LOCODEs, as CNSZX.") if wrong else ""
    rows = [] if wrong or not all(given.values()) else context.ask_list(TRADE, "Performance:lane", *given.values())
    declared = _declared({each["carrier"] for each in rows}) if rows else {}
    return page(
        "lanes.html",
        given=given,
        rows=[(each, _compared(each, declared.get(each["carrier"], {}))) for each in rows],
        measures=[(each.declared, gettext(each.words)) for each in MEASURES],
        refused=refused,
    )


def _compared(observed: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, ComparedMeasure]:
    """Return each measure of a carrier, by the figure that declares it."""
    found = {}
    for each in MEASURES:
        was, said = observed.get(each.observed), declared.get(each.declared)
        seen = None if was is None else was / each.per_observed
        word = None if said is None else said / each.per_declared
        kept = seen is None or word is None or (seen <= word if each.least else seen >= word)
        found[each.declared] = ComparedMeasure(
            "" if seen is None else each.told(seen), "" if word is None else each.told(word), kept
        )
    return found


def _latest() -> dict[str, str]:
    views.refreshed()
    for each in lists.found(Query("journeys", limit=1)):
        return {name: str(each.document[name]) for name in ("origin", "destination")}
    return {"origin": "", "destination": ""}


def _declared(carriers: set[str]) -> dict[str, Mapping[str, Any]]:
    """Return the newest figures that carriers disclosed to the caller, and the caller's own."""
    found: dict[str, Mapping[str, Any]] = {}
    own = context.caller().msp_id
    if own in carriers:
        found[own] = _own()
    grants = [each.grant for each in permissions.page(permissions.RECEIVED, _LOOKED_AT)[0] if each.state == "open"]
    names = {each.declared for each in MEASURES}
    told = (grant for grant in grants if grant.owner in carriers and names & set(grant.terms.attributes))
    for grant in itertools.islice(told, _MOST):
        if grant.owner not in found:
            # The contract refuses a claim that was not delivered, as it does all that the caller may not read.
            try:
                found[grant.owner] = context.ask_record(TRADE, "Disclosures:read", grant.grant_id)["values"]
            except errors.GatewayError as refused:
                if refused.contract_code is None:
                    raise
    return found


def _own() -> Mapping[str, Any]:
    """Return the values of the caller's newest capability; none if it has no such claim."""
    listed = context.ask_pages(TRADE, "Claims:list", "claims", claims.CAPABILITY.name, most=_CLAIM_PAGES)
    newest = max(listed, key=lambda one: (one["issued_at"], one["revision"]), default=None)
    if newest is None:
        return {}
    read = context.ask_record(TRADE, "Claims:read", newest["claim_id"], str(newest["revision"]))
    return {one.name: one.value for one in map(disclosures.read, read["disclosures"])}
