"""Pages of EPCIS's addresses: the parameter ``nextPageToken``, and the header ``Link`` that has the next one."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import request

from gateway.http.problems import Problem
from gateway.readmodel import cursors

_TOKEN = "nextPageToken"  # noqa: S105  A parameter's name.


def after(token: str) -> str:
    """
    Return the last text of the page before; empty for the first page.

    Raises:
        Problem: REQUEST_INVALID.
    """
    try:
        return str(cursors.read(token, [str])[0]) if token else ""
    except ValueError as error:
        raise refused(error) from None


def following(found: list[str], limit: int) -> dict[str, str]:
    """Return the header that leads to the page after the first *limit* texts; none if these are all."""
    return link(cursors.text([found[limit - 1]]) if len(found) > limit else "")


def link(cursor: str) -> dict[str, str]:
    """Return the header that leads to the next page; none on the last one."""
    if not cursor:
        return {}
    kept = [(name, value) for name, value in request.args.items() if name != _TOKEN]
    return {"Link": f'<{quote(request.path, safe="/")}?{urlencode([*kept, (_TOKEN, cursor)])}>; rel="next"'}


def refused(error: ValueError) -> Problem:
    """Return the problem for a token that is not from a page in this order."""
    return Problem("REQUEST_INVALID", str(error), errors={"query": {_TOKEN: [str(error)]}})
