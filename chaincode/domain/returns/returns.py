"""
A return from request to close, and its states.

Decisions of people are acts on the return itself (`handling`). Events of the goods are recorded only once, on the
reverse journey; the states PICKED_UP, IN_RETURN_TRANSIT and RECEIVED follow from them (`observed`).

    DRAFT -> SUBMITTED -> APPROVED -> PICKUP_ASSIGNED -> PICKUP_SCHEDULED -> PICKED_UP -> IN_RETURN_TRANSIT
                                                  \\-> PICKUP_FAILED -> (scheduled again) | EXPIRED
             SUBMITTED -> REFERRED -> APPROVED | REJECTED        SUBMITTED -> RETURNLESS_APPROVED | REJECTED
    ... -> RECEIVED -> INSPECTED_PASS -> REFUNDED | EXCHANGED | REPAIRED | STORE_CREDITED -> CLOSED
                    -> INSPECTED_FAIL -> SENT_BACK -> CLOSED
    before the pick-up: CANCELLED;  after an outcome: DISPUTED -> ARBITRATED
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence

from chaincode.domain.journeys import epcis, tracking
from chaincode.domain.journeys.pages import Entry
from chaincode.domain.returns.review import Decision, ReturnRequest
from chaincode.domain.returns.terms import ReturnTerms
from hlf.codec import moments
from hlf.codec.records import Instant


class ReturnState(enum.StrEnum):
    """The state of a return."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    REFERRED = "REFERRED"
    RETURNLESS_APPROVED = "RETURNLESS_APPROVED"
    PICKUP_ASSIGNED = "PICKUP_ASSIGNED"
    PICKUP_SCHEDULED = "PICKUP_SCHEDULED"
    PICKUP_FAILED = "PICKUP_FAILED"
    PICKED_UP = "PICKED_UP"
    IN_RETURN_TRANSIT = "IN_RETURN_TRANSIT"
    RECEIVED = "RECEIVED"
    INSPECTED_PASS = "INSPECTED_PASS"  # noqa: S105  (a state, not a password)
    INSPECTED_FAIL = "INSPECTED_FAIL"
    REFUNDED = "REFUNDED"
    EXCHANGED = "EXCHANGED"
    REPAIRED = "REPAIRED"
    STORE_CREDITED = "STORE_CREDITED"
    SENT_BACK = "SENT_BACK"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    DISPUTED = "DISPUTED"
    ARBITRATED = "ARBITRATED"


TO_FETCH = (ReturnState.PICKUP_ASSIGNED, ReturnState.PICKUP_SCHEDULED, ReturnState.PICKUP_FAILED)
"""States with a carrier, while the goods are still with the buyer."""

GIVEN = (ReturnState.REFUNDED, ReturnState.EXCHANGED, ReturnState.REPAIRED, ReturnState.STORE_CREDITED)
"""States in which the buyer has its money, goods or credit."""

PASSED = "passed"
"""The note of an inspection that only some units passed: how many."""

_TAKEN_OVER = ("receiving", "accepting")
"""Steps of a hand-over: of the goods themselves, and of a unit that they are in."""

_FREEING = frozenset({ReturnState.REJECTED, ReturnState.CANCELLED, ReturnState.EXPIRED, ReturnState.DRAFT})


@dataclasses.dataclass(frozen=True)
class ReturnAct:
    """
    One step of a return: its new state, who did it and when, and public notes such as hashes.

    ``by`` is empty if a rule did it: a review, an observed event, a deadline.
    """

    state: ReturnState
    by: str
    at: Instant
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Roles:
    """The roles in one return: the seller, the agent of the buyer, the carrier that fetches the goods, the arbiter."""

    seller: str
    agent: str
    arbiter: str
    carrier: str = ""


