"""
Return terms: a seller's promise, published before it applies and pinned by its hash in each order.

A version says when it comes into force, and never changes; a change is the next version. The pinned version applies
to an order. A later version applies only if it is at least as good for the buyer in every point (`no_worse`), so
terms can become better for old orders but never worse.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Literal

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds, goods, identifiers, money, places
from chaincode.domain.vocabulary.attributes import LANGUAGE
from hlf.codec import moments, names, records
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

Payer = Literal["seller", "buyer", "carrier"]
Basis = Literal["delivered", "order", "first_attempt"]
RefundTrigger = Literal["picked_up", "received", "inspected"]


class ReturnReason(enum.StrEnum):
    """Why a buyer wants to return something."""

    DEFECTIVE = "DEFECTIVE"
    DAMAGED_IN_TRANSIT = "DAMAGED_IN_TRANSIT"
    WRONG_ITEM = "WRONG_ITEM"
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED"
    MISSING_PARTS = "MISSING_PARTS"
    QTY_SHORT = "QTY_SHORT"
    EXPIRED_PRODUCT = "EXPIRED_PRODUCT"
    NOT_RECEIVED = "NOT_RECEIVED"
    LATE_DELIVERY = "LATE_DELIVERY"
    SIZE = "SIZE"
    CHANGE_OF_MIND = "CHANGE_OF_MIND"
    RECALLED = "RECALLED"


class Rejection(enum.StrEnum):
    """The rule that a request did not meet."""

    OUTSIDE_WINDOW = "OUTSIDE_WINDOW"
    NOT_DELIVERED = "NOT_DELIVERED"
    ALREADY_RETURNED = "ALREADY_RETURNED"
    QTY_EXCEEDS = "QTY_EXCEEDS"
    FINAL_SALE = "FINAL_SALE"
    CATEGORY_EXCLUDED = "CATEGORY_EXCLUDED"
    REASON_NOT_COVERED = "REASON_NOT_COVERED"
    EVIDENCE_MISSING = "EVIDENCE_MISSING"
    CONDITION_NOT_MET = "CONDITION_NOT_MET"
    BUYER_MISMATCH = "BUYER_MISMATCH"
    LIMIT_REACHED = "LIMIT_REACHED"
    TERMS_NOT_IN_FORCE = "TERMS_NOT_IN_FORCE"
    NO_REVERSE_COVERAGE = "NO_REVERSE_COVERAGE"


class Resolution(enum.StrEnum):
    """The resolution for the buyer."""

    REFUND = "refund"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    STORE_CREDIT = "store_credit"


RESOLUTIONS = Bounds(1, len(Resolution))
"""Resolutions that terms offer for one reason."""


class Condition(enum.StrEnum):
    """The state of the goods, best first."""

    SEALED = "sealed"
    UNUSED = "unused"
    USED = "used"
    DAMAGED = "damaged"


CONDITIONS = tuple(Condition)


@dataclasses.dataclass(frozen=True)
class Cover:
    """
    The terms for one reason.

    ``condition`` is the worst state of the goods that is accepted. ``despite`` lists the rejections that do not
    apply to this reason, as FINAL_SALE does not apply to a recall. The seller decides ``referred`` requests; the
    others are decided at once.
    """

    resolutions: tuple[Resolution, ...]
    evidence_min: int = 0
    payer: Payer = "seller"
    restocking_bps: int = 0
    condition: Condition = Condition.DAMAGED
    despite: tuple[Rejection, ...] = ()
    referred: bool = False


@dataclasses.dataclass(frozen=True)
class Coverage:
    """The carrier that fetches returns where the LOCODE begins with ``area`` (``VN``, ``VNHAN``)."""

    area: str
    carrier: str


@dataclasses.dataclass(frozen=True)
class ReturnTerms:
    """
    One version of a seller's return terms.

    The window lasts ``window_days`` after the day of its ``basis``, to the end
    of that day where the goods were delivered (with the basis ``order``: where
    they go to); with ``roll`` it ends on the next business day there, when it
    would end on a weekly day of rest or a holiday.
    With ``final_sale`` goods cannot be returned, except for reasons with FINAL_SALE in ``despite``.
    ``returnless_below`` is a limit in minor units of ``currency``: a line of the order with a lower price need not
    be sent back (for an order in another currency there is no limit). The ledger sees only whether a line is below
    it. The deadlines: the seller answers what is referred to it, and inspects what it received, within
    ``seller_answer_hours``; the carrier fetches within ``pickup_sla_hours`` and, if that fails, the buyer hands
    over within ``handover_days``; the seller settles within ``settle_hours``; an outcome can be disputed for
    ``dispute_days``, and the arbiter decides within ``arbitration_days``.
    """

    terms_id: str
    version: int
    seller: str
    jurisdiction: str
    effective_from: str
    languages: tuple[str, ...]
    window_days: int
    reasons: Mapping[str, Cover]
    arbiter: str
    coverage: tuple[Coverage, ...]
    basis: Basis = "delivered"
    roll: bool = True
    holidays: tuple[str, ...] = ()
    excluded_hs: tuple[str, ...] = ()
    final_sale: bool = False
    max_returns_per_90d: int = 10
    returnless_below: records.Amount = 0
    currency: str = "USD"
    refund_trigger: RefundTrigger = "inspected"
    seller_answer_hours: int = 72
    pickup_sla_hours: int = 72
    lost_after_days: int = 30
    handover_days: int = 14
    settle_hours: int = 336
    dispute_days: int = 14
    arbitration_days: int = 30

    @property
    def digest(self) -> str:
        """The hash of this version, which orders pin."""
        return records.digest(self)

    @property
    def in_force_from(self) -> int:
        """``effective_from`` in milliseconds."""
        return moments.parse(self.effective_from).at

    def excludes(self, hs: str) -> bool:
        """Return whether goods of this HS code cannot be returned."""
        return _excluded(hs, self.excluded_hs)

    def carrier_for(self, locode: str) -> str | None:
        """Return the carrier that fetches returns at *locode*: the longest area wins, then the first named."""
        fitting = [each for each in self.coverage if locode.startswith(each.area)]
        return max(fitting, key=lambda each: len(each.area)).carrier if fitting else None


@dataclasses.dataclass(frozen=True)
class PublishedTerms:
    """A version as it is on the ledger."""

    terms: ReturnTerms
    digest: str
    published_by: str
    published_at: records.Instant


BOUNDS: Mapping[str, Bounds] = {
    "version": Bounds(1, 999_999),
    "window_days": bounds.DAYS,
    "max_returns_per_90d": Bounds(0, 10_000),
    "returnless_below": money.MINOR,
    "seller_answer_hours": bounds.HOURS,
    "pickup_sla_hours": bounds.HOURS,
    "lost_after_days": bounds.DAYS,
    "handover_days": bounds.DAYS,
    "settle_hours": bounds.HOURS,
    "dispute_days": bounds.DAYS,
    "arbitration_days": bounds.DAYS,
}
_MOST_LISTED: Mapping[str, int] = {"languages": 50, "coverage": 500, "holidays": 1_000, "excluded_hs": 500}


def checked(terms: ReturnTerms) -> ReturnTerms:
    """
    Return *terms* if all their points can be applied.

    Raises:
        Refused: INVALID_ARGUMENT, naming the field.
    """
    identifiers.check("terms.terms_id", terms.terms_id)
    for field in ("seller", "arbiter"):
        names.MSP_ID.check(f"terms.{field}", getattr(terms, field))
    for field, allowed in BOUNDS.items():
        allowed.check(f"terms.{field}", getattr(terms, field))
    for field, most in _MOST_LISTED.items():
        if len(getattr(terms, field)) > most:
            raise invalid(f"terms.{field}", f"may list {most} at most")
    if terms.arbiter == terms.seller:
        raise invalid("terms.arbiter", "nobody judges its own case")
    _check_codes(terms)
    _check_reasons(terms.reasons)
    return terms


def _check_codes(terms: ReturnTerms) -> None:
    """Refuse malformed times, days, countries, currencies, languages, places and codes of goods."""
    moments.stated("terms.effective_from", terms.effective_from)
    places.check_jurisdiction("terms.jurisdiction", terms.jurisdiction)
    money.check_currency_on("terms.currency", terms.currency, terms.effective_from)
    if not terms.languages:
        raise invalid("terms.languages", "must name at least one language")
    for language in terms.languages:
        LANGUAGE.check("terms.languages", language)
    for index, each in enumerate(terms.holidays):
        moments.day(f"terms.holidays[{index}]", each)
    for index, each in enumerate(terms.excluded_hs):
        goods.check_hs(f"terms.excluded_hs[{index}]", each)
    for index, covered in enumerate(terms.coverage):
        places.AREA.check(f"terms.coverage[{index}].area", covered.area)
        names.MSP_ID.check(f"terms.coverage[{index}].carrier", covered.carrier)


def _check_reasons(reasons: Mapping[str, Cover]) -> None:
    if not reasons:
        raise invalid("terms.reasons", "must cover at least one reason")
    for reason, cover in reasons.items():
        if reason not in list(ReturnReason):
            raise invalid("terms.reasons", f"must be among {', '.join(ReturnReason)}")
        if not cover.resolutions or cover.restocking_bps not in bounds.BASIS_POINTS:
            raise invalid(f"terms.reasons.{reason}", "needs a resolution, and a restocking fee of 0 to 10000 bps")
        bounds.EVIDENCE.check(f"terms.reasons.{reason}.evidence_min", cover.evidence_min)


def next_of(terms: ReturnTerms, latest: PublishedTerms | None, publisher: str, now: int) -> PublishedTerms:
    """
    Return *terms* as published by *publisher* after *latest*.

    Raises:
        Refused: INVALID_ARGUMENT, NOT_THE_SELLER, VERSION_NOT_NEXT, NOT_IN_ADVANCE.
    """
    checked(terms)
    if terms.seller != publisher:
        raise Refusal.NOT_THE_SELLER(f"only {terms.seller} may publish its own terms")
    if latest and latest.terms.seller != publisher:
        raise Refusal.NOT_THE_SELLER(f"the terms {terms.terms_id} are {latest.terms.seller}'s")
    expected = latest.terms.version + 1 if latest else 1
    if terms.version != expected:
        raise Refusal.VERSION_NOT_NEXT(f"the next version of {terms.terms_id} is {expected}")
    if terms.in_force_from < now:
        raise Refusal.NOT_IN_ADVANCE("terms are published before they apply, never after")
    return PublishedTerms(terms, terms.digest, publisher, now)


def no_worse(new: ReturnTerms, old: ReturnTerms) -> bool:
    """Return whether *new* is at least as good for the buyer as *old*, in every point."""
    if new.basis != old.basis or new.currency != old.currency or new.refund_trigger != old.refund_trigger:
        return False
    return (
        new.window_days >= old.window_days
        and (new.roll or not old.roll)
        and set(old.holidays) <= set(new.holidays)
        and all(_excluded(each, old.excluded_hs) for each in new.excluded_hs)
        and (old.final_sale or not new.final_sale)
        and new.max_returns_per_90d >= old.max_returns_per_90d
        and new.returnless_below >= old.returnless_below
        and new.seller_answer_hours <= old.seller_answer_hours
        and new.pickup_sla_hours <= old.pickup_sla_hours
        and new.lost_after_days <= old.lost_after_days
        and new.handover_days >= old.handover_days
        and new.settle_hours <= old.settle_hours
        and new.dispute_days >= old.dispute_days
        and new.arbitration_days <= old.arbitration_days
        and all(reason in new.reasons and _covers(new.reasons[reason], cover) for reason, cover in old.reasons.items())
        and all(_fetched(each.area, new.coverage) for each in old.coverage)
    )


def _covers(new: Cover, old: Cover) -> bool:
    return (
        set(old.resolutions) <= set(new.resolutions)
        and new.evidence_min <= old.evidence_min
        and (new.payer != "buyer" or old.payer == "buyer")
        and new.restocking_bps <= old.restocking_bps
        and CONDITIONS.index(new.condition) >= CONDITIONS.index(old.condition)
        and set(old.despite) <= set(new.despite)
        and (old.referred or not new.referred)
    )


def _excluded(hs: str, excluded: tuple[str, ...]) -> bool:
    return any(hs.startswith(each) for each in excluded)


def _fetched(area: str, coverage: tuple[Coverage, ...]) -> bool:
    return any(area.startswith(each.area) for each in coverage)
