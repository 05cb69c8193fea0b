"""
The contract of returns: a request is reviewed at once, and an approval books the reverse journey.

`handling` has the acts of the parties, `returnstate` the endorsers of a return.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import journeystate, shopperview
from chaincode.contracts.orders import accounts
from chaincode.contracts.register import terms as published_terms
from chaincode.contracts.returns.handling import ReturnHandling
from chaincode.contracts.returns.returnstate import OF_ORDER, RETURN, ReturnCase, load
from chaincode.domain.journeys import tracking
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns import entitlements, handling, returns, review, serials, simulation
from chaincode.domain.returns.entitlements import Entitlement
from chaincode.domain.returns.terms import ReturnTerms, no_worse
from chaincode.domain.vocabulary import bounds, identifiers
from hlf.codec import moments, names
from hlf.codec.refusals import invalid
from hlf.shim import api

OF_JOURNEY = "return-of-journey"
BY_BUYER = "return-by-buyer"

_AGENTS = frozenset({"platform", "merchant"})
_LONGEST_ID = 48
"""Journeys are named after their return, and have ids of at most 64 characters."""


@dataclasses.dataclass(frozen=True)
class CurrentReturn:
    """A return with its present ``state``, which takes the events of its goods into account."""

    state: returns.ReturnState
    stored: returns.Return


class Returns(ReturnHandling, api.Contract):
    """Returns under the pinned terms of their orders."""

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def request(self, ctx: api.Context, request: review.ReturnRequest) -> returns.Return:
        """
        Submit *request* for a buyer and decide it; a majority must endorse.

        An approval assigns the carrier and opens the reverse journey in the same transaction. A rejection is a
        result, not a refusal: it is stored, with the rule, its facts and what would pass.

        Raises:
            Refused: RETURN_EXISTS, JOURNEY_UNKNOWN, NOT_A_PARTY, NOT_AN_AGENT, INVALID_ARGUMENT.
        """
        case = self.case(ctx, request.journey_id)
        made = self._submitted(ctx, case, self._drafted(ctx, case, request))
        self._index(ctx, case, made)
        return made

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def draft(self, ctx: api.Context, request: review.ReturnRequest) -> returns.Return:
        """
        Store *request* as a draft for a buyer; a majority must endorse.

        Raises:
            Refused: as `request`.
        """
        case = self.case(ctx, request.journey_id)
        made = self._drafted(ctx, case, request)
        self._index(ctx, case, made)
        return self.save(ctx, made)

    @api.transaction(endorsed_by=(), called_by=("agent",))
    def submit(self, ctx: api.Context, return_id: str) -> returns.Return:
        """
        Submit a draft and decide it; if this books a journey, a majority must endorse.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE, DEADLINE_PASSED.
        """
        draft = load(ctx, return_id)
        return self._submitted(ctx, self.case(ctx, draft.request.journey_id), draft)

    @api.query
    def preview(self, ctx: api.Context, request: review.ReturnRequest) -> review.Decision:
        """
        Return the decision that `request` would make now; nothing is stored.

        Raises:
            Refused: JOURNEY_UNKNOWN, INVALID_ARGUMENT.
        """
        return self._decide(ctx, self.case(ctx, request.journey_id), request, clock.now(ctx))

    @api.query
    def simulate(
        self, ctx: api.Context, terms_id: str, number: int, scenario: simulation.Scenario
    ) -> simulation.SimulatedDecision:
        """
        Return the decision of a version of terms (0: the latest) on an imagined order, and the amount of the refund.

        Raises:
            Refused: TERMS_UNKNOWN, INVALID_ARGUMENT.
        """
        found = published_terms.version(ctx, terms_id, number) if number else published_terms.latest(ctx, terms_id)
        return simulation.simulate(found.terms, scenario)

    @api.query
    def read(self, ctx: api.Context, return_id: str) -> CurrentReturn:
        """
        Return a return in its present state, with its decision.

        Raises:
            Refused: RETURN_UNKNOWN.
        """
        known, _ = self.up_to_date(ctx, return_id)
        return CurrentReturn(known.state, known)

    @api.query
    def entitlement(self, ctx: api.Context, order_id: str, return_id: str) -> Entitlement:
        """
        Return the entitlement of a return of an order, and whether it can be settled now.

        Raises:
            Refused: RETURN_UNKNOWN, also if the return is of another order.
        """
        known, case = self.up_to_date(ctx, return_id)
        if case.journey.order_id != identifiers.check("order_id", order_id):
            raise Refusal.RETURN_UNKNOWN(f"order {order_id} has no return {return_id}")
        return entitlements.of(known, order_id, case.terms)

    @api.query
    def track(self, ctx: api.Context, token_hash: str) -> tuple[returns.TrackedReturn, ...]:
        """
        Return the shopper's view of the returns of an order; *token_hash* is the SHA-256 of the link's token in hex.

        The returns of all journeys of the order are in it, each exchange with the journey of its new goods.

        Raises:
            Refused: LINK_UNKNOWN, INVALID_ARGUMENT.
        """
        order_id = journeystate.load(ctx, journeystate.linked(ctx, token_hash)).order_id
        known = [self.up_to_date(ctx, each)[0] for each in store.each(ctx, str, OF_ORDER, order_id)]
        return tuple(returns.seen(each, _exchanged(ctx, each)) for each in known)

    @api.query
    def of_journey(self, ctx: api.Context, journey_id: str) -> tuple[str, ...]:
        """Return the ids of the returns of one forward journey."""
        return tuple(store.each(ctx, str, OF_JOURNEY, identifiers.check("journey_id", journey_id)))

    @api.query
    def history(self, ctx: api.Context, return_id: str) -> tuple[store.KeyChange, ...]:
        """Return every value that the return had, newest first."""
        return store.history(ctx, RETURN, load(ctx, return_id).return_id)

    def _drafted(self, ctx: api.Context, case: ReturnCase, request: review.ReturnRequest) -> returns.Return:
        identifiers.check("request.return_id", request.return_id)
        names.SHA256.check("request.buyer_hash", request.buyer_hash)
        if len(request.return_id) > _LONGEST_ID or len(request.evidence) not in bounds.EVIDENCE:
            raise invalid("request", f"has an id to {_LONGEST_ID} long, and {bounds.EVIDENCE} pieces of evidence")
        for each in request.evidence:
            names.SHA256.check("request.evidence", each)
        if store.find(ctx, returns.Return, RETURN, request.return_id):
            raise Refusal.RETURN_EXISTS(f"there is a return {request.return_id}")
        agent = access.member(ctx)
        if not _AGENTS & set(case.journey.party(agent).roles):
            raise Refusal.NOT_AN_AGENT("only the platform or the merchant sends a buyer's request")
        roles = returns.Roles(seller=case.terms.seller, agent=agent, arbiter=case.terms.arbiter)
        return handling.drafted(request, roles, clock.now(ctx))

    def _submitted(self, ctx: api.Context, case: ReturnCase, draft: returns.Return) -> returns.Return:
        now = clock.now(ctx)
        decision = self._decide(ctx, case, draft.request, now)
        made = handling.submitted(draft, access.member(ctx), decision, case.terms, now)
        return self.save(ctx, self.with_journey(ctx, case, draft, made, self.who_fetches(case, made)))

    def _decide(self, ctx: api.Context, case: ReturnCase, request: review.ReturnRequest, now: int) -> review.Decision:
        """
        Return the decision by the pinned terms; if they reject, by a later version that is in no point worse for
        the buyer.
        """
        facts = self._facts(ctx, case, request, now)
        decision = review.decide(facts, request, now)
        if decision.outcome is not review.Outcome.REJECTED:
            return decision
        for published in published_terms.versions(ctx, case.terms.terms_id):
            later = published.terms
            if later.version > case.terms.version and later.in_force_from <= now and no_worse(later, case.terms):
                improved = dataclasses.replace(facts, terms=later, carrier=_carrier(case, later))
                better = review.decide(improved, request, now)
                if better.outcome is not review.Outcome.REJECTED:
                    return better
        return decision

    def _facts(self, ctx: api.Context, case: ReturnCase, request: review.ReturnRequest, now: int) -> review.ReturnFacts:
        serials.check(case.journey, request)
        parcels = accounts.line_records(ctx, case.journey, request)
        buyer = names.SHA256.check("request.buyer_hash", request.buyer_hash)
        of_buyer = [load(ctx, each) for each in store.each(ctx, str, BY_BUYER, buyer)]
        since = now - 90 * moments.DAY
        return review.ReturnFacts(
            journey=case.journey,
            terms=case.terms,
            pinned_from=case.terms.in_force_from,
            delivered=_last(review.first(each.timeline, "S20", "accepting") for each in parcels),
            attempted=_last(review.first(each.timeline, "S20", "selat:delivery_attempted") for each in parcels),
            returnable=accounts.returnable(ctx, case.journey, request),
            recent=sum(1 for each in of_buyer if each.stands and each.acts[0].at > since),
            carrier=_carrier(case, case.terms),
            lost_at=min((at for each in parcels for at in tracking.gone(each.timeline, each.incidents)), default=None),
        )

    def _index(self, ctx: api.Context, case: ReturnCase, made: returns.Return) -> None:
        store.save(ctx, made.return_id, OF_JOURNEY, made.request.journey_id, made.return_id)
        store.save(ctx, made.return_id, OF_ORDER, case.journey.order_id, made.return_id)
        store.save(ctx, made.return_id, BY_BUYER, made.request.buyer_hash, made.return_id)


def _last(happened: Iterable[review.GoodsEvent | None]) -> review.GoodsEvent | None:
    """Return the last event of a line's parcels; the buyer's time runs from it."""
    return max((each for each in happened if each is not None), key=lambda each: each.at, default=None)


def _exchanged(ctx: api.Context, known: returns.Return) -> tracking.View | None:
    """Return the shopper's view of the goods that replace those of a return, if they were sent."""
    if not known.exchange_journey_id:
        return None
    return shopperview.view(ctx, journeystate.load(ctx, known.exchange_journey_id))


def _carrier(case: ReturnCase, terms: ReturnTerms) -> str | None:
    booked = case.booking(terms)
    return booked.carrier if booked else None
