"""The events of DCSA's Track & Trace: what ocean carriers tell about documents, transports and containers."""

from __future__ import annotations

from chaincode.domain.journeys.pages import IncidentKind
from gateway.trade.adapters.foreign import ForeignFormat, incident, nothing, stage

_DOCUMENT = "it is about a document of the carriage, and the goods are where they were"
_EQUIPMENT = "it is about the container alone, and the goods are where they were"

TRACK_AND_TRACE = ForeignFormat(
    title="DCSA Track & Trace",
    edition="2.2.0: shipmentEventTypeCode, transportEventTypeCode, equipmentEventTypeCode",
    source="DCSA_TNT 2.2.0 with Event Domain 1.1.1, github.com/dcsaorg/DCSA-OpenAPI",
    codes={
        "RECE": nothing("Shipment: received", _DOCUMENT),
        "DRFT": nothing("Shipment: drafted", _DOCUMENT),
        "PENA": nothing("Shipment: pending approval", _DOCUMENT),
        "PENU": nothing("Shipment: pending update", _DOCUMENT),
        "REJE": nothing("Shipment: rejected", _DOCUMENT),
        "APPR": nothing("Shipment: approved", _DOCUMENT),
        "ISSU": nothing("Shipment: issued", _DOCUMENT),
        "SURR": nothing("Shipment: surrendered", _DOCUMENT),
        "SUBM": nothing("Shipment: submitted", _DOCUMENT),
        "VOID": nothing("Shipment: void", _DOCUMENT),
        "CONF": nothing("Shipment: confirmed", _DOCUMENT),
        "REQS": nothing("Shipment: requested", _DOCUMENT),
        "CMPL": nothing("Shipment: completed", _DOCUMENT),
        "HOLD": incident("Shipment: on hold", IncidentKind.HELD, "S11 S15 S16 S19"),
        "RELS": nothing("Shipment: released", "whoever holds the goods ends the hold, by an event of its own stage"),
        "ARRI": stage("Transport: arrived", "S11 S15 S19", "arriving", "in_transit"),
        "DEPA": stage("Transport: departed", "S11 S15 S19", "departing", "in_transit"),
        "LOAD": stage("Equipment: loaded", "S10", "loading"),
        "DISC": stage("Equipment: discharged", "S16", "unloading"),
        "GTIN": stage("Equipment: gated in", "S11 S15 S19", "arriving", "in_transit"),
        "GTOT": stage("Equipment: gated out", "S11 S15 S19", "departing", "in_transit"),
        "STUF": stage("Equipment: stuffed", "S10", "loading", "container_closed"),
        "STRP": stage("Equipment: stripped", "S16", "unloading", "container_open"),
        "PICK": nothing("Equipment: picked up", _EQUIPMENT),
        "DROP": nothing("Equipment: dropped off", _EQUIPMENT),
        "INSP": nothing(
            "Equipment: inspected", "it does not say who inspected, nor the outcome; customs record theirs"
        ),
        "RSEA": nothing("Equipment: resealed", _EQUIPMENT),
        "RMVD": nothing("Equipment: seal removed", _EQUIPMENT),
    },
)
