"""
The shopper's view of a journey: one status, and where the goods have been.

A shopper has no identity on the network. A link has a random token, and the ledger has only its SHA-256. So everybody
with the link may read (a capability), and nothing on the ledger leads to a person.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Sequence

from chaincode.domain.journeys import epcis, movement
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.journeys.pages import Entry, Incident, IncidentKind
from hlf.codec import moments


class Status(enum.StrEnum):
    """The status that a shopper reads."""

    PENDING = "pending"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    ON_HOLD = "on_hold"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERY_DELAYED = "delivery_delayed"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERED = "delivered"
    RETURN_TO_SENDER = "return_to_sender"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class TrackedStage:
    """One line of a shopper's list."""

    at: str
    place: str
    stage: str
    step: str


@dataclasses.dataclass(frozen=True)
class TrackedParcel:
    """One parcel of several, by its number in the journey, and where it was last."""

    number: int
    status: Status
    place: str
    at: str


@dataclasses.dataclass(frozen=True)
class View:
    """What a link shows: no organisations, no identifiers of goods, nothing about other orders."""

    status: Status
    kind: str
    origin: str
    destination: str
    updated_at: str
    expected_at: str
    events: tuple[TrackedStage, ...]
    parcels: tuple[TrackedParcel, ...] = ()
    delivered: int = 0


_FINAL = frozenset({Status.DELIVERED, Status.CANCELLED})

_ONWARD = frozenset({Status.PICKED_UP, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.READY_FOR_PICKUP})
"""The statuses of goods under way; earlier events tell whether they go to the buyer or back."""

_BY_STEP = {
    "accepting": Status.PICKED_UP,
    "shipping": Status.PICKED_UP,
    "loading": Status.PICKED_UP,
    "staging_outbound": Status.PICKED_UP,
    "departing": Status.IN_TRANSIT,
    "transporting": Status.IN_TRANSIT,
    "arriving": Status.IN_TRANSIT,
    "unloading": Status.IN_TRANSIT,
    "selat:customs_released": Status.IN_TRANSIT,
    "selat:delivery_attempted": Status.DELIVERY_FAILED,
    "selat:ready_for_pickup": Status.READY_FOR_PICKUP,
    "selat:pickup_expired": Status.DELIVERY_FAILED,
}
"""The status after a step, for shoppers; other steps do not change it."""

_BY_STAGE = {
    ("S19", "departing"): Status.OUT_FOR_DELIVERY,
    ("S20", "accepting"): Status.DELIVERED,
    ("S22", "receiving"): Status.IN_TRANSIT,
    ("S22", "stocking"): Status.DELIVERED,
    ("S22", "destroying"): Status.DELIVERED,
}

_BY_DISPOSITION = {"non_conformant": Status.ON_HOLD, "damaged": Status.ON_HOLD}
"""The status of a return that its seller found not in order; for other goods, see `movement.holds`."""

_BY_INCIDENT = {
    IncidentKind.DELAYED: Status.DELIVERY_DELAYED,
    IncidentKind.HELD: Status.ON_HOLD,
    IncidentKind.DAMAGED: Status.ON_HOLD,
    IncidentKind.LOST: Status.UNKNOWN,
    IncidentKind.FOUND: Status.IN_TRANSIT,
    IncidentKind.ADDRESS_UNKNOWN: Status.DELIVERY_FAILED,
    IncidentKind.REFUSED_BY_BUYER: Status.DELIVERY_FAILED,
    IncidentKind.RETURNING: Status.RETURN_TO_SENDER,
    IncidentKind.CANCELLED: Status.CANCELLED,
}


def status(timeline: Iterable[Entry], incidents: Iterable[Incident] = ()) -> Status:
    """
    Return the status of one parcel after these events and incidents.

    The event with the latest time of its own decides, whatever the order of recording. Nothing comes after delivery
    or cancellation. A hold stands until its own stage releases the goods, and a loss until they are found. A parcel
    on its way back is not "in transit" to the buyer, nor out for delivery to it: neither one that is sent back to its
    sender, nor one that the buyer returns.
    """
    happened: list[tuple[int, int, Entry | Incident]] = [(each.at, 0, each) for each in timeline]
    happened += [(each.at, 1, each) for each in incidents]
    found, sent_back, returned, lost, holds = Status.PENDING, False, False, False, set[str]()
    for _, _, each in sorted(happened, key=lambda item: item[:2]):
        if isinstance(each, Entry):
            holds = {stage_id for stage_id in holds if not movement.releases(each, stage_id)}
            holds |= {each.stage_id} if movement.holds(each) else set()
            said = _said(each)
        else:
            lost = each.kind is IncidentKind.LOST or (lost and each.kind is not IncidentKind.FOUND)
            said = _BY_INCIDENT[each.kind]
        if said is None or found in _FINAL:
            continue
        sent_back |= said is Status.RETURN_TO_SENDER
        returned |= isinstance(each, Entry) and each.stage_id == "S22"
        if said in _ONWARD and sent_back:
            said = Status.RETURN_TO_SENDER
        elif said is Status.OUT_FOR_DELIVERY and returned:
            said = Status.IN_TRANSIT
        if said is Status.PICKED_UP and found is not Status.PENDING:
            # For a shopper, goods handed from one carrier to the next are still on their way.
            said = Status.IN_TRANSIT if found is not Status.PICKED_UP else found
        found = said
    if found in _FINAL:
        return found
    return Status.UNKNOWN if lost else Status.ON_HOLD if holds else found


