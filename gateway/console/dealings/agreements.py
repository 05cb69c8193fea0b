"""Hand-overs that the caller's organisation has agreed with other carriers, or is asked to agree."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

from chaincode.domain.register.participants import sides_of
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context
from gateway.http.context import CARRIAGE
from hlf import errors

# The states in which an agreement can still be cancelled.
_STANDING = ("proposed", "agreed")
# Agreements that a page shows, and pages of the contract's list among which the last changed are found.
_MOST, _PAGES = 100, 10


@blueprint.route("/agreements")
@auth.needs("read")
def agreements() -> str:
    """Show the organisation's agreements with other carriers, the last changed first; nobody else sees them."""
    return page("agreements.html", agreements=_known(), waiting=_waits, standing=_STANDING)


def offered(state: Mapping[str, Any], msp_id: str) -> list[str]:
    """Return the act to propose a hand-over, if the organisation is a carrier that has the goods of a journey now."""
    roles = {role for each in state["journey"]["parties"] if each["msp_id"] == msp_id for role in each["roles"]}
    has = state["custody"]["state"] == "held" and state["custody"]["periods"][-1]["custodian"] == msp_id
    return ["propose-hand-over"] if has and "logistics" in sides_of(roles) else []


def to_answer() -> list[dict[str, Any]]:
    """Return the proposals that wait for the caller's answer; none for an organisation that is on no such channel."""
    try:
        return [each for each in _known() if _waits(each)]
    except (errors.HlfError, LookupError):
        return []


def _known() -> list[dict[str, Any]]:
    found = context.ask_pages(CARRIAGE, "Agreements:list", "agreements", most=_PAGES)
    return heapq.nlargest(_MOST, found, key=lambda each: str(each["changed_at"]))


def _waits(agreement: dict[str, Any]) -> bool:
    return bool(agreement["state"] == "proposed" and agreement["draft"]["taker"] == context.caller().msp_id)
