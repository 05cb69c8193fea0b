"""
Floors: the least that every seller in a jurisdiction must grant.

They are shared reference data, changed by a majority. They apply to terms that are published later. Older terms,
and orders that pinned them, do not change.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from chaincode.domain.refusals import Refusal
from chaincode.domain.returns.terms import (
    BOUNDS,
    CONDITIONS,
    Condition,
    Cover,
    Resolution,
    ReturnReason,
    ReturnTerms,
)
from chaincode.domain.vocabulary import bounds, places
from hlf.codec.refusals import invalid


@dataclasses.dataclass(frozen=True)
class Minimum:
    """
    The minimum for one reason: a resolution, the worst condition that is accepted, the most evidence, and who pays.

    With ``free`` the buyer pays neither the way back nor a restocking fee.
    """

    resolution: Resolution = Resolution.REFUND
    condition: Condition = Condition.UNUSED
    evidence_most: int = 3
    free: bool = False


@dataclasses.dataclass(frozen=True)
class Floor:
    """The minimum for all orders of a jurisdiction. Days are minimums, hours are maximums."""

    jurisdiction: str
    window_days: int
    reasons: Mapping[str, Minimum]
    seller_answer_hours: int = 72
    settle_hours: int = 336
    dispute_days: int = 14


def checked(floor: Floor) -> Floor:
    """
    Return *floor* if it can be applied.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    places.check_jurisdiction("floor.jurisdiction", floor.jurisdiction)
    # If no terms could reach a floor, nobody could publish terms.
    for field in ("window_days", "seller_answer_hours", "settle_hours", "dispute_days"):
        BOUNDS[field].check(f"floor.{field}", getattr(floor, field))
    for reason, minimum in floor.reasons.items():
        if reason not in list(ReturnReason):
            raise invalid("floor.reasons", f"must be among {', '.join(ReturnReason)}")
        bounds.EVIDENCE.check(f"floor.reasons.{reason}.evidence_most", minimum.evidence_most)
    return floor


def short_of(terms: ReturnTerms, floor: Floor) -> tuple[str, ...]:
    """Return the points in which *terms* grant less than *floor*, in words."""
    found = []
    if terms.window_days < floor.window_days:
        found.append(f"the window is shorter than {floor.window_days} days")
    for field in ("seller_answer_hours", "settle_hours"):
        if getattr(terms, field) > getattr(floor, field):
            found.append(f"{field} is more than {getattr(floor, field)}")
    if terms.dispute_days < floor.dispute_days:
        found.append(f"dispute_days is less than {floor.dispute_days}")
    for reason, minimum in sorted(floor.reasons.items()):
        cover = terms.reasons.get(reason)
        found.extend(f"{reason} {point}" for point in (_short(cover, minimum) if cover else ("is not covered",)))
    return tuple(found)


def _short(cover: Cover, minimum: Minimum) -> tuple[str, ...]:
    found = []
    if minimum.resolution not in cover.resolutions:
        found.append(f"does not give a {minimum.resolution}")
    if CONDITIONS.index(cover.condition) < CONDITIONS.index(minimum.condition):
        found.append(f"does not take back {minimum.condition} goods")
    if cover.evidence_min > minimum.evidence_most:
        found.append(f"asks for more than {minimum.evidence_most} pieces of evidence")
    if minimum.free and (cover.payer == "buyer" or cover.restocking_bps):
        found.append("is not free for the buyer")
    return tuple(found)


def must_meet(terms: ReturnTerms, floor: Floor | None) -> None:
    """
    Raise Refused unless *terms* grant what *floor* asks for, if there is one.

    Raises:
        Refused: BELOW_CONSORTIUM_TERMS, naming every point.
    """
    points = short_of(terms, floor) if floor else ()
    if points:
        raise Refusal.BELOW_CONSORTIUM_TERMS("; ".join(points))
