"""
Offers: the attributes of a capability that a carrier disclosed for matching.

Prices and times are for one consignment and one stage: an offer that is chosen for two stages is paid twice. A
carrier with different prices for stages commits several capabilities. Hiding an attribute never helps: cost figures
are required, and a limit that is not disclosed counts as the narrow one.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid

PURPOSE = "matching"
"""The purpose that a grant must name; with it the carrier consents to matching."""

NEEDED = (
    "service_id",
    "valid.from",
    "valid.to",
    "stages",
    "operating_type",
    "coverage.regions",
    "capacity.parcels_per_day_h87",
    "time.transit_p90_hur",
    "time.cutoff",
    "time.time_zone",
    "time.dwell_p90_hur",
    "quality.on_time_bps",
    "quality.loss_ppm",
    "quality.damage_ppm",
    "price.base_minor",
    "price.currency",
    "integration.languages",
    "integration.interface",
)
"""The attributes that are needed to compare carriers."""

ALSO_TAKEN = (
    "coverage.locodes",
    "coverage.lanes",
    "capacity.mass_per_day_kgm",
    "capacity.utilisation_bps",
    "limits.weight_grm",
    "limits.dimensions_mmt",
    "limits.dangerous_goods_un",
    "limits.temperature_min_cel",
    "limits.temperature_max_cel",
    "limits.cash_on_delivery",
    "price.per_kg_minor",
    "price.fuel_bps",
    "integration.customs_licence",
)

MINUTES_A_DAY = 24 * 60

OFFSETS = {
    "Asia/Bangkok": 420,
    "Asia/Brunei": 480,
    "Asia/Dili": 540,
    "Asia/Ho_Chi_Minh": 420,
    "Asia/Hong_Kong": 480,
    "Asia/Jakarta": 420,
    "Asia/Jayapura": 540,
    "Asia/Kuala_Lumpur": 480,
    "Asia/Kuching": 480,
    "Asia/Makassar": 480,
    "Asia/Manila": 480,
    "Asia/Phnom_Penh": 420,
    "Asia/Pontianak": 420,
    "Asia/Seoul": 540,
    "Asia/Shanghai": 480,
    "Asia/Singapore": 480,
    "Asia/Taipei": 480,
    "Asia/Tokyo": 540,
    "Asia/Vientiane": 420,
    "Asia/Yangon": 390,
    "UTC": 0,
}
"""Minutes ahead of UTC, for zones without daylight saving; zone databases differ between machines."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """The limits of a carrier. None is no stated limit; without a temperature range it keeps none."""

    weight_grm: int | None = None
    dimensions_mmt: tuple[int, ...] = ()
    dangerous_goods_un: tuple[str, ...] = ()
    temperature_min_cel: int | None = None
    temperature_max_cel: int | None = None
    cash_on_delivery: bool = False


@dataclasses.dataclass(frozen=True)
class Price:
    """A price in minor units of *currency*: per parcel, per kilogram, and a fuel share on both."""

    base: Amount
    per_kg: Amount
    fuel_bps: int
    currency: str

    def of(self, parcels: int, weight_grm: int) -> int:
        """Return the price of a consignment, rounded up to a whole minor unit."""
        return prices((self,), parcels, weight_grm)[0]


def prices(asked: Iterable[Price], parcels: int, weight_grm: int) -> list[int]:
    """Return each price of a consignment, rounded up to a whole minor unit."""
    whole, thousand, divisor = bounds.BPS, 1_000 * parcels, 1_000 * bounds.BPS
    return [-(-(one.base * thousand + one.per_kg * weight_grm) * (whole + one.fuel_bps) // divisor) for one in asked]


@dataclasses.dataclass(frozen=True)
class Offer:
    """
    One service of one carrier.

    Attributes:
        offer_id: the grant that discloses it.
        parcels: free capacity for a day; mass_kgm the same by weight, None if not stated.
        cutoff_minute: the end of acceptance for the day, in minutes of the UTC day.
        transit_hours: the 90th percentile of transit.
        dwell_hours: the 90th percentile of waiting after it takes goods over.
    """

    offer_id: str
    carrier: str
    service_id: str
    stages: tuple[str, ...]
    regions: tuple[str, ...]
    locodes: tuple[str, ...]
    lanes: tuple[str, ...]
    operating_type: str
    valid_from: str
    valid_to: str
    parcels: int
    mass_kgm: int | None
    limits: Limits
    cutoff_minute: int
    price: Price
    transit_hours: int
    dwell_hours: int
    on_time_bps: int
    loss_ppm: int
    damage_ppm: int
    languages: tuple[str, ...]
    interface: str
    licensed: bool

    @functools.cached_property
    def ready_minute(self) -> int:
        """When goods that met the cut-off are ready to go on, in minutes of the UTC day."""
        return (self.cutoff_minute + 60 * self.transit_hours) % MINUTES_A_DAY

    @functools.cached_property
    def spoken(self) -> frozenset[str]:
        """The languages, for comparisons."""
        return frozenset(self.languages)

    @functools.cached_property
    def places(self) -> frozenset[str]:
        """The UN/LOCODEs where it can accept and hand over goods."""
        ends = {end for lane in self.lanes for end in lane.split("-")}
        return frozenset(self.locodes) | ends


def check_attributes(names: Collection[str]) -> None:
    """
    Refuse attributes other than those that matching uses.

    Raises:
        Refused: ATTRIBUTE_MISSING or ATTRIBUTE_NOT_NEEDED.
    """
    missing = sorted(set(NEEDED) - set(names))
    if missing:
        raise Refusal.ATTRIBUTE_MISSING(f"matching needs {missing[0]}")
    extra = sorted(set(names) - set(NEEDED) - set(ALSO_TAKEN))
    if extra:
        raise Refusal.ATTRIBUTE_NOT_NEEDED(f"matching does not use {extra[0]}")


def read(offer_id: str, carrier: str, values: Mapping[str, Any]) -> Offer:
    """
    Return the offer made of the disclosed *values* of a capability.

    Raises:
        Refused: ATTRIBUTE_MISSING, ATTRIBUTE_NOT_NEEDED; INVALID_ARGUMENT for a time zone that is not supported.
    """
    check_attributes(values)
    free = bounds.BPS - values.get("capacity.utilisation_bps", 0)
    mass = values.get("capacity.mass_per_day_kgm")
    return Offer(
        offer_id=offer_id,
        carrier=carrier,
        service_id=values["service_id"],
        stages=tuple(sorted(values["stages"])),
        regions=tuple(sorted(values["coverage.regions"])),
        locodes=tuple(sorted(values.get("coverage.locodes", ()))),
        lanes=tuple(sorted(values.get("coverage.lanes", ()))),
        operating_type=values["operating_type"],
        valid_from=values["valid.from"],
        valid_to=values["valid.to"],
        parcels=values["capacity.parcels_per_day_h87"] * free // bounds.BPS,
        mass_kgm=None if mass is None else mass * free // bounds.BPS,
        limits=_limits(values),
        cutoff_minute=_utc_minute(values["time.cutoff"], values["time.time_zone"]),
        price=Price(
            int(values["price.base_minor"]),
            int(values.get("price.per_kg_minor", "0")),
            values.get("price.fuel_bps", 0),
            values["price.currency"],
        ),
        transit_hours=values["time.transit_p90_hur"],
        dwell_hours=values["time.dwell_p90_hur"],
        on_time_bps=values["quality.on_time_bps"],
        loss_ppm=values["quality.loss_ppm"],
        damage_ppm=values["quality.damage_ppm"],
        languages=tuple(sorted(values["integration.languages"])),
        interface=values["integration.interface"],
        licensed="integration.customs_licence" in values,
    )


def _limits(values: Mapping[str, Any]) -> Limits:
    return Limits(
        weight_grm=values.get("limits.weight_grm"),
        dimensions_mmt=tuple(sorted(values.get("limits.dimensions_mmt", ()))),
        dangerous_goods_un=tuple(sorted(values.get("limits.dangerous_goods_un", ()))),
        temperature_min_cel=values.get("limits.temperature_min_cel"),
        temperature_max_cel=values.get("limits.temperature_max_cel"),
        cash_on_delivery=values.get("limits.cash_on_delivery", False),
    )


def _utc_minute(clock: str, zone: str) -> int:
    if zone not in OFFSETS:
        raise invalid("time.time_zone", "is not a supported time zone")
    hours, minutes = clock.split(":")
    return (60 * int(hours) + int(minutes) - OFFSETS[zone]) % MINUTES_A_DAY
