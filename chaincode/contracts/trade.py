"""What the chaincode of channel `trade` serves."""

from __future__ import annotations

from chaincode.contracts.accounts import Accounts
from chaincode.contracts.claims import Claims
from chaincode.contracts.disclosures import Disclosures
from chaincode.contracts.gapmeter import GapMeter
from chaincode.contracts.journeys import Journeys
from chaincode.contracts.lpi import Lpi
from chaincode.contracts.matching import Matching
from chaincode.contracts.participants import Participants
from chaincode.contracts.performance import Performance
from chaincode.contracts.returns import Returns
from chaincode.contracts.stages import Stages
from chaincode.contracts.terms import Terms
from chaincode.shim import api

chaincode = api.Chaincode(
    "trade",
    [
        Participants,
        Claims,
        Disclosures,
        GapMeter,
        Lpi,
        Stages,
        Accounts,
        Journeys,
        Performance,
        Terms,
        Returns,
        Matching,
    ],
)
