"""
The last steps of a delivery: attempts with their reason, proof of delivery, lockers and pick-up points.

An event has them in its details: ``reason`` of an attempt, ``proof`` and ``proof_hash`` of a
delivery, ``point`` and ``collect_until`` of goods that wait to be collected. The proof itself is kept outside the
ledger.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from chaincode.domain.journeys.epcis import Observation
from chaincode.domain.journeys.pages import Entry
from chaincode.domain.refusals import Refusal
from hlf.codec import moments, names
from hlf.codec.refusals import invalid

ATTEMPTED = "selat:delivery_attempted"
READY = "selat:ready_for_pickup"
EXPIRED = "selat:pickup_expired"
_STAGE, _HANDED_OVER = "S20", "accepting"
_DETAILS = "observation.details"


class AttemptReason(enum.StrEnum):
    """Why an attempt to deliver failed."""

    NOBODY_THERE = "nobody_there"
    ADDRESS_UNKNOWN = "address_unknown"
    NO_ACCESS = "no_access"
    REFUSED = "refused"
    DAMAGED = "damaged"
    RESCHEDULED = "rescheduled"
    OTHER = "other"


class Proof(enum.StrEnum):
    """What proves a delivery."""

    SIGNATURE = "signature"
    PHOTO = "photo"
    CODE = "code"


class CollectionPoint(enum.StrEnum):
    """Where goods wait for the buyer."""

    LOCKER = "locker"
    PICKUP_POINT = "pickup_point"


def check(observation: Observation) -> None:
    """
    Refuse an observation of stage S20 without the details of its step.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    if observation.stage_id != _STAGE:
        return
    details = observation.details
    if observation.step == ATTEMPTED:
        _one_of(AttemptReason, "reason", details.get("reason", ""))
    elif observation.step == READY:
        _one_of(CollectionPoint, "point", details.get("point", ""))
        until = moments.stated(f"{_DETAILS}.collect_until", details.get("collect_until", "")).at
        if until <= observation.moment.at:
            raise invalid(f"{_DETAILS}.collect_until", "must be after the event")
    elif observation.step == _HANDED_OVER and {"proof", "proof_hash"} & set(details):
        _one_of(Proof, "proof", details.get("proof", ""))
        names.SHA256.check(f"{_DETAILS}.proof_hash", details.get("proof_hash", ""))


def check_expired(timeline: Iterable[Entry], at: int) -> None:
    """
    Refuse the step "not collected" before the time to collect the goods has ended.

    Raises:
        Refused: GATE_CLOSED if they did not wait to be collected; NOT_DUE.
    """
    waiting = [each for each in timeline if each.stage_id == _STAGE and each.step == READY and each.at <= at]
    if not waiting:
        raise Refusal.GATE_CLOSED(f"{EXPIRED} waits for {READY}")
    until = moments.parse(str(waiting[-1].event["selat:collect_until"])).at
    if at < until:
        raise Refusal.NOT_DUE(f"the goods may be collected until {moments.text(until)}")


def _one_of(kind: type[enum.StrEnum], name: str, value: str) -> None:
    if value not in list(kind):
        raise invalid(f"{_DETAILS}.{name}", f"must be one of {', '.join(kind)}")
