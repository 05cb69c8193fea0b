"""The channels of the trade and their chaincodes, as in the default consortium."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A chaincode, and the channel it is on."""

    channel: str
    chaincode: str


COMMERCE = Place("ecommerce", "commerce")
CARRIAGE = Place("logistics", "carriage")
TRADE = Place("trade", "trade")
ALL = (COMMERCE, CARRIAGE, TRADE)
