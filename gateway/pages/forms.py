"""
Forms that no other site can send.

A form carries the same random text as a cookie that no script and no other site can read, and the browser names the
site that a form comes from. A site that makes a browser send a form knows neither text nor cookie.
"""

from __future__ import annotations

import hmac
import secrets

from flask import Flask, Response, g, request
from markupsafe import Markup

from gateway.http.problems import Problem

FIELD = "form_token"
COOKIE = "selat_form"


def install(app: Flask) -> None:
    """Let the templates of *app* write the hidden field of a form, and keep its cookie."""
    app.jinja_env.globals["form_token"] = hidden
    app.after_request(_keep)


def hidden() -> Markup:
    """Return the hidden field of a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token())


def token() -> str:
    """Return the text that the browser's forms carry; a browser without one gets one with this answer."""
    if "form_token" not in g:
        kept = request.cookies.get(COOKIE, "")
        g.form_token = kept if len(kept) == _LENGTH else secrets.token_urlsafe(_BYTES)
        g.form_token_new = g.form_token != kept
    told: str = g.form_token
    return told


def check() -> None:
    """
    Check that the form of the current request is one of our own pages.

    Raises:
        Problem: REQUEST_MALFORMED, it is not, or the browser has lost the cookie since it loaded the page.
    """
    kept, sent = request.cookies.get(COOKIE, ""), request.form.get(FIELD, "")
    from_here = request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
    if not (from_here and kept and hmac.compare_digest(kept.encode(), sent.encode())):
        raise Problem("REQUEST_MALFORMED", f"{FIELD}: the form is from another site, or from a page that is too old")


_BYTES = 24
_LENGTH = 32


def _keep(response: Response) -> Response:
    if g.get("form_token_new", False):
        response.set_cookie(COOKIE, g.form_token, httponly=True, samesite="Strict", secure=request.is_secure, path="/")
    return response
