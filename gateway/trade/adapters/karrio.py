"""The statuses of karrio, to which that library brings those of several dozen parcel carriers."""

from __future__ import annotations

from chaincode.domain.journeys.pages import IncidentKind
from gateway.trade.adapters.foreign import ForeignFormat, incident, nothing, stage

STATUSES = ForeignFormat(
    title="karrio",
    edition="TrackingStatus with picked_up, as of 2026",
    source="karrio.core.units.TrackingStatus, github.com/karrioapi/karrio",
    codes={
        "pending": nothing("Announced to the carrier", "the carrier has the announcement, and not yet the goods"),
        "picked_up": stage("Picked up by the carrier", "S02", "accepting"),
        "in_transit": stage("On its way", "S15", "transporting", "in_transit"),
        "on_hold": incident("Held", IncidentKind.HELD, "S11 S15 S16 S19 S20"),
        "out_for_delivery": stage("Out for delivery", "S19", "departing", "in_transit"),
        "ready_for_pickup": stage("Ready to be picked up by the buyer", "S20", "selat:ready_for_pickup"),
        "delivery_delayed": incident("Late", IncidentKind.DELAYED, "S11 S15 S16 S19 S20"),
        "delivery_failed": stage("A delivery failed", "S20", "selat:delivery_attempted"),
        "delivered": stage("Delivered", "S20", "accepting"),
        "return_to_sender": incident("On its way back", IncidentKind.RETURNING, "S20 S19"),
        "cancelled": incident("Cancelled", IncidentKind.CANCELLED, "S11 S15 S19 S20"),
        "unknown": nothing("Not known", "the carrier's own status has no counterpart in karrio"),
    },
)
