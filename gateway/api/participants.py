"""The register of organisations: data on the ledger, changed by a majority."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from gateway import auth, current, identifiers, once
from gateway.current import TRADE
from gateway.schemas.participants import AmendmentSchema, FoundSchema, ParticipantSchema, ProposeSchema
from gateway.schemas.receipts import CommittedSchema

blueprint = Blueprint(
    "participants", __name__, url_prefix="/v1/participants", description="Who takes part in the trade"
)


@blueprint.route("")
@auth.needs("read")
@blueprint.response(200, ParticipantSchema(many=True))
def every() -> list[dict[str, Any]]:
    """List the participants."""
    return current.ask(TRADE, "Participants:list")


@blueprint.route("/<msp_id>")
@auth.needs("read")
@blueprint.response(200, ParticipantSchema)
def read(msp_id: str) -> dict[str, Any]:
    """Read one participant."""
    return current.ask(TRADE, "Participants:read", msp_id)


@blueprint.route("/founding", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.arguments(FoundSchema)
@blueprint.response(201, CommittedSchema)
def found(body: dict[str, Any]) -> dict[str, Any]:
    """Enter the first participants; once, by an administrator."""
    return current.act(TRADE, "Participants:found", body["participants"])


@blueprint.route("/amendments", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.arguments(ProposeSchema)
@blueprint.response(201, AmendmentSchema)
def propose(body: dict[str, Any]) -> dict[str, Any]:
    """Propose a new or changed participant."""
    amendment_id = identifiers.public_id("amendment")
    return {
        "amendment_id": amendment_id,
        **current.act(TRADE, "Participants:propose", amendment_id, body["participant"]),
    }


@blueprint.route("/amendments/<amendment_id>/approval", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.response(200, AmendmentSchema)
def approve(amendment_id: str) -> dict[str, Any]:
    """Approve an amendment; it is adopted when more than half of the participants have."""
    return {"amendment_id": amendment_id, **current.act(TRADE, "Participants:approve", amendment_id)}


@blueprint.route("/amendments/<amendment_id>")
@auth.needs("read")
@blueprint.response(200, description="The amendment and who has approved it")
def amendment(amendment_id: str) -> dict[str, Any]:
    """Read an amendment."""
    return current.ask(TRADE, "Participants:amendment", amendment_id)
