"""
The refusals of the trade: every code with its kind, meaning and cure, one module a slice.

A rule raises a row with a sentence about the case: ``raise Refusal.NOT_OWNER("the claim is Org2MSP's")``. The
gateway's statuses, ``docs/errors.md`` and the page ``/docs/errors`` are made from these tables.
"""

from __future__ import annotations

from chaincode.domain.refusals.carriage import CarriageRefusal
from chaincode.domain.refusals.disclosure import DisclosureRefusal
from chaincode.domain.refusals.journeys import JourneyRefusal
from chaincode.domain.refusals.matching import MatchingRefusal
from chaincode.domain.refusals.orders import OrderRefusal
from chaincode.domain.refusals.register import RegisterRefusal
from chaincode.domain.refusals.returns import ReturnRefusal
from chaincode.domain.refusals.shared import SharedRefusal


class Refusal(
    SharedRefusal,
    RegisterRefusal,
    DisclosureRefusal,
    OrderRefusal,
    JourneyRefusal,
    ReturnRefusal,
    CarriageRefusal,
    MatchingRefusal,
):
    """The trade's refusals, of all slices."""
