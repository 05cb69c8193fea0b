"""The contract of journeys: opening, times, incidents, tracking; `recording` has events, `handovers` custody."""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import counting, journeystate, partypages, shopperview, unitstate
from chaincode.contracts.journeys.handovers import Handovers
from chaincode.contracts.journeys.recording import EventRecording, OwnRecords, own
from chaincode.contracts.orders import accounts as allotting
from chaincode.contracts.register import participants, stages
from chaincode.contracts.register import terms as published_terms
from chaincode.domain.journeys import (
    contents,
    custody,
    epcis,
    journeys,
    movement,
    pages,
    performance,
    progress,
    tracking,
)
from chaincode.domain.journeys.custody import Alarm
from chaincode.domain.orders import accounts
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.vocabulary import identifiers
from hlf.codec import moments, names
from hlf.shim import api

_OPENERS = frozenset({"platform", "merchant"})


@dataclasses.dataclass(frozen=True)
class ParcelState:
    """
    A parcel in its present state.

    Attributes:
        held_at: the stages whose hold is in force.
        damaged: whether somebody reported damage.
    """

    parcel: contents.Parcel
    status: tracking.Status
    outcome: tracking.ParcelOutcome
    held_at: tuple[str, ...]
    damaged: bool
    custodian: str
    custody: custody.Custody


@dataclasses.dataclass(frozen=True)
class JourneyState:
    """
    A journey in its present state.

    Its status is that of the least advanced parcel that still moves, and custodian and custody are those of that
    parcel. ``delivered`` counts the parcels that were.
    """

    journey: journeys.Journey
    custodian: str
    custody: custody.Custody
    status: tracking.Status
    recorded: tuple[str, ...]
    incidents: tuple[pages.Incident, ...]
    alarms: tuple[Alarm, ...]
    parcels: tuple[ParcelState, ...]
    delivered: int


