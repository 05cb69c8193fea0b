"""The contracts of chaincode `trade` on channel `trade`."""

from __future__ import annotations

from chaincode.contracts.disclosure.claims import Claims
from chaincode.contracts.disclosure.disclosures import Disclosures
from chaincode.contracts.disclosure.gapmeter import GapMeter
from chaincode.contracts.journeys.goods import Goods
from chaincode.contracts.journeys.journeys import Journeys
from chaincode.contracts.journeys.performance import Performance
from chaincode.contracts.journeys.units import Units
from chaincode.contracts.matching.matching import Matching
from chaincode.contracts.orders.accounts import Accounts
from chaincode.contracts.orders.carrierclaims import CarrierClaims
from chaincode.contracts.register.customs import Customs
from chaincode.contracts.register.lpi import Lpi
from chaincode.contracts.register.participants import Participants
from chaincode.contracts.register.stages import Stages
from chaincode.contracts.register.terms import Terms
from chaincode.contracts.returns.drawbacks import Drawbacks
from chaincode.contracts.returns.returns import Returns
from chaincode.domain import channels
from hlf.shim import api

chaincode = api.Chaincode(
    channels.TRADE.chaincode,
    [
        Participants,
        Claims,
        Disclosures,
        GapMeter,
        Lpi,
        Customs,
        Stages,
        Accounts,
        Journeys,
        Goods,
        Units,
        Performance,
        Terms,
        Returns,
        Drawbacks,
        CarrierClaims,
        Matching,
    ],
)
