"""
The shopper's view of a journey: one status, and where the goods have been.

A shopper has no identity on the network. A link has a random token, and the ledger has only its SHA-256. So whoever
has the link may look (a capability), and nothing on the ledger leads to a person.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Sequence

from chaincode.domain.journeys import epcis
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
class View:
    """What a link shows: no organisations, no identifiers of goods, nothing about other orders."""

    status: Status
    kind: str
    origin: str
    destination: str
    updated_at: str
    expected_at: str
    events: tuple[TrackedStage, ...]


_FINAL = frozenset({Status.DELIVERED, Status.CANCELLED})

_ONWARD = frozenset({Status.PICKED_UP, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.READY_FOR_PICKUP})
"""What is said of goods that go on; to whom they go depends on what came before."""

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
    "holding": Status.ON_HOLD,
    "selat:delivery_attempted": Status.DELIVERY_FAILED,
    "selat:ready_for_pickup": Status.READY_FOR_PICKUP,
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

_BY_INCIDENT = {
    IncidentKind.DELAYED: Status.DELIVERY_DELAYED,
    IncidentKind.HELD: Status.ON_HOLD,
    IncidentKind.DAMAGED: Status.ON_HOLD,
    IncidentKind.LOST: Status.UNKNOWN,
    IncidentKind.ADDRESS_UNKNOWN: Status.DELIVERY_FAILED,
    IncidentKind.REFUSED_BY_BUYER: Status.DELIVERY_FAILED,
    IncidentKind.RETURNING: Status.RETURN_TO_SENDER,
    IncidentKind.CANCELLED: Status.CANCELLED,
}


def status(timeline: Iterable[Entry], incidents: Iterable[Incident] = ()) -> Status:
    """
    Return the status after these events and incidents.

    The event with the latest time of its own decides, whatever the order of recording. Nothing comes after delivery
    or cancellation. A parcel on its way back is not "in transit" to the buyer, nor out for delivery to it: neither one
    that is sent back to its sender, nor one that the buyer returns.
    """
    happened: list[tuple[int, int, Entry | Incident]] = [(each.at, 0, each) for each in timeline]
    happened += [(each.at, 1, each) for each in incidents]
    found, sent_back, returned = Status.PENDING, False, False
    for _, _, each in sorted(happened, key=lambda item: item[:2]):
        said = _BY_INCIDENT[each.kind] if isinstance(each, Incident) else _said(each)
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
    return found


def over(timeline: Iterable[Entry], incidents: Sequence[Incident]) -> bool:
    """Return whether nothing more is to come of a journey: its goods are delivered or lost, or it is cancelled."""
    lost = any(each.kind is IncidentKind.LOST for each in incidents)
    return lost or status(timeline, incidents) in _FINAL


def _said(entry: Entry) -> Status | None:
    disposition = str(entry.event.get("disposition", ""))
    return _BY_STAGE.get((entry.stage_id, entry.step)) or _BY_DISPOSITION.get(disposition) or _BY_STEP.get(entry.step)


def view(journey: Journey, timeline: Sequence[Entry], incidents: Sequence[Incident], expected_at: int | None) -> View:
    """Return the view for the holder of a link to *journey*; *expected_at* is the estimated time of delivery."""
    events = tuple(
        TrackedStage(str(entry.event["eventTime"]), place(entry), entry.stage_id, entry.step) for entry in timeline
    )
    recorded = [entry.recorded_at for entry in timeline] + [incident.recorded_at for incident in incidents]
    now = status(timeline, incidents)
    expected = "" if expected_at is None or now in _FINAL else moments.text(expected_at)
    updated = moments.text(max(recorded, default=journey.opened_at))
    return View(now, journey.kind, journey.origin, journey.destination, updated, expected, events)


def place(entry: Entry) -> str:
    """Return the UN/LOCODE where *entry* happened."""
    return epcis.place_of(entry.event)