class Journeys(EventRecording, Handovers, api.Contract):
    """The journey of each consignment, stage by stage, and its custodian."""

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def open(self, ctx: api.Context, opening: accounts.Consignment) -> journeys.Journey:
        """
        Open a journey for units of an order; the first custodian already has the goods.

        A majority must endorse, with the order's platform and merchant. A return opens its own journey back and the
        journey of an exchange.

        Raises:
            Refused: NOT_A_SELLER, WRONG_ORDER, JOURNEY_EXISTS, TERMS_UNKNOWN, WRONG_TERMS, PARCEL_IN_USE,
                those of `contracts.orders.accounts.allot` and of `domain.journeys.journeys.opened`.
        """
        order, caller = opening.order, access.member(ctx)
        journeystate.check_unused(ctx, opening.journey_id)
        if caller not in order.parties:
            raise Refusal.WRONG_ORDER(f"order {order.order_id} is between other organisations")
        _in_role(ctx, order.platform, "platform")
        _in_role(ctx, order.merchant, "merchant")
        if published_terms.pinned(ctx, order.terms.terms_id, order.terms.digest).terms.seller != order.merchant:
            raise Refusal.WRONG_TERMS(f"{order.merchant} does not sell under the terms that the order pins")
        if order.merchant not in opening.parties:
            raise Refusal.NOT_A_PARTY(f"{order.merchant} sells the goods and must take part")
        allotting.allot(ctx, opening)
        journey = journeystate.start(ctx, accounts.opening(opening), in_hand=True)
        store.announce(ctx, "JourneyOpened", {"journey_id": journey.journey_id, "order_id": journey.order_id})
        return journey

    @api.transaction(endorsed_by=("caller",), called_by=("party",))
    def state_time(self, ctx: api.Context, journey_id: str, stage_id: str, at: str) -> pages.Times:
        """
        State when the caller plans to do a stage: the first time is the plan, later ones are estimates.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, STAGE_NOT_IN_JOURNEY, STAGE_NOT_ENTITLED, CLOCK_WENT_BACK,
                INVALID_ARGUMENT.
        """
        journey, mine, now = self._mine(ctx, journey_id, stage_id)
        moment = moments.stated("at", at)
        written = pages.stated(mine.target, stage_id, moment.at, now)
        partypages.save_page(ctx, written)
        store.announce(ctx, "TimeStated", {"journey_id": journey.journey_id, "stage_id": stage_id})
        return next(times for times in written.times if times.stage_id == stage_id)

    @api.transaction(endorsed_by=("caller",), called_by=("party",))
    def report(
        self, ctx: api.Context, journey_id: str, kind: pages.IncidentKind, stage_id: str, at: str, note_hash: str = "",
        parcels: tuple[str, ...] = (),
    ) -> pages.Incident:  # fmt: skip
        """
        Report an incident at one of the caller's stages, of the *parcels* that are named or of all.

        Only an organisation that had these parcels, passed them on or took them over may report loss or damage.

        *note_hash* is the hash of a report outside the ledger.

        Raises:
            Refused: JOURNEY_UNKNOWN, PARCEL_UNKNOWN, NOT_A_PARTY, STAGE_NOT_IN_JOURNEY, STAGE_NOT_ENTITLED,
                CLOCK_WENT_BACK, EVENT_IN_FUTURE, PRE_DATED, TOO_LATE, NOT_CANCELLABLE, INVALID_ARGUMENT,
                NOT_CUSTODIAN of loss or damage.
        """
        journey, mine, now = self._mine(ctx, journey_id, stage_id, parcels)
        moment = moments.stated("at", at)
        pages.timely(journey, mine.whole, moment.at, now)
        if kind in pages.OF_GOODS:
            for key in partypages.keys(journey, contents.chosen(journey.parcels, parcels)):
                held = journeystate.find_custody(ctx, journey_id, key)
                unitstate.in_effect(ctx, held).check_could_see(mine.whole.msp_id, moment.at)
        note = names.SHA256.check("note_hash", note_hash) if note_hash else ""
        about = contents.chosen(journey.parcels, parcels) if parcels else ()
        incident = pages.Incident(kind, stage_id, moment.at, now, note, about)
        partypages.save_page(ctx, pages.reported(mine.target, incident))
        store.announce(ctx, "IncidentReported", {"journey_id": journey_id, "stage_id": stage_id, "kind": kind})
        return incident

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def link(self, ctx: api.Context, journey_id: str, token_hash: str) -> None:
        """
        Let anybody with the token of *token_hash* follow the journey; a majority must endorse.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, NOT_A_SELLER, INVALID_ARGUMENT, LINK_EXISTS.
        """
        party = journeystate.load(ctx, journey_id).party(access.member(ctx))
        if not _OPENERS & set(party.roles):
            raise Refusal.NOT_A_SELLER("only the platform or the merchant may make links")
        names.SHA256.check("token_hash", token_hash)
        if store.find(ctx, str, journeystate.LINK, token_hash) is not None:
            raise Refusal.LINK_EXISTS("another link has that token")
        store.save(ctx, journey_id, journeystate.LINK, token_hash)

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def unlink(self, ctx: api.Context, token_hash: str) -> None:
        """
        Remove a link, for example after its token leaked; a majority must endorse.

        Raises:
            Refused: LINK_UNKNOWN, NOT_A_PARTY, NOT_A_SELLER, INVALID_ARGUMENT.
        """
        party = journeystate.load(ctx, journeystate.linked(ctx, token_hash)).party(access.member(ctx))
        if not _OPENERS & set(party.roles):
            raise Refusal.NOT_A_SELLER("only the platform or the merchant may remove links")
        ctx.stub.delete_state(ctx.stub.create_composite_key(journeystate.LINK, [token_hash]))

    @api.query
    def track(self, ctx: api.Context, token_hash: str) -> tracking.View:
        """
        Return the shopper's view; *token_hash* is the SHA-256 of the link's token in hex.

        Raises:
            Refused: LINK_UNKNOWN.
        """
        return shopperview.view(ctx, journeystate.load(ctx, journeystate.linked(ctx, token_hash)))

    @api.query
    def linked(self, ctx: api.Context, token_hash: str) -> tuple[str, ...]:
        """
        Return the journeys of the order behind a link that carry goods to its buyer; the link's own is the first.

        Raises:
            Refused: LINK_UNKNOWN.
        """
        first = journeystate.load(ctx, journeystate.linked(ctx, token_hash))
        listed = store.each(ctx, str, journeystate.OF_ORDER, first.order_id)
        others = (journeystate.load(ctx, each) for each in listed if each != first.journey_id)
        return (first.journey_id, *(each.journey_id for each in others if each.kind is not JourneyType.REVERSE))

    @api.query
    def read(self, ctx: api.Context, journey_id: str) -> JourneyState:
        """
        Return the journey in its present state, with all alarms at the transaction's time.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = journeystate.load(ctx, journey_id)
        written = partypages.party_pages(ctx, journey)
        known = journeystate.with_units(ctx, journey, written.pages)
        timeline, incidents = pages.timeline(known), pages.incidents(known)
        parcels, alarms = _parcels(ctx, journey, written)
        stood = progress.progress(journey, stages.version(ctx, journey.catalogue_version), known)
        alarms += progress.alarms(stood, clock.now(ctx))
        recorded = tuple(sorted({entry.stage_id for entry in timeline}))
        status = tracking.overall(each.status for each in parcels)
        least = next(each for each in parcels if each.status is status)
        delivered = sum(each.outcome is tracking.ParcelOutcome.DELIVERED for each in parcels)
        return JourneyState(
            journey, least.custodian, least.custody, status, recorded, incidents, alarms, parcels, delivered
        )

    @api.query
    def progress(self, ctx: api.Context, journey_id: str) -> tuple[progress.StageProgress, ...]:
        """Return every stage of the journey: its recorder, its times, plan and estimate, and events out of order."""
        journey = journeystate.load(ctx, journey_id)
        catalogue = stages.version(ctx, journey.catalogue_version)
        return progress.progress(journey, catalogue, journeystate.all_pages(ctx, journey))

    @api.query
    def estimate(self, ctx: api.Context, journey_id: str) -> performance.Estimate | None:
        """Return the expected time of delivery, by counted journeys of the lane; null if there are too few."""
        journey = journeystate.load(ctx, journey_id)
        return counting.estimate(ctx, journey, journeystate.all_pages(ctx, journey))

    @api.query
    def events(self, ctx: api.Context, journey_id: str) -> bytes:
        """
        Return all records as an EPCIS 2.0 document in the order of recording, with corrections.

        GS1's own hash generator computes each ``eventID`` from it, if the order of the members is kept.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = journeystate.load(ctx, journey_id)
        entries = pages.everything(journeystate.all_pages(ctx, journey))
        latest = max([entry.recorded_at for entry in entries], default=journey.opened_at)
        return epcis.document([entry.event for entry in entries], latest)

    @api.query
    def of_order(self, ctx: api.Context, order_id: str) -> tuple[str, ...]:
        """Return the ids of the journeys of an order."""
        return tuple(store.each(ctx, str, journeystate.OF_ORDER, identifiers.check("order_id", order_id)))

    @api.query
    def history(self, ctx: api.Context, journey_id: str) -> dict[str, tuple[store.KeyChange, ...]]:
        """
        Return every value that opening, custody and pages had, newest first.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = journeystate.load(ctx, journey_id)
        found = {journeystate.JOURNEY: store.history(ctx, journeystate.JOURNEY, journey_id)}
        for key in partypages.keys(journey):
            last, name = ((key,), f"{journeystate.CUSTODY} of {key}") if key else ((), journeystate.CUSTODY)
            found[name] = store.history(ctx, journeystate.CUSTODY, journey_id, *last)
        for party in journey.parties:
            name = f"page of {party.msp_id}"
            found[name] = store.history(ctx, partypages.PAGE, journey_id, party.msp_id)
            for key in filter(None, partypages.keys(journey)):
                found[f"{name} about {key}"] = store.history(ctx, partypages.PAGE, journey_id, party.msp_id, key)
        return found

    def _mine(
        self, ctx: api.Context, journey_id: str, stage_id: str, parcels: tuple[str, ...] = ()
    ) -> tuple[journeys.Journey, OwnRecords, int]:
        """Return the journey, the caller's records and the time, if the caller may record the stage."""
        journey, now = journeystate.load(ctx, journey_id), clock.now(ctx)
        stage = stages.version(ctx, journey.catalogue_version).stage(stage_id)
        pages.entitled(journey, access.member(ctx), stage)
        mine = own(ctx, journey, contents.chosen(journey.parcels, parcels))
        pages.punctual(journey, mine.whole, now)
        return journey, mine, now


