"""The contract of journeys: opening, events, times, incidents, tracking; `handovers` passes custody."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import counting, journeystate
from chaincode.contracts.journeys.handovers import Handovers
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
from chaincode.domain.register.stages import Stage, StageCatalogue
from chaincode.domain.vocabulary import identifiers
from hlf.codec import moments, names
from hlf.shim import api

_OPENERS = frozenset({"platform", "merchant"})


@dataclasses.dataclass(frozen=True)
class EventReceipt:
    """The answer to the recorder of an event: its ids, and whether it was recorded before."""

    journey_id: str
    stage_id: str
    event_id: str
    record_hash: str
    recorded_at: str
    repeated: bool


@dataclasses.dataclass(frozen=True)
class ParcelState:
    """
    A parcel in its present state.

    Attributes:
        held_at: the stages whose hold stands.
        damaged: whether somebody reported damage.
    """

    parcel: contents.Parcel
    status: tracking.Status
    outcome: tracking.Outcome
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


class Journeys(Handovers, api.Contract):
    """The journey of each consignment, stage by stage, and its custodian."""

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def open(self, ctx: api.Context, opening: accounts.Consignment) -> journeys.Journey:
        """
        Open a journey for units of an order; the first custodian already has the goods.

        A majority must endorse, with the order's platform and merchant. A return opens its own journey back and the
        journey of an exchange.

        Raises:
            Refused: NOT_A_SELLER, WRONG_ORDER, JOURNEY_EXISTS, TERMS_UNKNOWN, WRONG_TERMS, PARCEL_IN_USE,
                those of `contracts.accounts.allot` and of `domain.journeys.opened`.
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
    def record(self, ctx: api.Context, journey_id: str, observation: epcis.Observation) -> EventReceipt:
        """
        Record an event on the caller's own page; only its organisation endorses.

        Recording the same observation again changes nothing and gives the same receipt. Events may come late and
        out of order; their own times decide.

        Raises:
            Refused: JOURNEY_UNKNOWN, GATE_CLOSED, CUSTODY_CONTESTED and those of `domain.pages.recorded`.
        """
        journey = journeystate.load(ctx, journey_id)
        journey.party(access.member(ctx))
        mine = _own(ctx, journey, journey.concerned(observation.epcs))
        entry, repeated = self._entry(ctx, journey, mine.whole, observation)
        # For a transaction that writes nothing, Fabric applies the chaincode's policy, which the caller alone does
        # not satisfy. So a repetition writes the same page again.
        journeystate.save_page(ctx, mine.target if repeated else mine.target.with_entry(entry))
        if not repeated:
            _announce(ctx, "StageRecorded", journey_id, entry)
        return _receipt(journey_id, entry, repeated)

    @api.transaction(endorsed_by=("caller",), called_by=("party",))
    def correct(
        self, ctx: api.Context, journey_id: str, event_id: str, reason: pages.ErrorReason,
        corrective: epcis.Observation | None = None,
    ) -> EventReceipt:  # fmt: skip
        """
        Declare the caller's own event an error, and record the right one if there is one.

        The wrong event stays readable, followed by its declaration (EPCIS 2.0, 7.4.1.4).

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, EVENT_UNKNOWN, ALREADY_CORRECTED, HANDOVER_STANDS, PICKUP_STANDS
                and those of `record`.
        """
        journey = journeystate.load(ctx, journey_id)
        journey.party(access.member(ctx))
        written = {each.parcel: each for each in journeystate.pages_of(ctx, journey, ctx.client.msp_id)}
        whole = pages.together(list(written.values()))
        wrong = whole.find(event_id)
        held = self._undone(ctx, journey, wrong) if wrong else {}
        right = self._entry(ctx, journey, whole, corrective, held)[0] if corrective else None
        declared = pages.corrected(journey, whole, event_id, reason, right, clock.now(ctx))
        on = next(parcel for parcel, each in written.items() if each.find(event_id))
        written[on] = written[on].with_entry(declared)
        changed = {on}
        if right is not None and corrective and whole.find(right.event_id) is None:
            to = journeystate.target(journey, written.values(), journey.concerned(corrective.epcs)).parcel
            written[to] = written[to].with_entry(right)
            changed.add(to)
        for parcel in sorted(changed):
            journeystate.save_page(ctx, written[parcel])
        _announce(ctx, "EventCorrected", journey_id, declared)
        return _receipt(journey_id, right or declared, repeated=False)

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
        journeystate.save_page(ctx, written)
        store.announce(ctx, "TimeStated", {"journey_id": journey.journey_id, "stage_id": stage_id})
        return next(times for times in written.times if times.stage_id == stage_id)

    @api.transaction(endorsed_by=("caller",), called_by=("party",))
    def report(
        self, ctx: api.Context, journey_id: str, kind: pages.IncidentKind, stage_id: str, at: str, note_hash: str = "",
        parcels: tuple[str, ...] = (),
    ) -> pages.Incident:  # fmt: skip
        """
        Report an incident at one of the caller's stages, of the *parcels* that are named or of all.

        *note_hash* is the hash of a report outside the ledger.

        Raises:
            Refused: JOURNEY_UNKNOWN, PARCEL_UNKNOWN, NOT_A_PARTY, STAGE_NOT_IN_JOURNEY, STAGE_NOT_ENTITLED,
                CLOCK_WENT_BACK, EVENT_IN_FUTURE, PRE_DATED, TOO_LATE, NOT_CANCELLABLE, INVALID_ARGUMENT.
        """
        journey, mine, now = self._mine(ctx, journey_id, stage_id, parcels)
        moment = moments.stated("at", at)
        pages.timely(journey, mine.whole, moment.at, now)
        note = names.SHA256.check("note_hash", note_hash) if note_hash else ""
        about = contents.chosen(journey.parcels, parcels) if parcels else ()
        incident = pages.Incident(kind, stage_id, moment.at, now, note, about)
        journeystate.save_page(ctx, pages.reported(mine.target, incident))
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
            raise Refusal.NOT_A_SELLER("the platform or the merchant gives out links")
        names.SHA256.check("token_hash", token_hash)
        if store.find(ctx, str, journeystate.LINK, token_hash) is not None:
            raise Refusal.LINK_EXISTS("that token is in use")
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
            raise Refusal.NOT_A_SELLER("the platform or the merchant takes links back")
        ctx.stub.delete_state(ctx.stub.create_composite_key(journeystate.LINK, [token_hash]))

    @api.query
    def track(self, ctx: api.Context, token_hash: str) -> tracking.View:
        """
        Return the shopper's view; *token_hash* is the SHA-256 of the link's token in hex.

        Raises:
            Refused: LINK_UNKNOWN.
        """
        journey = journeystate.load(ctx, journeystate.linked(ctx, token_hash))
        written = journeystate.all_pages(ctx, journey)
        estimate = counting.estimate(ctx, journey, written)
        stated = progress.stated_delivery(written)
        expected = estimate.p50_at if estimate else stated.estimated_at if stated else None
        return tracking.view(journey, tuple(journeystate.parcel_records(ctx, journey, written).values()), expected)

    @api.query
    def read(self, ctx: api.Context, journey_id: str) -> JourneyState:
        """
        Return the journey in its present state, with all alarms at the transaction's time.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = journeystate.load(ctx, journey_id)
        written = journeystate.party_pages(ctx, journey)
        timeline, incidents = pages.timeline(written.pages), pages.incidents(written.pages)
        parcels, alarms = _parcels(ctx, journey, written)
        stood = progress.progress(journey, stages.version(ctx, journey.catalogue_version), written.pages)
        alarms += progress.alarms(stood, clock.now(ctx))
        recorded = tuple(sorted({entry.stage_id for entry in timeline}))
        status = tracking.overall(each.status for each in parcels)
        least = next(each for each in parcels if each.status is status)
        delivered = sum(each.outcome is tracking.Outcome.DELIVERED for each in parcels)
        return JourneyState(
            journey, least.custodian, least.custody, status, recorded, incidents, alarms, parcels, delivered
        )

    @api.query
    def progress(self, ctx: api.Context, journey_id: str) -> tuple[progress.StageProgress, ...]:
        """Return every stage of the journey: who and when, plan, estimate, and events out of order."""
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
        for key in journeystate.keys(journey):
            last, name = ((key,), f"{journeystate.CUSTODY} of {key}") if key else ((), journeystate.CUSTODY)
            found[name] = store.history(ctx, journeystate.CUSTODY, journey_id, *last)
        for party in journey.parties:
            name = f"page of {party.msp_id}"
            found[name] = store.history(ctx, journeystate.PAGE, journey_id, party.msp_id)
            for key in filter(None, journeystate.keys(journey)):
                found[f"{name} about {key}"] = store.history(ctx, journeystate.PAGE, journey_id, party.msp_id, key)
        return found

    def _mine(
        self, ctx: api.Context, journey_id: str, stage_id: str, parcels: tuple[str, ...] = ()
    ) -> tuple[journeys.Journey, _Own, int]:
        """Return the journey, the caller's records and the time, if the caller may record the stage."""
        journey, now = journeystate.load(ctx, journey_id), clock.now(ctx)
        stage = stages.version(ctx, journey.catalogue_version).stage(stage_id)
        pages.entitled(journey, access.member(ctx), stage)
        mine = _own(ctx, journey, contents.chosen(journey.parcels, parcels))
        pages.punctual(journey, mine.whole, now)
        return journey, mine, now

    def _entry(
        self, ctx: api.Context, journey: journeys.Journey, mine: pages.Page, observation: epcis.Observation,
        known: Mapping[str, custody.Custody] | None = None,
    ) -> tuple[pages.Entry, bool]:  # fmt: skip
        """
        Write the effects of *observation*; return its entry, and whether it was recorded before.

        *known* are custodies that this transaction changed already.
        """
        catalogue = stages.version(ctx, journey.catalogue_version)
        stage = catalogue.stage(observation.stage_id)
        meant = journey.concerned(observation.epcs)
        held: tuple[custody.Custody, ...] = ()
        if stage.custody:
            # Read custody only where it matters: a customs stage must not conflict with a hand-over in the same
            # block.
            before = known or {}
            left = [each for each in meant if each not in before]
            read = journeystate.custodies(ctx, journey, mine, left) if left else ()
            held = (*(before[each] for each in meant if each in before), *read)
        entry = pages.recorded(journey, mine, held, stage, observation, clock.now(ctx))
        repeated = mine.find(entry.event_id) is not None
        if not repeated:
            self._carry(ctx, journey, catalogue, stage, meant, held, entry)
        return entry, repeated

    def _carry(
        self, ctx: api.Context, journey: journeys.Journey, catalogue: StageCatalogue, stage: Stage,
        meant: tuple[str, ...], held: tuple[custody.Custody, ...], entry: pages.Entry,
    ) -> None:  # fmt: skip
        """Check the gates of a new entry, and write the custody that it begins or ends."""
        caller = ctx.client.msp_id
        gates = stage.orders[journey.kind].gates
        if gates:
            told = journeystate.parcel_records(ctx, journey, journeystate.party_pages(ctx, journey, meant).pages)
            for parcel in meant:
                pages.passed(stage, gates, catalogue, told[parcel].timeline, entry.at)
        if entry.step in stage.ends:
            journeystate.check_free(ctx, journey, meant, entry.at, caller)
        place = epcis.place_of(entry.event)
        for each in held:
            if entry.step in stage.takes:
                journeystate.save_custody(ctx, each.taken(caller, entry.at, place, entry.event_id))
            if entry.step in stage.ends:
                journeystate.save_custody(ctx, each.ended(caller, entry.at, place))

    def _undone(self, ctx: api.Context, journey: journeys.Journey, wrong: pages.Entry) -> dict[str, custody.Custody]:
        """
        Return the custody of each parcel after *wrong* is declared an error: without the delivery, the goods are
        still with the custodian.
        """
        stage = stages.version(ctx, journey.catalogue_version).stage(wrong.stage_id)
        if wrong.step in stage.takes:
            raise Refusal.PICKUP_STANDS("goods were taken over with it; hand them over instead")
        if wrong.step not in stage.ends:
            return {}
        meant = contents.named(journey.parcels, epcis.identifiers_of(wrong.event))
        keys = journeystate.keys(journey, meant)
        held = {
            parcel: journeystate.find_custody(ctx, journey.journey_id, key).reopened()
            for parcel, key in zip(meant, keys, strict=True)
        }
        for each in held.values():
            journeystate.save_custody(ctx, each)
        return held


