"""The stage catalogue: the stages of a journey, their order, and who may record them."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade.receipts import CommittedSchema
from gateway.trade.register import amendments
from gateway.trade.register.amendments import AmendableData
from gateway.trade.register.stage_schemas import ProposeStagesSchema

blueprint = Blueprint("stages", __name__, url_prefix="/v1/stages", description="The stages of a journey")


@blueprint.route("")
@auth.needs("read")
@blueprint.response(200, description="The catalogue in force")
def current_catalogue() -> dict[str, Any]:
    """Read the catalogue in force."""
    return context.ask_record(TRADE, "Stages:current")


@blueprint.route("/versions/<int:number>")
@auth.needs("read")
@blueprint.response(200, description="That version, as it was adopted")
def version(number: int) -> dict[str, Any]:
    """Read one version of the catalogue."""
    return context.ask_record(TRADE, "Stages:version", number)


@blueprint.route("/installation", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(201, CommittedSchema)
def install() -> dict[str, Any]:
    """Adopt the standard catalogue; once, by an administrator."""
    return context.act(TRADE, "Stages:install")


amendments.serve(
    blueprint,
    AmendableData(
        "Stages",
        ProposeStagesSchema,
        lambda body: body["stages"],
        proposing=(
            "Propose new stages, or replacements for those with the same id; running journeys keep their version."
        ),
        approving="Approve an amendment; with more than half of the participants it becomes the next version.",
    ),
)
