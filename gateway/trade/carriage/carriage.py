"""Plans of carriers and agreements between two carriers; nobody else sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.http import auth, context, idempotency, paging
from gateway.http.context import CARRIAGE
from gateway.http.inputs import Blueprint
from gateway.http.paging import PageQuerySchema
from gateway.trade import minting
from gateway.trade.carriage.carriage_schemas import (
    AgreedSchema,
    AgreementAnswerSchema,
    AgreementDraftSchema,
    BookedSchema,
    BookingSchema,
    PlannedSchema,
    PlanSchema,
)
from hlf.codec import canonical

plans = Blueprint("plans", __name__, url_prefix="/v1/plans", description="A carrier's own departures")
agreements = Blueprint("agreements", __name__, url_prefix="/v1/agreements", description="Hand-overs between carriers")


@plans.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@plans.arguments(PlanSchema)
@plans.response(201, PlannedSchema)
def publish(body: dict[str, Any]) -> dict[str, Any]:
    """Store a plan with its departures; nobody else sees it."""
    plan_id = body.pop("plan_id", None) or minting.public_id("plan")
    published = context.act(
        CARRIAGE,
        "Plans:publish",
        plan_id,
        transient={
            "plan": canonical.dumps({**body, "salt": minting.salt()}),
            "salts": canonical.dumps([minting.salt() for _ in body["slots"]]),
        },
    )
    return {"plan_id": plan_id, **published}


@plans.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@plans.arguments(PageQuerySchema, location="query")
@plans.response(200, description="The caller's organisation's plans")
def every(query: dict[str, Any]) -> Any:
    """List the caller's organisation's own plans, by pages."""
    page = context.ask_record(CARRIAGE, "Plans:list", *paging.asked(query))
    return paging.answer(page["plans"], page["bookmark"])


@plans.route("/<plan_id>")
@auth.needs("read")
@plans.response(200, description="The plan")
def read(plan_id: str) -> dict[str, Any]:
    """Read one of the caller's organisation's own plans."""
    return context.ask_record(CARRIAGE, "Plans:read", plan_id)


@plans.route("/<plan_id>/departures")
@auth.needs("read")
@plans.response(200, description="Each departure with its bookings")
def departures(plan_id: str) -> list[dict[str, Any]]:
    """List a plan's departures and who is booked on them."""
    return context.ask_list(CARRIAGE, "Plans:departures", plan_id)


@plans.route("/<plan_id>/slots/<slot_id>/bookings", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@plans.arguments(BookingSchema)
@plans.response(201, BookedSchema)
def book(body: dict[str, Any], plan_id: str, slot_id: str) -> dict[str, Any]:
    """Book capacity on a departure, at most what is free."""
    booking_id = body.pop("booking_id", None) or minting.public_id("booking")
    booked = context.act(
        CARRIAGE,
        "Plans:book",
        plan_id,
        slot_id,
        booking_id,
        transient={"booking": canonical.dumps({**body, "salt": minting.salt()})},
    )
    return {"booking_id": booking_id, **booked}


@plans.route("/<plan_id>/slots/<slot_id>/bookings/<booking_id>/release", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@plans.response(200, BookedSchema)
def release(plan_id: str, slot_id: str, booking_id: str) -> dict[str, Any]:
    """Release booked capacity."""
    salt = {"salt": minting.salt().encode()}
    released = context.act(CARRIAGE, "Plans:release", plan_id, slot_id, booking_id, transient=salt)
    return {"booking_id": booking_id, **released}


@agreements.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@agreements.arguments(AgreementDraftSchema)
@agreements.response(201, AgreedSchema)
def propose(body: dict[str, Any]) -> dict[str, Any]:
    """Propose to another carrier how goods are handed over."""
    agreement_id = minting.public_id("agreement")
    proposed = context.act(CARRIAGE, "Agreements:propose", agreement_id, transient=proposing(body))
    return {"agreement_id": agreement_id, **proposed}


@agreements.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@agreements.arguments(PageQuerySchema, location="query")
@agreements.response(200, description="The agreements of the caller's organisation")
def all_agreements(query: dict[str, Any]) -> Any:
    """List the caller's organisation's agreements, by pages."""
    page = context.ask_record(CARRIAGE, "Agreements:list", *paging.asked(query))
    return paging.answer(page["agreements"], page["bookmark"])


@agreements.route("/<agreement_id>")
@auth.needs("read")
@agreements.response(200, description="The agreement in its present state")
def read_agreement(agreement_id: str) -> dict[str, Any]:
    """Read an agreement, as one of its two carriers."""
    return context.ask_record(CARRIAGE, "Agreements:read", agreement_id)


@agreements.route("/<agreement_id>/answer", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@agreements.arguments(AgreementAnswerSchema)
@agreements.response(200, AgreedSchema)
def answer(body: dict[str, Any], agreement_id: str) -> dict[str, Any]:
    """Agree to a proposal, or decline it."""
    return _changed("Agreements:answer", agreement_id, body["agree"])


@agreements.route("/<agreement_id>/cancellation", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@agreements.response(200, AgreedSchema)
def cancel(agreement_id: str) -> dict[str, Any]:
    """Cancel an agreement."""
    return _changed("Agreements:cancel", agreement_id)


def _changed(function: str, agreement_id: str, *arguments: Any) -> dict[str, Any]:
    transient = changing(agreement_id)
    changed = context.act(CARRIAGE, function, agreement_id, *arguments, transient=transient)
    return {"agreement_id": agreement_id, **changed}


def proposing(draft: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the transient values that propose a hand-over."""
    return {"draft": canonical.dumps({**draft, "salt": minting.salt()})}


def changing(agreement_id: str) -> dict[str, bytes]:
    """Return the transient values of a change: the agreement as stored, so that both sides change the same version."""
    own = context.caller().msp_id
    stored = context.evaluate(CARRIAGE.call("Agreements:read", [agreement_id], None, (own,)))
    return {"agreement": stored, "salt": minting.salt().encode()}
