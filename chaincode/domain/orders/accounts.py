"""
An order's account on `trade`: how many units of each line were ordered, and how many of them journeys carry.

Journeys and returns of the whole order are counted in it, so that nothing is sent or returned twice. The order's
lines do not come from the caller alone: platform and merchant agreed on `orderfacts.Facts` when the order was
placed, and the hash of these facts is on their own channel.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from chaincode.domain.journeys.contents import Parcel
from chaincode.domain.journeys.journeys import Journey, JourneyLine, JourneyOpening
from chaincode.domain.journeys.tracking import ParcelOutcome
from chaincode.domain.orders.orderfacts import Facts
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.returns.returns import Return, ReturnState
from chaincode.domain.returns.review import NEVER_HAD
from chaincode.domain.returns.terms import ReturnReason
from chaincode.domain.vocabulary import bounds
from hlf.codec.refusals import invalid


@dataclasses.dataclass(frozen=True)
class Allotment:
    """The units of one order line on one journey."""

    line: str
    quantity: int


@dataclasses.dataclass(frozen=True)
class Consignment:
    """
    The caller's input to open a journey: the order's units, the parties and the identifiers.

    ``order`` is the record that platform and merchant store (`Orders:facts`); ``parties`` are MSP ids, and the
    first custodian is one of them. ``parcels`` say what is in each; without them everything is in the first of
    ``epcs``.
    """

    journey_id: str
    order: Facts
    lines: tuple[Allotment, ...]
    epcs: tuple[str, ...]
    parties: tuple[str, ...]
    custodian: str
    parcels: tuple[Parcel, ...] = ()


@dataclasses.dataclass(frozen=True)
class Account:
    """An order as it was placed, and the units of each line that are on journeys."""

    order: Facts
    allotted: Mapping[str, int]

    def allot(self, lines: Iterable[Allotment], free: Mapping[str, int] | None = None) -> Account:
        """
        Return the account with *lines* allotted to one more journey.

        Units stay allotted even if the journey ends early: for lost or cancelled units there is a return, not a
        second journey. Only units that went back to their sender are *free* to be sent again (`free_again`).

        Raises:
            Refused: INVALID_ARGUMENT, MORE_THAN_ORDERED.
        """
        taken = dict(self.allotted)
        for each in lines:
            ordered = self.order.line(each.line)
            if ordered is None:
                raise invalid("opening.lines", "has a name that is no line of the order")
            left = ordered.quantity + (free or {}).get(each.line, 0) - taken.get(each.line, 0)
            if each.quantity > left:
                text = f"of line {each.line} of order {self.order.order_id} {left} units are not on a journey yet"
                raise Refusal.MORE_THAN_ORDERED(text)
            taken[each.line] = taken.get(each.line, 0) + each.quantity
        return dataclasses.replace(self, allotted=taken)


@dataclasses.dataclass(frozen=True)
class Tally:
    """
    The units of one order line.

    Attributes:
        ordered, allotted: as placed, and on journeys from the seller.
        delivered: delivered to the buyer in parcels of these journeys.
        lost: in parcels that were lost.
        sent_back: in parcels that went back to the seller; they no longer count as allotted.
        returning, returned: in valid returns without an outcome yet, and in returns with one.
        exchanged: returned units that were replaced, and so may be returned again.
        left: units that another return may take back.
    """

    line: str
    ordered: int
    allotted: int
    delivered: int
    returning: int
    returned: int
    exchanged: int
    left: int
    lost: int = 0
    sent_back: int = 0


_OVER = frozenset(
    {
        ReturnState.REFUNDED,
        ReturnState.EXCHANGED,
        ReturnState.REPAIRED,
        ReturnState.STORE_CREDITED,
        ReturnState.SENT_BACK,
        ReturnState.CLOSED,
    }
)


def opened(order: Facts) -> Account:
    """Return the account of an order with no units on journeys."""
    return Account(order, {})


def check(consignment: Consignment) -> None:
    """
    Refuse lines that are invalid for any order.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    lines = [each.line for each in consignment.lines]
    if len(set(lines)) < len(lines) or len(lines) not in bounds.LINES:
        raise invalid("opening.lines", f"must be 1 to {bounds.LINES.most} lines of the order, each named once")
    if any(each.quantity < 1 for each in consignment.lines):
        raise invalid("opening.lines", "each needs a quantity of 1 or more")


