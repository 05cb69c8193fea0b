"""Photos of returns as answers; the caller's right to see them has been checked before."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, request

from gateway.http import context
from gateway.http.problems import Problem
from gateway.store.photos import ReturnPhotos
from gateway.trade.returns import photos

_SMALL = "small"


def answer(return_id: str, digest: str, unknown: str = "NOT_FOUND") -> Response:
    """
    Return a photo of a return as a picture; small if the query says so.

    Raises:
        Problem: *unknown*, it is not kept, or no longer.
    """
    size = request.args.get("size", "")
    found = ReturnPhotos(context.services().store).find(return_id, digest, small=size == _SMALL)
    if found is None:
        raise Problem(unknown)
    response = Response(found, content_type=photos.TYPES[0])
    response.headers["Content-Disposition"] = f'inline; filename="photo-{digest[:16]}.jpg"'
    return response


def names(return_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the digests of the photos that this gateway keeps, by the id of the return."""
    return ReturnPhotos(context.services().store).names(return_ids)
