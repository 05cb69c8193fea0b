"""What the chaincode of channel `logistics` serves."""

from __future__ import annotations

from chaincode.contracts.agreements import Agreements
from chaincode.contracts.participants import Participants
from chaincode.contracts.plans import Plans
from chaincode.shim import api

chaincode = api.Chaincode("carriage", [Participants, Plans, Agreements])
