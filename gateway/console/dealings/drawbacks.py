"""Duty and tax that come back for goods that left the country again, as a list and one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from chaincode.domain.returns.drawbacks import DrawbackState
from gateway.console import companies, lists
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.pages import localformats
from gateway.pages.languages import gettext
from gateway.readmodel.queries import Query
from hlf import errors

_KIND = "drawbacks"
# Who must act in a state, and the names of the acts (``actforms``).
_WAITS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    DrawbackState.FILED: ("customs", ("accept-drawback", "refuse-drawback")),
    DrawbackState.ACCEPTED: ("claimant", ("drawback-paid",)),
    DrawbackState.DEFAULTED: ("claimant", ("drawback-paid",)),
}


@blueprint.route("/drawbacks")
@auth.needs("read")
@inputs.takes(query=lists.FILTERS)
def drawbacks() -> str:
    """Show claims for duty, by state or by what a search finds; customs may publish what comes back."""
    listed, following = lists.listed_of(_KIND, request.args.get("state", ""))
    own = companies.register().get(context.caller().msp_id, {})
    office = "customs" in own.get("roles", ())
    return page(
        "drawbacks.html",
        drawbacks=listed,
        following=following,
        choices=lists.choices(gettext("All claims"), DrawbackState),
        office=office,
        terms=[one for code in own.get("countries", ()) for one in context.ask_list(TRADE, "Drawbacks:terms", code)]
        if office
        else [],
    )


@blueprint.route("/drawbacks/<drawback_id>")
@auth.needs("read")
def drawback(drawback_id: str) -> str:
    """Show one claim for duty; claimant and customs see the import entry and the sum that comes back."""
    claim = context.ask_record(TRADE, "Drawbacks:read", drawback_id)
    own = context.caller().msp_id
    return page(
        "drawback.html",
        claim=claim,
        drawback_id=drawback_id,
        party=own in (claim["claimant"], claim["customs"]),
        told=_entry(drawback_id),
        acts=waits(claim, own),
        more=_may(claim, own),
    )


def waits(claim: Mapping[str, Any], msp_id: str) -> tuple[str, ...]:
    """Return the acts that wait for an organisation."""
    role, acts = _WAITS.get(claim["state"], ("", ()))
    return acts if role and claim[role] == msp_id else ()


def waiting() -> list[dict[str, Any]]:
    """Return the claims for duty that wait for an act of the caller's organisation."""
    own = context.caller().msp_id
    asked = [Query(_KIND, where={role: own}, state=state, limit=lists.PAGE) for state, (role, _) in _WAITS.items()]
    return [each.document for query in asked for each in lists.found(query)]


def _may(claim: Mapping[str, Any], msp_id: str) -> list[str]:
    found = ["withdraw-drawback"] if claim["state"] == DrawbackState.FILED and claim["claimant"] == msp_id else []
    return [*found, "enforce-drawback"] if localformats.passed(claim["due"]) else found


def _entry(drawback_id: str) -> dict[str, Any] | None:
    """Return the import entry and what comes back; None if the caller's organisation does not have it."""
    try:
        return context.ask_record(TRADE, "Drawbacks:entry", drawback_id)
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        return None
