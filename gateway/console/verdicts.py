"""Verifications of whole channels: an auditor asks for one, sees how far it is, and keeps its report."""

from __future__ import annotations

import json

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from gateway.console import menu
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.problems import Problem
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from gateway.store.verifications import Verification, VerificationLimitError, Verifications
from hlf.audit.replay import report

_SHOWN = 10
# Of each verdict: words and tone.
VERDICTS = {
    report.HOLDS: (N_("Everything holds"), "good"),
    report.DOES_NOT_HOLD: (N_("It does not hold"), "bad"),
    report.CANNOT_TELL: (N_("There is no verdict"), "wait"),
}


@blueprint.route("/audit/verifications", methods=["POST"])
@auth.needs("audit")
@inputs.takes(body=inputs.FORM)
def verify() -> Redirect:
    """Begin to verify a channel, and lead to the page that tells how far it is."""
    channel, caller = request.form.get("channel", ""), context.caller()
    if channel not in menu.known_channels():
        raise Problem("NOT_FOUND", "Your organisation has no such channel")
    height = context.services().ledgers.height(caller.msp_id, caller.user, channel)
    try:
        begun = _asked().ask(caller.msp_id, caller.user, channel, height)
    except VerificationLimitError:
        raise Problem("JOBS_EXHAUSTED") from None
    return redirect(url_for("console.verification", verification_id=begun), 303)


@blueprint.route("/audit/verifications/<verification_id>")
@auth.needs("audit")
def verification(verification_id: str) -> str:
    """Show how far a verification is, and then its verdict."""
    found = _found(verification_id)
    words, tone = VERDICTS[found.report["verdict"]] if found.report else ("", "")
    return page("verification.html", one=found, words=gettext(words) if words else "", tone=tone)


@blueprint.route("/audit/verifications/<verification_id>/report")
@auth.needs("audit")
def verification_report(verification_id: str) -> Response:
    """Return the report as a file, in the form of ``selat audit verify --json``."""
    found = _found(verification_id)
    if not found.report:
        raise Problem("NOT_FOUND", "This verification has no report")
    document = {**found.report, "exit": report.EXIT_CODES[found.report["verdict"]]}
    response = Response(json.dumps(document, indent=2) + "\n", content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.channel}-{found.height}-blocks.json"'
    return response


def latest() -> list[Verification]:
    """Return the newest verifications of the caller's organisation."""
    return _asked().latest(context.caller().msp_id, _SHOWN)


def _asked() -> Verifications:
    return Verifications(context.services().store)


def _found(identifier: str) -> Verification:
    found = _asked().find(context.caller().msp_id, identifier)
    if found is None:
        raise Problem("NOT_FOUND", "Your organisation has no such verification")
    return found
