"""The contracts of chaincode `commerce` on channel `ecommerce`."""

from __future__ import annotations

from chaincode.contracts.orders.catalogue import Catalogue
from chaincode.contracts.orders.credits import Credits
from chaincode.contracts.orders.dues import ReturnDues
from chaincode.contracts.orders.orders import Orders
from chaincode.contracts.orders.sellers import Sellers
from chaincode.contracts.orders.settlement import Settlement
from chaincode.domain import channels
from hlf.shim import api

chaincode = api.Chaincode(channels.COMMERCE.chaincode, [Orders, Settlement, ReturnDues, Credits, Sellers, Catalogue])
