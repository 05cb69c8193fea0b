"""Answers that the front gives by itself; the application never sees these requests."""

from __future__ import annotations

import json
import uuid

from aiohttp.web import Response

from gateway.http import rendering
from gateway.http.problems import Problem

_TYPE = "application/problem+json"


def response(problem: Problem, request_id: str = "", *, close: bool = False) -> Response:
    """Return *problem* as an answer; with *close* the connection ends after it."""
    request_id = request_id or uuid.uuid4().hex
    headers = {**rendering.ALWAYS, **problem.headers(), "X-Request-Id": request_id, "Content-Type": _TYPE}
    made = Response(body=_body(problem, request_id), status=problem.kind.status, headers=headers)
    if close:
        made.force_close()
    return made


def alive(request_id: str) -> Response:
    """Return the answer to a health check of this process; the application gives the same one."""
    headers = {**rendering.ALWAYS, "X-Request-Id": request_id, "Content-Type": "application/json"}
    return Response(body=b'{"status":"ok"}\n', headers=headers)


def raw(problem: Problem) -> bytes:
    """Return the same as bytes of HTTP, for a connection that is closed before anything is read."""
    request_id = uuid.uuid4().hex
    body = _body(problem, request_id)
    headers = {
        **rendering.ALWAYS,
        **problem.headers(),
        "X-Request-Id": request_id,
        "Content-Type": _TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = [f"HTTP/1.1 {problem.kind.status} {problem.code}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _body(problem: Problem, request_id: str) -> bytes:
    return json.dumps(problem.document(request_id), ensure_ascii=False, separators=(",", ":")).encode()