@dataclasses.dataclass(frozen=True)
class Return:
    """
    One return on the ledger.

    Attributes:
        due: the deadline of its present state; None if it has none.
        pickups: times for a pick-up that the carrier offers to the buyer.
    """

    request: ReturnRequest
    roles: Roles
    state: ReturnState
    acts: tuple[ReturnAct, ...]
    decision: Decision | None = None
    reverse_journey_id: str = ""
    exchange_journey_id: str = ""
    due: Instant | None = None
    pickups: tuple[str, ...] = ()

    @property
    def return_id(self) -> str:
        """Its identifier."""
        return self.request.return_id

    @property
    def units(self) -> int:
        """The units for which the buyer gets something: those that passed the inspection, or all by an award."""
        passed = self.request.quantity
        for act in self.acts:
            if act.notes.get("award") == "refund":
                return self.request.quantity
            passed = int(act.notes.get(PASSED, passed))
        return passed

    @property
    def pickup_at(self) -> str:
        """When its goods are fetched, as last agreed; empty while that is open, and once they are fetched."""
        stated = [act.notes["pickup_at"] for act in self.acts if "pickup_at" in act.notes]
        return stated[-1] if stated and self.state is ReturnState.PICKUP_SCHEDULED else ""

    @property
    def stands(self) -> bool:
        """Whether its units count as returned; a return without success frees them again."""
        acts = self.acts[:-1] if self.state is ReturnState.CLOSED else self.acts
        if acts[-1].notes.get("award") == "uphold":
            # Dispute and award do not change this outcome.
            acts = acts[:-2]
        return acts[-1].state not in _FREEING

    @property
    def outcome(self) -> ReturnState | None:
        """The final resolution for the buyer; None if there is none yet."""
        return next((act.state for act in reversed(self.acts) if act.state in GIVEN), None)

    def moved(self, state: ReturnState, by: str, at: int, due: int | None = None, **notes: str) -> Return:
        """Return the return with one more act."""
        return dataclasses.replace(self, state=state, acts=(*self.acts, ReturnAct(state, by, at, notes)), due=due)

    def to_be_fetched(self, by: str, pickup_at: int, now: int, due: int) -> Return:
        """Return the return with a time for its pick-up; unchanged if the same organisation has just stated it."""
        made = self.moved(ReturnState.PICKUP_SCHEDULED, by, now, due, pickup_at=moments.text(pickup_at))
        last, new = self.acts[-1], made.acts[-1]
        return self if dataclasses.replace(last, at=now) == new and self.due == due else made

    def went_through(self, *states: ReturnState) -> bool:
        """Return whether it has been in one of *states*."""
        return any(act.state in states for act in self.acts)


@dataclasses.dataclass(frozen=True)
class TrackedReturn:
    """
    The shopper's view of a return: no organisations, and the reason for a rejection.

    Attributes:
        pickups: times for a pick-up to choose from, while the goods are with the buyer.
        pickup_at: when the goods are fetched; empty if that is open.
        exchange: where the new goods of an exchange are.
    """

    return_id: str
    state: ReturnState
    line: str
    quantity: int
    reason: str
    resolution: str
    asked_at: str
    changed_at: str
    due: str
    code: str
    would_pass_if: str
    pickups: tuple[str, ...] = ()
    pickup_at: str = ""
    exchange: tracking.View | None = None


def seen(known: Return, exchange: tracking.View | None = None) -> TrackedReturn:
    """Return *known* as the shopper sees it; *exchange* is the view of the journey of its new goods."""
    finding = known.decision.finding if known.decision else None
    return TrackedReturn(
        return_id=known.return_id,
        state=known.state,
        line=known.request.line,
        quantity=known.request.quantity,
        reason=known.request.reason,
        resolution=known.request.resolution,
        asked_at=moments.text(known.acts[0].at),
        changed_at=moments.text(known.acts[-1].at),
        due=moments.text(known.due) if known.due is not None else "",
        code=known.decision.code if known.decision else "",
        would_pass_if=finding.would_pass_if if finding else "",
        pickups=known.pickups if known.state in TO_FETCH else (),
        pickup_at=known.pickup_at,
        exchange=exchange,
    )


def observed(stored: Return, timeline: Sequence[Entry], terms: ReturnTerms) -> Return:
    """Return *stored* with acts added for the events of the goods."""
    if stored.state not in TO_FETCH:
        return stored
    known = stored
    for entry in timeline:
        by = epcis.recorder_of(entry.event)
        if entry.step in _TAKEN_OVER and by == epcis.taker_of(entry.event) == stored.roles.seller:
            due = entry.at + terms.seller_answer_hours * moments.HOUR
            return known.moved(ReturnState.RECEIVED, "", entry.at, due, event_id=entry.event_id)
        if entry.step == "shipping" and by == stored.roles.carrier and known.state in TO_FETCH:
            known = known.moved(ReturnState.PICKED_UP, "", entry.at, event_id=entry.event_id)
        elif known.state is ReturnState.PICKED_UP:
            known = known.moved(ReturnState.IN_RETURN_TRANSIT, "", entry.at, event_id=entry.event_id)
    return known
