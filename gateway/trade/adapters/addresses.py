"""``/v1/journeys/<id>/foreign-events``: an event in the words of another system becomes one of the journey."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from gateway.trade.adapters import formats
from gateway.trade.adapters.foreign import ForeignIncident
from gateway.trade.adapters.schemas import ForeignEventSchema
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint(
    "foreignevents", __name__, url_prefix="/v1/journeys", description="Events in the words of other systems"
)


@blueprint.route("/<journey_id>/foreign-events", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ForeignEventSchema)
@blueprint.response(201, CommittedSchema)
def record(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """
    Record an event of UPU EMSEVT, DCSA Track & Trace or karrio on the caller's own page.

    Its code decides the stage, step and disposition, or the incident. A code that is none of these is refused with the
    reason.
    """
    try:
        means, stage_id = formats.meaning(body["format"], body["code"], body.get("stage_id", ""))
    except formats.MeaninglessCodeError as error:
        errors = {"json": {error.member: [str(error)]}}
        raise Problem("REQUEST_INVALID", f"json.{error.member}: {error}", errors=errors) from None
    if isinstance(means, ForeignIncident):
        happened = [means.kind, stage_id, body["event_time"], "", body["epcs"]]
        return context.act(TRADE, "Journeys:report", journey_id, *happened)
    observation = {
        "stage_id": stage_id,
        "step": means.step,
        "event_time": body["event_time"],
        "place": body["place"],
        "disposition": means.disposition,
        "epcs": body["epcs"],
        "details": {},
    }
    return context.act(TRADE, "Journeys:record", journey_id, observation)