def opening(consignment: Consignment) -> JourneyOpening:
    """Return the opening of the forward journey for *consignment*; all other data come from the order."""
    order = consignment.order
    ordered = {each.line: each for each in order.lines}
    return JourneyOpening(
        journey_id=consignment.journey_id,
        order_id=order.order_id,
        order_hash=order.order_hash,
        ordered_at=order.placed_at,
        terms_id=order.terms.terms_id,
        terms_hash=order.terms.digest,
        buyer_hash=order.buyer_hash,
        origin=order.origin,
        destination=order.destination,
        epcs=consignment.epcs,
        lines=tuple(
            JourneyLine(each.line, each.quantity, known.returnless, known.excluded, known.goods)
            for each, known in ((each, ordered[each.line]) for each in consignment.lines)
        ),
        parties=consignment.parties,
        custodian=consignment.custodian,
        kind=JourneyType.FORWARD,
        parcels=consignment.parcels,
        platform=order.platform,
    )


def tally(account: Account, line: str, carried: Mapping[ParcelOutcome, int], returns: Iterable[Return]) -> Tally:
    """Return the units of *line* after the order's *returns*; *carried* is what happened to those on journeys."""
    ordered = account.order.line(line)
    standing = [each for each in returns if each.request.line == line and each.stands]
    over = [each for each in standing if each.state in _OVER]
    units = sum(each.request.quantity for each in standing)
    back = sum(each.request.quantity for each in over)
    exchanged = sum(each.units for each in over if each.outcome is ReturnState.EXCHANGED)
    placed = ordered.quantity if ordered else 0
    return Tally(
        line=line,
        ordered=placed,
        allotted=account.allotted.get(line, 0) - carried.get(ParcelOutcome.SENT_BACK, 0),
        delivered=carried.get(ParcelOutcome.DELIVERED, 0),
        returning=units - back,
        returned=back,
        exchanged=exchanged,
        left=placed + exchanged - units,
        lost=carried.get(ParcelOutcome.LOST, 0),
        sent_back=carried.get(ParcelOutcome.SENT_BACK, 0),
    )


def returnable(
    account: Account, journey: Journey, line: str, returns: Iterable[Return], delivered: int | None = None
) -> int:
    """
    Return how many units of *line* from *journey* another return may take back, after the order's *returns*.

    At most as many as the journey carried, and as the whole order has left. *delivered* is the limit for a return of
    goods that the buyer had; None sets no limit.
    """
    known = list(returns)
    carried = journey.line(line)
    claims = [
        each
        for each in known
        if (each.request.journey_id, each.request.line) == (journey.journey_id, line) and each.stands
    ]
    left = (carried.quantity if carried else 0) - sum(each.request.quantity for each in claims)
    if delivered is not None:
        left = min(left, delivered - sum(each.request.quantity for each in claims if had(each.request.reason)))
    return max(min(left, tally(account, line, {}, known).left), 0)


def free_again(carried: Mapping[ParcelOutcome, int], journey: Journey, line: str, returns: Iterable[Return]) -> int:
    """
    Return how many units of *line* from *journey* can be sent again: those that went back to the sender and are in no
    return. *carried* is what happened to the journey's units. A return claims units that were delivered, before any
    others.
    """
    claimed = sum(
        each.request.quantity
        for each in returns
        if (each.request.journey_id, each.request.line) == (journey.journey_id, line) and each.stands
    )
    beyond = max(claimed - carried.get(ParcelOutcome.DELIVERED, 0), 0)
    return max(carried.get(ParcelOutcome.SENT_BACK, 0) - beyond, 0)


def had(reason: ReturnReason) -> bool:
    """Return whether a return for this *reason* is of goods that the buyer had."""
    return reason not in NEVER_HAD
