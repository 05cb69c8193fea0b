"""Verifications of whole channels: the caller's organisation asks for one, sees how far it is, and keeps its report."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from gateway.audit import ownchannels
from gateway.http import context
from gateway.http.problems import Problem
from gateway.store.verifications import Verification, VerificationLimitError, Verifications
from hlf import sentdocuments
from hlf.audit.replay import report

ADDRESS = "/v1/audit/verifications"
# The states of a verification: it waits or runs; it has a report; the blocks could not be read.
RUNNING, FINISHED, UNREADABLE = "running", "finished", "unreadable"


def ask(channel: str) -> Verification:
    """
    Return a verification of a channel of the caller's organisation, up to its newest block; one that runs already.

    Raises:
        Problem: NOT_FOUND, it has no such channel; JOBS_EXHAUSTED, it has as many verifications open as one may have.
        hlf.errors.HlfError: its peer cannot be asked.
    """
    caller = context.caller()
    if channel not in ownchannels.known():
        raise Problem("NOT_FOUND", "Your organisation has no such channel")
    height = context.services().ledgers.height(caller.msp_id, caller.user, channel)
    try:
        return found(_asked().ask(caller.msp_id, caller.user, channel, height))
    except VerificationLimitError:
        raise Problem("JOBS_EXHAUSTED") from None


def found(identifier: str) -> Verification:
    """
    Return a verification of the caller's organisation.

    Raises:
        Problem: NOT_FOUND.
    """
    one = _asked().find(context.caller().msp_id, identifier)
    if one is None:
        raise Problem("NOT_FOUND", "Your organisation has no such verification")
    return one


def latest(most: int, before: str = "") -> list[Verification]:
    """
    Return the newest verifications of the caller's organisation, or those that were asked for before that one.

    Raises:
        Problem: NOT_FOUND, there is no verification *before*.
    """
    return _asked().latest(context.caller().msp_id, most, found(before) if before else None)


def told(one: Verification) -> dict[str, Any]:
    """Return what an address tells of a verification, as ``VerificationSchema`` has it."""
    return {
        "id": one.id,
        "channel": one.channel,
        "height": one.height,
        "verified": one.verified,
        "state": RUNNING if one.report is None else FINISHED if one.report else UNREADABLE,
        "verdict": one.report["verdict"] if one.report else None,
        "created_at": one.created_at * 1000,
        "finished_at": one.finished_at and one.finished_at * 1000,
        "report": f"{ADDRESS}/{one.id}/report" if one.report else None,
    }


def report_file(identifier: str) -> Response:
    """
    Return the report of a verification as a file, in the form of ``selat audit verify --json``.

    Raises:
        Problem: NOT_FOUND, there is no such verification, or no report of it.
    """
    one = found(identifier)
    if not one.report:
        raise Problem("NOT_FOUND", "This verification has no report")
    response = Response(document(one), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{one.channel}-{one.height}-blocks.json"'
    return response


def document(one: Verification) -> bytes:
    """Return the report of a verification that has one, as ``selat audit verify --json`` writes it."""
    kept = one.report or {}
    # Reports that an earlier release has kept do not say their kind.
    said = {"kind": report.KIND, "format": sentdocuments.FORMAT, **kept, "exit": report.EXIT_CODES[kept["verdict"]]}
    return f"{json.dumps(said, indent=2)}\n".encode()


def _asked() -> Verifications:
    return Verifications(context.services().store)
