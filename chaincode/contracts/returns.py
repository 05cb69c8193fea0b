"""
The contract of returns: a request is reviewed at once, and an approval books the reverse journey by itself.

No return moves on one organisation's word. Its key takes the endorsement of
the seller and of one of the others concerned (who speaks for the buyer, the
carrier, the arbiter), or of the channel's majority: with the first, everyday
steps need two peers; with the second, a silent or hostile seller cannot hold a
return up. A new return and a booked journey are new keys, hence the
majority's, so the review is computed by more organisations than any single one controls.

Who may take a step is a matter of the caller's organisation (`domain.handling`).
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from chaincode.contracts import access, dossier, participants, store
from chaincode.contracts import terms as published_terms
from chaincode.domain import booking, handling, identifiers, journeys, moments, pages, returns, review, simulation
from chaincode.domain.refusals import Refused, invalid
from chaincode.domain.terms import Condition, Resolution, Terms, no_worse
from chaincode.shim import api
from hlf.wire import policies

RETURN = "return"
OF_JOURNEY = "return-of-journey"
BY_BUYER = "return-by-buyer"

_AGENTS = frozenset({"platform", "merchant"})
_LONGEST_ID = 48
"""Journeys are named after their return, and have ids of at most 64 characters."""
_MOST_EVIDENCE = 20


@dataclasses.dataclass(frozen=True)
class Standing:
    """A return carried on by what its goods' events say; ``state`` is the one that results."""

    state: returns.State
    stored: returns.Return


