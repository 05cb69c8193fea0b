"""Photos that come with a request for a return: taken from its body, and kept as long as the ledger may have it."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from gateway.http import context, inputs
from gateway.http.problems import Problem
from gateway.store.photos import ReturnPhoto, ReturnPhotos
from gateway.trade.returns import photos
from gateway.trade.returns.photos import PhotoError
from hlf import errors

# Requests of one organisation whose photos are decoded at once; more would hold the threads of others.
_OF_ONE = 2
_decoding: Counter[str] = Counter()
_counting = threading.Lock()
_Answer = TypeVar("_Answer")


def taken(body: dict[str, Any]) -> list[ReturnPhoto]:
    """
    Take the member ``photos`` out of a body, add what they hash to to its ``evidence``, and return them.

    Raises:
        Problem: REQUEST_INVALID, one of them is no photo, or the caller names the return, whose photos another request
            may have sent; GATEWAY_BUSY, the caller's organisation has sent some that are still looked at.
    """
    sent: list[bytes] = body.pop("photos")
    if not sent:
        return []
    if "return_id" in body:
        raise inputs.invalid("json", ["return_id"], "Leave it out where photos come along: the gateway makes one.")
    try:
        photos.check_all(sent)
        with _turn(context.caller().msp_id):
            found = photos.read_all(sent)
    except PhotoError as error:
        raise refused(error) from None
    body["evidence"] = [*body["evidence"], *(each.digest for each in found)]
    return found


def kept(return_id: str, seen: Sequence[ReturnPhoto], act: Callable[[], _Answer]) -> _Answer:
    """
    Return what *act* answers, which writes the return.

    The photos are kept first, so that none is missing that the ledger has, and deleted if nothing was written.
    """
    if not seen:
        return act()
    services = context.services()
    store = ReturnPhotos(services.store)
    store.keep(return_id, seen, services.settings.photo_days)
    try:
        return act()
    except (errors.EndorseError, errors.CommitError):
        store.delete(return_id)
        raise


def refused(error: PhotoError) -> Problem:
    """Return the problem to raise for a body with what cannot be the photos of a request."""
    words = f"Up to {photos.MOST} photos: JPEG, PNG or WebP files of {photos.MOST_BYTES >> 20} MB together at most"
    return inputs.invalid("json", ["photos"], f"{words}; this is {error}.")


@contextlib.contextmanager
def _turn(msp_id: str) -> Iterator[None]:
    with _counting:
        if _decoding[msp_id] >= _OF_ONE:
            raise Problem("GATEWAY_BUSY")
        _decoding[msp_id] += 1
    try:
        yield
    finally:
        with _counting:
            _decoding[msp_id] -= 1
