"""What the chaincode of channel `ecommerce` serves."""

from __future__ import annotations

from chaincode.contracts.orders import Orders
from chaincode.shim import api

chaincode = api.Chaincode("commerce", [Orders])
