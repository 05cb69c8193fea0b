"""
Pages for people: journeys, disclosures and audit, with the rights of an access token.

A browser cannot send a bearer token by itself, so the login puts the token into a cookie. No script can read it, no
other site can make the browser send it, and it is sent only to these pages. Their forms carry a text of their own too
(``gateway.pages.forms``).
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from gateway.audit import chains, changes, histories, ownchannels, verifications
from gateway.console import companies as register
from gateway.console import finding, journeylines, lists, network, promises, returning, signingin, today, verdicts
from gateway.console.acts import acting
from gateway.console.acts.actforms import ACTS
from gateway.console.blueprint import blueprint
from gateway.console.changes import uploads
from gateway.console.dealings import agreements, carrierclaims, drawbacks
from gateway.console.figures import audience, claimgrants
from gateway.console.market import gaps, lanes, plans
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.pages import charts, maps, states
from gateway.pages.assets import icon_names
from gateway.pages.charts import DataPoint
from gateway.store.tokens import TokenError

# How many changes the first page of a history has; each is shown with its value, and the page should be quick.
_NEWEST, _ALL = 15, 500
_VERIFICATIONS = 10
# Modules with further pages, which register them when they are imported.
MORE_PAGES = (
    acting,
    agreements,
    audience,
    carrierclaims,
    claimgrants,
    drawbacks,
    finding,
    gaps,
    lanes,
    lists,
    network,
    plans,
    promises,
    returning,
    uploads,
    verdicts,
)

__all__ = ["MORE_PAGES", "blueprint"]


@blueprint.route("/login", methods=["GET"])
@auth.needs(auth.PUBLIC)
def login() -> str:
    """Ask for a token."""
    return render_template("login.html", refused="", sign_ins=context.services().sign_ins.names())


@blueprint.route("/login", methods=["POST"], endpoint="enter")
@auth.needs(auth.PUBLIC)
@inputs.takes(body=inputs.FORM)
def enter() -> Redirect | Response:
    """Keep the token in a cookie until it expires; it is stored nowhere else."""
    token = request.form.get("token", "").strip()
    try:
        caller = context.services().bearers.caller(token)
    except TokenError as error:
        names = context.services().sign_ins.names()
        return make_response(render_template("login.html", refused=error.reason, sign_ins=names), 401)
    answer = redirect(url_for("console.home"), 303)
    auth.remember(answer, token, caller.expires_at)
    return answer


@blueprint.route("/logout", methods=["POST"])
@auth.needs(auth.PUBLIC)
@inputs.takes(body=inputs.FORM)
def logout() -> Redirect:
    """Delete the cookie with the token, and end a token that a sign-in made."""
    signingin.end(request.cookies.get(auth.COOKIE, ""))
    answer = redirect(url_for("console.login"), 303)
    answer.delete_cookie(auth.COOKIE, path=blueprint.url_prefix or "/", httponly=True, samesite="Strict")
    return answer


@blueprint.route("/design")
@auth.needs(auth.PUBLIC)
def design() -> str:
    """Show every component of the pages, for those who write pages."""
    ways = [
        DataPoint(172, 6862, 96, "Pearl River Express", chosen=True),
        DataPoint(166, 7256, 60, "South Sea Forwarding"),
    ]
    return render_template(
        "design.html",
        states=states.STATES,
        icons=icon_names(),
        act_of=ACTS.__getitem__,
        company=str,
        map=maps.of(["CNSZX", "CNYTN", "VNHPH"], ["VNHAN"]),
        scatter=charts.scatter(ways, "{:g} h".format, "{:g}".format),
        course=charts.course(90, (9200, 14350, 21700), [(20, 2900), (40, 7100)], "{:g}".format, "{:g}".format),
    )


@blueprint.route("/")
@auth.needs("read")
def home() -> str:
    """Show what the caller's organisation has to do today."""
    return page("home.html", **today.of())


@blueprint.route("/companies")
@auth.needs("read")
def companies() -> str:
    """Show the organisations of the trade and what each does."""
    return page("companies.html", participants=register.register().values())


@blueprint.route("/journeys/<journey_id>")
@auth.needs("read")
def journey(journey_id: str) -> str:
    """Show one journey: status, custody, stages and alarms."""
    state = context.ask_record(TRADE, "Journeys:read", journey_id)
    body = context.ask_record(TRADE, "Journeys:events", journey_id)["epcisBody"]
    progress = context.ask_list(TRADE, "Journeys:progress", journey_id)
    own = context.caller().msp_id
    acts, more = journeylines.acts(state["custody"], state["alarms"], own)
    more = [*more, *agreements.offered(state, own), *carrierclaims.offered(state, own)]
    return page(
        "journey.html",
        state=state,
        events=journeylines.events(body["eventList"]),
        map=_map(state, body["eventList"]),
        custody=journeylines.custody(state["custody"], state["alarms"]),
        progress=progress,
        alarms=journeylines.alarms(state["alarms"], progress, state["journey"]["destination"]),
        acts=acts,
        more=more,
    )


def _map(state: dict[str, Any], recorded: list[dict[str, Any]]) -> maps.Map | None:
    """Return the map of a journey: from its origin by the places of its events, and on to its destination."""
    journey, ahead = state["journey"], state["status"] not in ("delivered", "return_to_sender", "cancelled")
    return maps.of([journey["origin"], *journeylines.visited(recorded)], [journey["destination"]] if ahead else [])


@blueprint.route("/audit")
@auth.needs("audit")
@inputs.takes(query={"channel", "contract", "key", "transaction_id"})
def audit_forms() -> str | Redirect:
    """Show the newest blocks, and the forms to look up transactions and histories."""
    for endpoint, names in (
        ("transaction", ("channel", "transaction_id")),
        ("history", ("channel", "contract", "key")),
    ):
        given: dict[str, Any] = {name: request.args.get(name, "").strip() for name in names}
        if all(given.values()):
            return redirect(url_for(f"console.{endpoint}", **given), 303)
    shown = [chains.newest(channel) for channel in ownchannels.known()]
    return page("audit.html", chains=shown, verifications=verifications.latest(_VERIFICATIONS))


@blueprint.route("/audit/<channel>/blocks/<int:number>")
@auth.needs("audit")
def block(channel: str, number: int) -> str:
    """Show a block with its transactions."""
    return page("block.html", block=chains.block(channel, number))


@blueprint.route("/audit/<channel>/transactions/<transaction_id>")
@auth.needs("audit")
def transaction(channel: str, transaction_id: str) -> str:
    """Show a transaction with all checks of its proof, and what it changed."""
    peer = histories.Proofs(channel)
    proof = peer.of(transaction_id)
    return page("transaction.html", proof=proof.document(), changes=changes.of(proof, peer))


@blueprint.route("/audit/<channel>/transactions/<transaction_id>/receipt")
@auth.needs("audit")
def receipt(channel: str, transaction_id: str) -> Response:
    """Return the transaction's receipt as a file."""
    return histories.receipt_file(channel, transaction_id)


@blueprint.route("/audit/<channel>/history/<contract>/<path:key>")
@auth.needs("audit")
@inputs.takes(query={"all"})
def history(channel: str, contract: str, key: str) -> str:
    """Show the newest changes of an object, or all, each compared with its block."""
    limit = _ALL if request.args.get("all") else _NEWEST
    return page("history.html", told=histories.history(channel, None, contract, key, limit))
