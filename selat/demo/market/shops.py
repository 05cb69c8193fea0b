"""The shops of the marketplace, what they sell, and where their buyers live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from selat.demo import goods
from selat.demo.market.people import Callers

ORIGIN = goods.ORIGIN
WINDOW_DAYS = 7
RESTOCKING_BPS = 1_000
RETURNLESS_BELOW = 300_000
"""In dong: a line that is worth less need not be sent back."""


@dataclass(frozen=True)
class Shop:
    """A seller: the actor of its merchant, its terms, and what it sells."""

    seller_id: str
    actor: str
    name: str
    gtin: str
    hs6: str
    ahtn8: str

    @property
    def terms_id(self) -> str:
        """The id of its return terms."""
        return f"{self.seller_id}-terms"


LEFT = Shop("left-shop", "merchant", "Left Ear", goods.gtin("56789"), "851830", "85183010")
RIGHT = Shop("right-shop", "merchant", "Right Ear", goods.gtin("40021"), "420292", "42029210")
LINGNAN = Shop("lingnan", "workshop", "Lingnan Lamps", goods.gtin("73301"), "940521", "94052190")
SHOPS = (LEFT, RIGHT, LINGNAN)


@dataclass(frozen=True)
class Destination:
    """
    Where buyers live: who carries goods there, what they pay with, and who pays duty.

    *price* and *freight* are of one unit, and *tax* of one unit under DDP; in minor units of *currency*.
    """

    place: str
    zone: str
    currency: str
    incoterm: str
    freighter: str
    last: str
    price: int
    freight: int
    tax: int = 0


HANOI = Destination("VNHAN", "Asia/Ho_Chi_Minh", "VND", "DDP", "forwarder", "last_mile", 1_149_000, 61_000, 115_100)
BANGKOK = Destination("THBKK", "Asia/Bangkok", "THB", "DAP", "air", "peninsula", 159_900, 8_550)
KUALA_LUMPUR = Destination("MYKUL", "Asia/Kuala_Lumpur", "MYR", "DDP", "air", "peninsula", 20_590, 1_201, 2_060)
SINGAPORE = Destination("SGSIN", "Asia/Singapore", "SGD", "DAP", "air", "peninsula", 6_190, 350)
JAKARTA = Destination("IDJKT", "Asia/Jakarta", "IDR", "DAP", "forwarder", "archipelago", 71_500_000, 3_750_100)
MANILA = Destination("PHMNL", "Asia/Manila", "PHP", "DDP", "forwarder", "archipelago", 262_500, 14_001, 26_250)
FROM_CHINA = Destination("SGSIN", "Asia/Singapore", "CNY", "DAP", "air", "peninsula", 32_900, 1_850)
"""A buyer in Singapore who pays in yuan."""
DESTINATIONS = (HANOI, BANGKOK, KUALA_LUMPUR, SINGAPORE, JAKARTA, MANILA, FROM_CHINA)


def publish(callers: Callers, shop: Shop, starts: datetime) -> dict[str, Any]:
    """Publish the return terms of a shop and register it under its merchant; return what its orders pin."""
    merchant = callers[shop.actor]
    terms = {
        "terms_id": shop.terms_id,
        "version": 1,
        "jurisdiction": "SG",
        "effective_from": utc(starts),
        "languages": ["en", "vi", "th", "ms", "id", "fil"],
        "window_days": WINDOW_DAYS,
        "roll": False,
        "currency": "VND",
        "returnless_below": str(RETURNLESS_BELOW),
        "reasons": {
            "DEFECTIVE": {"resolutions": ["refund", "exchange"], "evidence_min": 1},
            "NOT_RECEIVED": {"resolutions": ["refund"]},
            "CHANGE_OF_MIND": {
                "resolutions": ["refund"],
                "payer": "buyer",
                "condition": "unused",
                "restocking_bps": RESTOCKING_BPS,
            },
        },
        "arbiter": callers["auditor"].msp_id,
        "coverage": [
            {"area": country, "carrier": callers[actor].msp_id}
            for actor, countries in (("last_mile", ["VN"]), ("peninsula", ["MY", "SG", "TH"]),
                                     ("archipelago", ["ID", "PH"]))
            for country in countries
        ],
    }  # fmt: skip
    published = merchant.post("/v1/terms", terms)["result"]
    merchant.post(
        "/v1/sellers", {"seller_id": shop.seller_id, "name": shop.name, "country": "CN", "terms_id": shop.terms_id}
    )
    return {"terms_id": shop.terms_id, "version": 1, "digest": published["digest"]}


def utc(moment: datetime) -> str:
    """Return a moment as the API takes it, in milliseconds: several things may happen in one second."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def local(to: Destination, moment: datetime) -> str:
    """Return a moment as a clock where the buyer lives shows it."""
    return moment.astimezone(ZoneInfo(to.zone)).isoformat(timespec="seconds")


def window_end(to: Destination, delivered: datetime) -> datetime:
    """Return the end of the return window: of the last of its days where the buyer lives."""
    there = delivered.astimezone(ZoneInfo(to.zone))
    last = (there + timedelta(days=WINDOW_DAYS + 1)).date()
    return datetime(last.year, last.month, last.day, tzinfo=ZoneInfo(to.zone))
