"""
A request sent twice acts once: the header ``Idempotency-Key`` of IETF draft-ietf-httpapi-idempotency-key-header.

The first request with a key does the work. A repetition gets the very same answer; one that comes while the first is
under way is told to come back; one with another body is refused. A key whose request certainly wrote nothing is free
again; one whose request wrote something and then failed repeats that problem. Kept answers may hold what only the
caller may see, so they are sealed with a key made from the caller's token, which the gateway does not keep.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Response, g, make_response, request

from gateway import answers, current, problems

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,128}")


def keyed(view: Callable[..., Any]) -> Callable[..., Response]:
    """A view that acts once for each idempotency key; without the header it acts each time."""

    @functools.wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return make_response(view(*args, **kwargs))
        if not _KEY.fullmatch(key):
            raise problems.Problem("REQUEST_MALFORMED", f"{HEADER} must be 1 to 128 visible ASCII characters")
        kept, token_id = current.services().keys, current.caller().token_id
        sealed = kept.begin(token_id, key, _fingerprint(g.token_text))
        if sealed is not None:
            return _opened(g.token_text, key, sealed)
        g.idempotency_key = key
        try:
            response = make_response(view(*args, **kwargs))
        except Exception as error:
            problem = problems.of(error)
            if problem.outcome_open or current.transactions():
                kept.finish(token_id, key, _sealed(g.token_text, key, answers.render(problem)))
            else:
                kept.release(token_id, key)
            raise
        kept.finish(token_id, key, _sealed(g.token_text, key, response))
        return response

    return once


def _fingerprint(token: str) -> bytes:
    """What tells one request from another; keyed, so that a short private value in the body cannot be searched for."""
    digest = hmac.new(token.encode(), digestmod=hashlib.sha256)
    for part in (request.method.encode(), request.full_path.encode(), request.get_data(cache=True)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _cipher(token: str) -> AESGCM:
    return AESGCM(hmac.digest(token.encode(), b"selat idempotency answer", "sha256"))


def _sealed(token: str, key: str, response: Response) -> bytes:
    answer = {"status": response.status_code, "type": response.content_type, "body": response.get_data(as_text=True)}
    nonce = os.urandom(12)
    return nonce + _cipher(token).encrypt(nonce, json.dumps(answer).encode(), key.encode())


def _opened(token: str, key: str, sealed: bytes) -> Response:
    answer = json.loads(_cipher(token).decrypt(sealed[:12], sealed[12:], key.encode()))
    response = Response(answer["body"], answer["status"], content_type=answer["type"])
    response.headers["Idempotency-Replayed"] = "true"
    return response
