"""Performance on a lane: what was observed of each carrier, beside what it declared to the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from chaincode.domain.vocabulary import places
from gateway.console import lists
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.pages.languages import gettext
from gateway.readmodel import views
from gateway.readmodel.queries import Query
from hlf import errors

_DECLARED = ("time.transit_p90_hur", "quality.on_time_bps", "quality.loss_ppm", "quality.damage_ppm")
# Grants that are read to find what a carrier declared.
_MOST = 20


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
    return page("lanes.html", given=given, rows=rows, declared=declared, refused=refused)


def _latest() -> dict[str, str]:
    views.refreshed()
    for each in lists.found(Query("journeys", limit=1)):
        return {name: str(each.document[name]) for name in ("origin", "destination")}
    return {"origin": "", "destination": ""}


def _declared(carriers: set[str]) -> dict[str, Mapping[str, Any]]:
    """Return what carriers declared in claims that they show to the caller, the newest grant of each."""
    found: dict[str, Mapping[str, Any]] = {}
    received = context.ask_list(TRADE, "Disclosures:received")
    grants = [each["grant"] for each in received if each["state"] == "open" and each["delivered"]]
    for grant in sorted(grants, key=lambda one: str(one["granted_at"]), reverse=True)[:_MOST]:
        if grant["owner"] in carriers - found.keys() and set(_DECLARED) & set(grant["terms"]["attributes"]):
            try:
                found[grant["owner"]] = context.ask_record(TRADE, "Disclosures:read", grant["grant_id"])["values"]
            except errors.GatewayError as refused:
                if refused.contract_code is None:
                    raise
    return found
