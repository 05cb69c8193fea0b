"""Claims for lost and damaged goods, as a list and one by one: who must act next, and the sums for the parties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from chaincode.domain.orders.carrierclaims import ClaimState
from chaincode.domain.register.participants import sides_of
from gateway.console import companies, lists
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.pages import localformats, states
from gateway.pages.languages import gettext
from gateway.readmodel.queries import Query
from hlf import errors

_KIND = "carrier-claims"
# Who must act in a state, and the names of the acts (``actforms``).
_WAITS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    ClaimState.FILED: ("carrier", ("accept-claim", "offer-sum", "refuse-claim")),
    ClaimState.OFFERED: ("claimant", ("accept-claim", "contest-claim")),
    ClaimState.REFUSED: ("claimant", ("contest-claim",)),
    ClaimState.CONTESTED: ("arbiter", ("award-sum", "dismiss-claim")),
    ClaimState.ACCEPTED: ("claimant", ("claim-paid",)),
    ClaimState.AWARDED: ("claimant", ("claim-paid",)),
    ClaimState.DEFAULTED: ("claimant", ("claim-paid",)),
}
_WITHDRAWABLE = frozenset({ClaimState.FILED, ClaimState.REFUSED, ClaimState.OFFERED, ClaimState.CONTESTED})
_LOST_OR_DAMAGED = frozenset({"lost", "damaged"})
_SELLERS = frozenset({"platform", "merchant"})


@blueprint.route("/carrier-claims")
@auth.needs("read")
@inputs.takes(query=lists.FILTERS)
def carrier_claims() -> str:
    """Show claims against carriers, by state or by what a search finds, and whether the caller may publish terms."""
    own = context.caller().msp_id
    claims, following = lists.listed_of(_KIND, request.args.get("state", ""))
    carries = "logistics" in sides_of(companies.roles(own))
    return page(
        "carrierclaims.html",
        claims=claims,
        following=following,
        choices=lists.choices(gettext("All claims"), ClaimState),
        carries=carries,
        terms=context.ask_list(TRADE, "CarrierClaims:terms", own) if carries else [],
    )


@blueprint.route("/carrier-claims/<claim_id>")
@auth.needs("read")
def carrier_claim(claim_id: str) -> str:
    """Show one claim: its state, who must act until when, and its sums if the caller is one of its parties."""
    claim = context.ask_record(TRADE, "CarrierClaims:read", claim_id)
    own = context.caller().msp_id
    return page(
        "carrierclaim.html",
        claim=claim,
        claim_id=claim_id,
        sums=_sums(claim_id, claim) if own in _parties(claim).values() else None,
        acts=waits(claim, own),
        more=_may(claim, own),
    )


def waits(claim: Mapping[str, Any], msp_id: str) -> tuple[str, ...]:
    """Return the acts that wait for an organisation."""
    role, acts = _WAITS.get(claim["state"], ("", ()))
    return acts if _parties(claim).get(role) == msp_id else ()


def waiting() -> list[dict[str, Any]]:
    """Return the claims that wait for an act of the caller's organisation."""
    own = context.caller().msp_id
    members = {"carrier": "filing.carrier", "claimant": "claimant", "arbiter": "terms.arbiter"}
    asked = [
        Query(_KIND, where={members[role]: own}, state=state, limit=lists.PAGE) for state, (role, _) in _WAITS.items()
    ]
    return [each.document for query in asked for each in lists.found(query)]


def offered(state: Mapping[str, Any], msp_id: str) -> list[str]:
    """Return the act to claim for goods of a journey, if the organisation sells and loss or damage is reported."""
    roles = {role for each in state["journey"]["parties"] if each["msp_id"] == msp_id for role in each["roles"]}
    happened = any(each["kind"] in _LOST_OR_DAMAGED for each in state["incidents"])
    return ["file-claim"] if happened and roles & _SELLERS else []


def _may(claim: Mapping[str, Any], msp_id: str) -> list[str]:
    found = ["withdraw-claim"] if claim["state"] in _WITHDRAWABLE and claim["claimant"] == msp_id else []
    return [*found, "enforce-claim"] if localformats.passed(claim["due"]) else found


def _parties(claim: Mapping[str, Any]) -> dict[str, str]:
    return {
        "claimant": claim["claimant"],
        "carrier": claim["filing"]["carrier"],
        "arbiter": claim["terms"]["arbiter"],
    }


def _sums(claim_id: str, claim: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return each sum in words; one that did not reach the caller says so."""
    return [(states.said(states.SUMS, step), _sum(claim_id, step)) for step in claim["sums"]]


def _sum(claim_id: str, step: str) -> str:
    try:
        told = context.ask_record(TRADE, "CarrierClaims:sum", claim_id, step)
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        return gettext("It did not reach you. Ask for it to be filed again.")
    return localformats.money(told["amount"], told["currency"])
