"""The part of the contract of journeys that records events and corrects them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import journeystate, partypages, unitstate
from chaincode.contracts.register import stages
from chaincode.domain.journeys import contents, custody, delivery, epcis, journeys, movement, pages
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import Stage, StageCatalogue
from hlf.codec import moments
from hlf.codec.refusals import invalid
from hlf.shim import api


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
class OwnRecords:
    """The caller's records of some parcels: all together, and the page for new records of them."""

    whole: pages.Page
    target: pages.Page


def own(ctx: api.Context, journey: journeys.Journey, meant: tuple[str, ...]) -> OwnRecords:
    """Return the caller's records of the parcels *meant*."""
    mine = partypages.pages_of(ctx, journey, ctx.client.msp_id, meant)
    return OwnRecords(pages.together(mine), journeystate.target(journey, mine, meant))


class EventRecording:
    """Events recorded and corrected; a part of `Journeys`."""

    @api.transaction(endorsed_by=("caller",), called_by=("party",))
    def record(self, ctx: api.Context, journey_id: str, observation: epcis.Observation) -> EventReceipt:
        """
        Record an event on the caller's own page; only its organisation endorses.

        Recording the same observation again changes nothing and gives the same receipt. Events may come late and
        out of order; their own times decide.

        Raises:
            Refused: JOURNEY_UNKNOWN, GATE_CLOSED, CUSTODY_CONTESTED and those of `domain.journeys.pages.recorded`.
        """
        journey = journeystate.load(ctx, journey_id)
        journey.party(access.member(ctx))
        mine = own(ctx, journey, journey.concerned(observation.epcs))
        entry, repeated, _ = self._entry(ctx, journey, mine.whole, observation)
        # For a transaction that writes nothing, Fabric applies the chaincode's policy, which the caller alone does
        # not satisfy. So a repetition writes the same page again.
        partypages.save_page(ctx, mine.target if repeated else mine.target.with_entry(entry))
        if not repeated:
            _announce(ctx, "StageRecorded", journey_id, entry)
        return _receipt(journey_id, entry, repeated)

    @api.transaction(endorsed_by=("caller",), called_by=("party",))
    def record_all(
        self, ctx: api.Context, journey_id: str, observations: tuple[epcis.Observation, ...]
    ) -> tuple[EventReceipt, ...]:
        """
        Record several events on the caller's own pages in one transaction, as if one after another.

        Raises:
            Refused: those of `record`; then none is recorded. INVALID_ARGUMENT for no event or too many.
        """
        if len(observations) not in epcis.AT_ONCE:
            raise invalid("observations", f"are 1 to {epcis.AT_ONCE.most}")
        journey = journeystate.load(ctx, journey_id)
        journey.party(access.member(ctx))
        every = {parcel for each in observations for parcel in journey.concerned(each.epcs)}
        meant = tuple(parcel for parcel in journey.parcel_ids if parcel in every)
        written = {each.parcel: each for each in partypages.pages_of(ctx, journey, ctx.client.msp_id, meant)}
        changed: set[str] = set()
        held: dict[str, custody.Custody] = {}
        receipts = []
        for observation in observations:
            entry, repeated, after = self._entry(
                ctx, journey, pages.together(list(written.values())), observation, held
            )
            held |= after
            to = journeystate.target(journey, written.values(), journey.concerned(observation.epcs)).parcel
            written[to] = written[to] if repeated else written[to].with_entry(entry)
            changed.add(to)
            receipts.append(_receipt(journey_id, entry, repeated))
        for parcel in sorted(changed):
            partypages.save_page(ctx, written[parcel])
        new = [each.event_id for each in receipts if not each.repeated]
        if new:
            store.announce(ctx, "StagesRecorded", {"journey_id": journey_id, "event_ids": new})
        return tuple(receipts)

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
        written = {each.parcel: each for each in partypages.pages_of(ctx, journey, ctx.client.msp_id)}
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
            partypages.save_page(ctx, written[parcel])
        _announce(ctx, "EventCorrected", journey_id, declared)
        return _receipt(journey_id, right or declared, repeated=False)

    def _entry(
        self, ctx: api.Context, journey: journeys.Journey, mine: pages.Page, observation: epcis.Observation,
        known: Mapping[str, custody.Custody] | None = None,
    ) -> tuple[pages.Entry, bool, dict[str, custody.Custody]]:  # fmt: skip
        """
        Write the effects of *observation*; return its entry, whether it was recorded before, and changed custodies.

        *mine* and *known* have the changes of this transaction so far.
        """
        catalogue = stages.version(ctx, journey.catalogue_version)
        stage = catalogue.stage(observation.stage_id)
        delivery.check(observation)
        meant = journey.concerned(observation.epcs)
        held: tuple[custody.Custody, ...] = ()
        if stage.custody:
            # Read custody only where it matters: a customs stage must not conflict with a hand-over in the same
            # block.
            before = dict(known or {})
            left = [each for each in meant if each not in before]
            read = journeystate.custodies(ctx, journey, mine, left) if left else ()
            before |= dict(zip(left, read, strict=True))
            held = tuple(before[each] for each in meant)
        in_effect = [unitstate.in_effect(ctx, each) for each in held]
        entry = pages.recorded(journey, mine, in_effect, stage, observation, clock.now(ctx))
        repeated = mine.find(entry.event_id) is not None
        changed = {} if repeated else self._carry(ctx, journey, mine, catalogue, stage, meant, held, entry)
        return entry, repeated, changed

    def _carry(
        self, ctx: api.Context, journey: journeys.Journey, mine: pages.Page, catalogue: StageCatalogue, stage: Stage,
        meant: tuple[str, ...], held: tuple[custody.Custody, ...], entry: pages.Entry,
    ) -> dict[str, custody.Custody]:  # fmt: skip
        """Check the gates of a new entry; write and return the custodies that it begins or ends."""
        caller = ctx.client.msp_id
        gates = stage.orders[journey.kind].gates
        if gates:
            read = partypages.party_pages(ctx, journey, meant).pages
            own = pages.without_forgeries(journey, mine)
            known = [own if page.msp_id == caller else page for page in read]
            for records in journeystate.parcel_records(ctx, journey, known, meant).values():
                pages.passed(stage, gates, catalogue, records.timeline, entry.at)
        if entry.step == delivery.EXPIRED:
            for parcel in meant:
                delivery.check_expired(pages.timeline([movement.about(journey, mine, parcel)]), entry.at)
        if entry.step in stage.ends:
            journeystate.check_free(ctx, journey, meant, entry.at, mine)
        place = epcis.place_of(entry.event)
        changed = {}
        for parcel, each in zip(meant, held, strict=False):
            if entry.step in stage.takes:
                changed[parcel] = each.taken(caller, entry.at, place, entry.event_id)
            if entry.step in stage.ends:
                changed[parcel] = each.ended(caller, entry.at, place)
        for each in changed.values():
            journeystate.save_custody(ctx, each)
        return changed

    def _undone(self, ctx: api.Context, journey: journeys.Journey, wrong: pages.Entry) -> dict[str, custody.Custody]:
        """
        Return the custody of each parcel after *wrong* is declared an error: without the delivery, the goods are
        still with the custodian.
        """
        stage = stages.version(ctx, journey.catalogue_version).stage(wrong.stage_id)
        if wrong.step in stage.takes:
            raise Refusal.PICKUP_STANDS("the carrier took custody with this pick-up; hand the goods over instead")
        if wrong.step not in stage.ends:
            return {}
        meant = contents.named(journey.parcels, epcis.identifiers_of(wrong.event))
        keys = partypages.keys(journey, meant)
        held = {
            parcel: journeystate.find_custody(ctx, journey.journey_id, key).reopened()
            for parcel, key in zip(meant, keys, strict=True)
        }
        for each in held.values():
            journeystate.save_custody(ctx, each)
        return held


def _receipt(journey_id: str, entry: pages.Entry, repeated: bool) -> EventReceipt:
    recorded_at = moments.text(entry.recorded_at)
    return EventReceipt(journey_id, entry.stage_id, entry.event_id, entry.record_hash, recorded_at, repeated)


def _announce(ctx: api.Context, name: str, journey_id: str, entry: pages.Entry) -> None:
    payload = {"journey_id": journey_id, "stage_id": entry.stage_id, "step": entry.step, "event_id": entry.event_id}
    store.announce(ctx, name, payload)
