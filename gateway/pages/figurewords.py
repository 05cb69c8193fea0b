"""The figures of claims as people read them: names, and values in their units."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chaincode.domain.vocabulary.money import MINOR_DIGITS
from gateway.pages import localformats, places, states
from gateway.pages.languages import gettext
from gateway.pages.states import N_

FIGURES: Mapping[str, str] = {
    "horizon.start": N_("First day"),
    "horizon.end": N_("Last day"),
    "horizon.bucket": N_("Width of a step"),
    "product.gtin14": N_("Product (GTIN)"),
    "product.sku_ref": N_("Your own number of the product"),
    "product.hs6": N_("HS code, 6 digits"),
    "product.ahtn8": N_("Tariff line of ASEAN, 8 digits"),
    "product.category": N_("Kind of product"),
    "product.dg_un": N_("UN number of dangerous goods"),
    "product.temperature_min_cel": N_("Lowest temperature that it stands"),
    "product.temperature_max_cel": N_("Highest temperature that it stands"),
    "region.subdivisions": N_("Regions where it sells"),
    "region.locode": N_("Where most of it goes"),
    "demand.units_p10_h87": N_("Pieces, at the least"),
    "demand.units_p50_h87": N_("Pieces, expected"),
    "demand.units_p90_h87": N_("Pieces, at the most"),
    "demand.unit_weight_grm": N_("Weight of a piece"),
    "demand.unit_volume_cmq": N_("Volume of a piece"),
    "demand.peak_date": N_("Busiest day"),
    "demand.peak_units_h87": N_("Pieces on the busiest day"),
    "demand.hot_rank": N_("Place among the best sellers"),
    "demand.growth_bps": N_("Growth in a year"),
    "demand.return_rate_bps": N_("Part that comes back"),
    "money.gmv_minor": N_("Value of the sales"),
    "money.currency": N_("Currency of the value"),
    "audience.age_band": N_("Age of most buyers"),
    "audience.sales_channel": N_("Where it is sold"),
    "audience.language": N_("Language of most buyers"),
    "audience.cohort_size": N_("People behind the figures of buyers"),
    "audience.potential_users": N_("People who may buy it"),
    "confidence_bps": N_("How sure it is"),
    "method": N_("How it was made"),
    "service_id": N_("Name of the service"),
    "valid.from": N_("Offered from"),
    "valid.to": N_("Offered until"),
    "stages": N_("Stages that it does"),
    "modes_rec19": N_("Modes of transport"),
    "operating_type": N_("Who does it"),
    "coverage.regions": N_("Regions that it serves"),
    "coverage.locodes": N_("Places that it serves"),
    "coverage.postal_prefixes": N_("Postal codes that it serves"),
    "coverage.lanes": N_("Lanes that it serves"),
    "capacity.parcels_per_day_h87": N_("Parcels a day"),
    "capacity.mass_per_day_kgm": N_("Mass a day"),
    "capacity.storage_mtq": N_("Room to store goods"),
    "capacity.utilisation_bps": N_("Part of the capacity in use"),
    "limits.weight_grm": N_("Heaviest parcel"),
    "limits.dimensions_mmt": N_("Sides of the largest parcel"),
    "limits.dangerous_goods_un": N_("Dangerous goods that it takes (UN)"),
    "limits.temperature_min_cel": N_("Lowest temperature that it keeps"),
    "limits.temperature_max_cel": N_("Highest temperature that it keeps"),
    "limits.cash_on_delivery": N_("Takes cash on delivery"),
    "time.transit_p50_hur": N_("Time on the way, expected"),
    "time.transit_p90_hur": N_("Time on the way, nine of ten"),
    "time.transit_p95_hur": N_("Time on the way, 19 of 20"),
    "time.cutoff": N_("Latest time of day"),
    "time.time_zone": N_("Zone of that time"),
    "time.dwell_p90_hur": N_("Wait at its places, nine of ten"),
    "quality.on_time_bps": N_("On time"),
    "quality.loss_ppm": N_("Lost"),
    "quality.damage_ppm": N_("Damaged"),
    "quality.claim_days": N_("Days to file a claim"),
    "price.base_minor": N_("Base price"),
    "price.per_kg_minor": N_("Price of a kilogram"),
    "price.fuel_bps": N_("Fuel surcharge"),
    "price.currency": N_("Currency of the price"),
    "integration.languages": N_("Languages of its people"),
    "integration.interface": N_("How programs reach it"),
    "integration.customs_licence": N_("Customs licence"),
    "lpi.edition": N_("Logistics index, edition"),
    "lpi.country": N_("Logistics index, country"),
    "lpi.component": N_("Logistics index, part"),
    "lpi.score_x100": N_("Logistics index, score times 100"),
}
"""The name of each figure of a forecast or capability."""

CLAIMS: Mapping[str, str] = {"forecast": N_("Forecast"), "capability": N_("Capability")}


def figure(name: str) -> str:
    """Return a figure's name in the reader's language; one that a later release has added keeps the ledger's."""
    return gettext(FIGURES[name]) if name in FIGURES else name.replace(".", ": ").replace("_", " ")


def claim(kind: str, values: Mapping[str, object]) -> str:
    """Return what people call a claim of a kind: what it is about, as far as it says so."""
    about = values.get("product.category") or values.get("product.gtin14") or values.get("service_id")
    words = gettext(CLAIMS[kind]) if kind in CLAIMS else kind
    return gettext("%(kind)s: %(about)s") % {"kind": words, "about": about} if about else words


def amount(value: object, name: str, currency: str = "") -> str:
    """Return a figure's value for people, in the unit that its name ends with; sums of money in their *currency*."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(amount(each, name, currency) for each in value)
    if name.endswith("_minor") and currency in MINOR_DIGITS:
        return localformats.money(str(value), currency)
    if isinstance(value, str):
        return _text(value, name)
    unit = name.rpartition("_")[2]
    if not isinstance(value, int) or unit not in _UNITS:
        return str(value)
    if unit in _PARTS:
        return localformats.share(value / _PARTS[unit])
    return f"{localformats.number(value)} {gettext(_UNITS[unit])}"


def _text(value: str, name: str) -> str:
    if name == "horizon.bucket":
        return states.said(_BUCKETS, value)
    if name in ("region.locode", "coverage.locodes"):
        return places.name(value)
    if name in ("region.subdivisions", "coverage.regions"):
        return places.region(value)
    return localformats.day(value) if _DAY.fullmatch(value) else value


_BUCKETS: Mapping[str, str] = {"P1W": N_("one week"), "P1M": N_("one month")}
# UN/CEFACT's codes of units, and parts of a whole, at the end of a figure's name.
_UNITS = {
    "h87": N_("pieces"),
    "hur": N_("hours"),
    "grm": "g",
    "kgm": "kg",
    "cmq": "cm³",
    "mtq": "m³",
    "mmt": "mm",
    "cel": "°C",
    "bps": "",
    "ppm": "",
}
_PARTS = {"bps": 10_000, "ppm": 1_000_000}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
