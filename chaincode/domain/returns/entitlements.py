"""
The entitlement of a return, without prices: the units of an order's line, and the terms.

`trade` knows returns and no prices, `ecommerce` knows prices and no returns. The peers of an order's platform and
merchant are on both: they take this record from `trade` and compute the amount from the order (`orders.dues`).
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.returns import handling
from chaincode.domain.returns.returns import Return
from chaincode.domain.returns.terms import Resolution, ReturnTerms


@dataclasses.dataclass(frozen=True)
class Entitlement:
    """
    The facts of a return that decide its amount.

    Attributes:
        units: of the line, for which the buyer gets something.
        payer: who pays for a return of its reason; the seller, if an arbiter awarded what the terms do not cover.
        payable: whether the seller may settle it now.
    """

    order_id: str
    return_id: str
    line: str
    units: int
    resolution: Resolution
    payer: str
    restocking_bps: int
    payable: bool


def of(known: Return, order_id: str, terms: ReturnTerms) -> Entitlement:
    """Return what *known*, of an order, entitles the buyer to under *terms*."""
    resolution = handling.settleable(known, terms)
    return Entitlement(
        order_id=order_id,
        return_id=known.return_id,
        line=known.request.line,
        units=known.units,
        resolution=resolution or known.request.resolution,
        payer=(known.decision.payer if known.decision else "") or "seller",
        restocking_bps=known.decision.restocking_bps if known.decision else 0,
        payable=resolution is not None,
    )
