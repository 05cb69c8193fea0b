"""
Colours of sellers on the pages of their buyers.

A page may only load style sheets of its own site, and no inline styles. So each colour is a style sheet whose address
names it.
"""

from __future__ import annotations

from flask import Response, url_for

from chaincode.domain.orders import sellers
from gateway.http import auth
from gateway.http.problems import Problem
from gateway.pages.assets import YEAR, blueprint

WHITE, BLACK = "#ffffff", "#000000"
# The least contrast by WCAG 2.2; to every colour, white or black has it.
_CONTRAST = 4.5


@blueprint.route("/brand/<digits>.css")
@auth.needs(auth.PUBLIC)
def brand(digits: str) -> Response:
    """Return the style sheet of a colour, by its six hexadecimal digits."""
    colour = f"#{digits}"
    if not digits or sellers.COLOUR.problem(colour):
        raise Problem("NO_SUCH_ADDRESS")
    writing = ink(colour)
    text = (
        f".top{{background:{colour};border-color:{colour}}}"
        f".top .brand,.top .brand .icon,.top summary{{color:{writing}}}"
        f".top summary:focus-visible{{outline-color:{writing}}}"
    )
    response = Response(text, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def address(colour: str) -> str:
    """Return the address of the style sheet of a colour."""
    return url_for("assets.brand", digits=colour.removeprefix("#"))


def ink(colour: str) -> str:
    """Return white or black, whichever can be read on a colour."""
    return WHITE if contrast(colour, WHITE) >= _CONTRAST else BLACK


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG: 1 for the same, 21 for black and white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
