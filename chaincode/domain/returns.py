"""
A return from request to close: its states, who may move it, and the deadlines that move it when nobody does.

What people decide are acts on the return itself. What happens to the goods is
recorded once, as events of the reverse journey, and the states PICKED_UP,
IN_RETURN_TRANSIT and RECEIVED follow from them (`observed`). A deadline needs
no clock on the ledger: it is enforced when somebody acts after it.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence

from chaincode.domain import epcis, moments
from chaincode.domain.journeys import Entry
from chaincode.domain.refusals import Refused
from chaincode.domain.review import Decision, Outcome, Request
from chaincode.domain.terms import Terms


class State(enum.StrEnum):
    """Where a return stands."""

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


@dataclasses.dataclass(frozen=True)
class Act:
    """One step of a return: the state it led to, whose step it was, when, and public notes such as hashes."""

    state: State
    by: str
    at: int
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Roles:
    """Who is who in one return: the seller, who speaks for the buyer, who fetches the goods, who arbitrates."""

    seller: str
    agent: str
    arbiter: str
    carrier: str = ""


@dataclasses.dataclass(frozen=True)
class Return:
    """
    One return as the ledger has it.

    ``due`` is when the present state's deadline passes, None if it has none.
    ``covered`` lists the states of the goods that count as returned units: a
    rejected, cancelled or expired return frees its units again.
    """

    request: Request
    roles: Roles
    state: State
    acts: tuple[Act, ...]
    decision: Decision | None = None
    reverse_journey_id: str = ""
    exchange_journey_id: str = ""
    due: int | None = None

    @property
    def return_id(self) -> str:
        """Its identifier."""
        return self.request.return_id

    @property
    def stands(self) -> bool:
        """Whether its units count as returned."""
        return not any(act.state in _FREEING for act in self.acts[-2:])

    def moved(self, state: State, by: str, at: int, due: int | None = None, **notes: str) -> Return:
        """This return one act further."""
        act = Act(state, by, at, notes)
        return dataclasses.replace(self, state=state, acts=(*self.acts, act), due=due)


_FREEING = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED, State.DRAFT})


def drafted(request: Request, roles: Roles, now: int) -> Return:
    """A return that its buyer has not sent off yet."""
    return Return(request, roles, State.DRAFT, (Act(State.DRAFT, roles.agent, now),))


def submitted(draft: Return, decision: Decision, terms: Terms, now: int) -> Return:
    """
    *draft* sent off and answered by *decision*; an approval assigns the pick-up at once.

    Raises:
        Refused: WRONG_STATE.
    """
    _only(draft, State.DRAFT)
    sent = draft.moved(State.SUBMITTED, draft.roles.agent, now)
    sent = dataclasses.replace(sent, decision=decision)
    if decision.outcome is Outcome.REFERRED:
        return sent.moved(State.REFERRED, "", now, now + terms.seller_answer_hours * moments.HOUR)
    if decision.outcome is Outcome.REJECTED:
        return sent.moved(State.REJECTED, "", now, code=decision.code)
    if decision.outcome is Outcome.RETURNLESS_APPROVED:
        return sent.moved(State.RETURNLESS_APPROVED, "", now)
    return assigned(sent.moved(State.APPROVED, "", now), decision.carrier, terms, now)


def assigned(approved: Return, carrier: str, terms: Terms, now: int) -> Return:
    """*approved* with *carrier* to fetch the goods, on the reverse journey named after the return."""
    booked = dataclasses.replace(
        approved,
        roles=dataclasses.replace(approved.roles, carrier=carrier),
        reverse_journey_id=f"{approved.return_id}-reverse",
    )
    return booked.moved(State.PICKUP_ASSIGNED, "", now, now + terms.pickup_sla_hours * moments.HOUR, carrier=carrier)


def observed(stored: Return, timeline: Sequence[Entry]) -> State:
    """The state that the goods' own events make of the stored one."""
    if stored.state not in (State.PICKUP_ASSIGNED, State.PICKUP_SCHEDULED, State.PICKUP_FAILED):
        return stored.state
    found = stored.state
    for entry in timeline:
        if entry.stage_id == "S22" and entry.step == "receiving" and epcis.taker_of(entry.event) == stored.roles.seller:
            found = State.RECEIVED
        elif entry.stage_id == "S22" and entry.step == "shipping":
            found = State.PICKED_UP
        elif found in (State.PICKED_UP, State.IN_RETURN_TRANSIT):
            found = State.IN_RETURN_TRANSIT
    return found


def _only(stored: Return, *states: State) -> None:
    if stored.state not in states:
        raise Refused("WRONG_STATE", f"return {stored.return_id} is {stored.state}, not {' or '.join(states)}")
