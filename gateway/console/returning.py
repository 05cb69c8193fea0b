"""Returns as a list and one by one: what the buyer asks, how the terms decided, and who must act next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from chaincode.domain.returns import handling
from chaincode.domain.returns.returns import TO_FETCH, ReturnState
from gateway.console import lists
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.pages import localformats
from gateway.pages.languages import gettext
from gateway.readmodel.queries import Query
from gateway.trade.returns import shownphotos

# What waits for the organisation in a role in a state: the name of the act (``actforms``), by state and role.
_WAITS: Mapping[str, tuple[tuple[str, str], ...]] = {
    ReturnState.REFERRED: (("seller", "answer-return"),),
    ReturnState.PICKUP_ASSIGNED: (("carrier", "offer-pick-ups"), ("carrier", "plan-pick-up")),
    ReturnState.PICKUP_FAILED: (("carrier", "offer-pick-ups"), ("carrier", "plan-pick-up")),
    ReturnState.RECEIVED: (("seller", "inspect"),),
    ReturnState.INSPECTED_PASS: (("seller", "settle-return"),),
    ReturnState.RETURNLESS_APPROVED: (("seller", "settle-return"),),
    ReturnState.INSPECTED_FAIL: (("seller", "send-back"),),
    ReturnState.DISPUTED: (("arbiter", "arbitrate"),),
}
# Acts that it may do, but need not.
_MAY: tuple[tuple[frozenset[ReturnState], str, str], ...] = (
    (frozenset({ReturnState.PICKUP_SCHEDULED}), "carrier", "fail-pick-up"),
    (frozenset({ReturnState.PICKUP_SCHEDULED}), "carrier", "offer-pick-ups"),
    (frozenset({ReturnState.ARBITRATED}), "seller", "settle-return"),
    (frozenset({ReturnState.DRAFT, ReturnState.REFERRED, *TO_FETCH}), "agent", "cancel-return"),
    (frozenset(handling.DISPUTABLE), "agent", "dispute-return"),
    (frozenset(handling.OUTCOMES), "agent", "close-return"),
)


# States in which the goods may have left the country again, so that duty for them may come back.
_GONE_BACK = frozenset(
    {
        ReturnState.RECEIVED,
        ReturnState.INSPECTED_PASS,
        ReturnState.INSPECTED_FAIL,
        *handling.OUTCOMES,
        ReturnState.CLOSED,
    }
)


@blueprint.route("/returns")
@auth.needs("read")
@inputs.takes(query=lists.FILTERS)
def returns() -> str:
    """Show returns with their states as stored: a page of them, or what a search finds."""
    listed, following = lists.listed_of("returns", request.args.get("state", ""))
    choices = lists.choices(gettext("All returns"), ReturnState)
    return page("returns.html", returns=listed, following=following, choices=choices)


@blueprint.route("/returns/<return_id>")
@auth.needs("read")
def goods_back(return_id: str) -> str:
    """Show one return: its state, which follows the goods, the decision, and what the caller may do."""
    found = context.ask_record(TRADE, "Returns:read", return_id)
    stored = found["stored"]
    journey = context.ask_record(TRADE, "Journeys:read", stored["request"]["journey_id"])["journey"]
    return page(
        "return.html",
        state=found["state"],
        stored=stored,
        place_of=journey["destination"],
        photos=shownphotos.seen_by(return_id, stored, context.caller().msp_id) or [],
        acts=waits(found["state"], stored["roles"], context.caller().msp_id),
        more=[
            *_may(found["state"], stored, context.caller().msp_id),
            *_duty(found["state"], stored, journey, context.caller().msp_id),
        ],
    )


@blueprint.route("/returns/<return_id>/photos/<digest>")
@auth.needs("read")
@inputs.takes(query={"size"})
def return_photo(return_id: str, digest: str) -> Response:
    """Return a photo that the buyer sent, to an organisation that judges the return."""
    stored = context.ask_record(TRADE, "Returns:read", return_id)["stored"]
    if digest not in (shownphotos.seen_by(return_id, stored, context.caller().msp_id) or []):
        raise Problem("NOT_FOUND", "Your organisation has no such photo to look at")
    return shownphotos.answer(return_id, digest)


def waits(state: str, roles: Mapping[str, Any], msp_id: str) -> list[str]:
    """Return the acts that wait for an organisation in a return's state."""
    return [act for role, act in _WAITS.get(state, ()) if roles.get(role) == msp_id]


def _may(state: str, stored: Mapping[str, Any], msp_id: str) -> list[str]:
    """Return the acts that an organisation may do, but need not; each party may enforce a missed deadline."""
    found = [act for among, role, act in _MAY if state in among and stored["roles"].get(role) == msp_id]
    return [*found, "enforce-return"] if localformats.passed(stored["due"]) else found


def _duty(state: str, stored: Mapping[str, Any], journey: Mapping[str, Any], msp_id: str) -> list[str]:
    """Return the act to claim duty back, for the seller of goods that went back over a border."""
    crossed = journey["origin"][:2] != journey["destination"][:2]
    return ["file-drawback"] if crossed and state in _GONE_BACK and stored["roles"].get("seller") == msp_id else []


def waiting() -> list[dict[str, Any]]:
    """Return the returns that wait for an act of the caller's organisation, as they are stored."""
    own = context.caller().msp_id
    asked = (
        Query("returns", {f"roles.{role}": own}, state=state, limit=lists.PAGE)
        for state, acts in _WAITS.items()
        for role in dict.fromkeys(role for role, _ in acts)
    )
    return [each.document for query in asked for each in lists.found(query)]
