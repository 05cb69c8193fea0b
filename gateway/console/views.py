"""
Pages for people: journeys, disclosures and audit, as the holder of an access token sees them.

The pages only read. A browser cannot send a bearer token by itself, so logging in puts the token into a cookie that no
script can read, that no other site's page can make the browser send, and that is sent to these pages alone.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from gateway.audit import histories
from gateway.http import auth, context, inputs
from gateway.http.context import COMMERCE, TRADE
from gateway.http.problems import Problem
from gateway.store.tokens import TokenError

blueprint = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")


@blueprint.route("/login", methods=["GET"])
@auth.needs(auth.PUBLIC)
def login() -> str:
    """Ask for a token."""
    return render_template("login.html", refused="")


@blueprint.route("/login", methods=["POST"], endpoint="enter")
@auth.needs(auth.PUBLIC)
@inputs.takes(body=inputs.FORM)
def enter() -> Redirect | Response:
    """Keep the token in a cookie for as long as it is valid; nothing is written anywhere else."""
    token = request.form.get("token", "").strip()
    try:
        caller = context.services().tokens.caller(token)
    except TokenError as error:
        return make_response(render_template("login.html", refused=error.reason), 401)
    answer = redirect(url_for("console.home"), 303)
    answer.set_cookie(
        auth.COOKIE,
        token,
        expires=caller.expires_at,
        path=blueprint.url_prefix or "/",
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )
    return answer


@blueprint.route("/logout")
@auth.needs(auth.PUBLIC)
def logout() -> Redirect:
    """Forget the token."""
    answer = redirect(url_for("console.login"), 303)
    answer.delete_cookie(auth.COOKIE, path=blueprint.url_prefix or "/", httponly=True, samesite="Strict")
    return answer


@blueprint.route("/")
@auth.needs("read")
def home() -> str:
    """The participants, and where to look."""
    return _page("home.html", participants=context.ask(TRADE, "Participants:list"))


@blueprint.route("/orders")
@auth.needs("read")
def orders() -> str:
    """The public part of all orders, with their journeys."""
    return _page("orders.html", orders=context.ask(COMMERCE, "Orders:list"))


@blueprint.route("/journeys")
@auth.needs("read")
@inputs.takes(query={"id"})
def find_journey() -> Redirect:
    """Go to the journey whose id was typed in."""
    wanted = request.args.get("id", "").strip()
    if not wanted:
        raise Problem("REQUEST_INVALID", "Type the id of a journey.")
    return redirect(url_for("console.journey", journey_id=wanted), 303)


@blueprint.route("/journeys/<journey_id>")
@auth.needs("read")
def journey(journey_id: str) -> str:
    """One journey: status, custody, stages and alarms."""
    state = context.ask(TRADE, "Journeys:read", journey_id)
    events = context.ask(TRADE, "Journeys:events", journey_id)["epcisBody"]["eventList"]
    progress = context.ask(TRADE, "Journeys:progress", journey_id)
    return _page("journey.html", state=state, events=events, progress=progress)


@blueprint.route("/disclosures")
@auth.needs("read")
def disclosures() -> str:
    """Who was shown what, for what, until when; an auditor sees everybody's."""
    shown = {
        "given": context.ask(TRADE, "Disclosures:given"),
        "received": context.ask(TRADE, "Disclosures:received"),
    }
    if "audit" in context.caller().scopes and context.caller().msp_id == _auditor():
        shown["of everybody"] = context.ask(TRADE, "Disclosures:audit")
    return _page("disclosures.html", shown=shown)


def _auditor() -> str:
    """Return the organisation that counts as the auditor, by the register."""
    asked = TRADE.call("Participants:holder", ["auditor"], None, (context.caller().msp_id,))
    return context.evaluate(asked).decode("utf-8", "replace")


@blueprint.route("/audit")
@auth.needs("audit")
@inputs.takes(query={"channel", "contract", "key", "transaction_id"})
def audit_forms() -> str | Redirect:
    """What to look up; a filled-in form leads to the answer."""
    for page, names in (("transaction", ("channel", "transaction_id")), ("history", ("channel", "contract", "key"))):
        given: dict[str, Any] = {name: request.args.get(name, "").strip() for name in names}
        if all(given.values()):
            return redirect(url_for(f"console.{page}", **given), 303)
    return _page("audit.html")


@blueprint.route("/audit/<channel>/transactions/<transaction_id>")
@auth.needs("audit")
def transaction(channel: str, transaction_id: str) -> str:
    """A transaction taken apart, with what was recomputed."""
    return _page("transaction.html", proof=histories.Proofs(channel).of(transaction_id).document())


@blueprint.route("/audit/<channel>/transactions/<transaction_id>/receipt")
@auth.needs("audit")
def receipt(channel: str, transaction_id: str) -> Response:
    """The transaction's receipt as a file, which proves it anywhere."""
    return histories.receipt_file(channel, transaction_id)


@blueprint.route("/audit/<channel>/history/<contract>/<path:key>")
@auth.needs("audit")
def history(channel: str, contract: str, key: str) -> str:
    """Every change of an object, each proven by its block."""
    return _page("history.html", told=histories.history(channel, None, contract, key, 100))


def _page(name: str, **values: Any) -> str:
    return render_template(name, caller=context.caller(), **values)