@dataclasses.dataclass(frozen=True)
class _Own:
    """What the caller recorded of some parcels: all together, and the page for new records of them."""

    whole: pages.Page
    target: pages.Page


def _own(ctx: api.Context, journey: journeys.Journey, meant: tuple[str, ...]) -> _Own:
    mine = journeystate.pages_of(ctx, journey, ctx.client.msp_id, meant)
    return _Own(pages.together(mine), journeystate.target(journey, mine, meant))


def _in_role(ctx: api.Context, msp_id: str, role: str) -> None:
    if role not in participants.participant(ctx, msp_id).roles:
        raise Refusal.NOT_A_SELLER(f"{msp_id} is no {role}")


def _parcels(
    ctx: api.Context, journey: journeys.Journey, written: journeystate.PartyPages
) -> tuple[tuple[ParcelState, ...], tuple[Alarm, ...]]:
    """Return the state of each parcel, and the alarms about custody and the pages that must confirm it."""
    alarms = tuple(
        Alarm("PAGE_DOUBTED", journey.opened_at, (msp_id,), f"{msp_id} wrote on its page what it may not")
        for msp_id in written.with_forgeries
    )
    found = []
    told = journeystate.parcel_records(ctx, journey, written.pages)
    for parcel, key in zip(journey.parcels, journeystate.keys(journey), strict=True):
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
    ctx: api.Context, journey: journeys.Journey, written: journeystate.PartyPages, key: str
) -> tuple[custody.Custody, tuple[Alarm, ...]]:
    """Return the custody of a parcel as written, and the alarms about it and the pages that must confirm it."""
    held = journeystate.readable_custody(ctx, journey, key)
    if held is None:
        unread = Alarm("CUSTODY_UNREADABLE", journey.opened_at, (), "the custody record cannot be read")
        first = custody.opened(journey.journey_id, journey.custodian, journey.ordered_at, journey.origin, in_hand=True)
        return first, (unread,)
    contested = [page for page in written.pages if not journeystate.confirms(journey, page, held)]
    return held, tuple(held.contested(page.msp_id) for page in contested) + held.alarms()


def _receipt(journey_id: str, entry: pages.Entry, repeated: bool) -> EventReceipt:
    recorded_at = moments.text(entry.recorded_at)
    return EventReceipt(journey_id, entry.stage_id, entry.event_id, entry.record_hash, recorded_at, repeated)


def _announce(ctx: api.Context, name: str, journey_id: str, entry: pages.Entry) -> None:
    payload = {"journey_id": journey_id, "stage_id": entry.stage_id, "step": entry.step, "event_id": entry.event_id}
    store.announce(ctx, name, payload)
