"""
The carrier of an approved return, and the journeys of a return.

The terms name carriers by area, which is enough to book one (`by_coverage`). If matching agreed on a way back in
advance, its carriers are used instead.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.journeys import parcels
from chaincode.domain.journeys.contents import Content, Parcel
from chaincode.domain.journeys.journeys import Journey, JourneyOpening
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.returns.returns import Return
from chaincode.domain.returns.terms import ReturnTerms
from hlf.codec import moments


@dataclasses.dataclass(frozen=True)
class ReturnBooking:
    """The carrier that fetches the goods from the buyer, and the other parties of the way back."""

    carrier: str
    others: tuple[str, ...] = ()


def by_coverage(journey: Journey, terms: ReturnTerms) -> ReturnBooking | None:
    """Return the carrier that the terms name for the place of delivery."""
    carrier = terms.carrier_for(journey.destination)
    return ReturnBooking(carrier) if carrier else None


def reverse(forward: Journey, approved: Return, booking: ReturnBooking, now: int) -> JourneyOpening:
    """
    Return the journey back: the same parties in the other direction, with a pick-up at the buyer.

    It carries the returned units alone, in a parcel of their own.
    """
    return _paired(
        forward,
        approved,
        journey_id=approved.reverse_journey_id,
        kind=JourneyType.REVERSE,
        custodian=booking.carrier,
        epcs=(_bringing_back(approved),),
        packed=_named(approved),
        joining=(booking.carrier, *booking.others),
        turned=True,
        now=now,
    )


def exchange(
    forward: Journey, settled: Return, epcs: tuple[str, ...], now: int, packed: tuple[Parcel, ...] = ()
) -> JourneyOpening:
    """
    Return the journey of the replacement: the same parties and places, new goods from the seller.

    *packed* says which serials are in which parcel; without it all goods are in the first of *epcs*.
    """
    return _paired(
        forward,
        settled,
        journey_id=settled.exchange_journey_id,
        kind=JourneyType.EXCHANGE,
        custodian=settled.roles.seller,
        epcs=epcs or tuple(each.identifier for each in packed),
        packed=packed,
        joining=(settled.roles.seller,),
        turned=False,
        now=now,
    )


def _paired(
    forward: Journey, returned: Return, *, journey_id: str, kind: JourneyType, custodian: str,
    epcs: tuple[str, ...], packed: tuple[Parcel, ...], joining: tuple[str, ...], turned: bool, now: int,
) -> JourneyOpening:  # fmt: skip
    line = forward.line(returned.request.line)
    lines = (dataclasses.replace(line, quantity=returned.units),) if line else ()
    ends = (forward.destination, forward.origin) if turned else (forward.origin, forward.destination)
    parties = {party.msp_id for party in forward.parties} | {returned.roles.seller, *joining}
    return JourneyOpening(
        journey_id=journey_id,
        order_id=forward.order_id,
        order_hash=forward.order_hash,
        ordered_at=moments.text(now),
        terms_id=forward.terms_id,
        terms_hash=forward.terms_hash,
        buyer_hash=forward.buyer_hash,
        origin=ends[0],
        destination=ends[1],
        epcs=epcs,
        lines=lines,
        parties=tuple(sorted(parties)),
        custodian=custodian,
        kind=kind,
        parcels=packed,
        platform=forward.platform,
    )


def _bringing_back(approved: Return) -> str:
    """Return the identifier of the goods of a return."""
    return f"{parcels.RETURN}{approved.return_id}"


def _named(approved: Return) -> tuple[Parcel, ...]:
    """Return the parcel of a return with the serials of its units; nothing if it names none."""
    request = approved.request
    if not request.serials:
        return ()
    return (Parcel(_bringing_back(approved), (Content(request.line, request.quantity, request.serials),)),)
