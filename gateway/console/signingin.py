"""Pages to sign in at an issuer and to come back; see ``gateway.oidc.signin``."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from gateway.console.blueprint import blueprint
from gateway.http import auth, context, inputs
from gateway.http.problems import Problem
from gateway.oidc import signin
from gateway.oidc.signin import SignInError
from gateway.store.tokens import TokenCaller, TokenError

_COOKIE = "selat_signin"
_ACCOUNT = "signed in "
"""How the accounts of such tokens begin; the API refuses a name with a blank."""


@blueprint.route("/sign-in/<int:number>")
@auth.needs(auth.PUBLIC)
def sign_in(number: int) -> Redirect:
    """Send the browser to an issuer."""
    try:
        place, kept = context.services().sign_ins.begin(number)
    except SignInError as error:
        raise Problem("NOT_FOUND", str(error)) from None
    answer = redirect(place, 303)
    # It comes back from another site, so this one cookie is not Strict.
    answer.set_cookie(
        _COOKIE, kept, max_age=signin.SECONDS, path=signin.BACK, httponly=True, samesite="Lax", secure=request.is_secure
    )
    return answer


@blueprint.route("/signed-in")
@auth.needs(auth.PUBLIC)
@inputs.takes(query=None)
def signed_in() -> Response:
    """Take over who signed in, as a token in the browser's cookie."""
    told = {name: values[0] for name, values in request.args.lists() if len(values) == 1}
    try:
        caller = context.services().sign_ins.end(request.cookies.get(_COOKIE, ""), told)
        token = _token(caller)
    except (SignInError, TokenError) as error:
        words = getattr(error, "words", "") or str(error)
        raise Problem("REQUEST_INVALID", f"The sign-in cannot be ended: {words}. Begin again") from None
    # A redirect would still be the other site's request, for which browsers hold the cookie back.
    answer = make_response(render_template("signedin.html"))
    answer.headers["Refresh"] = f"0; url={url_for('console.home')}"
    auth.remember(answer, token, caller.expires_at)
    answer.delete_cookie(_COOKIE, path=signin.BACK, httponly=True, samesite="Lax")
    return answer


def end(token: str) -> None:
    """End a token that a sign-in made; others live on, because somebody may use them elsewhere."""
    tokens = context.services().tokens
    try:
        caller = tokens.caller(token)
    except TokenError:
        return
    if caller.account.startswith(_ACCOUNT):
        tokens.revoke(caller.token_id)


def _token(caller: TokenCaller) -> str:
    """Return a token of this gateway that ends when the issuer's does."""
    seconds = int((caller.expires_at - datetime.now(UTC)).total_seconds())
    if not caller.scopes or seconds < 1:
        raise SignInError("the issuer gives no scope of this gateway")
    if caller.user not in context.services().wallet.users(caller.msp_id):
        raise SignInError("the gateway has no identity for this user")
    account = f"{_ACCOUNT}{caller.token_id}"
    return context.services().tokens.create(caller.msp_id, caller.user, sorted(caller.scopes), seconds, account)
