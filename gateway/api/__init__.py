"""One module per resource; ``BLUEPRINTS`` is what ``create_app`` serves."""

from __future__ import annotations

from gateway.api import audit, calls, claims, disclosures, events, health, orders, participants

BLUEPRINTS = (
    claims.forecasts,
    claims.capabilities,
    claims.blueprint,
    disclosures.blueprint,
    orders.blueprint,
    participants.blueprint,
    audit.blueprint,
    events.blueprint,
    calls.blueprint,
    health.blueprint,
)
