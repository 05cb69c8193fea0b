"""The channels of the trade and their chaincodes, as in the default consortium."""

from __future__ import annotations

from typing import NamedTuple


class ChaincodePlace(NamedTuple):
    """A chaincode, and the channel it is on."""

    channel: str
    chaincode: str


COMMERCE = ChaincodePlace("ecommerce", "commerce")
CARRIAGE = ChaincodePlace("logistics", "carriage")
TRADE = ChaincodePlace("trade", "trade")
ALL = (COMMERCE, CARRIAGE, TRADE)
