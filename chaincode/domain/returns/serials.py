"""
Returns of units with serials: a request names the units, so that no unit comes back twice or out of another parcel.

Where the parcels of a journey say which serials of a line are in them, a return of goods that the buyer had names
one for each unit. Of a line that has serials in some parcels only, a request is either about units with serials, and
names them all, or about the others. Who says that goods never came may name serials, and need not.
"""

from __future__ import annotations

from collections.abc import Iterable

from chaincode.domain.journeys import digitallink
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.returns.returns import Return
from chaincode.domain.returns.review import NEVER_HAD, ReturnRequest
from hlf.codec.refusals import invalid

_FIELD = "request.serials"


def named(request: ReturnRequest) -> frozenset[str]:
    """Return the serials that *request* names, in one spelling."""
    return frozenset(digitallink.canonical(each) for each in request.serials)


def check(journey: Journey, request: ReturnRequest) -> None:
    """
    Refuse a request that does not say which units it is about.

    Raises:
        Refused: INVALID_ARGUMENT for a serial of another journey or line, one that is named twice, and units with
            serials that are not named.
    """
    known = {serial for each in journey.parcels for serial in each.serials(request.line)}
    if request.serials:
        if len(named(request)) != len(request.serials) or len(request.serials) != request.quantity:
            raise invalid(_FIELD, "must name each of the units once")
        if named(request) - known:
            raise invalid(_FIELD, "names what is no unit of that line in a parcel of the journey")
    elif known and request.reason not in NEVER_HAD and request.quantity > _carried(journey, request.line) - len(known):
        raise invalid(_FIELD, "must name each of the units, since the parcels have their serials")


def left(journey: Journey, request: ReturnRequest, returns: Iterable[Return]) -> int:
    """
    Return how many of the units that *request* can mean are not claimed by *returns* of the same line and journey.

    They are the units that it names; if it names none, those without a serial, or all for goods that never came.
    """
    claims = [
        each.request
        for each in returns
        if (each.request.journey_id, each.request.line) == (journey.journey_id, request.line) and each.stands
    ]
    if request.serials:
        return len(named(request).difference(*(named(each) for each in claims)))
    carried = _carried(journey, request.line)
    if request.reason in NEVER_HAD:
        return carried
    plain = [each for each in claims if not each.serials and each.reason not in NEVER_HAD]
    with_serials = sum(len(each.serials(request.line)) for each in journey.parcels)
    return carried - with_serials - sum(each.quantity for each in plain)


def _carried(journey: Journey, line: str) -> int:
    known = journey.line(line)
    return known.quantity if known else 0
