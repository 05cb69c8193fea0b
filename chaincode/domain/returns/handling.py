"""
The acts on a return, and the consequences if a party does nothing in time.

Each function takes a return and gives its next version, or refuses with a code. A deadline needs no clock on the
ledger: after it the late party's act is refused, and anybody may record the consequence (`enforced`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

from chaincode.domain.refusals import Refusal
from chaincode.domain.returns.returns import PASSED, TO_FETCH, Return, ReturnAct, ReturnState, Roles
from chaincode.domain.returns.review import Decision, Outcome, ReturnRequest
from chaincode.domain.returns.terms import CONDITIONS, Condition, Resolution, ReturnTerms
from chaincode.domain.vocabulary import timeliness
from hlf.codec import moments
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import RefusalRow, Refused, invalid

Award = Literal["refund", "fetch", "uphold"]
"""The awards of an arbiter: the buyer gets its money, the goods are fetched, or the outcome does not change."""

PICKUPS = Bounds(1, 8)
"""Times for a pick-up that a carrier offers at once."""

DRAFT_DAYS = 30
"""How long a draft is valid."""

SETTLED: Mapping[Resolution, ReturnState] = {
    Resolution.REFUND: ReturnState.REFUNDED,
    Resolution.EXCHANGE: ReturnState.EXCHANGED,
    Resolution.REPAIR: ReturnState.REPAIRED,
    Resolution.STORE_CREDIT: ReturnState.STORE_CREDITED,
}
"""The state that each resolution leads to."""

_SETTLES_FROM: Mapping[str, tuple[ReturnState, ...]] = {
    "picked_up": (
        ReturnState.PICKED_UP,
        ReturnState.IN_RETURN_TRANSIT,
        ReturnState.RECEIVED,
        ReturnState.INSPECTED_PASS,
    ),
    "received": (ReturnState.RECEIVED, ReturnState.INSPECTED_PASS),
    "inspected": (ReturnState.INSPECTED_PASS,),
}
DISPUTABLE = (
    ReturnState.REJECTED,
    ReturnState.PICKUP_FAILED,
    ReturnState.INSPECTED_FAIL,
    ReturnState.SENT_BACK,
    ReturnState.EXPIRED,
    *SETTLED.values(),
)
OUTCOMES = (ReturnState.REJECTED, ReturnState.CANCELLED, ReturnState.EXPIRED, ReturnState.SENT_BACK, *SETTLED.values())


def drafted(request: ReturnRequest, roles: Roles, now: int) -> Return:
    """Return a draft, which is not submitted yet."""
    acts = (ReturnAct(ReturnState.DRAFT, roles.agent, now),)
    return Return(request, roles, ReturnState.DRAFT, acts, due=now + DRAFT_DAYS * moments.DAY)


def submitted(draft: Return, by: str, decision: Decision, terms: ReturnTerms, now: int) -> Return:
    """
    Return *draft* as submitted and answered by *decision*; an approval assigns the pick-up at once.

    Raises:
        Refused: NOT_THE_AGENT, WRONG_STATE, DEADLINE_PASSED.
    """
    _is(by, draft.roles.agent, Refusal.NOT_THE_AGENT, "lodged it")
    _in_time(draft, now, ReturnState.DRAFT)
    sent = dataclasses.replace(draft.moved(ReturnState.SUBMITTED, by, now), decision=decision)
    if decision.outcome is Outcome.REFERRED:
        return sent.moved(ReturnState.REFERRED, "", now, now + terms.seller_answer_hours * moments.HOUR)
    if decision.outcome is Outcome.REJECTED:
        return sent.moved(ReturnState.REJECTED, "", now, now + terms.dispute_days * moments.DAY, code=decision.code)
    if decision.outcome is Outcome.RETURNLESS_APPROVED:
        return sent.moved(ReturnState.RETURNLESS_APPROVED, "", now, now + terms.settle_hours * moments.HOUR)
    return assigned(sent.moved(ReturnState.APPROVED, "", now), decision.carrier, terms, now)


def answered(
    referred: Return, by: str, approve: bool, carrier: str, terms: ReturnTerms, now: int, opinion: str
) -> Return:
    """
    Return the return with the seller's answer to a request that the terms leave to it.

    Raises:
        Refused: NOT_THE_SELLER, OWN_RETURN, WRONG_STATE, DEADLINE_PASSED.
    """
    _is(by, referred.roles.seller, Refusal.NOT_THE_SELLER, "answers it")
    if by == referred.roles.agent:
        raise Refusal.OWN_RETURN(f"{by} requested return {referred.return_id} and cannot answer it")
    _in_time(referred, now, ReturnState.REFERRED)
    if not approve:
        return referred.moved(
            ReturnState.REJECTED, by, now, now + terms.dispute_days * moments.DAY, opinion_hash=opinion
        )
    return _approved(referred.moved(ReturnState.APPROVED, by, now, opinion_hash=opinion), carrier, terms, now)


def _approved(approved: Return, carrier: str, terms: ReturnTerms, now: int) -> Return:
    """Return *approved* with a pick-up; without a carrier the goods stay with the buyer."""
    if carrier:
        return assigned(approved, carrier, terms, now)
    return approved.moved(ReturnState.RETURNLESS_APPROVED, "", now, now + terms.settle_hours * moments.HOUR)


def assigned(approved: Return, carrier: str, terms: ReturnTerms, now: int) -> Return:
    """Return *approved* with *carrier* to fetch the goods, on the reverse journey named after the return."""
    booked = dataclasses.replace(
        approved,
        roles=dataclasses.replace(approved.roles, carrier=carrier),
        reverse_journey_id=f"{approved.return_id}-reverse",
    )
    return booked.moved(
        ReturnState.PICKUP_ASSIGNED, "", now, now + terms.pickup_sla_hours * moments.HOUR, carrier=carrier
    )


def scheduled(known: Return, by: str, pickup_at: int, now: int) -> Return:
    """
    Return the return with a pick-up at *pickup_at*, which must be before the deadline.

    Raises:
        Refused: NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
    """
    _is(by, known.roles.carrier, Refusal.NOT_THE_CARRIER, "fetches it")
    due = _in_time(known, now, *TO_FETCH)
    _fetchable("pickup_at", pickup_at, now, due)
    stated = dataclasses.replace(known, pickups=())
    return stated.to_be_fetched(by, pickup_at, now, due)


def offered(known: Return, by: str, pickups: Sequence[int], now: int) -> Return:
    """
    Return the return with times for a pick-up, of which the buyer chooses one, in place of those offered before.

    Raises:
        Refused: NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
    """
    _is(by, known.roles.carrier, Refusal.NOT_THE_CARRIER, "fetches it")
    due = _in_time(known, now, *TO_FETCH)
    if len(pickups) not in PICKUPS:
        raise invalid("pickups", f"must be {PICKUPS.least} to {PICKUPS.most} times")
    for at in pickups:
        _fetchable("pickups", at, now, due)
    return dataclasses.replace(known, pickups=tuple(map(moments.text, sorted(set(pickups)))))


def chosen(known: Return, by: str, pickup_at: int, now: int) -> Return:
    """
    Return the return with a pick-up at one of the times that its carrier offers, as the buyer chose.

    Raises:
        Refused: NOT_THE_AGENT, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
    """
    _is(by, known.roles.agent, Refusal.NOT_THE_AGENT, "lodged it")
    due = _in_time(known, now, *TO_FETCH)
    if moments.text(pickup_at) not in known.pickups:
        raise invalid("pickup_at", "must be one of the times that the carrier offers")
    _fetchable("pickup_at", pickup_at, now, due)
    return known.to_be_fetched(by, pickup_at, now, due)


def _fetchable(field: str, at: int, now: int, due: int) -> None:
    if not now <= at <= due:
        raise invalid(field, f"must be between now and {moments.text(due)}")


def pickup_failed(known: Return, by: str, why: str, terms: ReturnTerms, now: int) -> Return:
    """
    Return the return with a failed pick-up; the buyer has ``handover_days`` for another.

    Raises:
        Refused: NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED.
    """
    _is(by, known.roles.carrier, Refusal.NOT_THE_CARRIER, "fetches it")
    _in_time(known, now, ReturnState.PICKUP_SCHEDULED)
    return known.moved(ReturnState.PICKUP_FAILED, by, now, now + terms.handover_days * moments.DAY, why=why)


@dataclasses.dataclass(frozen=True)
class InspectedUnits:
    """So many units that came back in one condition."""

    condition: Condition
    units: int


def inspected(
    known: Return,
    by: str,
    condition: Condition,
    units: int,
    accepted: Condition,
    terms: ReturnTerms,
    now: int,
    report: str,
    others: Sequence[InspectedUnits] = (),
) -> Return:
    """
    Return the return with the seller's inspection. The seller reports facts; the terms decide which units pass.

    *units* came back in *condition*, the *others* in others; the remaining units did not come. If some pass and some do
    not, the return passes with those that do, and the buyer gets something for these.

    Raises:
        Refused: NOT_THE_SELLER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
    """
    _is(by, known.roles.seller, Refusal.NOT_THE_SELLER, "inspects it")
    _in_time(known, now, ReturnState.RECEIVED)
    reported = (InspectedUnits(condition, units), *others)
    came = sum(each.units for each in reported)
    if any(each.units < 0 for each in reported) or came > known.request.quantity:
        raise invalid("units", f"must be between 0 and {known.request.quantity}, with the others")
    if len({each.condition for each in reported}) != len(reported):
        raise invalid("others", "must name each condition once")
    notes = {"condition": condition.value, "units": str(units), "report_hash": report}
    notes |= {f"units_{each.condition}": str(each.units) for each in others}
    passed = sum(each.units for each in reported if CONDITIONS.index(each.condition) <= CONDITIONS.index(accepted))
    if not passed:
        return known.moved(ReturnState.INSPECTED_FAIL, by, now, now + terms.dispute_days * moments.DAY, **notes)
    if passed < known.request.quantity:
        notes |= {PASSED: str(passed)}
    return known.moved(ReturnState.INSPECTED_PASS, by, now, now + terms.settle_hours * moments.HOUR, **notes)


def settled(known: Return, by: str, resolution: Resolution, terms: ReturnTerms, now: int, proof: str) -> Return:
    """
    Return the return with money, goods or credit given to the buyer; a refund may replace another resolution.

    The seller may settle after the deadline too. After it, the buyer's side may go to the arbiter.

    Raises:
        Refused: NOT_THE_SELLER, WRONG_STATE, RESOLUTION_DIFFERS.
    """
    _is(by, known.roles.seller, Refusal.NOT_THE_SELLER, "settles it")
    wanted = settleable(known, terms)
    if wanted is None:
        raise _not_in(known, *_from(terms))
    if resolution not in (wanted, Resolution.REFUND):
        raise Refusal.RESOLUTION_DIFFERS(f"return {known.return_id} is for {wanted}")
    moved = known.moved(SETTLED[resolution], by, now, now + terms.dispute_days * moments.DAY, proof_hash=proof)
    if resolution is Resolution.EXCHANGE:
        moved = dataclasses.replace(moved, exchange_journey_id=f"{known.return_id}-exchange")
    return moved


def settleable(known: Return, terms: ReturnTerms) -> Resolution | None:
    """
    Return the resolution that the seller may settle *known* with now (a refund may replace it); None if it cannot be
    settled now.
    """
    if known.state is ReturnState.ARBITRATED and known.acts[-1].notes.get("award") == "refund":
        return Resolution.REFUND
    return known.request.resolution if known.state in _from(terms) else None


def sent_back(known: Return, by: str, terms: ReturnTerms, now: int, proof: str) -> Return:
    """
    Return the return with its failed goods sent back to the buyer.

    Raises:
        Refused: NOT_THE_SELLER, WRONG_STATE.
    """
    _is(by, known.roles.seller, Refusal.NOT_THE_SELLER, "sends it back")
    _only(known, ReturnState.INSPECTED_FAIL)
    return known.moved(ReturnState.SENT_BACK, by, now, now + terms.dispute_days * moments.DAY, proof_hash=proof)


def cancelled(known: Return, by: str, now: int) -> Return:
    """
    Return the return with its request cancelled, while the goods are with the buyer.

    Raises:
        Refused: NOT_THE_AGENT, WRONG_STATE.
    """
    _is(by, known.roles.agent, Refusal.NOT_THE_AGENT, "lodged it")
    _only(known, ReturnState.DRAFT, ReturnState.REFERRED, *TO_FETCH)
    return known.moved(ReturnState.CANCELLED, by, now)


def disputed(known: Return, by: str, terms: ReturnTerms, now: int, grounds: str) -> Return:
    """
    Return the return with its outcome disputed before the arbiter, by the buyer's side.

    Raises:
        Refused: NOT_THE_AGENT, WRONG_STATE, DEADLINE_PASSED, ALREADY_ARBITRATED.
    """
    _is(by, known.roles.agent, Refusal.NOT_THE_AGENT, "speaks for the buyer")
    if known.went_through(ReturnState.ARBITRATED):
        raise Refusal.ALREADY_ARBITRATED(f"the arbiter has decided return {known.return_id}")
    _in_time(known, now, *DISPUTABLE)
    return known.moved(ReturnState.DISPUTED, by, now, now + terms.arbitration_days * moments.DAY, grounds_hash=grounds)


def arbitrated(
    known: Return, by: str, award: Award, carrier: str, terms: ReturnTerms, now: int, opinion: str
) -> Return:
    """
    Return the return with the arbiter's award; ``fetch`` assigns *carrier* to goods that the buyer still has.

    Raises:
        Refused: NOT_THE_ARBITER, OWN_RETURN, WRONG_STATE, DEADLINE_PASSED, WRONG_AWARD.
    """
    _is(by, known.roles.arbiter, Refusal.NOT_THE_ARBITER, "judges it")
    if by == known.roles.agent:
        raise Refusal.OWN_RETURN(f"{by} requested return {known.return_id} and cannot judge it")
    _in_time(known, now, ReturnState.DISPUTED)
    if award == "fetch" and (known.went_through(ReturnState.PICKED_UP) or not carrier):
        raise Refusal.WRONG_AWARD("there is nothing left to fetch, or nobody to fetch it")
    due = now if award == "uphold" else None
    judged = known.moved(ReturnState.ARBITRATED, by, now, due, award=award, opinion_hash=opinion)
    return assigned(judged, carrier, terms, now) if award == "fetch" else judged


def closed(known: Return, by: str, now: int) -> Return:
    """
    Return the return as closed, by the buyer's side before the time for disputes is over.

    Raises:
        Refused: NOT_THE_AGENT, WRONG_STATE.
    """
    _is(by, known.roles.agent, Refusal.NOT_THE_AGENT, "speaks for the buyer")
    upheld = known.state is ReturnState.ARBITRATED and known.acts[-1].notes.get("award") == "uphold"
    if not upheld:
        _only(known, *OUTCOMES)
    return known.moved(ReturnState.CLOSED, by, now)


def enforced(known: Return, carrier: str, terms: ReturnTerms, now: int) -> Return:
    """
    Return the return with the consequence of a passed deadline; anybody may call this.

    If the seller does not answer, it has approved, or has found nothing wrong. If the carrier does not come, the
    pick-up has failed; if it never comes, the arbiter decides. If the buyer never hands over to a carrier that came,
    the return expires. If the seller does not pay, the arbiter decides. If the arbiter does not decide, the buyer
    gets its money.

    Raises:
        Refused: NO_DEADLINE, NOT_DUE.
    """
    timeliness.missed(f"return {known.return_id}", known.state, known.due, now)
    if known.state is ReturnState.REFERRED:
        return _approved(known.moved(ReturnState.APPROVED, "", now, deadline="seller silent"), carrier, terms, now)
    if known.state is ReturnState.PICKUP_FAILED and "deadline" in known.acts[-1].notes:
        # No carrier came, so it is not the buyer who gave up.
        due = now + terms.arbitration_days * moments.DAY
        return known.moved(ReturnState.DISPUTED, "", now, due, deadline="carrier never came")
    state, due_at, why = _after(known.state, terms, now)
    notes = {"deadline": why} | ({"award": "refund"} if state is ReturnState.ARBITRATED else {})
    return known.moved(state, "", now, due_at, **notes)


def _after(state: ReturnState, terms: ReturnTerms, now: int) -> tuple[ReturnState, int | None, str]:
    """Return the next state after a missed deadline of *state*, its deadline, and the reason."""
    settle, dispute = now + terms.settle_hours * moments.HOUR, now + terms.dispute_days * moments.DAY
    if state is ReturnState.DRAFT:
        return ReturnState.EXPIRED, dispute, "never sent off"
    if state in (ReturnState.PICKUP_ASSIGNED, ReturnState.PICKUP_SCHEDULED):
        return ReturnState.PICKUP_FAILED, now + terms.handover_days * moments.DAY, "carrier did not come"
    if state is ReturnState.PICKUP_FAILED:
        return ReturnState.EXPIRED, dispute, "never handed over"
    if state is ReturnState.RECEIVED:
        return ReturnState.INSPECTED_PASS, settle, "seller silent"
    if state in (ReturnState.INSPECTED_PASS, ReturnState.RETURNLESS_APPROVED):
        return ReturnState.DISPUTED, now + terms.arbitration_days * moments.DAY, "seller did not settle"
    if state is ReturnState.DISPUTED:
        return ReturnState.ARBITRATED, None, "arbiter silent"
    return ReturnState.CLOSED, None, "nobody disputed"


def _is(by: str, needed: str, refusal: RefusalRow, does: str) -> None:
    if by != needed:
        raise refusal(f"{needed or 'nobody yet'} {does}")


def _from(terms: ReturnTerms) -> tuple[ReturnState, ...]:
    """Return the states in which the seller settles without an award."""
    return (ReturnState.RETURNLESS_APPROVED, *_SETTLES_FROM[terms.refund_trigger])


def _only(known: Return, *states: ReturnState) -> None:
    if known.state not in states:
        raise _not_in(known, *states)


def _not_in(known: Return, *states: ReturnState) -> Refused:
    return Refusal.WRONG_STATE(f"return {known.return_id} is {known.state}, not {' or '.join(states)}")


def _in_time(known: Return, now: int, *states: ReturnState) -> int:
    _only(known, *states)
    timeliness.in_time(known.due, now)
    return now if known.due is None else known.due
