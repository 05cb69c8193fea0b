"""
Answers in gzip, for whom it is safe and worth it.

The length of a compressed answer tells which of its parts are alike. Somebody who can put text beside a secret, and
watch the lengths, finds it letter by letter (BREACH). Therefore three kinds of answers are never
compressed:

- those to a browser with a cookie, whom any page can make ask: they have forms, and in each form a secret;
- those to writes, which show tokens, links and secrets of webhooks, once;
- those of an address that takes a secret in its path, as a shopper's link.

The others are answers to a GET with a header ``Authorization``, which no foreign page can send, and files that are
the same for all. Other members' words may stand beside private values there, so each answer also gets some bytes of
random length, as Django's does ("Heal the BREACH").
"""

from __future__ import annotations

import secrets
import zlib

from flask import Response, request

LEAST = 1400
"""Bytes of an answer that is compressed; a shorter one fits into one packet anyway."""
_MOST_PADDING = 64
_LEVEL = 5
_WANTED = "gzip"
_KINDS = frozenset({"application/json", "application/ld+json", "text/css", "text/javascript", "image/svg+xml"})
# Those that are the same for everybody: the description of the API, and the files of the pages.
_FOR_ALL = frozenset({"assets.static", "pages.openapi"})
_SECRET = "token"  # noqa: S105  The name of a part of some paths.
_NAMED, _UNKNOWN_SYSTEM = 8, 255


def compress(response: Response) -> Response:
    """Return the answer, compressed if the caller takes that and it is one of those that may be."""
    if not _may_be(response):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality(_WANTED) <= 0:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < LEAST:
        return response
    response.set_data(gzipped(body, secrets.randbelow(_MOST_PADDING)))
    response.headers["Content-Encoding"] = _WANTED
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)
    return response


def gzipped(body: bytes, padding: int) -> bytes:
    """Return *body* in gzip (RFC 1952), longer by a file name of *padding* letters in its header."""
    head = bytes([0x1F, 0x8B, 8, _NAMED, 0, 0, 0, 0, 0, _UNKNOWN_SYSTEM]) + b"a" * padding + b"\0"
    packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packing.compress(body) + packing.flush()
    return head + packed + zlib.crc32(body).to_bytes(4, "little") + (len(body) % 2**32).to_bytes(4, "little")


def _may_be(response: Response) -> bool:
    told = response.headers
    if request.method != "GET" or response.status_code != 200 or response.mimetype not in _KINDS:
        return False
    if response.is_streamed and not response.direct_passthrough:
        return False
    if "Set-Cookie" in told or "Content-Encoding" in told:
        return False
    if request.endpoint in _FOR_ALL:
        return True
    if _SECRET in (request.view_args or {}) or "Cookie" in request.headers:
        return False
    return "Authorization" in request.headers
