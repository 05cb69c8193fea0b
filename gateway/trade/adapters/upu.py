"""The events of UPU's message EMSEVT: what posts tell each other about an item."""

from __future__ import annotations

from chaincode.domain.journeys.pages import IncidentKind
from gateway.trade.adapters.foreign import ForeignFormat, incident, nothing, stage

EMSEVT = ForeignFormat(
    title="UPU EMSEVT",
    edition="version 3 (standard M40), 25 events",
    source="UPU Messaging Standards, M40; the list as the Logistic Natives printed it on 30 July 2022",
    codes={
        "EMA": stage("Posting/collection", "S02", "accepting"),
        "EXA": stage("Item presented to export customs/security", "S14", "selat:customs_declaring"),
        "EXB": stage("Item held by export customs/security", "S14", "holding"),
        "EXC": stage("Item returned from export customs/security", "S14", "selat:customs_released"),
        "EMB": stage("Arrival at outward office of exchange", "S11", "arriving", "in_transit"),
        "EXD": incident("Item held at outward office of exchange", IncidentKind.HELD, "S11"),
        "EXX": incident("Export cancellation", IncidentKind.CANCELLED, "S11"),
        "EMC": stage("Departure from outward office of exchange", "S15", "departing", "in_transit"),
        "EMJ": stage("Arrival at transit office of exchange", "S15", "arriving", "in_transit"),
        "EMK": stage("Departure from transit office of exchange", "S15", "departing", "in_transit"),
        "EMD": stage("Arrival at inward office of exchange", "S15", "arriving", "in_transit"),
        "EDA": incident("Held at inward office of exchange", IncidentKind.HELD, "S15"),
        "EDB": stage("Item presented to import customs", "S17", "selat:customs_declaring"),
        "EME": stage("Item held by import customs", "S17", "holding"),
        "EDC": stage("Item returned from import customs", "S17", "selat:customs_released"),
        "EMF": stage("Departure from inward office of exchange", "S19", "departing", "in_transit"),
        "EDD": stage("Item into sorting centre", "S19", "selat:sorting", "in_transit"),
        "EDE": stage("Item out of sorting centre", "S19", "departing", "in_transit"),
        "EMG": stage("Arrival at delivery office", "S19", "arriving", "in_transit"),
        "EDF": incident("Item held at delivery office", IncidentKind.HELD, "S20"),
        "EDG": stage("Item out for physical delivery", "S19", "departing", "in_transit"),
        "EDH": stage("Item arrival at collection point for pick-up", "S20", "selat:ready_for_pickup"),
        "EMH": stage("Attempted/unsuccessful physical delivery", "S20", "selat:delivery_attempted"),
        "EMI": stage("Final delivery", "S20", "accepting"),
        "EDX": nothing(
            "Import terminated", "it does not say whether the item is lost, goes back or is destroyed; report that"
        ),
    },
)
