"""
Scopes: every view names the scope it needs, and its blueprint is the resource; nobody can call a view that names none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from flask import current_app, g, request
from werkzeug.wrappers import Response as BaseResponse

from gateway.http import budgets, context
from gateway.http.problems import Problem
from gateway.store import scopes as texts
from gateway.store import tokens
from gateway.tokens import clientcertificates

PUBLIC = "public"
# The console's cookie. Only the console's pages accept it.
COOKIE = "selat_token"
_CONSOLE = "console"
ACTING = "selat.acting"
"""Where the WSGI environment of a job's request has its caller; no client can set it."""
_View = TypeVar("_View", bound=Callable[..., Any])


def needs(scope: str) -> Callable[[_View], _View]:
    """Mark a view as open to tokens with *scope*, or to everybody with ``PUBLIC``."""
    if scope != PUBLIC and scope not in texts.SCOPES:
        raise ValueError(f"{scope} is no scope; the scopes are {', '.join(texts.SCOPES)}")

    def mark(view: _View) -> _View:
        view.needed_scope = scope  # type: ignore[attr-defined]  # The type of functions has no attributes.
        return view

    return mark


def scope_of(view: Callable[..., Any]) -> str | None:
    """Return the scope a view names; None if it names none."""
    return getattr(view, "needed_scope", None)


def resources() -> dict[str, set[str]]:
    """Return the resources that there are, each with the scopes that its addresses need."""
    found: dict[str, set[str]] = {}
    for endpoint, view in current_app.view_functions.items():
        scope, (resource, _, name) = scope_of(view), endpoint.partition(".")
        if scope not in {None, PUBLIC} and name:
            found.setdefault(resource, set()).add(str(scope))
    return found


def unknown(scopes: Iterable[str]) -> str:
    """Return why one of *scopes* allows nothing at any address, in words; empty if each allows something."""
    known = resources()
    for scope in scopes:
        kind, resource = scope.partition(":")[0], texts.resource(scope)
        if resource and kind not in known.get(resource, set()):
            those = ", ".join(sorted(each for each, needed in known.items() if kind in needed))
            return f"{scope} is the scope of no address; resources with {kind} are {those}"
    return ""


def needed(scope: str, endpoint: str, place: Mapping[str, Any]) -> str:
    """Return *scope* with the resource of the address and the channel and chaincode in its path."""
    resource = endpoint.rpartition(".")[0]
    return texts.needed(scope, resource, place.get("channel", ""), place.get("chaincode", ""))


def budgets_of(caller: tokens.TokenCaller) -> tuple[tuple[str, str], ...]:
    """Return the names of the budgets that a request of *caller* is taken from, each with its owner."""
    return (budgets.TOKEN, caller.token_id), (budgets.ORGANISATION, caller.msp_id)


def check() -> None:
    """
    Find the caller and check the scope, before every request.

    Raises:
        Problem, TokenError: there is no token, it is not accepted, or it does not have the scope; or too many
            requests came.
        IssuerUnavailableError: the token cannot be checked.
    """
    # Flask answers an unknown address or method itself. Which addresses exist is no secret.
    endpoint = request.endpoint
    scope = scope_of(current_app.view_functions[endpoint]) if endpoint else PUBLIC
    if scope == PUBLIC:
        _spend(budgets.ADDRESS, budgets.network_of(request.remote_addr or ""))
        return
    tried = context.tried()
    if tried is not None:
        g.caller, g.budgets = tried.caller, tried.spent
        return
    try:
        caller = g.caller = _acting() or _certified() or context.services().bearers.caller(_presented())
    except (tokens.TokenError, tokens.IssuerUnavailableError, Problem):
        # A request with a token that is not accepted is taken from the budget of its address.
        _spend(budgets.ADDRESS, budgets.network_of(request.remote_addr or ""))
        raise
    for budget, whose in budgets_of(caller):
        _spend(budget, whose)
    if scope is None or not caller.may(wanted := needed(scope, str(endpoint), request.view_args or {})):
        held = ", ".join(sorted(caller.scopes))
        need = f"{scope}, or {wanted}" if scope else "of nobody"
        raise Problem("SCOPE_MISSING", f"This needs the scope {need}; the token has {held}", scope=scope)


def _spend(budget: str, whose: str) -> None:
    g.setdefault("budgets", []).append(context.services().budgets.take(budget, whose))


def _acting() -> tokens.TokenCaller | None:
    """Return whom a job's request acts for; its token may have been revoked since the job was accepted."""
    caller: tokens.TokenCaller | None = request.environ.get(ACTING)
    if caller is not None:
        context.services().tokens.check(caller.token_id)
    return caller


def remember(answer: BaseResponse, token: str, until: datetime) -> None:
    """Put a token into the console's cookie."""
    answer.set_cookie(
        COOKIE, token, expires=until, path="/console", httponly=True, samesite="Strict", secure=request.is_secure
    )


def _certified() -> tokens.TokenCaller | None:
    """
    Return whose certificate the connection has, if the request brings no token.

    A browser shows its certificate whatever page makes it send the request, so a request of another site's page is
    refused.
    """
    shown: bytes | None = request.environ.get(clientcertificates.ENVIRON)
    if shown is None or "Authorization" in request.headers or request.blueprint == _CONSOLE:
        return None
    foreign = request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}
    origin = request.headers.get("Origin")
    if foreign or (origin is not None and origin != request.host_url.rstrip("/")):
        raise Problem("TOKEN_MISSING", "A page of another site needs a token; the client certificate is not enough")
    return context.services().certificates.caller(shown)


def _presented() -> str:
    """Return the token that came with the request."""
    if request.blueprint == _CONSOLE:
        text = request.cookies.get(COOKIE, "")
        if not text:
            raise Problem("TOKEN_MISSING")
        return text
    return token_in(request.headers.get("Authorization", ""))


def token_in(header: str) -> str:
    """Return the token in a header ``Authorization``; raise Problem if there is none."""
    kind, _, text = header.partition(" ")
    if not header:
        raise Problem("TOKEN_MISSING")
    if kind.lower() != "bearer":
        raise Problem("TOKEN_INVALID", "The Authorization header must be: Bearer <token>")
    return text.strip()
