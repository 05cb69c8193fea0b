"""Count and log each answer, from the application or the front."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from gateway.telemetry import logs
from gateway.telemetry.metrics import Metrics

_ACCESS = logging.getLogger("gateway.access")


def note(
    metrics: Metrics,
    request_id: str,
    method: str,
    status: int,
    *,
    route: str = "",
    code: str = "",
    seconds: float = 0.0,
    caller: str = "",
    written: Sequence[str] = (),
) -> None:
    """
    Count an answer, and log one line about it.

    The line has the *route* and not the path, because a path may hold a shopper's link. It never has a query or a
    body. *written* are the transactions of the request.
    """
    metrics.answered(route, method, status, code, seconds)
    _ACCESS.info(
        "%s %s %s %d %s %.0fms %s %s",
        request_id,
        method,
        route or "-",
        status,
        code or "-",
        seconds * 1000,
        caller or "-",
        ",".join(written) or "-",
        extra=logs.fields(
            request_id=request_id,
            method=method,
            route=route or None,
            status=status,
            code=code or None,
            milliseconds=round(seconds * 1000),
            caller=caller or None,
            transactions=list(written) or None,
        ),
    )
