"""
Pages of other sites that may call the API from a browser (CORS, as the Fetch standard has it).

Only the sites in ``SELAT_ORIGINS`` may. They send tokens themselves: cookies of the console are never sent along.
"""

from __future__ import annotations

from flask import Response, request

from gateway.http import budgets, context, freshness, idempotency
from gateway.http.settings import Settings

_TAKEN = ("Authorization", "Content-Type", "Last-Event-ID", idempotency.HEADER, freshness.AFTER)
_SHOWN = ("Retry-After", "X-Request-Id", "Idempotency-Replayed", freshness.BLOCK, budgets.POLICY, budgets.LEFT)
_KEPT_SECONDS = 600


def preflight() -> Response | None:
    """Answer a browser that asks whether a page may send a request; None if it is something else."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or not _allowed():
        return None
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": ", ".join(_TAKEN),
            "Access-Control-Max-Age": str(_KEPT_SECONDS),
        },
    )


def always(settings: Settings) -> dict[str, str]:
    """Return the header of every answer, whether or not a page asks, if there are allowed sites."""
    return {"Vary": "Origin"} if settings.origins else {}


def allow(response: Response) -> None:
    """Let a page of an allowed site read the answer."""
    for name in always(context.services().settings).values():
        response.vary.add(name)
    if _allowed():
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = ", ".join(_SHOWN)


def _allowed() -> bool:
    return request.headers.get("Origin", "") in context.services().settings.allowed_origins
