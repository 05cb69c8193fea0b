"""
Do a request once, however often it is sent: the header ``Idempotency-Key`` of IETF
draft-ietf-httpapi-idempotency-key-header.

The first request with a key does the work, and a repetition gets the same answer. While the first still runs, a
repetition is answered "try later"; a repetition with another body is refused. A key is free again if its request
certainly wrote nothing. If the first request was interrupted, or does not know the outcome of what it sent, a
repetition carries it on: random values are made from one stored seed, and each transaction is stored before it is
sent. So the same transactions are looked for or sent again, and each commits once.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable
from typing import Any

from flask import Response, g, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from gateway.http import context, freshness, problems, rendering
from gateway.jobs import accepting
from gateway.store.database import StoreError
from gateway.store.keys import ClaimedKey, Keys, StoredAnswer

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,128}")
_KEPT_HEADERS = ("Content-Type", "Location", "Retry-After", freshness.BLOCK)
_LOG = logging.getLogger("gateway")


def keyed(view: Callable[..., Any]) -> Callable[..., Response]:
    """Return a view that acts once for each idempotency key. Without the header it acts each time."""

    @functools.wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is not None and not KEY.fullmatch(key):
            raise problems.Problem("REQUEST_MALFORMED", f"{HEADER} must be 1 to 128 visible ASCII characters")
        if accepting.wanted():
            return accepting.accept(key)
        if key is None:
            return make_response(view(*args, **kwargs))
        found = _begun(key)
        if isinstance(found, StoredAnswer):
            return _repeated(found)
        g.idempotency_key = found
        try:
            response = make_response(view(*args, **kwargs))
        except Exception as error:
            if context.in_flight() or found.steps:
                _leave(found, context.services().keys.suspend)
            elif context.transactions():
                _keep(found, rendering.render(problems.of(error)))
            else:
                _leave(found, context.services().keys.release)
            raise
        except BaseException:
            # The process is stopping. If a transaction was sent, the row with its steps must stay.
            if not (context.may_have_written() or found.steps):
                _leave(found, context.services().keys.release)
            raise
        _keep(found, response)
        return response

    once.keyed = True  # type: ignore[attr-defined]  # The type of functions has no attributes.
    return once


def is_keyed(view: Callable[..., Any]) -> bool:
    """Return whether a view acts once for each key, and so can be done later by a job."""
    return getattr(view, "keyed", False)


def content(method: str, path: str, body: bytes) -> tuple[bytes, ...]:
    """Return what the requests with one key must have in common; the path has its query, which may be empty."""
    return method.encode(), path.encode(), body


def keep(keys: Keys, held: ClaimedKey, answer: StoredAnswer, request_id: str) -> None:
    """
    Store an answer for repetitions.

    The transaction is committed. If the answer cannot be stored, the caller still gets it, and a repetition gets the
    transaction's id.
    """
    try:
        keys.finish(held, answer)
    except Exception as error:  # noqa: BLE001  Whatever it was, the transaction stands.
        _LOG.error("an answer was not kept: %s in request %s", type(error).__name__, request_id)


def _begun(key: str) -> ClaimedKey | StoredAnswer:
    """Return the key, which may have been taken before the application got the request, or the answer to repeat."""
    held = context.take_tried_key()
    if held is not None:
        return held
    caller = context.caller()
    sent = content(request.method, request.full_path, request.get_data(cache=True))
    return context.services().keys.begin(caller.msp_id, caller.user, key, sent)


def _keep(held: ClaimedKey, response: BaseResponse) -> None:
    freshness.tell(response, context.blocks_written())
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    answer = StoredAnswer(response.status_code, headers, response.get_data())
    keep(context.services().keys, held, answer, g.get("request_id", ""))


def _leave(held: ClaimedKey, leave: Callable[[ClaimedKey], None]) -> None:
    """
    Free a key, or let the next repetition carry its request on. If that fails, the caller still gets the error of
    its request, and the key is left when the database can be used again.
    """
    try:
        leave(held)
    except (StoreError, OSError) as error:
        _LOG.error("a key was not freed: %s in request %s", type(error).__name__, g.get("request_id", ""))


def _repeated(answer: StoredAnswer) -> Response:
    response = Response(answer.body, answer.status, headers=dict(answer.headers))
    response.headers["Idempotency-Replayed"] = "true"
    return response
