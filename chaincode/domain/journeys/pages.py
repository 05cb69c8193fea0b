"""
Pages: the events, planned times and incidents that each party recorded on a journey.

A wrong event is never removed. Its recorder declares the error as in EPCIS (the same event again, with
``errorDeclaration``), and may record the right one. The timeline of a journey has the events without errors.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from chaincode.domain.journeys import custody, epcis
from chaincode.domain.journeys.journeys import Journey, Party
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import Stage, StageCatalogue
from chaincode.domain.vocabulary import timeliness
from hlf.codec import moments
from hlf.codec.records import Instant
from hlf.codec.refusals import invalid

ErrorReason = Literal["did_not_occur", "incorrect_data"]
"""CBV's reasons for an error declaration."""


class IncidentKind(enum.StrEnum):
    """Kinds of incidents; a party reports them for its own stages."""

    DELAYED = "delayed"
    HELD = "held"
    DAMAGED = "damaged"
    LOST = "lost"
    FOUND = "found"
    ADDRESS_UNKNOWN = "address_unknown"
    REFUSED_BY_BUYER = "refused_by_buyer"
    RETURNING = "returning"
    CANCELLED = "cancelled"


OF_GOODS = frozenset({IncidentKind.LOST, IncidentKind.DAMAGED})
"""What only an organisation can know that had the goods, or passed them on or took them over."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """
    One recorded event: its stage and step, its two hashes and the EPCIS event.

    ``declares_error`` marks the repetition that declares an earlier event wrong.
    """

    stage_id: str
    step: str
    at: Instant
    recorded_at: Instant
    event_id: str
    record_hash: str
    event: Mapping[str, object]
    declares_error: bool = False


@dataclasses.dataclass(frozen=True)
class Times:
    """When a stage is to be done: as planned, said once at ``first_stated_at``, and as estimated since."""

    stage_id: str
    planned_at: Instant
    estimated_at: Instant
    stated_at: Instant
    first_stated_at: Instant


@dataclasses.dataclass(frozen=True)
class Incident:
    """
    An incident; ``note_hash`` is the hash of a report that is kept outside the ledger.

    ``parcels`` are the identifiers of the parcels that it is about; none means all of the journey.
    """

    kind: IncidentKind
    stage_id: str
    at: Instant
    recorded_at: Instant
    note_hash: str = ""
    parcels: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Page:
    """
    The records of one party on one journey, in the order of recording.

    In a journey of several parcels, what a party says of one ``parcel`` alone is on a page of its own, so that
    records of different parcels do not conflict.
    """

    journey_id: str
    msp_id: str
    entries: tuple[Entry, ...] = ()
    times: tuple[Times, ...] = ()
    incidents: tuple[Incident, ...] = ()
    parcel: str = ""

    @property
    def standing(self) -> tuple[Entry, ...]:
        """The events that are not declared errors."""
        wrong = {entry.event_id for entry in self.entries if entry.declares_error}
        return tuple(entry for entry in self.entries if entry.event_id not in wrong)

    @property
    def last_recorded(self) -> int:
        """The time of the last record; 0 for an empty page."""
        recorded = [entry.recorded_at for entry in self.entries]
        recorded += [times.stated_at for times in self.times]
        return max(recorded + [incident.recorded_at for incident in self.incidents], default=0)

    def find(self, event_id: str) -> Entry | None:
        """Return the entry with this event hash, even if it is declared an error."""
        return next((entry for entry in self.entries if entry.event_id == event_id), None)

    def with_entry(self, entry: Entry) -> Page:
        """Return the page with one more entry."""
        return dataclasses.replace(self, entries=(*self.entries, entry))


def together(parts: Sequence[Page]) -> Page:
    """Return one page with everything that a party recorded on *parts*."""
    return dataclasses.replace(
        parts[0],
        entries=tuple(sorted((entry for part in parts for entry in part.entries), key=lambda each: each.recorded_at)),
        times=tuple(times for part in parts for times in part.times),
        incidents=tuple(incident for part in parts for incident in part.incidents),
    )


def without_forgeries(journey: Journey, page: Page) -> Page:
    """
    Return *page* without entries that the contract would not have accepted.

    A key-level policy says who may write a page, but not what. An organisation with a modified peer could write
    stages of others, such as a release by customs; honest peers skip such entries.
    """
    return genuine(page, journey.party(page.msp_id), "selat:journey", journey.journey_id)


def genuine(page: Page, party: Party, about: str, name: str) -> Page:
    """Return the entries of *page* that *party* may record and whose event has *name* in the field *about*."""

    def holds(entry: Entry) -> bool:
        said = entry.event
        return (
            entry.stage_id in party.stages
            and said.get("selat:stage") == entry.stage_id
            and said.get(about) == name
            and said.get("eventID") == entry.event_id
            and epcis.recorder_of(said) == page.msp_id
            and epcis.has_step_and_time(said, entry.step, entry.at)
        )

    return dataclasses.replace(
        page,
        entries=tuple(entry for entry in page.entries if holds(entry)),
        times=tuple(times for times in page.times if times.stage_id in party.stages),
        incidents=tuple(incident for incident in page.incidents if incident.stage_id in party.stages),
    )


def confirms(first: str, page: Page, held: custody.Custody) -> bool:
    """
    Return whether *page* and *held* agree: the party accepted the goods for exactly its own periods.

    The opening named the *first* custodian.
    """
    mine = {period.event_id for period in held.periods if period.custodian == page.msp_id}
    if any(epcis.taker_of(entry.event) == page.msp_id and entry.event_id not in mine for entry in page.entries):
        return False
    for number, period in enumerate(held.periods):
        if period.custodian != page.msp_id:
            continue
        if number == 0 and not period.event_id:
            # The first custodian was agreed at the opening.
            if period.custodian != first:
                return False
            continue
        entry = page.find(period.event_id)
        if entry is None or entry.at != period.since:
            return False
    return True


def entitled(journey: Journey, recorder: str, stage: Stage) -> None:
    """
    Raise Refused unless *recorder* may record *stage* on *journey*.

    Raises:
        Refused: NOT_A_PARTY, STAGE_NOT_IN_JOURNEY, STAGE_NOT_ENTITLED.
    """
    party = journey.party(recorder)
    if not stage.occurs_in(journey.kind):
        raise Refusal.STAGE_NOT_IN_JOURNEY(f"{stage.stage_id} does not occur in {journey.kind} journeys")
    if stage.stage_id not in party.stages:
        raise Refusal.STAGE_NOT_ENTITLED(f"{recorder} may not record {stage.stage_id} ({stage.name})")


class DatedRecord(Protocol):
    """What pages are about, a journey or a shipping unit: events are not before it began."""

    @property
    def opened_at(self) -> int:
        """When it was opened on the ledger."""

    @property
    def ordered_at(self) -> int:
        """When it began."""


def punctual(journey: DatedRecord, page: Page, now: int) -> None:
    """
    Raise Refused if the transaction's time *now* is before the last record on *page*.

    The client chooses this time. So it may not be before an earlier record of the same organisation: otherwise
    somebody could pre-date a whole transaction to make an old event look punctual.

    Raises:
        Refused: CLOCK_WENT_BACK.
    """
    if now < max(page.last_recorded, journey.opened_at) - moments.SKEW:
        raise Refusal.CLOCK_WENT_BACK(f"the ledger has a later record of this organisation on {page.journey_id}")


def timely(journey: DatedRecord, page: Page, at: int, now: int) -> None:
    """
    Raise Refused unless an event of time *at* may be recorded *now*: not before it, and not long after.

    Raises:
        Refused: CLOCK_WENT_BACK, EVENT_IN_FUTURE, PRE_DATED, TOO_LATE.
    """
    punctual(journey, page, now)
    if at < journey.ordered_at:
        raise Refusal.PRE_DATED("the event's time is before the order, or before its unit was opened")
    timeliness.check("event", at, now)


def recorded(
    journey: Journey, page: Page, held: Iterable[custody.Custody], stage: Stage, observation: epcis.Observation,
    now: int,
) -> Entry:  # fmt: skip
    """
    Return the entry for *observation* by the page's party; the existing one, if the page already has it.

    *held* is the custody of each parcel that it is about, for a stage that depends on custody.

    Raises:
        Refused: as in `epcis.checked`, `entitled`, `timely`; NOT_CUSTODIAN, STAGE_RECORDED, EVENT_TAKEN_BACK.
    """
    entitled(journey, page.msp_id, stage)
    epcis.checked(observation, stage)
    entry = entry_of(journey, page.msp_id, stage, observation, now)
    repeated = page.find(entry.event_id)
    if repeated:
        if repeated not in page.standing:
            raise Refusal.EVENT_TAKEN_BACK("the same event was declared an error; it cannot be recorded again")
        return repeated
    timely(journey, page, entry.at, now)
    if stage.custody and observation.step not in stage.takes:
        for each in held:
            _held_by(page.msp_id, each, entry.at)
    if not stage.repeats and any((each.stage_id, each.step) == (stage.stage_id, entry.step) for each in page.standing):
        raise Refusal.STAGE_RECORDED(f"{entry.step} of {stage.stage_id} happens once and is recorded")
    return entry


def _held_by(recorder: str, held: custody.Custody, at: int) -> None:
    holder = held.holder_at(at)
    if holder != recorder:
        known = holder or "nobody of the consortium"
        raise Refusal.NOT_CUSTODIAN(f"{held.name} was held by {known} at that time")


def entry_of(
    journey: Journey, recorder: str, stage: Stage, observation: epcis.Observation, now: int,
    handover: tuple[str, str] | None = None,
) -> Entry:  # fmt: skip
    """
    Return an entry with the EPCIS event of *observation*.

    Raises:
        Refused: PARCEL_UNKNOWN, INVALID_ARGUMENT.
    """
    meant = journey.concerned(observation.epcs)
    several = len(journey.parcels) > 1
    if several and len(meant) > 1 and stage.event == "AggregationEvent":
        raise invalid("observation.epcs", "must name the one parcel that was packed, or the units in it")
    event = epcis.event(
        observation,
        stage,
        journey_id=journey.journey_id,
        order_id=journey.order_id,
        epcs=meant if several and len(meant) < len(journey.parcels) else journey.epcs,
        goods=journey.goods(meant),
        recorder=recorder,
        recorded_at=now,
        handover=handover,
    )
    return Entry(
        stage_id=stage.stage_id,
        step=observation.step,
        at=observation.moment.at,
        recorded_at=now,
        event_id=str(event["eventID"]),
        record_hash=epcis.record_hash(event),
        event=event,
    )


def passed(stage: Stage, gate_ids: Iterable[str], catalogue: StageCatalogue, entries: Iterable[Entry], at: int) -> None:
    """
    Raise Refused unless all gates of *stage* were open at the time *at*.

    Raises:
        Refused: GATE_CLOSED.
    """
    known = sorted((entry for entry in entries if entry.at <= at), key=lambda entry: (entry.at, entry.recorded_at))
    for gate_id in gate_ids:
        gate = catalogue.stage(gate_id)
        steps = [entry.step for entry in known if entry.stage_id == gate_id]
        if not steps or (gate.releases and steps[-1] not in gate.releases):
            raise Refusal.GATE_CLOSED(f"{stage.stage_id} waits for {gate_id} ({gate.name})")


def corrected(
    journey: Journey, page: Page, event_id: str, reason: ErrorReason, corrective: Entry | None, now: int
) -> Entry:
    """
    Return the declaration that the party's own event is an error; it names the *corrective* one if there is one.

    Two parties sign a hand-over, so one alone cannot declare it an error.

    Raises:
        Refused: EVENT_UNKNOWN, ALREADY_CORRECTED, HANDOVER_STANDS, CLOCK_WENT_BACK.
    """
    punctual(journey, page, now)
    wrong = page.find(event_id)
    if wrong is None:
        raise Refusal.EVENT_UNKNOWN(f"{page.msp_id} recorded no such event on {page.journey_id}")
    if wrong not in page.standing:
        raise Refusal.ALREADY_CORRECTED("the event has been declared an error")
    if epcis.taker_of(wrong.event):
        raise Refusal.HANDOVER_STANDS("a handover was signed by two parties; neither takes it back alone")
    event = epcis.declared_wrong(wrong.event, reason, corrective.event_id if corrective else "", now)
    return dataclasses.replace(
        wrong, recorded_at=now, record_hash=epcis.record_hash(event), event=event, declares_error=True
    )


def stated(page: Page, stage_id: str, at: int, now: int) -> Page:
    """Return *page* with a new time for a stage: the first is the plan, later ones are estimates."""
    earlier = next((times for times in page.times if times.stage_id == stage_id), None)
    planned_at, first = (earlier.planned_at, earlier.first_stated_at) if earlier else (at, now)
    times = Times(stage_id, planned_at, at, now, first)
    others = tuple(each for each in page.times if each.stage_id != stage_id)
    return dataclasses.replace(page, times=tuple(sorted((*others, times), key=lambda each: each.stage_id)))


def reported(page: Page, incident: Incident) -> Page:
    """
    Return *page* with one more incident; repeating it changes nothing.

    Raises:
        Refused: NOT_CANCELLABLE if the party may not cancel.
    """
    if incident.kind is IncidentKind.CANCELLED and incident.stage_id != "S01":
        raise Refusal.NOT_CANCELLABLE("an order is cancelled at S01, by those who take orders")
    known = {dataclasses.replace(each, recorded_at=0) for each in page.incidents}
    if dataclasses.replace(incident, recorded_at=0) in known:
        return page
    return dataclasses.replace(page, incidents=(*page.incidents, incident))


def timeline(pages: Iterable[Page]) -> tuple[Entry, ...]:
    """Return the valid events of a journey, in the order in which they happened."""
    entries = (entry for page in pages for entry in page.standing)
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.recorded_at, entry.event_id)))


def everything(pages: Iterable[Page]) -> tuple[Entry, ...]:
    """Return all records, with errors and their declarations, in the order of recording."""
    entries = (entry for page in pages for entry in page.entries)
    # The sort is stable, so entries of one transaction keep their order on the page.
    return tuple(sorted(entries, key=lambda entry: entry.recorded_at))


def incidents(pages: Iterable[Page]) -> tuple[Incident, ...]:
    """Return the incidents, in the order in which they happened."""
    found = (incident for page in pages for incident in page.incidents)
    return tuple(sorted(found, key=lambda incident: (incident.at, incident.recorded_at, incident.kind)))
