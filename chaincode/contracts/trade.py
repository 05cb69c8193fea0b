"""What the chaincode of channel `trade` serves."""

from __future__ import annotations

from chaincode.contracts.claims import Claims
from chaincode.contracts.disclosures import Disclosures
from chaincode.contracts.participants import Participants
from chaincode.shim import api

chaincode = api.Chaincode("trade", [Participants, Claims, Disclosures])
