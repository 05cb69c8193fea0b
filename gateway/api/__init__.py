"""One module per resource; ``BLUEPRINTS`` is what ``create_app`` serves."""

from __future__ import annotations

from gateway.api import (
    audit,
    calls,
    claims,
    disclosures,
    events,
    health,
    journeys,
    orders,
    participants,
    returns,
    stages,
    terms,
    tracking,
)

BLUEPRINTS = (
    claims.forecasts,
    claims.capabilities,
    claims.blueprint,
    disclosures.blueprint,
    orders.blueprint,
    journeys.blueprint,
    stages.blueprint,
    terms.blueprint,
    returns.blueprint,
    participants.blueprint,
    tracking.blueprint,
    audit.blueprint,
    events.blueprint,
    calls.blueprint,
    health.blueprint,
)
