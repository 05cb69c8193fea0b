"""
Plans of carriage: the chosen chain among its alternatives, a carrier's own legs, and why it was not chosen.

Marketplace and auditor see prices. A carrier sees its own legs and the answers to its own questions; all others see
that there is a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import request

from chaincode.domain.disclosure import disclosures
from chaincode.domain.matching import offers
from chaincode.domain.register.participants import sides_of
from gateway.console import companies, lists
from gateway.console.blueprint import blueprint
from gateway.console.figures import permissions
from gateway.console.figures.permissions import Permission
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.pages import charts, localformats
from gateway.pages.charts import DataPoint
from gateway.pages.languages import gettext
from gateway.readmodel import queries, views
from hlf import errors

_PAGE = 25
# Plans without an end for which the first page asks whether a leg of the caller waits.
_ASKED = 5
# Own offers about which a page lets a carrier ask, the newest ones.
_MOST = 25


@blueprint.route("/plans")
@auth.needs("read")
@inputs.takes(query={"cursor"})
def plans() -> str:
    """Show the published plans, newest first."""
    views.refreshed()
    try:
        found = queries.events(
            context.services().model,
            context.caller().msp_id,
            channel=TRADE.channel,  # A carrier's plan of departures, on its own channel, has an event of this name too.
            name="PlanPublished",
            cursor=request.args.get("cursor", ""),
            limit=_PAGE,
        )
    except ValueError as error:
        raise Problem("REQUEST_INVALID", f"cursor: {error}") from None
    ids = {each.payload["journey_id"] for each in found.events if each.payload}
    known = queries.named(context.services().model, context.caller().msp_id, "journeys", ids)
    ways = {each.id: lists.way(each.document) for each in known}
    return page("plans.html", plans=[each for each in found.events if each.payload], ways=ways, following=found.cursor)


@blueprint.route("/plans/<plan_id>")
@auth.needs("read")
def plan(plan_id: str) -> str:
    """Show one plan, as far as the caller's organisation may see it."""
    public = context.ask_record(TRADE, "Matching:read", plan_id)
    platform = public["notice"]["platform"]
    content = _allowed("Matching:plan", plan_id, platform)
    legs = content["legs"] if content else _own_legs(plan_id, len(public["notice"]["legs"]))
    return page(
        "plan.html",
        plan_id=plan_id,
        public=public,
        answers={each["number"]: each for each in public["answers"]},
        content=content,
        legs=legs,
        money=_money(legs[0]["currency"] if legs else ""),
        **(_alternatives(plan_id, platform, content) if content else _reasons(plan_id, legs)),
    )


def waiting() -> list[tuple[str, str]]:
    """Return the plans with a leg that waits for the caller's answer, and until when it may answer, newest first."""
    if "logistics" not in sides_of(companies.roles(context.caller().msp_id)):
        return []
    ended = {*_told_of("PlanAgreed"), *_told_of("PlanCancelled")}
    delivered = [each for each in dict.fromkeys(_told_of("LegDelivered")) if each not in ended]
    return [(each, until) for each in delivered[:_ASKED] if (until := _answer_by(each))]


def _told_of(name: str) -> list[str]:
    """Return the plans that the newest events of a name are about."""
    model, own = context.services().model, context.caller().msp_id
    found = queries.events(model, own, channel=TRADE.channel, name=name, limit=_MOST)
    return [each.payload["plan_id"] for each in found.events if each.payload]


def _answer_by(plan_id: str) -> str:
    """Return until when the caller may answer for a leg of its own; empty if it has none that waits."""
    public = context.ask_record(TRADE, "Matching:read", plan_id)
    answered = {each["number"] for each in public["answers"]}
    until: str = public["notice"]["answer_by"]
    if public["state"] != "published" or localformats.passed(until):
        return ""
    own = _own_legs(plan_id, len(public["notice"]["legs"]))
    return until if any(each["number"] not in answered for each in own) else ""


def _own_legs(plan_id: str, number: int) -> list[dict[str, Any]]:
    """Return the legs that were delivered to the caller's organisation."""
    found = (_allowed("Matching:leg", plan_id, each) for each in range(number))
    return [each for each in found if each]


def _alternatives(plan_id: str, platform: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Pareto-optimal chains as a chart and as rows, and whether the certificate holds."""
    front = context.ask_record(TRADE, "Matching:alternatives", plan_id, platform)
    offered = context.ask_pages(TRADE, "Matching:offers", "offers", after=(platform,))
    known = {each["offer_id"]: each["carrier"] for each in offered}
    known |= {offer: leg["carrier"] for leg in content["legs"] for offer in leg["offers"]}
    chosen = context.ask_record(TRADE, "Matching:certificate", plan_id, platform)["chain"]
    money = _money(content["demand"]["currency"])
    rows = [
        {
            "carriers": list(dict.fromkeys(companies.name(known.get(offer, offer)) for offer in each["chain"])),
            "cost": int(each["cost"]),
            "hours": each["hours"],
            "risk": int(each["risk"]),
            "chosen": each["chain"] == chosen,
        }
        for each in front["alternatives"]
    ]
    chart = charts.scatter(
        [DataPoint(row["hours"], row["cost"], row["risk"], " – ".join(row["carriers"]), row["chosen"]) for row in rows],
        lambda hours: gettext("%(number)s h") % {"number": localformats.number(round(hours))},
        lambda minor: money(round(minor)),
    )
    proof = _allowed("Matching:verify", plan_id, platform)
    return {"alternatives": rows, "complete": front["complete"], "chart": chart, "proven": bool(proof)}


def _reasons(plan_id: str, legs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the caller's questions with their answers, and its offers about which it may ask."""
    own = context.caller().msp_id
    asked = [each for each in context.ask_list(TRADE, "Matching:questions", plan_id) if each["carrier"] == own]
    taken = {offer for leg in legs for offer in leg["offers"]} | {each["grant_id"] for each in asked}
    known = permissions.named({each["grant_id"] for each in asked})
    answered = [
        {
            **each,
            "answer": _allowed("Matching:why_not_me", plan_id, each["grant_id"], each["step"]),
            "money": _money(_currency(known.get(each["grant_id"]))),
        }
        for each in asked
    ]
    given, _ = permissions.page(permissions.GIVEN, _MOST, where={"terms.purpose": offers.PURPOSE})
    offered = [each.grant for each in given if each.grant.grant_id not in taken]
    return {"questions": answered, "offered": offered}


def _currency(known: Permission | None) -> str:
    """
    Return the currency of the caller's own offer; empty if it is not known.

    An answer names amounts and no currency. An offer is compared only if it is in the currency that was asked for.
    """
    terms = known.grant.terms if known else None
    found = _allowed("Claims:read", terms.claim_id, str(terms.revision)) if terms else None
    opened = map(disclosures.read, found["disclosures"]) if found else ()
    return next((str(each.value) for each in opened if each.name == "price.currency"), "")


def _allowed(function: str, *arguments: Any) -> dict[str, Any] | None:
    """Return the answer of a function; None if it refuses the caller."""
    try:
        return context.ask_record(TRADE, function, *arguments)
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        return None


def _money(currency: str) -> Callable[[int | str], str]:
    """Return a function that writes minor units of a currency."""
    return lambda minor: localformats.money(minor, currency) if currency else localformats.number(int(minor))