def _in_role(ctx: api.Context, msp_id: str, role: str) -> None:
    if role not in participants.participant(ctx, msp_id).roles:
        raise Refusal.NOT_A_SELLER(f"{msp_id} is no {role}")


def _parcels(
    ctx: api.Context, journey: journeys.Journey, written: partypages.PartyPages
) -> tuple[tuple[ParcelState, ...], tuple[Alarm, ...]]:
    """Return the state of each parcel, and the alarms about custody and the pages that must confirm it."""
    alarms = tuple(
        Alarm("PAGE_DOUBTED", journey.opened_at, (msp_id,), f"{msp_id} wrote on its page what it may not")
        for msp_id in written.with_forgeries
    )
    found = []
    told = journeystate.parcel_records(ctx, journey, written.pages)
    for parcel, key in zip(journey.parcels, partypages.keys(journey), strict=True):
        held, doubts = _held(ctx, journey, written, key)
        alarms += doubts
        known = told[parcel.identifier]
        state = ParcelState(
            parcel=parcel,
            status=known.status,
            outcome=tracking.outcome(journey, known.timeline, known.incidents),
            held_at=movement.held(known.timeline),
            damaged=any(each.kind is pages.IncidentKind.DAMAGED for each in known.incidents),
            custodian=held.custodian,
            custody=held,
        )
        found.append(state)
    return tuple(found), tuple(dict.fromkeys(alarms))


def _held(
    ctx: api.Context, journey: journeys.Journey, written: partypages.PartyPages, key: str
) -> tuple[custody.Custody, tuple[Alarm, ...]]:
    """Return the custody of a parcel as written, and the alarms about it and the pages that must confirm it."""
    held = journeystate.readable_custody(ctx, journey, key)
    if held is None:
        unread = Alarm("CUSTODY_UNREADABLE", journey.opened_at, (), "the custody record cannot be read")
        first = custody.opened(journey.journey_id, journey.custodian, journey.ordered_at, journey.origin, in_hand=True)
        return first, (unread,)
    contested = [page for page in written.pages if not journeystate.confirms(ctx, journey, page, held)]
    held = unitstate.in_effect(ctx, held)
    return held, tuple(held.contested(page.msp_id) for page in contested) + held.alarms()
