"""Progress of journeys: plans and estimates, incidents, corrections, and the observed performance of carriers."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency, paging
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.http.paging import PageQuerySchema
from gateway.trade.journeys.journey_schemas import CorrectionSchema, IncidentSchema, TimeSchema
from gateway.trade.journeys.performance_schemas import CountedSchema, CountSchema, DeclaredSchema, LaneQuerySchema
from gateway.trade.receipts import CommittedSchema

journeys = Blueprint("progress", __name__, url_prefix="/v1/journeys", description="How a journey goes")
performance = Blueprint(
    "performance", __name__, url_prefix="/v1/performance", description="Observed performance of carriers"
)


@journeys.route("/<journey_id>/progress")
@auth.needs("read")
@journeys.response(200, description="For each stage: recorders, first and last event, plan, estimate, missing details")
def progress(journey_id: str) -> list[dict[str, Any]]:
    """Read the progress of each stage."""
    return context.ask_list(TRADE, "Journeys:progress", journey_id)


@journeys.route("/<journey_id>/estimate")
@auth.needs("read")
@journeys.response(200, description="The likely time of arrival; null with fewer than 3 earlier journeys of the lane")
def estimate(journey_id: str) -> dict[str, Any] | None:
    """Estimate the arrival from earlier journeys of the lane."""
    return context.ask_optional(TRADE, "Journeys:estimate", journey_id)


@journeys.route("/<journey_id>/corrections", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@journeys.arguments(CorrectionSchema)
@journeys.response(201, CommittedSchema)
def correct(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """Declare one of the caller's own events an error, and give the right one."""
    arguments: list[Any] = [journey_id, body["event_id"], body["reason"]]
    if body["corrective"] is not None:
        arguments.append(body["corrective"])
    return context.act(TRADE, "Journeys:correct", *arguments)


@journeys.route("/<journey_id>/times", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@journeys.arguments(TimeSchema)
@journeys.response(201, CommittedSchema)
def state_time(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """State the planned time of a stage, or a new estimate."""
    return context.act(TRADE, "Journeys:state_time", journey_id, body["stage_id"], body["at"])


@journeys.route("/<journey_id>/incidents", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@journeys.arguments(IncidentSchema)
@journeys.response(201, CommittedSchema)
def report(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """Report that something went wrong."""
    arguments = [journey_id, body["kind"], body["stage_id"], body["at"], body.get("note_hash", ""), body["parcels"]]
    return context.act(TRADE, "Journeys:report", *arguments)


@performance.route("/count", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@performance.arguments(CountSchema)
@performance.response(200, CountedSchema)
def count(body: dict[str, Any]) -> dict[str, Any]:
    """
    Count what was observed of journeys; figures, estimates and matching use what is counted.

    Without `journey_ids`, the next `limit` open journeys are looked at. Go on from `cursor` until the answer has none.
    """
    wanted, following = body["journey_ids"], ""
    if not wanted:
        page = context.ask_record(TRADE, "Performance:uncounted", *paging.asked(body))
        wanted, following = page["journey_ids"], page["bookmark"]
    counting = context.act(TRADE, "Performance:count", wanted) if wanted else None
    return {"counting": counting, "cursor": following}


@performance.route("/carriers/<msp_id>")
@auth.needs("read")
@performance.arguments(PageQuerySchema, location="query")
@performance.response(200, description="For each lane: number of hand-overs, duration, punctuality, incidents")
def carrier(query: dict[str, Any], msp_id: str) -> Any:
    """Read a carrier's observed performance, from hand-overs that both sides signed, by pages of lanes."""
    page = context.ask_record(TRADE, "Performance:carrier", msp_id, *paging.asked(query))
    return paging.answer(page["lanes"], page["bookmark"])


@performance.route("/lanes")
@auth.needs("read")
@performance.arguments(LaneQuerySchema, location="query")
@performance.response(200, description="The carriers of the lane with their observed performance")
def lane(query: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the observed performance of the carriers of a lane."""
    return context.ask_list(TRADE, "Performance:lane", query["origin"], query["destination"])


@performance.route("/carriers/<msp_id>/comparison", methods=["POST"])
@auth.needs("read")
@performance.arguments(DeclaredSchema)
@performance.response(200, description="Observed over declared, in basis points")
def compare(body: dict[str, Any], msp_id: str) -> dict[str, Any] | None:
    """Compare figures that a carrier declared to the caller with its observed performance; null if there is none."""
    declared = {name: body[name] for name in ("p50_hours", "p90_hours", "on_time_bps")}
    return context.ask_optional(TRADE, "Performance:compare", msp_id, body["origin"], body["destination"], declared)
