"""Health checks: does the process run, and can it do its work?"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Response, request

from gateway.http import auth, context
from gateway.http.health_schemas import HealthSchema, ReadinessSchema
from gateway.http.inputs import Blueprint
from gateway.store.database import StoreError
from gateway.store.deliveries import Deliveries

blueprint = Blueprint("health", __name__, description="For those who run the gateway")


@blueprint.route("/healthz")
@auth.needs(auth.PUBLIC)
@blueprint.response(200, HealthSchema)
def healthz() -> dict[str, str]:
    """Say that the process serves requests."""
    return {"status": "ok"}


@blueprint.route("/readyz")
@auth.needs(auth.PUBLIC)
@blueprint.response(200, ReadinessSchema)
@blueprint.alt_response(503, schema=ReadinessSchema, description="Something is missing")
def readyz() -> tuple[dict[str, Any], int]:
    """
    Say whether the store can be written, each organisation's peer can be reached, and each channel can be read.

    A gateway without keys cannot ask a peer for its channels, and leaves them out.

    The answer has names of organisations, which are public on every channel, but no addresses and no causes.
    """
    services = context.services()
    checks = {"store": _store_works(services)}
    organisations, names = services.wallet.organisations(), services.wallet.channels()
    if not any(map(services.wallet.signing_user, organisations)):
        names = []
    # All at once, or a network that is down would cost one time-out for each organisation.
    with ThreadPoolExecutor(max(1, len(organisations), len(names))) as pool:
        checks |= dict(zip(organisations, pool.map(services.ledgers.reachable, organisations), strict=True))
        up = [name for name in organisations if checks[name]]
        channels = dict(zip(names, pool.map(lambda name: services.ledgers.serves(name, up), names), strict=True))
    ready = all(checks.values()) and all(channels.values()) and len(checks) > 1
    return {"ready": ready, "checks": checks, "channels": channels}, 200 if ready else 503


@blueprint.route("/metrics")
@auth.needs("metrics")
@blueprint.response(200, description="Prometheus's text format, or OpenMetrics if the header Accept asks for it")
def metrics() -> Response:
    """Get what this gateway has counted, for Prometheus; no label has a path, a value or a caller."""
    services = context.services()
    # While the database is away, operators still get the other counts.
    with contextlib.suppress(StoreError):
        services.metrics.webhooks_wait(Deliveries(services.store).waiting_in_all())
    text, kind = services.metrics.text(request.headers.getlist("Accept"))
    return Response(text, content_type=kind)


def _store_works(services: context.Services) -> bool:
    try:
        services.store.check_writable()
    except StoreError:
        return False
    return True
