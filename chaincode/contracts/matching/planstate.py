"""
The public state of plans: notices, answers, ends and agreements, with their keys and checks.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.register import participants
from chaincode.domain.matching.plans import AgreedPlan, LegAnswer, PlanNotice
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import PlatformTender
from chaincode.domain.vocabulary import identifiers
from hlf.codec import names
from hlf.shim import api

NOTICE = "matching.notice"
ANSWER = "matching.answer"
END = "matching.end"
AGREED = "matching.agreed"

Kind = Literal["forward", "reverse", "exchange"]


@dataclasses.dataclass(frozen=True)
class PlanEnd:
    """The end of a plan: it was cancelled, or replaced *by* another."""

    plan_id: str
    state: Literal["cancelled", "replaced"]
    by: str = ""


def agreed_place(journey_id: str, kind: Kind, platform: str) -> tuple[str, str, str, str]:
    """
    Return where the agreed plan of a journey stands.

    Each platform has a place of its own, so that none can agree with carriers on another's journey.
    """
    return AGREED, journey_id, kind, platform


def booked_way(ctx: api.Context, journey_id: str, kind: Kind, platform: str) -> AgreedPlan | None:
    """Return the plan that its platform agreed for a journey, for other contracts; None if there is none in force."""
    found = store.find(ctx, AgreedPlan, *agreed_place(journey_id, kind, platform))
    return found if found and not store.find(ctx, PlanEnd, END, found.plan_id) else None


def notice(ctx: api.Context, plan_id: str) -> PlanNotice:
    """
    Return a plan's notice.

    Raises:
        Refused: PLAN_UNKNOWN.
    """
    return store.load(ctx, PlanNotice, Refusal.PLAN_UNKNOWN, NOTICE, identifiers.check("plan_id", plan_id))


def check_open(ctx: api.Context, plan_id: str) -> None:
    """
    Refuse a plan that has ended.

    Raises:
        Refused: PLAN_ENDED.
    """
    end = store.find(ctx, PlanEnd, END, identifiers.check("plan_id", plan_id))
    if end:
        raise Refusal.PLAN_ENDED(f"plan {plan_id} is {end.state}")


def leg_hash(ctx: api.Context, plan_id: str, number: int) -> str:
    """
    Return the published SHA-256 of a leg.

    Raises:
        Refused: PLAN_UNKNOWN, LEG_UNKNOWN.
    """
    found = notice(ctx, plan_id)
    if not 0 <= number < len(found.legs):
        raise Refusal.LEG_UNKNOWN(f"plan {plan_id} has {len(found.legs)} legs")
    return found.legs[number]


def carrier_of(ctx: api.Context, plan_id: str, number: int) -> str:
    """
    Return the caller; raise Refused unless its collection has exactly this leg. Every peer can compare the two hashes.
    """
    carrier = access.member(ctx)
    held = ctx.stub.get_private_data_hash(private.collection(carrier), leg_key(ctx, plan_id, number))
    if held.hex() != leg_hash(ctx, plan_id, number):
        raise Refusal.NOT_A_PARTY(f"leg {number} of plan {plan_id} was not delivered to {carrier}")
    check_open(ctx, plan_id)
    return carrier


def is_of_another(ctx: api.Context, plan_id: str, platform: str) -> bool:
    """Return whether the published plan of this id is another platform's."""
    found = store.find(ctx, PlanNotice, NOTICE, identifiers.check("plan_id", plan_id))
    return found is not None and found.platform != platform


def check_not_of_another(ctx: api.Context, plan_id: str, platform: str) -> None:
    """
    Refuse a plan that another platform has published under this id.

    Raises:
        Refused: PLAN_UNKNOWN.
    """
    if is_of_another(ctx, plan_id, platform):
        raise Refusal.PLAN_UNKNOWN(f"the published plan {plan_id} is another platform's")


def tender_of(ctx: api.Context, plan_id: str) -> PlatformTender:
    """
    Return the tender of a published plan.

    Raises:
        Refused: PLAN_UNKNOWN.
    """
    return participants.directory(ctx).tender(notice(ctx, plan_id).platform)


def carrier_or_tender(ctx: api.Context, plan_id: str, carrier: str) -> None:
    """
    Refuse a caller other than *carrier*, and platform and auditor of the plan.

    Raises:
        Refused: NOT_A_PARTY, PLAN_UNKNOWN, WRONG_ROLE.
    """
    allowed = (names.MSP_ID.check("carrier", carrier), *tender_of(ctx, plan_id).members)
    access.one_of(ctx, allowed, Refusal.NOT_A_PARTY, "the carrier, the platform or the auditor does this")


def carrier_answers(ctx: api.Context, plan_id: str) -> tuple[LegAnswer, ...]:
    """Return the carriers' answers, in the order of their legs."""
    return tuple(store.each(ctx, LegAnswer, ANSWER, plan_id))


def find_answer(ctx: api.Context, plan_id: str, number: int) -> LegAnswer | None:
    """Return the answer for a leg, or None."""
    return store.find(ctx, LegAnswer, ANSWER, plan_id, f"{number:02}")


def save_answer(
    ctx: api.Context, plan_id: str, number: int, carrier: str, state: Literal["accepted", "refused", "failed"], why: str
) -> LegAnswer:
    """
    Write an answer, and set an event.

    Raises:
        Refused: INVALID_ARGUMENT if the reason is not one word.
    """
    word = "" if state == "accepted" else identifiers.check("reason", why)
    answer = LegAnswer(plan_id, number, carrier, state, word, clock.stamp(ctx))
    store.save(ctx, answer, ANSWER, plan_id, f"{number:02}")
    store.announce(ctx, "LegAnswered", {"plan_id": plan_id, "number": number, "state": state})
    return answer


def leg_key(ctx: api.Context, plan_id: str, number: int) -> str:
    """Return the key of a leg at its carrier."""
    return ctx.stub.create_composite_key("matching.leg", [identifiers.check("plan_id", plan_id), f"{number:02}"])
