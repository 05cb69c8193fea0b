"""The contract of shipping units: opened, packed, recorded and handed over once for everything inside."""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import packing, unitstate
from chaincode.contracts.register import participants, stages
from chaincode.domain.journeys import custody, epcis, journeys, pages, units
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import JourneyType, Stage
from chaincode.domain.vocabulary import bounds, places
from hlf.codec import moments, names
from hlf.codec.refusals import invalid
from hlf.shim import api

_HANDOVER = ("S02", "accepting")


@dataclasses.dataclass(frozen=True)
class UnitReceipt:
    """The answer to the recorder of an event of a unit: its ids, and whether it was recorded before."""

    unit_id: str
    event_id: str
    record_hash: str
    recorded_at: str
    repeated: bool


@dataclasses.dataclass(frozen=True)
class UnitReading:
    """A unit in its present state; ``custodian`` follows the unit that it is in itself."""

    unit: units.ShippingUnit
    custodian: str
    custody: custody.Custody
    members: tuple[units.UnitMember, ...]


class Units(api.Contract):
    """Bags, pallets, containers and flights; their contents move with them."""

    @api.transaction(endorsed_by=(), called_by=("party",))
    def open(self, ctx: api.Context, opening: units.UnitOpening) -> units.ShippingUnit:
        """
        Open an empty unit; a majority must endorse. It may be packed and emptied any number of times.

        Raises:
            Refused: UNIT_EXISTS, NOT_A_PARTY, NOT_A_PARTICIPANT, INVALID_ARGUMENT.
        """
        caller, now = access.member(ctx), clock.now(ctx)
        unit_id = units.identified(opening.unit_id, "opening.unit_id")
        if store.find(ctx, units.ShippingUnit, unitstate.UNIT, unit_id) is not None:
            raise Refusal.UNIT_EXISTS(f"there is a unit {unit_id}")
        if len(opening.parties) not in bounds.PARTIES:
            raise invalid("opening.parties", f"are at most {bounds.PARTIES.most}")
        if not {caller, opening.custodian} <= set(opening.parties):
            raise Refusal.NOT_A_PARTY("must include the organisation that opens the unit and its first custodian")
        catalogue = stages.catalogue_in_force(ctx)
        parties = tuple(
            journeys.party_of(participants.participant(ctx, msp_id), catalogue, JourneyType.FORWARD)
            for msp_id in sorted(set(opening.parties))
        )
        unit = units.ShippingUnit(unit_id, opening.kind, catalogue.version, parties, opening.custodian, caller, now)
        place = places.check_locode("opening.place", opening.place)
        held = custody.opened("", opening.custodian, now, place, in_hand=True, parcel=unit_id)
        store.save(ctx, unit, unitstate.UNIT, unit_id)
        unitstate.save_state(ctx, unit_id, units.UnitState(held))
        for party in unit.parties:
            unitstate.save_page(ctx, pages.Page(unit_id, party.msp_id))
        store.announce(ctx, "UnitOpened", {"unit_id": unit_id, "kind": unit.kind})
        return unit

    @api.transaction(endorsed_by=("Units:holders(unit_id, action, members)", "caller"), called_by=("custodian",))
    def aggregate(
        self, ctx: api.Context, unit_id: str, action: units.Action, members: tuple[str, ...],
        observation: epcis.Observation,
    ) -> UnitReceipt:  # fmt: skip
        """
        Put *members* (parcels and units) into a unit, take them out, or observe them in it; only its custodian may.

        No *members* means everything inside, to take it out or observe it. The caller must be the custodian of members
        that go in. The packer of a member that comes out endorses as well, because its key is written again.

        Raises:
            Refused: UNIT_UNKNOWN, NOT_A_PARTY, NOT_CUSTODIAN, CUSTODY_CONTESTED, IN_UNIT, NOT_IN_UNIT, NOT_IN_HAND,
                PACKED_BEFORE_HELD, PARCEL_UNKNOWN, STEP_NOT_OF_STAGE, STAGE_NOT_ENTITLED, CLOCK_WENT_BACK,
                EVENT_IN_FUTURE, TOO_LATE, INVALID_ARGUMENT.
        """
        caller, unit, stage = self._recorder(ctx, unit_id, observation)
        held = self._own_state(ctx, unit, caller)
        at = observation.moment.at
        named = tuple(dict.fromkeys(units.identified(each, "members") for each in members))
        inside = {each.member: each for each in held.present}
        if action == units.ADD:
            if not named:
                raise invalid("members", "must name the members that go in")
            if held.custody.within:
                raise Refusal.IN_UNIT(f"{unit.unit_id} is in {held.custody.within}")
            changed = held.added(packing.put_in(ctx, unit, held.custody, caller, each, at) for each in named)
        else:
            named = named or tuple(inside)
            if not set(named) <= set(inside) or not named:
                raise Refusal.NOT_IN_UNIT(f"{unit.unit_id} does not have all the members named")
            changed = held
            if action == units.DELETE:
                if held.custody.within:
                    raise Refusal.IN_UNIT(f"{unit.unit_id} is in {held.custody.within}")
                for each in named:
                    packing.take_out(ctx, held.custody, inside[each], at)
                changed = held.removed(named, at)
        entry = units.aggregation(unit.unit_id, action, named, observation, stage, caller, clock.now(ctx))
        return self._recorded(ctx, unit, caller, entry, changed if changed != held else None)

    @api.transaction(endorsed_by=("caller",), called_by=("party",))
    def record(self, ctx: api.Context, unit_id: str, observation: epcis.Observation) -> UnitReceipt:
        """
        Record an event of a unit, once, for everything inside at its time; only the caller's organisation endorses.

        Raises:
            Refused: UNIT_UNKNOWN, NOT_A_PARTY, NOT_CUSTODIAN, CUSTODY_CONTESTED, GATE_CLOSED, PARCELS_ONLY,
                STEP_NOT_OF_STAGE, DISPOSITION_NOT_OF_STAGE, STAGE_NOT_ENTITLED, CLOCK_WENT_BACK, EVENT_IN_FUTURE,
                TOO_LATE, INVALID_ARGUMENT.
        """
        caller, unit, stage = self._recorder(ctx, unit_id, observation)
        if observation.step in (*stage.takes, *stage.ends) or stage.stage_id == "S20":
            raise Refusal.PARCELS_ONLY(f"{observation.step} of {stage.stage_id} is an event of one parcel")
        at = observation.moment.at
        held = unitstate.state(ctx, unit.unit_id)
        if stage.custody:
            held = self._own_state(ctx, unit, caller, at)
        gates = stage.orders[JourneyType.FORWARD].gates
        if gates:
            catalogue = stages.version(ctx, unit.catalogue_version)
            for _, _, told in packing.parcels_inside(ctx, held, at, gates):
                pages.passed(stage, gates, catalogue, told.timeline, at)
        entry = units.event(unit.unit_id, observation, stage, caller, clock.now(ctx))
        return self._recorded(ctx, unit, caller, entry)

    @api.transaction(endorsed_by=("caller",), called_by=("party",))
    def report(
        self, ctx: api.Context, unit_id: str, kind: pages.IncidentKind, stage_id: str, at: str, note_hash: str = ""
    ) -> pages.Incident:
        """
        Report an incident of a unit, for everything inside at its time.

        Only an organisation that had the unit, passed it on or took it over may report loss or damage.

        Raises:
            Refused: UNIT_UNKNOWN, NOT_A_PARTY, STAGE_NOT_ENTITLED, NOT_CANCELLABLE, CLOCK_WENT_BACK,
                EVENT_IN_FUTURE, TOO_LATE, INVALID_ARGUMENT, NOT_CUSTODIAN of loss or damage.
        """
        caller, now = access.member(ctx), clock.now(ctx)
        unit = unitstate.load(ctx, unit_id)
        if stage_id not in unit.party(caller).stages:
            raise Refusal.STAGE_NOT_ENTITLED(f"{caller} may not record {stage_id}")
        if kind is pages.IncidentKind.CANCELLED:
            raise Refusal.NOT_CANCELLABLE("an order is cancelled, not a unit")
        mine = unitstate.page(ctx, unit.unit_id, caller)
        moment = moments.stated("at", at)
        pages.timely(unit, mine, moment.at, now)
        if kind in pages.OF_GOODS:
            held = unitstate.state(ctx, unit.unit_id).custody
            unitstate.in_effect(ctx, held).check_could_see(caller, moment.at)
        note = names.SHA256.check("note_hash", note_hash) if note_hash else ""
        incident = pages.Incident(kind, stage_id, moment.at, now, note)
        unitstate.save_page(ctx, pages.reported(mine, incident))
        store.announce(ctx, "UnitIncident", {"unit_id": unit.unit_id, "stage_id": stage_id, "kind": kind})
        return incident

    @api.transaction(endorsed_by=("caller",), called_by=("custodian",))
    def offer_custody(
        self, ctx: api.Context, unit_id: str, taker: str, released_at: str, place: str, bound_for: str = ""
    ) -> custody.Custody:
        """
        Offer a unit, with everything inside, to *taker*; only its custodian calls and endorses.

        *bound_for* is where the taker is to bring it, as in `Journeys:offer_custody`.

        Raises:
            Refused: UNIT_UNKNOWN, NOT_A_PARTY (of the unit, or of a journey inside), CUSTODY_CONTESTED, ON_HOLD,
                PARCEL_LOST, CLOCK_WENT_BACK, EVENT_IN_FUTURE, TOO_LATE and those of
                `domain.journeys.custody.Custody.offered`.
        """
        giver, now = access.member(ctx), clock.now(ctx)
        unit = unitstate.load(ctx, unit_id)
        unit.party(taker)
        held = self._own_state(ctx, unit, giver)
        moment = moments.stated("released_at", released_at)
        pages.timely(unit, unitstate.page(ctx, unit.unit_id, giver), moment.at, now)
        offer = custody.offer(taker, moment, place, bound_for, now)
        offered = held.custody.offered(giver, offer)
        packing.check_free(ctx, unit, held, moment.at, taker)
        unitstate.save_state(ctx, unit.unit_id, dataclasses.replace(held, custody=offered))
        store.announce(ctx, "UnitOffered", {"unit_id": unit.unit_id, "giver": giver, "taker": taker})
        return offered

    @api.transaction(endorsed_by=("caller",), called_by=("custodian",))
    def withdraw_custody(self, ctx: api.Context, unit_id: str) -> custody.Custody:
        """
        Withdraw the offer of a unit.

        Raises:
            Refused: UNIT_UNKNOWN, NOT_A_PARTY, CUSTODY_CONTESTED, NOT_CUSTODIAN, NOT_OFFERED, IN_UNIT.
        """
        giver = access.member(ctx)
        unit = unitstate.load(ctx, unit_id)
        held = self._own_state(ctx, unit, giver)
        withdrawn = held.custody.withdrawn(giver)
        unitstate.save_state(ctx, unit.unit_id, dataclasses.replace(held, custody=withdrawn))
        store.announce(ctx, "UnitWithdrawn", {"unit_id": unit.unit_id, "giver": giver})
        return withdrawn

    @api.transaction(endorsed_by=("Units:custodian(unit_id)", "caller"), called_by=("taker",))
    def accept_custody(self, ctx: api.Context, unit_id: str, accepted_at: str, place: str) -> custody.Custody:
        """
        Accept a unit with everything inside; valid only if both organisations endorse.

        Raises:
            Refused: UNIT_UNKNOWN, NOT_A_PARTY, CUSTODY_CONTESTED, NOT_OFFERED, NOT_THE_TAKER, IN_UNIT,
                ACCEPTED_BEFORE_HELD, ON_HOLD, PARCEL_LOST, STAGE_NOT_ENTITLED, CLOCK_WENT_BACK, EVENT_IN_FUTURE,
                TOO_LATE, INVALID_ARGUMENT.
        """
        stage_id, step = _HANDOVER
        observation = epcis.Observation(stage_id, step, accepted_at, place)
        taker, unit, stage = self._recorder(ctx, unit_id, observation)
        held = unitstate.state(ctx, unit.unit_id)
        giver = held.custody.custodian
        packing.check_confirmed(ctx, unit, held.custody, giver)
        held.custody.offered_to(taker)
        packing.check_free(ctx, unit, held, observation.moment.at, taker)
        entry = units.event(unit.unit_id, observation, stage, taker, clock.now(ctx), (giver, taker))
        taken = held.custody.accepted(taker, entry.at, place, entry.event_id)
        self._recorded(ctx, unit, taker, entry, dataclasses.replace(held, custody=taken))
        return taken

    @api.query
    def custodian(self, ctx: api.Context, unit_id: str) -> str:
        """Return the organisation whose endorsement a change of the unit's own key needs."""
        return unitstate.state(ctx, units.identified(unit_id)).custody.custodian

    @api.query
    def holders(
        self, ctx: api.Context, unit_id: str, action: units.Action, members: tuple[str, ...]
    ) -> tuple[str, ...]:
        """
        Return the organisations whose keys an aggregation writes.

        Raises:
            Refused: UNIT_UNKNOWN, PARCEL_UNKNOWN.
        """
        held = unitstate.state(ctx, unitstate.load(ctx, unit_id).unit_id)
        if action not in (units.ADD, units.DELETE):
            return (ctx.client.msp_id,)
        named = [units.identified(each, "members") for each in members] or [each.member for each in held.present]
        found = {packing.raw_custody(ctx, each).custodian for each in named}
        return tuple(sorted(found | {held.custody.custodian}))

    @api.query
    def read(self, ctx: api.Context, unit_id: str) -> UnitReading:
        """
        Return a unit with its custody, and what is in it and was in it.

        Raises:
            Refused: UNIT_UNKNOWN.
        """
        unit = unitstate.load(ctx, unit_id)
        held = unitstate.state(ctx, unit.unit_id)
        in_effect = unitstate.in_effect(ctx, held.custody)
        return UnitReading(unit, in_effect.custodian, in_effect, held.members)

    @api.query
    def events(self, ctx: api.Context, unit_id: str) -> bytes:
        """
        Return all records of a unit as an EPCIS 2.0 document, in the order of recording.

        Raises:
            Refused: UNIT_UNKNOWN.
        """
        unit = unitstate.load(ctx, unit_id)
        entries = pages.everything(unitstate.readable_pages(ctx, unit))
        latest = max([entry.recorded_at for entry in entries], default=unit.opened_at)
        return epcis.document([entry.event for entry in entries], latest)

    def _recorder(
        self, ctx: api.Context, unit_id: str, observation: epcis.Observation
    ) -> tuple[str, units.ShippingUnit, Stage]:
        """Return the caller, the unit and the stage, if the caller may record it of units."""
        caller = access.member(ctx)
        unit = unitstate.load(ctx, unit_id)
        stage = stages.version(ctx, unit.catalogue_version).stage(observation.stage_id)
        if stage.stage_id not in unit.party(caller).stages:
            raise Refusal.STAGE_NOT_ENTITLED(f"{caller} may not record {stage.stage_id} ({stage.name})")
        epcis.checked(observation, stage)
        mine = unitstate.page(ctx, unit.unit_id, caller)
        pages.timely(unit, mine, observation.moment.at, clock.now(ctx))
        return caller, unit, stage

    def _own_state(
        self, ctx: api.Context, unit: units.ShippingUnit, caller: str, at: int | None = None
    ) -> units.UnitState:
        """Return the state of a unit that the caller has now, or had at a moment."""
        held = unitstate.state(ctx, unit.unit_id)
        in_effect = unitstate.in_effect(ctx, held.custody)
        packing.check_confirmed(ctx, unit, held.custody, caller)
        holder = in_effect.custodian if at is None else in_effect.holder_at(at)
        if holder != caller:
            raise Refusal.NOT_CUSTODIAN(f"{unit.unit_id} is held by {holder or 'nobody'}")
        return held

    def _recorded(
        self, ctx: api.Context, unit: units.ShippingUnit, caller: str, entry: pages.Entry,
        changed: units.UnitState | None = None,
    ) -> UnitReceipt:  # fmt: skip
        """Write an entry on the caller's page, and the unit's new state if it has one."""
        mine = unitstate.page(ctx, unit.unit_id, caller)
        before = mine.find(entry.event_id)
        # A repetition writes the same page again: without writes, the transaction would need a majority's endorsements.
        unitstate.save_page(ctx, mine if before else mine.with_entry(entry))
        if changed is not None:
            unitstate.save_state(ctx, unit.unit_id, changed)
        if not before:
            payload = {"unit_id": unit.unit_id, "stage_id": entry.stage_id, "step": entry.step}
            store.announce(ctx, "UnitRecorded", {**payload, "event_id": entry.event_id})
        kept = before or entry
        recorded_at = moments.text(kept.recorded_at)
        return UnitReceipt(unit.unit_id, kept.event_id, kept.record_hash, recorded_at, before is not None)
