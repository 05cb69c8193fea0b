"""The goods of the demo, with real codes and correct check digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaincode.domain.vocabulary.goods import gs1_check_digit

ORIGIN, DESTINATION = "CNSZX", "VNHAN"  # UN/LOCODE: Shenzhen and Hanoi.
PORT, IMPORT = "CNYTN", "VNHPH"  # Yantian and Haiphong.
_PREFIX = "6901234"  # GS1's own example prefix of China.


def gtin(item: str) -> str:
    """Return the GTIN-14 of an article of five digits."""
    digits = f"0{_PREFIX}{item}"
    return digits + gs1_check_digit(digits)


def sscc(serial: int) -> str:
    """Return the SSCC of a logistic unit: extension digit, company prefix, serial reference, check digit."""
    digits = f"3{_PREFIX}{serial:09}"
    return digits + gs1_check_digit(digits)


@dataclass(frozen=True)
class Article:
    """An article of the order; the price in minor units, *titles* by language as its merchant lists it."""

    line: int
    titles: Mapping[str, str]
    gtin: str
    hs6: str
    ahtn8: str
    quantity: int
    unit_price: str
    weight_grm: int

    @property
    def name(self) -> str:
        """Its name in English."""
        return self.titles["en"]

    def listing(self) -> dict[str, object]:
        """Return the article as a product of the catalogue."""
        return {
            "gtin": self.gtin,
            "titles": self.titles,
            "hs6": self.hs6,
            "ahtn8": self.ahtn8,
            "category": "audio" if self.hs6 == "851830" else "accessories",
            "weight_grm": self.weight_grm,
            "volume_cmq": 1_900,
            "list_price": self.unit_price,
            "currency": "USD",
            "origin": "CN",
        }

    def order_line(self) -> dict[str, object]:
        """Return the article as a line of an order."""
        return {
            "line": self.line,
            "gtin": self.gtin,
            "hs6": self.hs6,
            "ahtn8": self.ahtn8,
            "quantity": self.quantity,
            "unit_price": self.unit_price,
            "weight_grm": self.weight_grm,
        }


def total(order: Mapping[str, Any]) -> str:
    """Return the total of an order in minor units: goods, freight and insurance."""
    lines = sum(line["quantity"] * int(line["unit_price"]) for line in order["lines"])
    return str(lines + int(order["freight"]) + int(order["insurance"]))


# HS 2022: 8518.30 headphones and earphones; 6108.31 women's knitted cotton nightwear; 4202.92 cases of textile.
HEADPHONES = Article(
    1,
    {"en": "Wireless headphones", "vi": "Tai nghe không dây", "zh": "无线耳机", "th": "หูฟังไร้สาย"},
    gtin("56789"), "851830", "85183010", 2, "4590", 310,
)  # fmt: skip
PYJAMAS = Article(
    2,
    {"en": "Cotton pyjamas", "vi": "Đồ ngủ cotton", "zh": "纯棉睡衣", "th": "ชุดนอนผ้าฝ้าย"},
    gtin("40021"), "610831", "61083100", 1, "2150", 420,
)  # fmt: skip
CASE = Article(
    3,
    {"en": "Travel case", "vi": "Hộp đựng du lịch", "zh": "旅行收纳盒", "th": "กล่องพกพา"},
    gtin("31177"), "420292", "42029210", 1, "1290", 180,
)  # fmt: skip
ARTICLES = (HEADPHONES, PYJAMAS, CASE)
SHOP = {
    "seller_id": "left-ear",
    "name": "Left Ear Audio",
    "country": "CN",
    "colour": "#123a6b",
    "contact": "mailto:help@left-ear.example",
}
CONSIGNMENT = sscc(20_261_122)
UNITS = [f"https://id.gs1.org/01/{a.gtin}/21/{n}" for a in ARTICLES for n in range(1001, 1001 + a.quantity)]
EPCS = [f"https://id.gs1.org/00/{CONSIGNMENT}", *UNITS]

FORECAST = {
    "horizon.start": "2026-12-01",
    "horizon.end": "2027-02-28",
    "horizon.bucket": "P1W",
    "product.gtin14": HEADPHONES.gtin,
    "product.hs6": HEADPHONES.hs6,
    "product.ahtn8": HEADPHONES.ahtn8,
    "product.category": "wireless headphones",
    "region.subdivisions": ["VN-HN", "VN-HP"],
    "region.locode": DESTINATION,
    "demand.units_p10_h87": 9_200,
    "demand.units_p50_h87": 14_350,
    "demand.units_p90_h87": 21_700,
    "demand.unit_weight_grm": 310,
    "demand.peak_date": "2027-01-28",
    "demand.peak_units_h87": 2_480,
    "demand.return_rate_bps": 640,
    "money.gmv_minor": "65866500",
    "money.currency": "USD",
    "confidence_bps": 7_800,
    "method": "seasonal regression, 36 months",
}
CAPABILITY = {
    "service_id": "CN-VN-SEA-ROAD",
    "valid.from": "2026-12-01",
    "valid.to": "2027-03-31",
    "stages": ["S11", "S15", "S16"],
    "modes_rec19": ["1", "3"],
    "operating_type": "direct",
    "coverage.regions": ["CN-GD", "VN-HP", "VN-HN"],
    "coverage.lanes": ["CNSZX-VNHAN"],
    "capacity.parcels_per_day_h87": 6_000,
    "capacity.utilisation_bps": 7_150,
    "time.transit_p50_hur": 96,
    "time.transit_p90_hur": 132,
    "quality.on_time_bps": 9_420,
    "quality.loss_ppm": 210,
    "price.base_minor": "38000",
    "price.per_kg_minor": "185",
    "price.currency": "USD",
    "integration.languages": ["zh", "vi", "en"],
    "integration.interface": "epcis",
    "lpi.edition": "2023",
    "lpi.country": "SG",
    "lpi.component": "timeliness",
    "lpi.score_x100": 430,
}
# Attributes that all carriers' services share; stages and prices differ.
SERVICE = {
    "valid.from": "2026-01-01",
    "valid.to": "2030-12-31",
    "operating_type": "direct",
    "coverage.regions": ["CN-GD", "VN-HP", "VN-HN"],
    "coverage.locodes": [ORIGIN, PORT, IMPORT, DESTINATION],
    "capacity.parcels_per_day_h87": 6_000,
    "time.transit_p90_hur": 40,
    "time.cutoff": "17:00",
    "time.time_zone": "Asia/Ho_Chi_Minh",
    "time.dwell_p90_hur": 6,
    "quality.on_time_bps": 9_420,
    "quality.loss_ppm": 210,
    "quality.damage_ppm": 260,
    "price.currency": "USD",
    "integration.languages": ["en", "vi", "zh"],
    "integration.interface": "epcis",
}
LOGISTICS = {"OriginCarrierMSP", "ForwarderMSP", "LastMileMSP", "CustomsMSP", "AuditorMSP"}
PARTICIPANTS = [
    ("PlatformMSP", "Selat Market", "core", ["platform"], ["SG"], ["S01", "S21"]),
    ("MerchantMSP", "Shenzhen Sound Works", "key", ["merchant"], ["CN"], ["S01", "S02", "S03", "S04", "S05", "S22"]),
    ("PaymentsMSP", "Straits Settlement", "supporting", ["payments"], ["SG"], ["S13", "S18"]),
    ("OriginCarrierMSP", "Pearl River Express", "key", ["origin_carrier"], ["CN"],
     ["S02", "S06", "S07", "S08", "S09", "S10", "S11", "S15"]),
    ("ForwarderMSP", "South Sea Forwarding", "key", ["forwarder"], ["SG"], ["S02", "S11", "S15", "S16"]),
    ("LastMileMSP", "Red River Parcels", "key", ["last_mile"], ["VN"], ["S02", "S16", "S19", "S20", "S22"]),
    ("CustomsMSP", "Joint Customs Desk", "supporting", ["customs"], ["CN", "VN"], ["S12", "S14", "S17", "S18"]),
    ("AuditorMSP", "Lion City Assurance", "supporting", ["auditor"], ["SG"], []),
]  # fmt: skip
