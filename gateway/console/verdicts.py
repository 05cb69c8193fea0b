"""The pages of verifications of whole channels: those that run here, and reports that somebody else has kept."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from gateway.audit import chains, ownchannels, verifications
from gateway.console import reportwords
from gateway.console.blueprint import blueprint
from gateway.console.changes import uploads
from gateway.console.page import page
from gateway.console.reportwords import ShownReport
from gateway.http import auth, inputs
from hlf import errors
from hlf.sentdocuments import SentDocument


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
    kept = SentDocument(verifications.document(found), reportwords.KIND) if found.report else None
    shown = reportwords.read(kept) if kept else None
    return page("verification.html", one=found, report=shown, known=ownchannels.known())


@blueprint.route("/audit/verifications/<verification_id>/report")
@auth.needs("audit")
def verification_report(verification_id: str) -> Response:
    """Return the report as a file, in the form of ``selat audit verify --json``."""
    return verifications.report_file(verification_id)


@blueprint.route("/audit/report")
@auth.needs("audit")
def kept_report() -> str:
    """Ask for the file of a report."""
    return _read_back()


@blueprint.route("/audit/report", methods=["POST"])
@auth.needs("audit")
@inputs.takes(body=inputs.FILES, most=uploads.MOST_SENT)
def told_report() -> str:
    """Show in words what a report says, and whether one's own peer has its last block; nothing of it is kept."""
    try:
        document = uploads.sent(reportwords.KIND)
        return _read_back() if document is None else _read_back(report=reportwords.read(document))
    except errors.DocumentError as refused:
        return _read_back(refused=refused)


def _read_back(report: ShownReport | None = None, refused: errors.DocumentError | None = None) -> str:
    same = None
    if report is not None and report.last is not None and report.channel in ownchannels.known():
        same = chains.has(report.channel, report.last, report.last_hash)
    return page("report.html", report=report, refused=refused, same=same, known=ownchannels.known())
