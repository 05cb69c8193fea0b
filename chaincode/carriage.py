"""The contracts of chaincode `carriage` on channel `logistics`."""

from __future__ import annotations

from chaincode.contracts.carriage.agreements import Agreements
from chaincode.contracts.carriage.plans import Plans
from chaincode.contracts.register.participants import Participants
from chaincode.domain import channels
from hlf.shim import api

chaincode = api.Chaincode(channels.CARRIAGE.chaincode, [Participants, Plans, Agreements])
