"""The contract of observed performance: what dual-signed handovers show, beside what a carrier declares."""

from __future__ import annotations

from collections.abc import Iterator

from chaincode.contracts import store
from chaincode.contracts.journeys import journeystate
from chaincode.domain.journeys import journeys, pages, performance
from hlf.shim import api


class Performance(api.Contract):
    """Computed from the journeys on the ledger when it is asked for; nothing of it is stored."""

    @api.query
    def carrier(self, ctx: api.Context, msp_id: str) -> tuple[performance.Observed, ...]:
        """What one carrier was seen to do, lane by lane."""
        return performance.observed(leg for leg in _legs(ctx) if leg.carrier == msp_id)

    @api.query
    def lane(self, ctx: api.Context, origin: str, destination: str) -> tuple[performance.Observed, ...]:
        """What every carrier was seen to do between two places."""
        wanted = (origin, destination)
        return performance.observed(leg for leg in _legs(ctx) if (leg.origin, leg.destination) == wanted)

    @api.query(read_on=("caller",))
    def compare(
        self, ctx: api.Context, msp_id: str, origin: str, destination: str, declared: performance.Declared
    ) -> performance.Calibration | None:
        """
        A carrier's lane beside what it declared to the caller; null if it was never seen there.

        What was declared is private. It is compared in this query at the
        caller's own peer, and neither stored nor sent on.
        """
        wanted = (msp_id, origin, destination)
        legs = [leg for leg in _legs(ctx) if (leg.carrier, leg.origin, leg.destination) == wanted]
        return performance.calibrated(performance.observed(legs)[0], declared) if legs else None


def _legs(ctx: api.Context) -> Iterator[performance.Leg]:
    """Return the finished legs of every journey whose custody all its custodians bear out."""
    for journey in store.each(ctx, journeys.Journey, journeystate.JOURNEY):
        held = journeystate.readable_custody(ctx, journey)
        if held is None or held.number == 0:
            continue
        written = {page.msp_id: page for page in journeystate.all_pages(ctx, journey)}
        if all(pages.confirms(journey, page, held) for page in written.values()):
            yield from performance.legs(held, written)
