"""Cursors of pages: the sort values of the last row of a page."""

from __future__ import annotations

import base64
import json
from typing import Any

import sqlalchemy as sa


def beyond(keys: tuple[sa.ColumnElement[Any], ...], after: list[Any], down: bool) -> sa.ColumnElement[bool]:
    """Return the condition that a row follows the one with the values *after*, in the order of *keys*."""
    row = sa.tuple_(*keys)
    last = sa.tuple_(*(sa.literal(value, key.type) for key, value in zip(keys, after, strict=True)))
    return row < last if down else row > last


def text(values: list[Any]) -> str:
    """Return the cursor that leads to the rows after the one with these values."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def read(cursor: str, types: list[type]) -> list[Any]:
    """
    Return the values in a cursor.

    Raises:
        ValueError: it is not from a page in this order.
    """
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError:
        found = None
    if not isinstance(found, list) or [type(each) for each in found] != types:
        raise ValueError("a cursor comes from `next` of the page before, in the same order")
    return found
