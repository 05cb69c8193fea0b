"""What the chaincode of channel `ecommerce` serves."""

from __future__ import annotations

from chaincode.contracts.catalogue import Catalogue
from chaincode.contracts.orders import Orders
from chaincode.contracts.settlement import Settlement
from chaincode.shim import api

chaincode = api.Chaincode("commerce", [Orders, Settlement, Catalogue])
