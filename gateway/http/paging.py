"""
Lists by pages: the query parameters `limit` and `cursor`, and the header that leads to the next page.

The body of a list is the array of its records. If there are more, the header ``Link`` (RFC 8288) has the address of
the next page as ``rel="next"``. A cursor is the contract's bookmark: it stays valid while records come and go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import Schema, fields

from gateway import bounds

_STANDARD = 100
CURSOR = bounds.counted(bounds.BOOKMARK)


class PageQuerySchema(Schema):
    """Query of a list that comes by pages."""

    limit = fields.Integer(
        load_default=_STANDARD,
        validate=bounds.within(bounds.PAGE),
        metadata={"description": "How many records a page has at most"},
    )
    cursor = fields.String(
        load_default="",
        validate=CURSOR,
        metadata={
            "description": 'From the `Link` header (`rel="next"`) of the page before; without it, the first page'
        },
    )


def asked(query: Mapping[str, Any]) -> tuple[int, str]:
    """Return size and bookmark, as contracts take them."""
    return query["limit"], query["cursor"]


def answer(records: list[Any], bookmark: str) -> tuple[list[Any], int, dict[str, str]]:
    """Return the answer of a view: the records of a page, and the header that leads to the next one."""
    if not bookmark:
        return records, 200, {}
    kept = [(name, value) for name, value in request.args.items() if name != "cursor"]
    return records, 200, {"Link": f'<{request.path}?{urlencode([*kept, ("cursor", bookmark)])}>; rel="next"'}