class Returns(api.Contract):
    """Returns under the terms that the order pinned."""

    plan: ClassVar[booking.Plan] = staticmethod(booking.by_coverage)

    @api.transaction
    def request(self, ctx: api.Context, request: review.Request) -> returns.Return:
        """
        Lodge *request* for a buyer and decide it; takes the majority's endorsement.

        An approval assigns the carrier of the plan and opens the reverse
        journey in the same transaction. A rejection is a result, not a
        refusal: it is kept, with the rule, the facts and what would pass.

        Raises:
            Refused: RETURN_EXISTS, JOURNEY_UNKNOWN, NOT_A_PARTY, NOT_AN_AGENT, INVALID_ARGUMENT.
        """
        case = self._case(ctx, request.journey_id)
        made = self._submitted(ctx, case, self._drafted(ctx, case, request))
        self._index(ctx, made)
        return made

    @api.transaction
    def draft(self, ctx: api.Context, request: review.Request) -> returns.Return:
        """
        Keep *request* for a buyer who has not made up its mind; takes the majority's endorsement.

        Raises:
            Refused: as `request`.
        """
        case = self._case(ctx, request.journey_id)
        made = self._drafted(ctx, case, request)
        self._index(ctx, made)
        return self._save(ctx, made)

    @api.transaction
    def submit(self, ctx: api.Context, return_id: str) -> returns.Return:
        """
        Send a draft off and decide it; takes the majority's endorsement where that books a journey.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE, DEADLINE_PASSED.
        """
        draft = load(ctx, return_id)
        return self._submitted(ctx, self._case(ctx, draft.request.journey_id), draft)

    @api.transaction
    def answer(self, ctx: api.Context, return_id: str, approve: bool, opinion_hash: str) -> returns.Return:
        """
        Approve or reject what was referred to the seller; *opinion_hash* is that of its reasons.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_SELLER, OWN_RETURN, WRONG_STATE, DEADLINE_PASSED.
        """
        known, case = self._known(ctx, return_id)
        opinion = journeys.hashed(opinion_hash, "opinion_hash")
        booked = self._booking(case, known)
        carrier = booked.carrier if booked else ""
        moved = handling.answered(known, access.member(ctx), approve, carrier, case.terms, store.now(ctx), opinion)
        return self._save(ctx, self._booked(ctx, case, known, moved, booked))

    @api.transaction
    def schedule_pickup(self, ctx: api.Context, return_id: str, pickup_at: str) -> returns.Return:
        """
        Agree on a time to fetch the goods; the carrier's step.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, _ = self._known(ctx, return_id)
        at = moments.stated("pickup_at", pickup_at).at
        return self._save(ctx, handling.scheduled(known, access.member(ctx), at, store.now(ctx)))

    @api.transaction
    def fail_pickup(self, ctx: api.Context, return_id: str, why: str) -> returns.Return:
        """
        Report that the goods could not be fetched; *why* is one word such as ``nobody_home``.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, case = self._known(ctx, return_id)
        word = identifiers.check("why", why)
        return self._save(ctx, handling.pickup_failed(known, access.member(ctx), word, case.terms, store.now(ctx)))

    @api.transaction
    def inspect(
        self, ctx: api.Context, return_id: str, condition: Condition, units: int, report_hash: str
    ) -> returns.Return:
        """
        Say what arrived and in which condition; whether that passes is the terms' to say, not the seller's.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_SELLER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, case = self._known(ctx, return_id)
        report = journeys.hashed(report_hash, "report_hash")
        cover = case.terms.reasons.get(known.request.reason)
        accepted = cover.condition if cover else Condition.DAMAGED
        moved = handling.inspected(
            known, access.member(ctx), condition, units, accepted, case.terms, store.now(ctx), report
        )
        return self._save(ctx, moved)

    @api.transaction
    def settle(
        self, ctx: api.Context, return_id: str, resolution: Resolution, proof_hash: str, epcs: tuple[str, ...] = ()
    ) -> returns.Return:
        """
        Give the buyer what it is due; *proof_hash* is that of the payment or credit on the other channel.

        An exchange opens the journey of the new goods, *epcs*, in the same
        transaction, which then takes the majority's endorsement.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_SELLER, WRONG_STATE, RESOLUTION_DIFFERS, INVALID_ARGUMENT.
        """
        known, case = self._known(ctx, return_id)
        proof = journeys.hashed(proof_hash, "proof_hash")
        now = store.now(ctx)
        moved = handling.settled(known, access.member(ctx), resolution, case.terms, now, proof)
        if moved.exchange_journey_id:
            opening = booking.exchange(case.journey, moved, epcs, now)
            dossier.start(ctx, opening, in_hand=True, return_id=moved.return_id)
        return self._save(ctx, moved)

    @api.transaction
    def send_back(self, ctx: api.Context, return_id: str, proof_hash: str) -> returns.Return:
        """
        Send goods that failed the inspection back to the buyer.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_SELLER, WRONG_STATE.
        """
        known, case = self._known(ctx, return_id)
        proof = journeys.hashed(proof_hash, "proof_hash")
        return self._save(ctx, handling.sent_back(known, access.member(ctx), case.terms, store.now(ctx), proof))

    @api.transaction
    def cancel(self, ctx: api.Context, return_id: str) -> returns.Return:
        """
        Take the request back, while the goods are with the buyer.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE.
        """
        known, _ = self._known(ctx, return_id)
        return self._save(ctx, handling.cancelled(known, access.member(ctx), store.now(ctx)))

    @api.transaction
    def dispute(self, ctx: api.Context, return_id: str, grounds_hash: str) -> returns.Return:
        """
        Bring an outcome before the arbiter that the terms name.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE, DEADLINE_PASSED, ALREADY_ARBITRATED.
        """
        known, case = self._known(ctx, return_id)
        grounds = journeys.hashed(grounds_hash, "grounds_hash")
        return self._save(ctx, handling.disputed(known, access.member(ctx), case.terms, store.now(ctx), grounds))

    @api.transaction
    def arbitrate(
        self, ctx: api.Context, return_id: str, award: handling.Award, opinion_hash: str
    ) -> returns.Return:
        """
        Decide a dispute; an award to fetch the goods books the reverse journey.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_ARBITER, OWN_RETURN, WRONG_STATE, DEADLINE_PASSED, WRONG_AWARD.
        """
        known, case = self._known(ctx, return_id)
        opinion = journeys.hashed(opinion_hash, "opinion_hash")
        booked = type(self).plan(case.journey, case.terms)
        carrier = booked.carrier if booked and not known.reverse_journey_id else known.roles.carrier
        moved = handling.arbitrated(
            known, access.member(ctx), award, carrier, case.terms, store.now(ctx), opinion
        )
        return self._save(ctx, self._booked(ctx, case, known, moved, booked))

    @api.transaction
    def close(self, ctx: api.Context, return_id: str) -> returns.Return:
        """
        Say for the buyer that nothing is left to do.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE.
        """
        known, _ = self._known(ctx, return_id)
        return self._save(ctx, handling.closed(known, access.member(ctx), store.now(ctx)))

    @api.transaction
    def enforce(self, ctx: api.Context, return_id: str) -> returns.Return:
        """
        Write down what follows from a deadline that has passed; any party of the journey may.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_A_PARTY, NO_DEADLINE, NOT_DUE.
        """
        known, case = self._known(ctx, return_id)
        case.journey.party(access.member(ctx))
        booked = self._booking(case, known)
        moved = handling.enforced(known, booked.carrier if booked else "", case.terms, store.now(ctx))
        return self._save(ctx, self._booked(ctx, case, known, moved, booked))

    @api.query
    def preview(self, ctx: api.Context, request: review.Request) -> review.Decision:
        """
        What `request` would decide now; nothing is kept.

        Raises:
            Refused: JOURNEY_UNKNOWN, INVALID_ARGUMENT.
        """
        return self._decide(ctx, self._case(ctx, request.journey_id), request, store.now(ctx))

    @api.query
    def simulate(
        self, ctx: api.Context, terms_id: str, number: int, scenario: simulation.Scenario
    ) -> review.Decision:
        """
        What a version of terms (0: the last) would decide on an order that nobody has placed yet.

        Raises:
            Refused: TERMS_UNKNOWN, INVALID_ARGUMENT.
        """
        found = published_terms.version(ctx, terms_id, number) if number else published_terms.latest(ctx, terms_id)
        return simulation.simulate(found.terms, scenario)

    @api.query
    def read(self, ctx: api.Context, return_id: str) -> Standing:
        """
        A return as it stands, with its decision.

        Raises:
            Refused: RETURN_UNKNOWN.
        """
        known, _ = self._known(ctx, return_id)
        return Standing(known.state, known)

    @api.query
    def track(self, ctx: api.Context, token_hash: str) -> tuple[returns.Seen, ...]:
        """
        What a shopper sees of the returns of its order; *token_hash* is the SHA-256 of its link's token in hex.

        Raises:
            Refused: LINK_UNKNOWN, INVALID_ARGUMENT.
        """
        journey_id = dossier.linked(ctx, token_hash)
        known = [self._known(ctx, each)[0] for each in store.each(ctx, str, OF_JOURNEY, journey_id)]
        return tuple(returns.seen(each) for each in known)

    @api.query
    def of_journey(self, ctx: api.Context, journey_id: str) -> tuple[str, ...]:
        """The ids of the returns of one forward journey."""
        return tuple(store.each(ctx, str, OF_JOURNEY, identifiers.check("journey_id", journey_id)))

    @api.query
    def history(self, ctx: api.Context, return_id: str) -> list[object]:
        """Every value the return had, newest first."""
        return store.history(ctx, RETURN, load(ctx, return_id).return_id)

    def _drafted(self, ctx: api.Context, case: _Case, request: review.Request) -> returns.Return:
        identifiers.check("request.return_id", request.return_id)
        journeys.hashed(request.buyer_hash, "request.buyer_hash")
        if len(request.return_id) > _LONGEST_ID or len(request.evidence) > _MOST_EVIDENCE:
            raise invalid("request", f"has an id to {_LONGEST_ID} long, and to {_MOST_EVIDENCE} pieces of evidence")
        for each in request.evidence:
            journeys.hashed(each, "request.evidence")
        if store.find(ctx, returns.Return, RETURN, request.return_id):
            raise Refused("RETURN_EXISTS", f"there is a return {request.return_id}")
        agent = access.member(ctx)
        if not _AGENTS & set(case.journey.party(agent).roles):
            raise Refused("NOT_AN_AGENT", "the platform or the merchant lodges a buyer's request")
        roles = returns.Roles(seller=case.terms.seller, agent=agent, arbiter=case.terms.arbiter)
        return handling.drafted(request, roles, store.now(ctx))

    def _submitted(self, ctx: api.Context, case: _Case, draft: returns.Return) -> returns.Return:
        now = store.now(ctx)
        decision = self._decide(ctx, case, draft.request, now)
        made = handling.submitted(draft, access.member(ctx), decision, case.terms, now)
        return self._save(ctx, self._booked(ctx, case, draft, made, self._booking(case, made)))

    def _decide(self, ctx: api.Context, case: _Case, request: review.Request, now: int) -> review.Decision:
        """By the pinned terms; where they say no, by a later version that is in no point worse for the buyer."""
        facts = self._facts(ctx, case, request, now)
        decision = review.decide(facts, request, now)
        if decision.outcome is not review.Outcome.REJECTED:
            return decision
        for published in published_terms.versions(ctx, case.terms.terms_id):
            later = published.terms
            if later.version > case.terms.version and later.in_force_from <= now and no_worse(later, case.terms):
                improved = dataclasses.replace(facts, terms=later, carrier=self._carrier(case.journey, later))
                better = review.decide(improved, request, now)
                if better.outcome is not review.Outcome.REJECTED:
                    return better
        return decision

    def _facts(self, ctx: api.Context, case: _Case, request: review.Request, now: int) -> review.Facts:
        timeline = pages.timeline(dossier.all_pages(ctx, case.journey))
        earlier = [load(ctx, each) for each in store.each(ctx, str, OF_JOURNEY, case.journey.journey_id)]
        returned = [each for each in earlier if each.request.line == request.line and each.stands]
        buyer = journeys.hashed(request.buyer_hash, "request.buyer_hash")
        of_buyer = [load(ctx, each) for each in store.each(ctx, str, BY_BUYER, buyer)]
        since = now - 90 * moments.DAY
        return review.Facts(
            journey=case.journey,
            terms=case.terms,
            pinned_from=case.terms.in_force_from,
            delivered=review.first(timeline, "S20", "accepting"),
            attempted=review.first(timeline, "S20", "selat:delivery_attempted"),
            returned=sum(each.request.quantity for each in returned),
            recent=sum(1 for each in of_buyer if each.stands and each.acts[0].at > since),
            carrier=self._carrier(case.journey, case.terms),
        )

    def _carrier(self, journey: journeys.Journey, terms: Terms) -> str | None:
        booked = type(self).plan(journey, terms)
        return booked.carrier if booked else None

    def _booking(self, case: _Case, known: returns.Return) -> booking.Booking | None:
        """Who would fetch the goods, if they are worth fetching."""
        line = case.journey.line(known.request.line)
        return None if line and line.returnless else type(self).plan(case.journey, case.terms)

    def _booked(
        self, ctx: api.Context, case: _Case, before: returns.Return, after: returns.Return,
        booked: booking.Booking | None,
    ) -> returns.Return:  # fmt: skip
        """*after*, with its reverse journey opened if this step was the one that assigned the pick-up."""
        if booked and after.reverse_journey_id and not before.reverse_journey_id:
            opening = booking.reverse(case.journey, after, booked, store.now(ctx))
            dossier.start(ctx, opening, in_hand=False, return_id=after.return_id)
        return after

    def _case(self, ctx: api.Context, journey_id: str) -> _Case:
        journey = dossier.load(ctx, journey_id)
        return _Case(journey, published_terms.pinned(ctx, journey.terms_id, journey.terms_hash).terms)

    def _known(self, ctx: api.Context, return_id: str) -> tuple[returns.Return, _Case]:
        """The return as its goods' events carry it on, under the terms it was decided by, and its case."""
        stored = load(ctx, return_id)
        case = self._case(ctx, stored.request.journey_id)
        if stored.decision and stored.decision.terms_hash != case.terms.digest:
            better = published_terms.pinned(ctx, stored.decision.terms_id, stored.decision.terms_hash).terms
            case = dataclasses.replace(case, terms=better)
        if stored.state not in returns.TO_FETCH:
            return stored, case
        reverse = dossier.load(ctx, stored.reverse_journey_id)
        timeline = pages.timeline(dossier.all_pages(ctx, reverse))
        return returns.observed(stored, timeline, case.terms), case

    def _index(self, ctx: api.Context, made: returns.Return) -> None:
        store.save(ctx, made.return_id, OF_JOURNEY, made.request.journey_id, made.return_id)
        store.save(ctx, made.return_id, BY_BUYER, made.request.buyer_hash, made.return_id)

    def _save(self, ctx: api.Context, known: returns.Return) -> returns.Return:
        members = participants.directory(ctx).members
        store.save(ctx, known, RETURN, known.return_id, policy=_policy(known.roles, members))
        code = known.decision.code if known.decision else ""
        store.announce(ctx, "ReturnMoved", {"return_id": known.return_id, "state": known.state, "code": code})
        return known


@dataclasses.dataclass(frozen=True)
class _Case:
    """The forward journey of a return, and the terms it is judged by."""

    journey: journeys.Journey
    terms: Terms


def load(ctx: api.Context, return_id: str) -> returns.Return:
    """
    The return of that id, as stored.

    Raises:
        Refused: RETURN_UNKNOWN.
    """
    return store.load(ctx, returns.Return, "RETURN_UNKNOWN", RETURN, identifiers.check("return_id", return_id))


def _policy(roles: returns.Roles, members: tuple[str, ...]) -> bytes:
    """The seller and one of the others concerned, or the majority of *members*."""
    others = sorted({roles.agent, roles.carrier, roles.arbiter} - {roles.seller, ""})
    one = ", ".join(f"'{msp_id}.peer'" for msp_id in others)
    all_ = ", ".join(f"'{msp_id}.peer'" for msp_id in members)
    majority = f"OutOf({len(members) // 2 + 1}, {all_})"
    text = f"OR(AND('{roles.seller}.peer', OR({one})), {majority})"
    return bytes(policies.from_dsl(text).SerializeToString())
