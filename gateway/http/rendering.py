"""Errors as answers: each is ``application/problem+json`` with a request id and nothing private."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from gateway.http import auth, context, problems
from gateway.http.problemtypes import REQUEST

_LOG = logging.getLogger("gateway")


# Headers of every answer. The pages load nothing but their own files, and text from the ledger cannot run.
ALWAYS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Server": "selat",
}


def add_missing(headers: Headers, wanted: Mapping[str, str]) -> None:
    """Add those *wanted* headers that are not there yet."""
    there = {name.lower() for name in headers.keys()}  # noqa: SIM118  Iterating over headers gives pairs.
    for name, value in wanted.items():
        if name.lower() not in there:
            headers.add(name, value)


def install(app: Flask) -> None:
    """Give *app* an answer for every exception. Call it after the blueprints, because it replaces their handlers."""
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Exception, from_exception)


def render(problem: problems.Problem) -> BaseResponse:
    """Return the response for a problem; for people it is a page, or the console's login page."""
    g.problem = problem
    if request.blueprint == "console":
        if problem.kind.status == 401:
            return redirect(url_for("console.login"), 303)
        page = render_template("problem.html", problem=problem, request_id=g.get("request_id", ""))
        return make_response(page, problem.kind.status)
    if request.blueprint == "sendback" or (request.blueprint == "tracking" and page_wanted()):
        page = render_template("refused.html", unknown=problem.code == "LINK_UNKNOWN")
        return make_response(page, problem.kind.status)
    response = Response(_document(problem), problem.kind.status, content_type="application/problem+json")
    response.headers.update(problem.headers())
    return response


def page_wanted() -> bool:
    """Return whether the caller accepts a page rather than JSON."""
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def _document(problem: problems.Problem) -> str:
    if _open_to_all():
        # Without a token, the answer tells what is wrong with the request and nothing about the network.
        own = problem.code in REQUEST and problem.kind.status < 500
        document = (problem if own else problems.Problem(problem.code)).document(g.get("request_id", ""))
    else:
        document = problem.document(g.get("request_id", ""))
        if context.transactions():
            document["committed"] = context.transactions()
        if context.in_flight():
            document.setdefault("transaction_id", context.in_flight())
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _open_to_all() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return view is not None and auth.scope_of(view) == auth.PUBLIC


def from_exception(error: Exception) -> BaseResponse:
    """Answer an exception. For one in no table only its place is logged, because its text may quote the body."""
    problem = problems.of(error)
    if problem.code == "GATEWAY_FAULT":
        _LOG.error("unexpected %s in request %s at %s", type(error).__name__, g.get("request_id", ""), _place(error))
    return render(problem)


def from_http(error: HTTPException) -> BaseResponse:
    """Answer an error of Flask, Werkzeug or webargs; a redirect is not an error."""
    if (error.code or 500) < 400 and isinstance(error.response, BaseResponse):
        return error.response
    return from_exception(error)


def _place(error: BaseException) -> str:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 3)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return " < ".join(reversed(frames[-6:]))
