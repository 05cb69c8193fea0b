"""
The register of organisations: data on the ledger, changed by a majority.

`logistics` has a register of its own, because its contracts cannot read another channel's; `?channel=logistics` means
that one.
"""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import CARRIAGE, TRADE, Chaincode
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.receipts import CommittedSchema
from gateway.trade.register.participant_schemas import (
    AmendmentSchema,
    FoundSchema,
    ParticipantSchema,
    ProposeSchema,
    RegisterQuerySchema,
)

blueprint = Blueprint(
    "participants", __name__, url_prefix="/v1/participants", description="Who takes part in the trade"
)


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.response(200, ParticipantSchema(many=True))
def every(query: dict[str, Any]) -> list[dict[str, Any]]:
    """List the participants."""
    return context.ask_list(_register(query), "Participants:list")


@blueprint.route("/<msp_id>")
@auth.needs("read")
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.response(200, ParticipantSchema)
def read(query: dict[str, Any], msp_id: str) -> dict[str, Any]:
    """Read one participant."""
    return context.ask_record(_register(query), "Participants:read", msp_id)


@blueprint.route("/founding", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.arguments(FoundSchema)
@blueprint.response(201, CommittedSchema)
def found(query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Enter the first participants; once, by an administrator."""
    return context.act(_register(query), "Participants:found", body["participants"])


@blueprint.route("/amendments", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.arguments(ProposeSchema)
@blueprint.response(201, AmendmentSchema)
def propose(query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Propose a new or changed participant."""
    amendment_id = minting.public_id("amendment")
    return {
        "amendment_id": amendment_id,
        **context.act(_register(query), "Participants:propose", amendment_id, body["participant"]),
    }


@blueprint.route("/amendments/<amendment_id>/approval", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.response(200, AmendmentSchema)
def approve(query: dict[str, Any], amendment_id: str) -> dict[str, Any]:
    """Approve an amendment; it is adopted when more than half of the participants have."""
    return {"amendment_id": amendment_id, **context.act(_register(query), "Participants:approve", amendment_id)}


@blueprint.route("/amendments/<amendment_id>")
@auth.needs("read")
@blueprint.arguments(RegisterQuerySchema, location="query")
@blueprint.response(200, description="The amendment and who has approved it")
def amendment(query: dict[str, Any], amendment_id: str) -> dict[str, Any]:
    """Read an amendment."""
    return context.ask_record(_register(query), "Participants:amendment", amendment_id)


def _register(query: dict[str, Any]) -> Chaincode:
    return CARRIAGE if query["channel"] == CARRIAGE.channel else TRADE
