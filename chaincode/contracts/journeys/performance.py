"""The contract of observed performance, from hand-overs that both sides signed."""

from __future__ import annotations

from collections.abc import Iterator

from chaincode.contracts import store
from chaincode.contracts.journeys import journeystate
from chaincode.domain.journeys import journeys, pages, performance
from hlf.shim import api


class Performance(api.Contract):
    """Observed performance of carriers, computed from the journeys on the ledger at each call; nothing is stored."""

    @api.query
    def carrier(self, ctx: api.Context, msp_id: str) -> tuple[performance.Observed, ...]:
        """Return the observed performance of one carrier, lane by lane."""
        return performance.observed(leg for leg in _legs(ctx) if leg.carrier == msp_id)

    @api.query
    def lane(self, ctx: api.Context, origin: str, destination: str) -> tuple[performance.Observed, ...]:
        """Return the observed performance of every carrier between two places."""
        wanted = (origin, destination)
        return performance.observed(leg for leg in _legs(ctx) if (leg.origin, leg.destination) == wanted)

    @api.query(read_on=("caller",))
    def compare(
        self, ctx: api.Context, msp_id: str, origin: str, destination: str, declared: performance.Declared
    ) -> performance.Calibration | None:
        """
        Return a carrier's observed performance on a lane beside its declared figures; null if there is none.

        The declared figures are private. Only this query at the caller's own peer uses them; they are not stored or
        sent on.
        """
        wanted = (msp_id, origin, destination)
        legs = [leg for leg in _legs(ctx) if (leg.carrier, leg.origin, leg.destination) == wanted]
        return performance.calibrated(performance.observed(legs)[0], declared) if legs else None


def _legs(ctx: api.Context) -> Iterator[performance.JourneyLeg]:
    """Return the finished legs of every journey with a custody that all its custodians confirm."""
    for journey in store.each(ctx, journeys.Journey, journeystate.JOURNEY):
        held = journeystate.readable_custody(ctx, journey)
        if held is None or held.number == 0:
            continue
        written = {page.msp_id: page for page in journeystate.all_pages(ctx, journey)}
        if all(pages.confirms(journey, page, held) for page in written.values()):
            yield from performance.legs(held, written, journey.destination)
