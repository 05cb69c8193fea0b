"""
The register of organisations: data on the ledger, changed by a majority.

`logistics` has its own register, because its contracts cannot read another channel's; `?channel=logistics` selects
it.
"""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.inputs import Blueprint
from gateway.trade.receipts import CommittedSchema
from gateway.trade.register import amendments
from gateway.trade.register.amendments import AmendableData, RegisterQuerySchema
from gateway.trade.register.participant_schemas import FoundSchema, ParticipantSchema, ProposeSchema

blueprint = Blueprint(
    "participants", __name__, url_prefix="/v1/participants", description="The participants of the trade"
)


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.response(200, ParticipantSchema(many=True))
def every(query: dict[str, Any]) -> list[dict[str, Any]]:
    """List the participants."""
    return context.ask_list(amendments.register(query), "Participants:list")


@blueprint.route("/<msp_id>")
@auth.needs("read")
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.response(200, ParticipantSchema)
def read(query: dict[str, Any], msp_id: str) -> dict[str, Any]:
    """Read one participant."""
    return context.ask_record(amendments.register(query), "Participants:read", msp_id)


@blueprint.route("/founding", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.arguments(FoundSchema)
@blueprint.response(201, CommittedSchema)
def found(query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Store the first participants; once, by an administrator."""
    return context.act(amendments.register(query), "Participants:found", body["participants"])


amendments.serve(
    blueprint,
    AmendableData(
        "Participants",
        ProposeSchema,
        lambda body: body["participant"],
        proposing="Propose a new or changed participant.",
        registers=True,
    ),
)
