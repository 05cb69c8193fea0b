"""Who plays in the marketplace, and how it is founded."""

from __future__ import annotations

from collections.abc import Mapping

from selat.demo import environment
from selat.demo.callers import DemoCaller

Callers = Mapping[str, DemoCaller]
"""The actors, each with its connections."""

ACTORS = environment.ACTORS | {
    "workshop": ("WorkshopMSP", "User1"),
    "air": ("AirFreightMSP", "User1"),
    "peninsula": ("PeninsulaMSP", "User1"),
    "archipelago": ("ArchipelagoMSP", "User1"),
    "export_customs": ("ExportCustomsMSP", "User1"),
}

_LAST_MILE = ["S02", "S11", "S16", "S19", "S20", "S22"]
_FREIGHT = ["S02", "S11", "S15", "S16"]
_SELLS = ["S01", "S02", "S03", "S04", "S05", "S22"]
_CLEARS = ["S12", "S14", "S17", "S18"]
_FIELDS = ("msp_id", "name", "species", "roles", "countries", "stages")
_PARTICIPANTS = [
    ("PlatformMSP", "Selat Market", "core", ["platform"], ["SG"], ["S01", "S21"]),
    ("MerchantMSP", "Shenzhen Sound Works", "key", ["merchant"], ["CN"], _SELLS),
    ("WorkshopMSP", "Lingnan Workshop", "key", ["merchant", "manufacturer"], ["CN"], _SELLS),
    ("PaymentsMSP", "Straits Settlement", "supporting", ["payments"], ["SG"], ["S13", "S18"]),
    ("OriginCarrierMSP", "Pearl River Express", "key", ["origin_carrier"], ["CN"],
     ["S02", "S06", "S07", "S08", "S09", "S10", "S11"]),
    ("ForwarderMSP", "South Sea Forwarding", "key", ["forwarder"], ["SG"], _FREIGHT),
    ("AirFreightMSP", "Merlion Air Freight", "key", ["forwarder"], ["SG"], _FREIGHT),
    ("LastMileMSP", "Red River Parcels", "key", ["last_mile"], ["VN"], _LAST_MILE),
    ("PeninsulaMSP", "Peninsula Parcels", "key", ["last_mile"], ["MY", "SG", "TH"], _LAST_MILE),
    ("ArchipelagoMSP", "Archipelago Post", "key", ["last_mile"], ["ID", "PH"], _LAST_MILE),
    ("CustomsMSP", "Customs of Viet Nam", "supporting", ["customs"], ["VN"], _CLEARS),
    ("ExportCustomsMSP", "Customs of China", "supporting", ["customs"], ["CN"], _CLEARS),
    ("AuditorMSP", "Lion City Assurance", "supporting", ["auditor"], ["SG"], []),
]  # fmt: skip
CARRIERS = ("origin", "forwarder", "air", "last_mile", "peninsula", "archipelago")


def found(callers: Callers) -> None:
    """Register everybody, and install the stages."""
    participants = [dict(zip(_FIELDS, row, strict=True)) for row in _PARTICIPANTS]
    callers["admin"].post("/v1/participants/founding", {"participants": participants})
    callers["admin"].post("/v1/stages/installation")
    logistics = {callers[name].msp_id for name in (*CARRIERS, "customs", "export_customs", "auditor")}
    carriers = [each for each in participants if each["msp_id"] in logistics]
    callers["carrier_admin"].post("/v1/participants/founding?channel=logistics", {"participants": carriers})