_ADVANCE = (
    Status.PENDING, Status.ON_HOLD, Status.PICKED_UP, Status.DELIVERY_DELAYED, Status.IN_TRANSIT,
    Status.OUT_FOR_DELIVERY, Status.DELIVERY_FAILED, Status.READY_FOR_PICKUP, Status.RETURN_TO_SENDER,
    Status.UNKNOWN, Status.CANCELLED, Status.DELIVERED,
)  # fmt: skip
"""Every status, the least advanced first; a journey has the first of them that one of its parcels has."""


class ParcelOutcome(enum.StrEnum):
    """What happened to a parcel."""

    MOVING = "moving"
    DELIVERED = "delivered"
    LOST = "lost"
    RETURNING = "returning"
    SENT_BACK = "sent_back"
    CANCELLED = "cancelled"


def overall(statuses: Iterable[Status]) -> Status:
    """Return the status of a journey: that of the least advanced of its parcels."""
    return min(statuses, key=_ADVANCE.index, default=Status.PENDING)


def outcome(journey: Journey, timeline: Sequence[Entry], incidents: Sequence[Incident]) -> ParcelOutcome:
    """
    Return what happened to one parcel.

    It is sent back when, after its way back began, the organisation that had it first takes it over again.
    """
    now = status(timeline, incidents)
    if now is Status.DELIVERED:
        return ParcelOutcome.DELIVERED
    if now is Status.CANCELLED:
        return ParcelOutcome.CANCELLED
    if movement.lost(incidents) is not None:
        return ParcelOutcome.LOST
    turned = min((each.at for each in incidents if each.kind is IncidentKind.RETURNING), default=None)
    if turned is None:
        return ParcelOutcome.MOVING
    home = any(each.at >= turned and epcis.taker_of(each.event) == journey.custodian for each in timeline)
    return ParcelOutcome.SENT_BACK if home else ParcelOutcome.RETURNING


def gone(timeline: Sequence[Entry], incidents: Sequence[Incident]) -> tuple[int, ...]:
    """
    Return when it became certain that a parcel does not reach its buyer: lost and not found, or on its way back to the
    sender.
    """
    if status(timeline, incidents) is Status.DELIVERED:
        return ()
    lost = movement.lost(incidents)
    turned = [each.at for each in incidents if each.kind is IncidentKind.RETURNING][:1]
    return (*([lost.at] if lost else []), *turned)


def over(found: ParcelOutcome) -> bool:
    """Return whether a parcel has no further events: it arrived somewhere, is lost, or is cancelled."""
    return found not in (ParcelOutcome.MOVING, ParcelOutcome.RETURNING)


def _said(entry: Entry) -> Status | None:
    if movement.holds(entry):
        return None
    disposition = str(entry.event.get("disposition", ""))
    return _BY_STAGE.get((entry.stage_id, entry.step)) or _BY_DISPOSITION.get(disposition) or _BY_STEP.get(entry.step)


@dataclasses.dataclass(frozen=True)
class ParcelRecords:
    """What was recorded of one parcel."""

    timeline: tuple[Entry, ...]
    incidents: tuple[Incident, ...]

    @property
    def status(self) -> Status:
        """The parcel's status."""
        return status(self.timeline, self.incidents)


def view(journey: Journey, told: Sequence[ParcelRecords], expected_at: int | None) -> View:
    """
    Return the view for the holder of a link to *journey*; *expected_at* is the estimated time of delivery.

    *told* is what was recorded of each parcel. Parcels are listed where there are several.
    """
    events = dict.fromkeys(
        TrackedStage(str(entry.event["eventTime"]), place(entry), entry.stage_id, entry.step)
        for entry in sorted({id(entry): entry for each in told for entry in each.timeline}.values(), key=_when)
    )
    recorded = [entry.recorded_at for each in told for entry in each.timeline]
    recorded += [incident.recorded_at for each in told for incident in each.incidents]
    now = overall(each.status for each in told)
    expected = "" if expected_at is None or now in _FINAL else moments.text(expected_at)
    updated = moments.text(max(recorded, default=journey.opened_at))
    parcels = tuple(_tracked(number, each) for number, each in enumerate(told, start=1)) if len(told) > 1 else ()
    delivered = sum(each.status is Status.DELIVERED for each in told)
    return View(
        now, journey.kind, journey.origin, journey.destination, updated, expected, tuple(events), parcels, delivered
    )


def _when(entry: Entry) -> tuple[int, int, str]:
    return entry.at, entry.recorded_at, entry.event_id


def _tracked(number: int, told: ParcelRecords) -> TrackedParcel:
    last = told.timeline[-1] if told.timeline else None
    where, at = (place(last), str(last.event["eventTime"])) if last else ("", "")
    return TrackedParcel(number, told.status, where, at)


def place(entry: Entry) -> str:
    """Return the UN/LOCODE where *entry* happened."""
    return epcis.place_of(entry.event)
