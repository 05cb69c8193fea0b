"""
Return terms: what a seller promises, published before it can apply, and pinned by hash in each order.

A version says from when it is in force, and is never changed: an amendment is
the next version. An order is judged by the version it pinned. A later version
counts for it only where it is at least as good for the buyer in every point
(`no_worse`), so terms can be improved backwards and never worsened.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Mapping
from typing import Literal

from chaincode.domain import identifiers, moments, records
from chaincode.domain.refusals import Refused, invalid


class Reason(enum.StrEnum):
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
    """What the buyer gets."""

    REFUND = "refund"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    STORE_CREDIT = "store_credit"


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
    What the terms grant for one reason.

    ``condition`` is the worst state of the goods that is taken back. A reason
    may stand above rules: ``despite`` lists the rejections that do not apply
    to it, as FINAL_SALE does not to a recall. ``referred`` requests are
    looked at by the seller, the others decided at once.
    """

    resolutions: tuple[Resolution, ...]
    evidence_min: int = 0
    payer: Literal["seller", "buyer", "carrier"] = "seller"
    restocking_bps: int = 0
    condition: Condition = Condition.DAMAGED
    despite: tuple[Rejection, ...] = ()
    referred: bool = False


@dataclasses.dataclass(frozen=True)
class Coverage:
    """A carrier that fetches returns wherever the LOCODE begins with ``area`` (``VN``, ``VNHAN``)."""

    area: str
    carrier: str


@dataclasses.dataclass(frozen=True)
class Terms:
    """
    One version of a seller's return terms.

    The window lasts ``window_days`` after the day of its ``basis``, to the end
    of that day on the place's clock; with ``roll`` it ends on the next
    business day, when it would end on a Saturday, a Sunday or a holiday.
    ``returnless_below`` is a limit in minor units: the ledger sees only
    whether a line is below it, as its journey says. The deadlines: the seller
    answers what is referred to it, and inspects what it received, within
    ``seller_answer_hours``; the carrier fetches within ``pickup_sla_hours``
    and, if that fails, the buyer hands over within ``handover_days``; the
    seller settles within ``settle_hours``; an outcome can be disputed for
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
    basis: Literal["delivered", "order", "first_attempt"] = "delivered"
    roll: bool = True
    holidays: tuple[str, ...] = ()
    excluded_hs: tuple[str, ...] = ()
    final_sale: bool = True
    max_returns_per_90d: int = 10
    returnless_below: records.Amount = 0
    currency: str = "USD"
    refund_trigger: Literal["picked_up", "received", "inspected"] = "inspected"
    seller_answer_hours: int = 72
    pickup_sla_hours: int = 72
    lost_after_days: int = 30
    handover_days: int = 14
    settle_hours: int = 336
    dispute_days: int = 14
    arbitration_days: int = 30

    @property
    def digest(self) -> str:
        """The hash by which orders pin this version."""
        return records.digest(self)

    @property
    def in_force_from(self) -> int:
        """``effective_from`` in milliseconds."""
        return moments.parse(self.effective_from).at

    def carrier_for(self, locode: str) -> str | None:
        """The carrier that fetches returns at *locode*: the longest area wins, then the first named."""
        fitting = [each for each in self.coverage if locode.startswith(each.area)]
        return max(fitting, key=lambda each: len(each.area)).carrier if fitting else None


@dataclasses.dataclass(frozen=True)
class Published:
    """A version as it stands on the ledger."""

    terms: Terms
    digest: str
    published_by: str
    published_at: int


_HS = re.compile(r"[0-9]{2,6}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


def checked(terms: Terms) -> Terms:
    """
    *terms*, if every point of them can be applied.

    Raises:
        Refused: INVALID_ARGUMENT, naming the field.
    """
    moments.stated("terms.effective_from", terms.effective_from)
    for field in ("window_days", "max_returns_per_90d", "returnless_below", "seller_answer_hours", "pickup_sla_hours",
                  "lost_after_days", "handover_days", "settle_hours", "dispute_days", "arbitration_days"):  # fmt: skip
        if getattr(terms, field) < 0:
            raise invalid(f"terms.{field}", "must not be negative")
    if terms.version < 1:
        raise invalid("terms.version", "must be 1 or more")
    if not _COUNTRY.fullmatch(terms.jurisdiction):
        raise invalid("terms.jurisdiction", "must be an ISO 3166 code such as VN")
    if not terms.languages or not all(_LANGUAGE.fullmatch(each) for each in terms.languages):
        raise invalid("terms.languages", "must be BCP 47 tags such as vi")
    if not all(_DAY.fullmatch(each) for each in terms.holidays):
        raise invalid("terms.holidays", "must be days such as 2026-01-01")
    if not all(_HS.fullmatch(each) for each in terms.excluded_hs):
        raise invalid("terms.excluded_hs", "must be HS chapters, headings or codes of 2 to 6 digits")
    identifiers.check("terms.terms_id", terms.terms_id)
    for named in (terms.seller, terms.arbiter, *(each.carrier for each in terms.coverage)):
        identifiers.check("terms", named)
    if terms.arbiter == terms.seller:
        raise invalid("terms.arbiter", "nobody judges its own case")
    if not terms.reasons:
        raise invalid("terms.reasons", "must cover at least one reason")
    for reason, cover in terms.reasons.items():
        if reason not in list(Reason):
            raise invalid("terms.reasons", f"must be among {', '.join(Reason)}")
        if not cover.resolutions or not 0 <= cover.restocking_bps <= 10_000 or cover.evidence_min < 0:
            raise invalid(f"terms.reasons.{reason}", "needs a resolution, and a restocking fee of 0 to 10000 bps")
    return terms


def next_of(terms: Terms, latest: Published | None, publisher: str, now: int) -> Published:
    """
    *terms* as published by *publisher* after *latest*.

    Raises:
        Refused: INVALID_ARGUMENT, NOT_THE_SELLER, VERSION_NOT_NEXT, NOT_IN_ADVANCE.
    """
    checked(terms)
    if terms.seller != publisher:
        raise Refused("NOT_THE_SELLER", f"only {terms.seller} may publish its own terms")
    if latest and latest.terms.seller != publisher:
        raise Refused("NOT_THE_SELLER", f"the terms {terms.terms_id} are {latest.terms.seller}'s")
    expected = latest.terms.version + 1 if latest else 1
    if terms.version != expected:
        raise Refused("VERSION_NOT_NEXT", f"the next version of {terms.terms_id} is {expected}")
    if terms.in_force_from < now:
        raise Refused("NOT_IN_ADVANCE", "terms are published before they apply, never after")
    return Published(terms, terms.digest, publisher, now)


def no_worse(new: Terms, old: Terms) -> bool:
    """Whether *new* is at least as good for the buyer as *old*, in every point."""
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
