"""The acts of the parties in the contract of returns; `domain.returns.handling` has the rules."""

from __future__ import annotations

from chaincode.contracts import access, clock
from chaincode.contracts.journeys import journeystate
from chaincode.contracts.orders import accounts, otherchannel
from chaincode.contracts.returns.returnstate import StoredReturns
from chaincode.domain import channels
from chaincode.domain.journeys.contents import Parcel
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns import booking, handling, returns
from chaincode.domain.returns.terms import Condition, Resolution
from chaincode.domain.vocabulary import identifiers
from hlf.codec import moments, names
from hlf.shim import api


class ReturnHandling(StoredReturns):
    """Acts of seller, agent, carrier and arbiter on a return; a part of `Returns`."""

    @api.transaction(endorsed_by=(), called_by=("seller",))
    def answer(self, ctx: api.Context, return_id: str, approve: bool, opinion_hash: str) -> returns.Return:
        """
        Approve or reject a request that the terms leave to the seller; *opinion_hash* is the hash of its reasons.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_SELLER, OWN_RETURN, WRONG_STATE, DEADLINE_PASSED.
        """
        known, case = self.up_to_date(ctx, return_id)
        opinion = names.SHA256.check("opinion_hash", opinion_hash)
        booked = self.who_fetches(case, known)
        carrier = booked.carrier if booked else ""
        moved = handling.answered(known, access.member(ctx), approve, carrier, case.terms, clock.now(ctx), opinion)
        return self.save(ctx, self.with_journey(ctx, case, known, moved, booked))

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def schedule_pickup(self, ctx: api.Context, return_id: str, pickup_at: str) -> returns.Return:
        """
        State the time to fetch the goods, as the carrier.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, _ = self.up_to_date(ctx, return_id)
        at = moments.stated("pickup_at", pickup_at).at
        return self.save(ctx, handling.scheduled(known, access.member(ctx), at, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def offer_pickups(self, ctx: api.Context, return_id: str, pickups: tuple[str, ...]) -> returns.Return:
        """
        Offer times to fetch the goods, of which the buyer chooses one; they take the place of those offered before.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, _ = self.up_to_date(ctx, return_id)
        times = [moments.stated("pickups", each).at for each in pickups]
        return self.save(ctx, handling.offered(known, access.member(ctx), times, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("agent",))
    def choose_pickup(self, ctx: api.Context, return_id: str, pickup_at: str) -> returns.Return:
        """
        Choose one of the times that the carrier offers, for the buyer; another one may be chosen later.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, _ = self.up_to_date(ctx, return_id)
        at = moments.stated("pickup_at", pickup_at).at
        return self.save(ctx, handling.chosen(known, access.member(ctx), at, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def fail_pickup(self, ctx: api.Context, return_id: str, why: str) -> returns.Return:
        """
        Report that the goods could not be fetched; *why* is one word such as ``nobody_home``.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, case = self.up_to_date(ctx, return_id)
        word = identifiers.check("why", why)
        return self.save(ctx, handling.pickup_failed(known, access.member(ctx), word, case.terms, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("seller",))
    def inspect(
        self, ctx: api.Context, return_id: str, condition: Condition, units: int, report_hash: str,
        others: tuple[handling.InspectedUnits, ...] = (),
    ) -> returns.Return:  # fmt: skip
        """
        Report what arrived and in which condition, as the seller; the terms decide which units pass.

        *others* are units in other conditions. If some pass and some do not, those that pass are settled.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_SELLER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, case = self.up_to_date(ctx, return_id)
        report = names.SHA256.check("report_hash", report_hash)
        cover = case.terms.reasons.get(known.request.reason)
        accepted = cover.condition if cover else Condition.DAMAGED
        moved = handling.inspected(
            known, access.member(ctx), condition, units, accepted, case.terms, clock.now(ctx), report, others
        )
        return self.save(ctx, moved)

    @api.transaction(endorsed_by=(), called_by=("seller",))
    def settle(
        self, ctx: api.Context, return_id: str, resolution: Resolution, proof_hash: str, epcs: tuple[str, ...] = (),
        parcels: tuple[Parcel, ...] = (),
    ) -> returns.Return:  # fmt: skip
        """
        Settle the return; *proof_hash* is the hash of the payment or credit on the other channel.

        Of a refund it is what `Settlement:refund_proof` answers there, of
        store credit `Credits:proof`, and every peer that has joined that
        channel compares the two.

        An exchange opens the journey of the new goods, *epcs* or *parcels*
        with their contents, in the same transaction, which then takes the
        majority's endorsement.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_SELLER, WRONG_STATE, RESOLUTION_DIFFERS, NOT_REFUNDED, PARCEL_IN_USE,
                INVALID_ARGUMENT, ORDER_UNKNOWN, PEER_REFUSED.
        """
        known, case = self.up_to_date(ctx, return_id)
        proof = names.SHA256.check("proof_hash", proof_hash)
        now = clock.now(ctx)
        moved = handling.settled(known, access.member(ctx), resolution, case.terms, now, proof)
        if resolution in _PROOFS:
            _check_given(ctx, case.journey.order_id, known, resolution, proof)
        if moved.exchange_journey_id:
            opening = booking.exchange(case.journey, moved, epcs, now, parcels)
            journeystate.start(ctx, opening, in_hand=True, return_id=moved.return_id)
        return self.save(ctx, moved)

    @api.transaction(endorsed_by=(), called_by=("seller",))
    def send_back(self, ctx: api.Context, return_id: str, proof_hash: str) -> returns.Return:
        """
        Send goods that failed the inspection back to the buyer.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_SELLER, WRONG_STATE.
        """
        known, case = self.up_to_date(ctx, return_id)
        proof = names.SHA256.check("proof_hash", proof_hash)
        return self.save(ctx, handling.sent_back(known, access.member(ctx), case.terms, clock.now(ctx), proof))

    @api.transaction(endorsed_by=(), called_by=("agent",))
    def cancel(self, ctx: api.Context, return_id: str) -> returns.Return:
        """
        Cancel the request, while the goods are with the buyer.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE.
        """
        known, _ = self.up_to_date(ctx, return_id)
        return self.save(ctx, handling.cancelled(known, access.member(ctx), clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("agent",))
    def dispute(self, ctx: api.Context, return_id: str, grounds_hash: str) -> returns.Return:
        """
        Bring an outcome before the arbiter that the terms name.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE, DEADLINE_PASSED, ALREADY_ARBITRATED, UNITS_RETURNED.
        """
        known, case = self.up_to_date(ctx, return_id)
        grounds = names.SHA256.check("grounds_hash", grounds_hash)
        moved = handling.disputed(known, access.member(ctx), case.terms, clock.now(ctx), grounds)
        # After a rejection or an exchange the buyer still has the units. So the claimed units must have been on the
        # journey, and no other return may have brought them back since.
        left = accounts.returnable(ctx, case.journey, known.request)
        if left < known.request.quantity:
            raise Refusal.UNITS_RETURNED(f"only {left} of the units of return {return_id} are in no other return")
        return self.save(ctx, moved)

    @api.transaction(endorsed_by=(), called_by=("arbiter",))
    def arbitrate(self, ctx: api.Context, return_id: str, award: handling.Award, opinion_hash: str) -> returns.Return:
        """
        Decide a dispute; an award to fetch the goods books the reverse journey.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_ARBITER, OWN_RETURN, WRONG_STATE, DEADLINE_PASSED, WRONG_AWARD.
        """
        known, case = self.up_to_date(ctx, return_id)
        opinion = names.SHA256.check("opinion_hash", opinion_hash)
        booked = case.booking(case.terms)
        carrier = booked.carrier if booked and not known.reverse_journey_id else known.roles.carrier
        moved = handling.arbitrated(known, access.member(ctx), award, carrier, case.terms, clock.now(ctx), opinion)
        return self.save(ctx, self.with_journey(ctx, case, known, moved, booked))

    @api.transaction(endorsed_by=(), called_by=("agent",))
    def close(self, ctx: api.Context, return_id: str) -> returns.Return:
        """
        Close the return for the buyer, when nothing is left to do.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_THE_AGENT, WRONG_STATE.
        """
        known, _ = self.up_to_date(ctx, return_id)
        return self.save(ctx, handling.closed(known, access.member(ctx), clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("party",))
    def enforce(self, ctx: api.Context, return_id: str) -> returns.Return:
        """
        Record the consequence of a passed deadline; any party of the journey may call this.

        Raises:
            Refused: RETURN_UNKNOWN, NOT_A_PARTY, NO_DEADLINE, NOT_DUE.
        """
        known, case = self.up_to_date(ctx, return_id)
        case.journey.party(access.member(ctx))
        booked = self.who_fetches(case, known)
        moved = handling.enforced(known, booked.carrier if booked else "", case.terms, clock.now(ctx))
        return self.save(ctx, self.with_journey(ctx, case, known, moved, booked))


_PROOFS = {Resolution.REFUND: "Settlement:refund_proof", Resolution.STORE_CREDIT: "Credits:proof"}
"""The query on `ecommerce` for the record that the buyer got its money or its credit."""


def _check_given(ctx: api.Context, order_id: str, known: returns.Return, resolution: Resolution, proof: str) -> None:
    """
    Raise Refused unless `ecommerce` has the record for all units with that hash, or this peer cannot ask.
    """
    asked = (_PROOFS[resolution], order_id, known.return_id, str(known.units))
    answer = otherchannel.query(ctx, *channels.COMMERCE, *asked)
    if answer is not None and answer.decode() != proof:
        raise Refusal.NOT_REFUNDED(f"the proof is not the record of the refund or credit for return {known.return_id}")
