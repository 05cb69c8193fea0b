"""
Shared parts of the contract of returns: a return's case, its key and its endorsers.

No organisation can change a return alone. A change needs the seller and one of agent, carrier and arbiter, or the
channel's majority. With the first, everyday steps need only two peers; with the second, a silent or hostile seller
cannot block a return. A new return and a booked journey are new keys and need the majority, so more than one
organisation computes the review.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import clock, store
from chaincode.contracts.journeys import journeystate
from chaincode.contracts.matching import planstate
from chaincode.contracts.register import majority
from chaincode.contracts.register import terms as published_terms
from chaincode.domain.journeys import journeys, pages
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.returns import booking, returns, review
from chaincode.domain.returns.terms import ReturnTerms
from chaincode.domain.vocabulary import identifiers
from hlf.codec.refusals import invalid
from hlf.shim import api

RETURN = "return"
OF_ORDER = "return-of-order"


@dataclasses.dataclass(frozen=True)
class ReturnCase:
    """
    The forward journey of a return, and the terms that apply to it.

    Attributes:
        matched: the way back that carriers agreed to in advance (`contracts.matching`), if there is one.
    """

    journey: journeys.Journey
    terms: ReturnTerms
    matched: booking.ReturnBooking | None

    def booking(self, terms: ReturnTerms) -> booking.ReturnBooking | None:
        """
        Return the carriers of a return under *terms*: the agreed ones, or else those that the terms name for the place.
        """
        return self.matched or booking.by_coverage(self.journey, terms)


class StoredReturns:
    """Returns with their journey and terms; a part of `Returns`."""

    def case(self, ctx: api.Context, journey_id: str) -> ReturnCase:
        """
        Return the forward journey with this id, and the pinned terms of its order.

        Raises:
            Refused: JOURNEY_UNKNOWN, TERMS_UNKNOWN, INVALID_ARGUMENT for a journey that is itself a way back.
        """
        journey = journeystate.load(ctx, journey_id)
        if journey.kind is JourneyType.REVERSE:
            raise invalid("request.journey_id", "is the way back of a return; name the journey that brought the goods")
        terms = published_terms.pinned(ctx, journey.terms_id, journey.terms_hash).terms
        agreed = planstate.booked_way(ctx, journey_id, "reverse", journey.platform)
        matched = booking.ReturnBooking(agreed.carriers[0], agreed.carriers[1:]) if agreed else None
        return ReturnCase(journey, terms, matched)

    def up_to_date(self, ctx: api.Context, return_id: str) -> tuple[returns.Return, ReturnCase]:
        """
        Return the return with the events of its goods applied, and its case under the terms that decided it.

        Raises:
            Refused: RETURN_UNKNOWN.
        """
        stored = load(ctx, return_id)
        case = self.case(ctx, stored.request.journey_id)
        if stored.decision and stored.decision.terms_hash != case.terms.digest:
            better = published_terms.pinned(ctx, stored.decision.terms_id, stored.decision.terms_hash).terms
            case = dataclasses.replace(case, terms=better)
        if stored.state not in returns.TO_FETCH:
            return stored, case
        reverse = journeystate.load(ctx, stored.reverse_journey_id)
        timeline = pages.timeline(journeystate.all_pages(ctx, reverse))
        return returns.observed(stored, timeline, case.terms), case

    def who_fetches(self, case: ReturnCase, known: returns.Return) -> booking.ReturnBooking | None:
        """Return the carriers that would fetch the goods, if they are worth fetching."""
        return case.booking(case.terms) if review.to_fetch(case.journey, known.request) else None

    def with_journey(
        self, ctx: api.Context, case: ReturnCase, before: returns.Return, after: returns.Return,
        booked: booking.ReturnBooking | None,
    ) -> returns.Return:  # fmt: skip
        """Return *after*; open its reverse journey if this step assigned the pick-up."""
        if booked and after.reverse_journey_id and not before.reverse_journey_id:
            opening = booking.reverse(case.journey, after, booked, clock.now(ctx))
            journeystate.start(ctx, opening, in_hand=False, return_id=after.return_id)
        return after

    def save(self, ctx: api.Context, known: returns.Return) -> returns.Return:
        """Write *known* under the policy of its roles, and set an event with its state."""
        store.save(ctx, known, RETURN, known.return_id, policy=_policy(ctx, known.roles))
        code = known.decision.code if known.decision else ""
        store.announce(ctx, "ReturnMoved", {"return_id": known.return_id, "state": known.state, "code": code})
        return known


def load(ctx: api.Context, return_id: str) -> returns.Return:
    """
    Return the return with this id, as stored.

    Raises:
        Refused: RETURN_UNKNOWN.
    """
    return store.load(ctx, returns.Return, Refusal.RETURN_UNKNOWN, RETURN, identifiers.check("return_id", return_id))


def _policy(ctx: api.Context, roles: returns.Roles) -> bytes:
    """Return the policy: the seller and one of the other roles, or the channel's majority."""
    others = sorted({roles.agent, roles.carrier, roles.arbiter} - {roles.seller, ""})
    return majority.policy(ctx, f"AND({majority.peers([roles.seller])}, OR({majority.peers(others)}))")
