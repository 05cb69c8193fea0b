"""The part of the contract of journeys that passes custody; `journeystate` says how validation enforces it."""

from __future__ import annotations

from collections.abc import Sequence

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import journeystate, partypages
from chaincode.contracts.register import stages
from chaincode.domain.journeys import contents, custody, epcis, journeys, pages
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import JourneyType
from hlf.codec import moments
from hlf.codec.refusals import invalid
from hlf.shim import api


class Handovers:
    """Custody offered, accepted, withdrawn and repudiated, parcel by parcel; a part of `Journeys`."""

    @api.transaction(endorsed_by=("caller",), called_by=("custodian",))
    def offer_custody(
        self, ctx: api.Context, journey_id: str, taker: str, released_at: str, place: str,
        parcels: tuple[str, ...] = (), bound_for: str = "",
    ) -> custody.Custody:  # fmt: skip
        """
        Offer the goods to *taker*: the *parcels* that are named, or all. Only the custodian calls and endorses.

        *bound_for* is where the taker is to bring them; if they are lost, that is the lane on which it counts. The
        answer is the custody of the first of them.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, PARCEL_UNKNOWN, CUSTODY_CONTESTED, CLOCK_WENT_BACK,
                EVENT_IN_FUTURE, PRE_DATED, TOO_LATE, ON_HOLD, PARCEL_LOST and those of
                `domain.journeys.custody.Custody.offered`.
        """
        giver, now = access.member(ctx), clock.now(ctx)
        journey = journeystate.load(ctx, journey_id)
        journey.party(taker)
        journey.party(giver)
        meant = contents.chosen(journey.parcels, parcels)
        _read_ahead(ctx, journey, meant, partypages.keys_of(ctx, journey, giver, meant))
        mine = pages.together(partypages.pages_of(ctx, journey, giver, meant))
        moment = moments.stated("released_at", released_at)
        pages.timely(journey, mine, moment.at, now)
        offer = custody.offer(taker, moment, place, bound_for, now)
        held = [each.offered(giver, offer) for each in journeystate.custodies(ctx, journey, mine, meant)]
        journeystate.check_free(ctx, journey, meant, moment.at, mine)
        for each in held:
            journeystate.save_custody(ctx, each)
        store.announce(ctx, "CustodyOffered", {"journey_id": journey_id, "giver": giver, "taker": taker})
        return held[0]

    @api.transaction(endorsed_by=("caller",), called_by=("custodian",))
    def withdraw_custody(self, ctx: api.Context, journey_id: str, parcels: tuple[str, ...] = ()) -> custody.Custody:
        """
        Withdraw the offer of the *parcels* that are named, or of all, before somebody has accepted it.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, PARCEL_UNKNOWN, CUSTODY_CONTESTED, NOT_CUSTODIAN, NOT_OFFERED.
        """
        giver = access.member(ctx)
        journey = journeystate.load(ctx, journey_id)
        journey.party(giver)
        meant = contents.chosen(journey.parcels, parcels)
        mine = pages.together(partypages.pages_of(ctx, journey, giver, meant))
        found = journeystate.custodies(ctx, journey, mine, meant)
        offered = [each for each in found if parcels or each.offer is not None] or found
        held = [each.withdrawn(giver) for each in offered]
        for each in held:
            journeystate.save_custody(ctx, each)
        store.announce(ctx, "CustodyWithdrawn", {"journey_id": journey_id, "giver": giver})
        return held[0]

    @api.transaction(endorsed_by=("Journeys:givers(journey_id, parcels)", "caller"), called_by=("taker",))
    def accept_custody(
        self, ctx: api.Context, journey_id: str, accepted_at: str, place: str, parcels: tuple[str, ...] = ()
    ) -> custody.Custody:
        """
        Accept the offered goods, or the *parcels* of them that are named; valid only if both organisations endorse.

        Two hand-overs of one parcel in one block write the same key, so the later one fails with MVCC_READ_CONFLICT.
        The answer is the custody of the first parcel.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, PARCEL_UNKNOWN, CUSTODY_CONTESTED, CLOCK_WENT_BACK,
                EVENT_IN_FUTURE, PRE_DATED, TOO_LATE, NOT_OFFERED, NOT_THE_TAKER, ACCEPTED_BEFORE_HELD,
                STAGE_NOT_ENTITLED, ON_HOLD, PARCEL_LOST, INVALID_ARGUMENT if several organisations offer parcels
                and none is named.
        """
        taker, now = access.member(ctx), clock.now(ctx)
        journey = journeystate.load(ctx, journey_id)
        journey.party(taker)
        chosen = contents.chosen(journey.parcels, parcels)
        # Which of its other pages are read shows only in the offers.
        _read_ahead(ctx, journey, chosen, partypages.keys_of(ctx, journey, taker, chosen)[:1])
        found = _offered(ctx, journey, chosen, taker, named=bool(parcels))
        meant = tuple(each.parcel for each in found) if len(journey.parcels) > 1 else journey.parcel_ids
        (giver,) = {each.custodian for each in found}
        theirs = pages.together(partypages.pages_of(ctx, journey, giver, meant))
        for each in found:
            journeystate.check_confirmed(ctx, journey, theirs, each)
            each.offered_to(taker)
        stage_id, step = ("S22", "receiving") if journey.kind is JourneyType.REVERSE else ("S02", "accepting")
        concerned = meant if len(meant) < len(journey.parcels) else ()
        observation = epcis.Observation(stage_id, step, accepted_at, place, epcs=concerned)
        stage = stages.version(ctx, journey.catalogue_version).stage(stage_id)
        pages.entitled(journey, taker, stage)
        epcis.checked(observation, stage)
        mine = partypages.pages_of(ctx, journey, taker, meant)
        whole = pages.together(mine)
        pages.timely(journey, whole, observation.moment.at, now)
        journeystate.check_free(ctx, journey, meant, observation.moment.at, whole, giver)
        entry = pages.entry_of(journey, taker, stage, observation, now, handover=(giver, taker))
        taken = [each.accepted(taker, entry.at, place, entry.event_id) for each in found]
        for each in taken:
            journeystate.save_custody(ctx, each)
        partypages.save_page(ctx, journeystate.target(journey, mine, meant).with_entry(entry))
        payload = {"journey_id": journey_id, "giver": giver, "taker": taker, "number": taken[0].number}
        store.announce(ctx, "CustodyPassed", payload)
        return taken[0]

    @api.query
    def custodian(self, ctx: api.Context, journey_id: str) -> str:
        """
        Return the custodian of the goods: of the first parcel, if there are several.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = journeystate.load(ctx, journey_id)
        return journeystate.find_custody(ctx, journey_id, partypages.keys(journey)[0]).custodian

    @api.query
    def givers(self, ctx: api.Context, journey_id: str, parcels: tuple[str, ...] = ()) -> tuple[str, ...]:
        """
        Return the organisations that offer *parcels* of a journey to the caller; their custodians if nobody does.

        Raises:
            Refused: JOURNEY_UNKNOWN, PARCEL_UNKNOWN.
        """
        journey = journeystate.load(ctx, journey_id)
        meant = partypages.keys(journey, contents.chosen(journey.parcels, parcels))
        found = [journeystate.find_custody(ctx, journey_id, each) for each in meant]
        offering = {each.custodian for each in found if each.offer and each.offer.taker == ctx.client.msp_id}
        return tuple(sorted(offering or {each.custodian for each in found}))

    @api.transaction(endorsed_by=("caller",), called_by=("custodian",))
    def repudiate_custody(self, ctx: api.Context, journey_id: str, parcels: tuple[str, ...] = ()) -> custody.Custody:
        """
        Reject a custody that was written for the caller without its acceptance, of the *parcels* named or of all.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, PARCEL_UNKNOWN, NOT_CUSTODIAN, CUSTODY_ACCEPTED,
                NOTHING_TO_REPUDIATE.
        """
        named = access.member(ctx)
        journey = journeystate.load(ctx, journey_id)
        journey.party(named)
        meant = contents.chosen(journey.parcels, parcels)
        mine = pages.together(partypages.pages_of(ctx, journey, named, meant))
        found = [journeystate.find_custody(ctx, journey_id, key) for key in partypages.keys(journey, meant)]
        if not parcels:
            found = [each for each in found if each.custodian == named] or found
            found = [each for each in found if not journeystate.confirms(ctx, journey, mine, each)] or found
        for held in found:
            if held.custodian != named:
                raise Refusal.NOT_CUSTODIAN(f"{held.name} is held by {held.custodian}")
            if journeystate.confirms(ctx, journey, mine, held):
                raise Refusal.CUSTODY_ACCEPTED(f"{named} accepted {held.name} itself")
        restored = [held.repudiated() for held in found]
        for each in restored:
            journeystate.save_custody(ctx, each)
        by = restored[0].custodian
        store.announce(ctx, "CustodyRepudiated", {"journey_id": journey_id, "named": named, "by": by})
        return restored[0]


def _read_ahead(ctx: api.Context, journey: journeys.Journey, meant: tuple[str, ...], written: Sequence[str]) -> None:
    """Read the custody of the parcels *meant*, the catalogue, and the keys of pages that are *written* to, together."""
    held = [journeystate.custody_key(ctx, journey.journey_id, each) for each in partypages.keys(journey, meant)]
    store.read_ahead(ctx, [*held, *written, stages.key_of(ctx, journey.catalogue_version)])


def _offered(
    ctx: api.Context, journey: journeys.Journey, meant: tuple[str, ...], taker: str, *, named: bool
) -> tuple[custody.Custody, ...]:
    """Return the custody of the parcels that *taker* accepts: all *meant* if *named*, else those offered to it."""
    found = tuple(journeystate.find_custody(ctx, journey.journey_id, key) for key in partypages.keys(journey, meant))
    if not named:
        found = tuple(each for each in found if each.offer and each.offer.taker == taker) or found[:1]
    if len({each.custodian for each in found}) > 1:
        raise invalid("parcels", "must name parcels of one giver; several organisations offer some")
    return found
