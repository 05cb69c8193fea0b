"""The addresses that ``create_app`` serves; each resource has its own module."""

from __future__ import annotations

from gateway.audit import addresses
from gateway.events import addresses as events
from gateway.fabric import calls, functions
from gateway.http import health
from gateway.jobs import addresses as jobs
from gateway.offline import addresses as offline
from gateway.readmodel import views
from gateway.tokens import addresses as tokens
from gateway.trade.adapters import addresses as adapters
from gateway.trade.carriage import carriage
from gateway.trade.disclosure import claims, disclosures, gapmeter, requests, sealing
from gateway.trade.epcis import capture, collections, queries
from gateway.trade.epcis import events as epcisevents
from gateway.trade.journeys import goods, journeys, progress, tracking, units
from gateway.trade.matching import matching, tenders
from gateway.trade.orders import carrierclaims, catalogue, credits, dues, orders, sellers, settlement
from gateway.trade.register import customs, lpi, participants, stages
from gateway.trade.returns import drawbacks, returnacts, returns, terms
from gateway.webhooks import addresses as webhooks

BLUEPRINTS = (
    claims.forecasts,
    claims.capabilities,
    claims.blueprint,
    disclosures.blueprint,
    requests.blueprint,
    sealing.blueprint,
    gapmeter.blueprint,
    matching.blueprint,
    tenders.blueprint,
    catalogue.blueprint,
    orders.blueprint,
    sellers.sellers,
    sellers.checkouts,
    settlement.duties,
    credits.blueprint,
    dues.blueprint,
    settlement.payments,
    settlement.rates,
    settlement.tariffs,
    journeys.blueprint,
    adapters.blueprint,
    goods.blueprint,
    units.blueprint,
    capture.blueprint,
    epcisevents.blueprint,
    collections.blueprint,
    queries.blueprint,
    progress.journeys,
    progress.performance,
    stages.blueprint,
    lpi.blueprint,
    customs.blueprint,
    carriage.plans,
    carriage.agreements,
    terms.blueprint,
    returns.blueprint,
    returnacts.blueprint,
    drawbacks.blueprint,
    carrierclaims.blueprint,
    participants.blueprint,
    tracking.blueprint,
    addresses.blueprint,
    views.blueprint,
    events.blueprint,
    webhooks.blueprint,
    jobs.jobs,
    jobs.batches,
    calls.blueprint,
    functions.blueprint,
    offline.blueprint,
    tokens.blueprint,
    health.blueprint,
)
