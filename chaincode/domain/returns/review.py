"""
The review of a return request: a pure function of pinned terms, facts of the order, events and the request.

Every rule is tried and reported, with its facts and what would make it pass. The first failed rule gives the
answer's code. The only clock is ``now``, the time of the transaction, and the window depends only on events: asking
later never changes OUTSIDE_WINDOW into an approval. Days are those of the place of delivery (`zones`).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from datetime import timedelta

from chaincode.domain.journeys import epcis
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.journeys.pages import Entry
from chaincode.domain.returns.terms import (
    CONDITIONS,
    Condition,
    Cover,
    Rejection,
    Resolution,
    ReturnReason,
    ReturnTerms,
)
from chaincode.domain.vocabulary import places, zones
from hlf.codec import moments
from hlf.codec.records import Instant
from hlf.codec.refusals import invalid

NEVER_HAD = frozenset({ReturnReason.NOT_RECEIVED, ReturnReason.QTY_SHORT})
"""Reasons that say that the buyer does not have the goods."""


class Outcome(enum.StrEnum):
    """The result of a review."""

    APPROVED = "APPROVED"
    RETURNLESS_APPROVED = "RETURNLESS_APPROVED"
    REFERRED = "REFERRED"
    REJECTED = "REJECTED"


@dataclasses.dataclass(frozen=True)
class ReturnRequest:
    """
    A buyer's request, sent by an organisation for the buyer.

    ``evidence`` are SHA-256 hashes of photographs and other files, which are kept outside the ledger;
    ``buyer_hash`` is that of the order. ``serials`` name the units, where the journey's parcels have serials
    (`serials`).
    """

    return_id: str
    journey_id: str
    line: str
    quantity: int
    reason: ReturnReason
    resolution: Resolution
    condition: Condition
    buyer_hash: str
    evidence: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class GoodsEvent:
    """The time and UN/LOCODE of an event of the goods; the offset that its recorder wrote is not used."""

    at: Instant
    place: str

    def __str__(self) -> str:
        return str(zones.local(self.place, self.at))


@dataclasses.dataclass(frozen=True)
class ReturnFacts:
    """
    The facts on the ledger about the order at the time of the review.

    ``delivered``, ``attempted`` and ``lost_at`` are None before they have happened. ``returnable`` counts the units
    of the line that may still be returned (`accounts.returnable`), ``recent`` the buyer's returns of the last 90
    days. ``pinned_from`` is when the pinned version came into force; ``terms`` may be a later version that is
    better for the buyer.
    """

    journey: Journey
    terms: ReturnTerms
    pinned_from: int
    delivered: GoodsEvent | None
    attempted: GoodsEvent | None
    returnable: int
    recent: int
    carrier: str | None
    lost_at: Instant | None = None


@dataclasses.dataclass(frozen=True)
class RuleFinding:
    """The result of one rule: its rejection code, whether it was met, its facts, and what would make it pass."""

    rule: Rejection
    met: bool
    facts: Mapping[str, str]
    would_pass_if: str = ""


@dataclasses.dataclass(frozen=True)
class Decision:
    """The decision, with the result of every rule; ``code`` is empty unless the request is rejected."""

    outcome: Outcome
    code: str
    terms_id: str
    terms_version: int
    terms_hash: str
    decided_at: Instant
    findings: tuple[RuleFinding, ...]
    carrier: str = ""
    window_ends: str = ""
    payer: str = ""
    restocking_bps: int = 0

    @property
    def finding(self) -> RuleFinding | None:
        """The rule that decided against the request."""
        return next((each for each in self.findings if not each.met), None)


def decide(facts: ReturnFacts, request: ReturnRequest, now: int) -> Decision:
    """
    Return the decision on *request* at *now*.

    Raises:
        Refused: INVALID_ARGUMENT if the request has no line of the order or no quantity.
    """
    if facts.journey.line(request.line) is None:
        raise invalid("request.line", "is not a line of the order")
    if request.quantity < 1:
        raise invalid("request.quantity", "must be 1 or more")
    terms = facts.terms
    cover = terms.reasons.get(request.reason)
    findings = tuple(rule(facts, request, cover, now) for rule in _RULES)
    excused = cover.despite if cover else ()
    kept = tuple(each for each in findings if each.rule not in excused)
    refusing = next((each for each in kept if not each.met), None)
    if refusing:
        outcome = Outcome.REJECTED
    elif cover and cover.referred:
        outcome = Outcome.REFERRED
    elif not to_fetch(facts.journey, request):
        outcome = Outcome.RETURNLESS_APPROVED
    else:
        outcome = Outcome.APPROVED
    return Decision(
        outcome=outcome,
        code=refusing.rule.value if refusing else "",
        terms_id=terms.terms_id,
        terms_version=terms.version,
        terms_hash=terms.digest,
        decided_at=now,
        findings=kept,
        carrier=facts.carrier or "" if outcome is Outcome.APPROVED else "",
        window_ends=_ends(facts)[1],
        payer=cover.payer if cover else "",
        restocking_bps=cover.restocking_bps if cover else 0,
    )


def first(timeline: Iterable[Entry], stage_id: str, step: str) -> GoodsEvent | None:
    """Return when and where a step of a stage first happened."""
    for entry in timeline:
        if entry.stage_id == stage_id and entry.step == step:
            return GoodsEvent(entry.at, epcis.place_of(entry.event))
    return None


def _in_force(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    ordered, since = facts.journey.ordered_at, facts.pinned_from
    return RuleFinding(
        Rejection.TERMS_NOT_IN_FORCE,
        since <= ordered,
        {"ordered_at": moments.text(ordered), "in_force_from": moments.text(since)},
        "the terms had been in force when the order was placed",
    )


def _buyer(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    met = request.buyer_hash == facts.journey.buyer_hash
    return RuleFinding(Rejection.BUYER_MISMATCH, met, {}, "the buyer who placed the order asked")


def _delivered(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    known = {"delivered_at": str(facts.delivered) if facts.delivered else "never"}
    if request.reason is not ReturnReason.NOT_RECEIVED:
        return RuleFinding(
            Rejection.NOT_DELIVERED, facts.delivered is not None, known, "the consignment were delivered"
        )
    # A parcel that never arrived was not delivered, so it must be overdue instead.
    overdue = facts.journey.ordered_at + facts.terms.lost_after_days * moments.DAY
    known["lost_after"] = moments.text(overdue)
    if facts.lost_at is not None:
        known["lost_at"] = moments.text(facts.lost_at)
    met = facts.delivered is not None or facts.lost_at is not None or now >= overdue
    return RuleFinding(Rejection.NOT_DELIVERED, met, known, f"it were asked at {moments.text(overdue)} or later")


def _window(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    ends, text = _ends(facts)
    known = {"asked_at": moments.text(now), "window_ends": text, "basis": facts.terms.basis}
    met = ends is None or now <= ends or (request.reason is ReturnReason.NOT_RECEIVED and facts.delivered is None)
    return RuleFinding(Rejection.OUTSIDE_WINDOW, met, known, f"it had been asked by {text}")


def _final_sale(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    met = not facts.terms.final_sale
    return RuleFinding(Rejection.FINAL_SALE, met, {"line": request.line}, "it had not been sold as final")


def _category(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    line = facts.journey.line(request.line)
    excluded = ", ".join(facts.terms.excluded_hs)
    # The line is judged by the pinned terms. A later version may apply in their place, which can only exclude less.
    met = line is None or not (line.excluded and excluded)
    return RuleFinding(Rejection.CATEGORY_EXCLUDED, met, {"excluded": excluded}, "its HS code began with none of these")


def _reason(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    covered = ", ".join(sorted(facts.terms.reasons))
    offered = ", ".join(cover.resolutions) if cover else ""
    met = cover is not None and request.resolution in cover.resolutions
    known = {"reason": request.reason.value, "resolution": request.resolution.value, "offered": offered}
    wanted = f"it asked for one of {offered}" if cover else f"the reason were one of {covered}"
    return RuleFinding(Rejection.REASON_NOT_COVERED, met, known, wanted)


def _already(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    line, left = facts.journey.line(request.line), facts.returnable
    known = {"carried": str(line.quantity if line else 0), "left": str(left)}
    return RuleFinding(Rejection.ALREADY_RETURNED, left > 0, known, "a unit of the line had not been returned yet")


def _quantity(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    left = facts.returnable
    known = {"asked": str(request.quantity), "left": str(left)}
    return RuleFinding(Rejection.QTY_EXCEEDS, request.quantity <= left, known, f"at most {left} units were asked for")


def _evidence(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    needed = cover.evidence_min if cover else 0
    given = len(set(request.evidence))
    known = {"given": str(given), "needed": str(needed)}
    return RuleFinding(Rejection.EVIDENCE_MISSING, given >= needed, known, f"{needed} pieces of evidence were given")


def _condition(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    worst = cover.condition if cover else Condition.DAMAGED
    met = CONDITIONS.index(request.condition) <= CONDITIONS.index(worst)
    known = {"condition": request.condition.value, "worst_accepted": worst.value}
    return RuleFinding(Rejection.CONDITION_NOT_MET, met, known, f"the goods were {worst.value} or better")


def _limit(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    most = facts.terms.max_returns_per_90d
    known = {"recent": str(facts.recent), "most": str(most)}
    return RuleFinding(Rejection.LIMIT_REACHED, facts.recent < most, known, f"fewer than {most} returns lay in 90 days")


def _coverage(facts: ReturnFacts, request: ReturnRequest, cover: Cover | None, now: int) -> RuleFinding:
    met = facts.carrier is not None or not to_fetch(facts.journey, request)
    known = {"place": facts.journey.destination, "carrier": facts.carrier or "none"}
    return RuleFinding(Rejection.NO_REVERSE_COVERAGE, met, known, "a carrier of the terms fetched returns there")


_RULES = (
    _in_force, _buyer, _delivered, _already, _quantity, _window, _final_sale, _category, _reason, _evidence,
    _condition, _limit, _coverage,
)  # fmt: skip
"""In the order of the answer's code: impossible requests first, then those that are only not covered."""


def to_fetch(journey: Journey, request: ReturnRequest) -> bool:
    """Return whether the carrier must fetch goods: the buyer had them, and they are worth the way."""
    line = journey.line(request.line)
    return request.reason not in NEVER_HAD and not (line is not None and line.returnless)


def _ends(facts: ReturnFacts) -> tuple[int | None, str]:
    """Return the last millisecond of the window, and its text; the window is open before its basis has happened."""
    basis = {
        "delivered": facts.delivered,
        "first_attempt": facts.attempted or facts.delivered,
        "order": GoodsEvent(facts.journey.ordered_at, facts.journey.destination),
    }[facts.terms.basis]
    if basis is None:
        return None, "open"
    last = zones.day(basis.place, basis.at) + timedelta(days=facts.terms.window_days)
    while facts.terms.roll and (
        places.rests(basis.place[:2], last.weekday()) or last.isoformat() in facts.terms.holidays
    ):
        last += timedelta(days=1)
    ends = zones.end_of(basis.place, last)
    return ends.at, str(ends)
