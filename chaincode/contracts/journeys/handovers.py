"""The part of the contract of journeys that passes custody; `dossier` says how validation enforces it."""

from __future__ import annotations

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import journeystate
from chaincode.contracts.register import stages
from chaincode.domain.journeys import custody, epcis, pages
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.vocabulary import places
from hlf.codec import moments
from hlf.shim import api


class Handovers:
    """Custody offered, accepted, withdrawn and repudiated; a part of `Journeys`."""

    @api.transaction(endorsed_by=("caller",), called_by=("custodian",))
    def offer_custody(
        self, ctx: api.Context, journey_id: str, taker: str, released_at: str, place: str
    ) -> custody.Custody:
        """
        Offer the goods to *taker*. Only the custodian may call this, and only it endorses.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, CUSTODY_CONTESTED, CLOCK_WENT_BACK, EVENT_IN_FUTURE, PRE_DATED,
                TOO_LATE and those of `domain.custody.Custody.offered`.
        """
        giver, now = access.member(ctx), clock.now(ctx)
        journey = journeystate.load(ctx, journey_id)
        journey.party(taker)
        journey.party(giver)
        mine = journeystate.page(ctx, journey_id, giver)
        moment = moments.stated("released_at", released_at)
        pages.timely(journey, mine, moment.at, now)
        offer = custody.HandoverOffer(taker, moment.at, moment.offset_minutes, places.check_locode("place", place), now)
        held = journeystate.custody_as_seen_by(ctx, journey, mine).offered(giver, offer)
        journeystate.save_custody(ctx, held)
        store.announce(ctx, "CustodyOffered", {"journey_id": journey_id, "giver": giver, "taker": taker})
        return held

    @api.transaction(endorsed_by=("caller",), called_by=("custodian",))
    def withdraw_custody(self, ctx: api.Context, journey_id: str) -> custody.Custody:
        """
        Withdraw the offer, before somebody has accepted it.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, CUSTODY_CONTESTED, NOT_CUSTODIAN, NOT_OFFERED.
        """
        giver = access.member(ctx)
        journey = journeystate.load(ctx, journey_id)
        journey.party(giver)
        mine = journeystate.page(ctx, journey_id, giver)
        held = journeystate.custody_as_seen_by(ctx, journey, mine).withdrawn(giver)
        journeystate.save_custody(ctx, held)
        store.announce(ctx, "CustodyWithdrawn", {"journey_id": journey_id, "giver": giver})
        return held

    @api.transaction(endorsed_by=("Journeys:custodian(journey_id)", "caller"), called_by=("taker",))
    def accept_custody(self, ctx: api.Context, journey_id: str, accepted_at: str, place: str) -> custody.Custody:
        """
        Accept the offered goods; valid only if both organisations endorse.

        Two hand-overs of one consignment in one block write the same key, so the later one fails with
        MVCC_READ_CONFLICT, as it should.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, CUSTODY_CONTESTED, CLOCK_WENT_BACK, EVENT_IN_FUTURE, PRE_DATED,
                TOO_LATE, NOT_OFFERED, NOT_THE_TAKER, ACCEPTED_BEFORE_HELD, STAGE_NOT_ENTITLED.
        """
        taker, now = access.member(ctx), clock.now(ctx)
        journey = journeystate.load(ctx, journey_id)
        journey.party(taker)
        mine = journeystate.page(ctx, journey_id, taker)
        held = journeystate.find_custody(ctx, journey_id)
        journeystate.check_confirmed(journey, journeystate.page(ctx, journey_id, held.custodian), held)
        held.offered_to(taker)
        giver = held.custodian
        stage_id, step = ("S22", "receiving") if journey.kind is JourneyType.REVERSE else ("S02", "accepting")
        observation = epcis.Observation(stage_id, step, accepted_at, place)
        stage = stages.version(ctx, journey.catalogue_version).stage(stage_id)
        pages.entitled(journey, taker, stage)
        epcis.checked(observation, stage)
        pages.timely(journey, mine, observation.moment.at, now)
        entry = pages.entry_of(journey, taker, stage, observation, now, handover=(giver, taker))
        taken = held.accepted(taker, entry.at, place, entry.event_id)
        journeystate.save_custody(ctx, taken)
        journeystate.save_page(ctx, mine.with_entry(entry))
        payload = {"journey_id": journey_id, "giver": giver, "taker": taker, "number": taken.number}
        store.announce(ctx, "CustodyPassed", payload)
        return taken

    @api.query
    def custodian(self, ctx: api.Context, journey_id: str) -> str:
        """
        Return the custodian of the goods.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journeystate.load(ctx, journey_id)
        return journeystate.find_custody(ctx, journey_id).custodian

    @api.transaction(endorsed_by=("caller",), called_by=("custodian",))
    def repudiate_custody(self, ctx: api.Context, journey_id: str) -> custody.Custody:
        """
        Reject a custody that was written for the caller without its acceptance.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, NOT_CUSTODIAN, CUSTODY_ACCEPTED, NOTHING_TO_REPUDIATE.
        """
        named = access.member(ctx)
        journey = journeystate.load(ctx, journey_id)
        journey.party(named)
        held = journeystate.find_custody(ctx, journey_id)
        if held.custodian != named:
            raise Refusal.NOT_CUSTODIAN(f"{journey_id} is held by {held.custodian}")
        if pages.confirms(journey, journeystate.page(ctx, journey_id, named), held):
            raise Refusal.CUSTODY_ACCEPTED(f"{named} accepted {journey_id} itself")
        restored = held.repudiated()
        journeystate.save_custody(ctx, restored)
        store.announce(ctx, "CustodyRepudiated", {"journey_id": journey_id, "named": named, "by": restored.custodian})
        return restored
