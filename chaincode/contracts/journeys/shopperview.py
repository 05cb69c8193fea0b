"""The shopper's view of a journey, with the delivery time expected from earlier journeys of its lane."""

from __future__ import annotations

from chaincode.contracts.journeys import counting, journeystate
from chaincode.domain.journeys import progress, tracking
from chaincode.domain.journeys.journeys import Journey
from hlf.shim import api


def view(ctx: api.Context, journey: Journey) -> tracking.View:
    """Return *journey* as the holder of its order's link sees it."""
    written = journeystate.all_pages(ctx, journey)
    estimate = counting.estimate(ctx, journey, written)
    stated = progress.stated_delivery(written)
    expected = estimate.p50_at if estimate else stated.estimated_at if stated else None
    return tracking.view(journey, tuple(journeystate.parcel_records(ctx, journey).values()), expected)
