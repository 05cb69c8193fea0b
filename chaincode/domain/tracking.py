"""
What a shopper sees of a journey: one status, and where the goods have been.

A shopper has no identity on the network. A link carries a random token; the
ledger knows its SHA-256 and nothing else, so holding the link is what counts
(a capability), and nothing on the ledger leads to a person.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence

from chaincode.domain import epcis, moments
from chaincode.domain.journeys import Entry, Journey


class Status(enum.StrEnum):
    """The one word a shopper reads."""

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
class Seen:
    """One line of a shopper's list."""

    at: str
    place: str
    stage: str
    step: str


@dataclasses.dataclass(frozen=True)
class View:
    """What a link shows: no organisation, no identifier of the goods, nothing of other orders."""

    status: Status
    kind: str
    origin: str
    destination: str
    updated_at: str
    events: tuple[Seen, ...]


_BY_STEP = {
    "selat:delivery_attempted": Status.DELIVERY_FAILED,
    "holding": Status.ON_HOLD,
    "departing": Status.IN_TRANSIT,
    "transporting": Status.IN_TRANSIT,
    "arriving": Status.IN_TRANSIT,
    "unloading": Status.IN_TRANSIT,
    "selat:customs_released": Status.IN_TRANSIT,
    "loading": Status.PICKED_UP,
    "shipping": Status.PICKED_UP,
}


def status(timeline: Sequence[Entry]) -> Status:
    """The status after *timeline* (oldest first); every sequence of events has one."""
    found = Status.PENDING
    for entry in timeline:
        if entry.stage_id == "S20" and entry.step == "accepting":
            found = Status.DELIVERED
        elif entry.stage_id == "S19" and entry.step == "departing":
            found = Status.OUT_FOR_DELIVERY
        elif entry.step == "accepting":
            found = Status.PICKED_UP if found is Status.PENDING else found
        else:
            found = _BY_STEP.get(entry.step, found)
    return found


def view(journey: Journey, timeline: Sequence[Entry]) -> View:
    """What the holder of a link to *journey* sees."""
    events = tuple(
        Seen(str(entry.event["eventTime"]), place(entry), entry.stage_id, entry.step) for entry in timeline
    )
    updated = moments.text(max([entry.recorded_at for entry in timeline], default=journey.opened_at))
    return View(status(timeline), journey.kind, journey.origin, journey.destination, updated, events)


def place(entry: Entry) -> str:
    """The UN/LOCODE where *entry* happened."""
    return epcis.place_of(entry.event)
