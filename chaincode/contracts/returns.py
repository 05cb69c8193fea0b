"""The contract of returns: a request is reviewed at once, and an approval books the reverse journey by itself."""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, journeys, store
from chaincode.contracts import terms as published_terms
from chaincode.domain import identifiers, moments, returns, review
from chaincode.domain import journeys as rules
from chaincode.domain.refusals import Refused
from chaincode.domain.stages import JourneyType
from chaincode.domain.terms import Terms, no_worse
from chaincode.shim import api

RETURN = "return"
OF_JOURNEY = "return-of-journey"
BY_BUYER = "return-by-buyer"

_AGENTS = frozenset({"platform", "merchant"})


@dataclasses.dataclass(frozen=True)
class Standing:
    """A return with the state that its goods' events make of it."""

    state: returns.State
    stored: returns.Return


class Returns(api.Contract):
    """Returns under the terms that the order pinned."""

    @api.transaction
    def request(self, ctx: api.Context, request: review.Request) -> returns.Return:
        """
        Lodge *request* for a buyer and decide it; takes the majority's endorsement.

        An approval assigns the carrier that the terms name for the place and
        opens the reverse journey in the same transaction. A rejection is a
        result, not a refusal: it is kept, with the rule, the facts and what would pass.

        Raises:
            Refused: RETURN_EXISTS, JOURNEY_UNKNOWN, NOT_A_PARTY, NOT_AN_AGENT, INVALID_ARGUMENT.
        """
        now = store.now(ctx)
        identifiers.check("request.return_id", request.return_id)
        if store.find(ctx, returns.Return, RETURN, request.return_id):
            raise Refused("RETURN_EXISTS", f"there is a return {request.return_id}")
        journey, terms = self._journey(ctx, request.journey_id)
        agent = access.member(ctx)
        if not _AGENTS & set(journey.party(agent).roles):
            raise Refused("NOT_AN_AGENT", "the platform or the merchant lodges a buyer's request")
        decision = self._decide(ctx, journey, terms, request, now)
        roles = returns.Roles(seller=terms.seller, agent=agent, arbiter=terms.arbiter)
        made = returns.submitted(returns.drafted(request, roles, now), decision, terms, now)
        if made.reverse_journey_id:
            book(ctx, journey, made)
        store.save(ctx, made, RETURN, made.return_id)
        store.save(ctx, made.return_id, OF_JOURNEY, journey.journey_id, made.return_id)
        store.save(ctx, made.return_id, BY_BUYER, request.buyer_hash, made.return_id)
        store.announce(
            ctx, "ReturnDecided", {"return_id": made.return_id, "state": made.state, "code": decision.code}
        )
        return made

    @api.query
    def preview(self, ctx: api.Context, request: review.Request) -> review.Decision:
        """
        What `request` would decide now; nothing is kept.

        Raises:
            Refused: JOURNEY_UNKNOWN, INVALID_ARGUMENT.
        """
        journey, terms = self._journey(ctx, request.journey_id)
        return self._decide(ctx, journey, terms, request, store.now(ctx))

    @api.query
    def read(self, ctx: api.Context, return_id: str) -> Standing:
        """
        A return as it stands, with its decision.

        Raises:
            Refused: RETURN_UNKNOWN.
        """
        return standing(ctx, load(ctx, return_id))

    @api.query
    def of_journey(self, ctx: api.Context, journey_id: str) -> tuple[str, ...]:
        """The ids of the returns of one forward journey."""
        return tuple(store.each(ctx, str, OF_JOURNEY, identifiers.check("journey_id", journey_id)))

    @api.query
    def history(self, ctx: api.Context, return_id: str) -> list[object]:
        """Every value the return had, newest first."""
        return store.history(ctx, RETURN, load(ctx, return_id).return_id)

    def _journey(self, ctx: api.Context, journey_id: str) -> tuple[rules.Journey, Terms]:
        journey = journeys.load(ctx, journey_id)
        return journey, published_terms.pinned(ctx, journey.terms_id, journey.terms_hash).terms

    def _decide(
        self, ctx: api.Context, journey: rules.Journey, terms: Terms, request: review.Request, now: int
    ) -> review.Decision:
        """By the pinned terms; where they say no, by a later version that is in no point worse for the buyer."""
        identifiers.check("request.return_id", request.return_id)
        facts = self._facts(ctx, journey, terms, request, now)
        decision = review.decide(facts, request, now)
        if decision.outcome is not review.Outcome.REJECTED:
            return decision
        for published in published_terms.versions(ctx, terms.terms_id):
            later = published.terms
            if later.version > terms.version and later.in_force_from <= now and no_worse(later, terms):
                improved = dataclasses.replace(facts, terms=later, carrier=later.carrier_for(journey.destination))
                better = review.decide(improved, request, now)
                if better.outcome is not review.Outcome.REJECTED:
                    return better
        return decision

    def _facts(
        self, ctx: api.Context, journey: rules.Journey, terms: Terms, request: review.Request, now: int
    ) -> review.Facts:
        timeline = rules.timeline(journeys.pages(ctx, journey))
        earlier = [load(ctx, each) for each in store.each(ctx, str, OF_JOURNEY, journey.journey_id)]
        returned = sum(
            each.request.quantity for each in earlier if each.request.line == request.line and each.stands
        )
        buyer = rules.hashed(request.buyer_hash, "request.buyer_hash")
        of_buyer = [load(ctx, each) for each in store.each(ctx, str, BY_BUYER, buyer)]
        recent = sum(1 for each in of_buyer if each.stands and each.acts[0].at > now - 90 * moments.DAY)
        return review.Facts(
            journey=journey,
            terms=terms,
            pinned_from=terms.in_force_from,
            delivered=review.first(timeline, "S20", "accepting"),
            attempted=review.first(timeline, "S20", "selat:delivery_attempted"),
            returned=returned,
            recent=recent,
            carrier=terms.carrier_for(journey.destination),
        )


def book(ctx: api.Context, forward: rules.Journey, approved: returns.Return) -> None:
    """Open the reverse journey of *approved*: the same parties and goods the other way, to be picked up."""
    forward_parties = [party.msp_id for party in forward.parties]
    opening = rules.Opening(
        journey_id=approved.reverse_journey_id,
        order_id=forward.order_id,
        order_hash=forward.order_hash,
        ordered_at=moments.text(store.now(ctx)),
        terms_id=forward.terms_id,
        terms_hash=forward.terms_hash,
        buyer_hash=forward.buyer_hash,
        origin=forward.destination,
        destination=forward.origin,
        epcs=forward.epcs,
        lines=forward.lines,
        parties=tuple(sorted({approved.roles.carrier, approved.roles.seller, *forward_parties})),
        custodian=approved.roles.carrier,
        kind=JourneyType.REVERSE,
    )
    journeys.start(ctx, opening, in_hand=False, return_id=approved.return_id)


def load(ctx: api.Context, return_id: str) -> returns.Return:
    """
    The return of that id, as stored.

    Raises:
        Refused: RETURN_UNKNOWN.
    """
    return store.load(ctx, returns.Return, "RETURN_UNKNOWN", RETURN, identifiers.check("return_id", return_id))


def standing(ctx: api.Context, stored: returns.Return) -> Standing:
    """*stored* beside the state its goods are in."""
    if not stored.reverse_journey_id:
        return Standing(stored.state, stored)
    reverse = journeys.load(ctx, stored.reverse_journey_id)
    timeline = rules.timeline(journeys.pages(ctx, reverse))
    return Standing(returns.observed(stored, timeline), stored)
