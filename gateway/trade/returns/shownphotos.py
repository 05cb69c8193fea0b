"""Photos of returns as answers; the caller's right to see them has been checked before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from flask import Response, request

from chaincode.domain.returns.returns import ReturnState
from gateway.http import context
from gateway.http.problems import Problem
from gateway.store.photos import ReturnPhotos
from gateway.trade.returns import photos


class PhotoSize(StrEnum):
    """The sizes of a photo besides its own."""

    SMALL = "small"


def answer(return_id: str, digest: str, unknown: str = "NOT_FOUND") -> Response:
    """
    Return a photo of a return as a picture; small if the query says so.

    Raises:
        Problem: *unknown*, it is not kept, or no longer.
    """
    size = request.args.get("size", "")
    found = ReturnPhotos(context.services().store).find(return_id, digest, small=size == PhotoSize.SMALL)
    if found is None:
        raise Problem(unknown)
    response = Response(found, content_type=photos.TYPES[0])
    response.headers["Content-Disposition"] = f'inline; filename="photo-{digest[:16]}.jpg"'
    return response


def seen_by(return_id: str, stored: Mapping[str, Any], msp_id: str) -> list[str] | None:
    """
    Return the digests of the photos of a return that are kept here; None for an organisation that does not judge it.

    Seller and buyer's agent do, and the arbiter of a dispute. *stored* is the return as it is on the ledger: what is
    not in its evidence is no photo of it.
    """
    roles = stored["roles"]
    disputed = any(act["state"] == ReturnState.DISPUTED for act in stored["acts"])
    if msp_id not in (roles["seller"], roles["agent"]) and not (disputed and msp_id == roles["arbiter"]):
        return None
    evidence = set(stored["request"]["evidence"])
    return [digest for digest in names([return_id])[return_id] if digest in evidence]


def names(return_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the digests of the photos that this gateway keeps, by the id of the return."""
    return ReturnPhotos(context.services().store).names(return_ids)
