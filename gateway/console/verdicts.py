"""The pages of verifications of whole channels."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from gateway.audit import verifications
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, inputs
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from hlf.audit.replay import report

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
    begun = verifications.ask(request.form.get("channel", ""))
    return redirect(url_for("console.verification", verification_id=begun.id), 303)


@blueprint.route("/audit/verifications/<verification_id>")
@auth.needs("audit")
def verification(verification_id: str) -> str:
    """Show how far a verification is, and then its verdict."""
    found = verifications.found(verification_id)
    words, tone = VERDICTS[found.report["verdict"]] if found.report else ("", "")
    return page("verification.html", one=found, words=gettext(words) if words else "", tone=tone)


@blueprint.route("/audit/verifications/<verification_id>/report")
@auth.needs("audit")
def verification_report(verification_id: str) -> Response:
    """Return the report as a file, in the form of ``selat audit verify --json``."""
    return verifications.report_file(verification_id)
