"""Pass one complete request to the WSGI application and its answer back (PEP 3333)."""

from __future__ import annotations

import io
import ssl
import sys
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp.web import BaseRequest

from gateway.events.listeners import LISTENING, Listening
from gateway.front.presence import ENVIRON, Presence
from gateway.tokens import clientcertificates

_OWN = {"content-type": "CONTENT_TYPE", "content-length": "", "transfer-encoding": "", "expect": ""}

_THIS_MACHINE = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class AppAnswer:
    """
    The application's answer.

    Attributes:
        body: the whole body; empty for an event stream.
        listening: what is wanted of an event stream; None for other answers.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    listening: Listening | None = None


def environ(request: BaseRequest, body: bytes, presence: Presence) -> dict[str, Any]:
    """Return the request's WSGI environment."""
    query = target(request).partition("?")[2]
    peer = (request.transport.get_extra_info("peername") if request.transport else None) or ("", 0)
    own = (request.transport.get_extra_info("sockname") if request.transport else None) or ("", 0)
    found: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path(request),
        "QUERY_STRING": _bytes(query).decode("latin-1"),
        "SERVER_NAME": str(own[0]),
        "SERVER_PORT": str(own[1]),
        "SERVER_PROTOCOL": f"HTTP/{request.version.major}.{request.version.minor}",
        "REMOTE_ADDR": address(request),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": _scheme(request, str(peer[0])),
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        ENVIRON: presence,
    }
    encrypted = _encryption(request)
    if encrypted is not None and (shown := encrypted.getpeercert(binary_form=True)):
        found[clientcertificates.ENVIRON] = shown
    for name, value in request.headers.items():
        # WSGI turns dashes into underscores, so a header written with an underscore could pass for one that a proxy
        # has checked.
        key = _OWN.get(name.lower(), "" if "_" in name else f"HTTP_{name.upper().replace('-', '_')}")
        if key:
            text = _bytes(value).decode("latin-1")
            found[key] = f"{found[key]},{text}" if key in found else text
    return found


def target(request: BaseRequest) -> str:
    """Return the request's path and query, as sent, without scheme and host."""
    sent = request.raw_path
    if sent.startswith("/"):
        return sent
    parts = urllib.parse.urlsplit(sent)
    return urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")) if parts.netloc else f"/{sent}"


def path(request: BaseRequest) -> str:
    """Return the path of the request as WSGI wants it: one character for each byte."""
    sent = target(request).partition("?")[0]
    return urllib.parse.unquote_to_bytes(_bytes(sent)).decode("latin-1")


def call(application: Callable[..., Iterable[bytes]], environment: dict[str, Any]) -> AppAnswer:
    """Return the application's answer; it is complete unless it is an event stream, which the caller must follow."""
    began: list[tuple[int, tuple[tuple[str, str], ...]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        began[:] = [(int(status.split(" ", 1)[0]), tuple(headers))]
        return _unused

    pieces = application(environment, start_response)
    close = getattr(pieces, "close", _nothing)
    status, headers = began[0]
    try:
        return AppAnswer(status, headers, b"".join(pieces), environment.get(LISTENING))
    finally:
        close()


def address(request: BaseRequest) -> str:
    """Return the client's address; a proxy on the same machine adds the one that it sees at the end of the header."""
    peer = str(((request.transport.get_extra_info("peername") if request.transport else None) or ("",))[0])
    told = request.headers.getall("X-Forwarded-For", [""])[-1].rpartition(",")[2].strip()
    return told if told and peer in _THIS_MACHINE else peer


def _scheme(request: BaseRequest, peer: str) -> str:
    """Return the scheme: that of the connection, or, without TLS, what a proxy on the same machine says."""
    if _encryption(request) is not None:
        return "https"
    scheme = request.headers.get("X-Forwarded-Proto", "")
    return scheme if scheme in {"http", "https"} and peer in _THIS_MACHINE else request.scheme


def _encryption(request: BaseRequest) -> ssl.SSLObject | None:
    """Return the TLS of the request's own connection; None if it has none."""
    found: ssl.SSLObject | None = request.transport.get_extra_info("ssl_object") if request.transport else None
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _unused(_: bytes) -> None:
    raise NotImplementedError("the application returns its body")


def _nothing() -> None:
    pass
