"""
One's own figures, and who may see which of them.

A person ticks figures and a company, and sees beside them exactly what that company will see, who has to endorse,
and what everybody else learns. Only then the form sends anything.
"""

from __future__ import annotations

import datetime
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from chaincode.domain.disclosure import disclosures
from gateway.console import companies
from gateway.console.blueprint import blueprint
from gateway.console.figures import outcome
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.pages import figurewords
from gateway.pages.languages import gettext
from gateway.trade import minting
from gateway.trade.disclosure import disclosing

_DAYS = 90
# Claims that a page shows; each is read for its name.
_PAGE = 12


@blueprint.route("/figures", endpoint="figures")
@auth.needs("read")
@inputs.takes(query={"cursor"})
def listed() -> str:
    """Show the claims of the caller's organisation, by pages."""
    found = context.ask_record(TRADE, "Claims:list", "", _PAGE, request.args.get("cursor", ""))
    claims = [(each, dict(_values(each["claim_id"], each["revision"]))) for each in found["claims"]]
    return page("figures.html", claims=claims, following=found["bookmark"])


@blueprint.route("/figures/<claim_id>/<int:revision>")
@auth.needs("read")
def claim(claim_id: str, revision: int) -> str:
    """Show the figures of one claim, with boxes to tick."""
    return _form(claim_id, _values(claim_id, revision), {}, [], None, "")


@blueprint.route("/figures/<claim_id>/<int:revision>", methods=["POST"])
@auth.needs("write")
@inputs.takes(body=inputs.FORM)
def show(claim_id: str, revision: int) -> Redirect | str:
    """Preview what a company would see, or show it."""
    given = request.form.to_dict()
    values = _values(claim_id, revision)
    known = {name for name, _ in values}
    ticked = [name for name in request.form.getlist("figure") if name in known]
    recipient = given.get("recipient", "")
    if not ticked or recipient not in companies.register() or not given.get("purpose") or not _date(given):
        refused = gettext("Tick a figure, and say who, what for and until when.")
        return _form(claim_id, values, given, ticked, None, refused)
    grant_id = given.get("grant_id") or minting.public_id("grant")
    terms = {
        "claim_id": claim_id,
        "revision": revision,
        "recipient": recipient,
        "attributes": ticked,
        "purpose": given["purpose"],
        "expires_at": f"{_date(given)}T23:59:59Z",
        "request_id": None,
    }
    if given.get("step") != "send":
        planned = context.plan(TRADE.call("Disclosures:grant", [grant_id], {"grant": disclosing.salted(terms)}))
        preview = {"grant_id": grant_id, "endorsers": planned.endorsers, "seen_by": planned.seen_by}
        return _form(claim_id, values, given, ticked, preview, "")
    disclosing.grant(grant_id, terms)
    return redirect(url_for("console.disclosures"), 303)


def _form(
    claim_id: str,
    values: list[tuple[str, Any]],
    given: dict[str, str],
    ticked: list[str],
    preview: dict[str, Any] | None,
    refused: str,
) -> str:
    today = datetime.datetime.now(datetime.UTC).date()
    figures = dict(values)
    return page(
        "claim.html",
        claim_id=claim_id,
        title=figurewords.claim("capability" if "service_id" in figures else "forecast", figures),
        values=values,
        currency=figures.get("money.currency") or figures.get("price.currency", ""),
        shown=[(name, value) for name, value in values if name in ticked],
        hidden=len(values) - len(ticked),
        ticked=ticked,
        others=companies.others(),
        given={"expires": (today + datetime.timedelta(days=_DAYS)).isoformat(), **given},
        preview=preview,
        refused=refused,
        outcome=None if given else outcome.of(figures, outcome.orders(figures), today),
    )


def _values(claim_id: str, revision: int) -> list[tuple[str, Any]]:
    """Return the figures of one of the caller's claims, by name."""
    found = context.ask_record(TRADE, "Claims:read", claim_id, str(revision))
    opened = [disclosures.read(each) for each in found["disclosures"]]
    if not opened:
        raise Problem("NOT_FOUND", f"There is no claim {claim_id}")
    return sorted((each.name, each.value) for each in opened)


def _date(given: dict[str, str]) -> str:
    """Return the day in the form, if it is one."""
    try:
        return datetime.date.fromisoformat(given.get("expires", "")).isoformat()
    except ValueError:
        return ""
