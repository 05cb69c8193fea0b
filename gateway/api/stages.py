"""The stage catalogue: which stages there are, in which order, and who may record them."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from gateway import auth, current, once
from gateway.current import TRADE
from gateway.schemas.receipts import CommittedSchema

blueprint = Blueprint("stages", __name__, url_prefix="/v1/stages", description="The stages of a journey")


@blueprint.route("")
@auth.needs("read")
@blueprint.response(200, description="The catalogue in force")
def current_catalogue() -> dict[str, Any]:
    """Read the catalogue in force."""
    return current.ask(TRADE, "Stages:current")


@blueprint.route("/versions/<int:number>")
@auth.needs("read")
@blueprint.response(200, description="That version, as it was adopted")
def version(number: int) -> dict[str, Any]:
    """Read one version of the catalogue."""
    return current.ask(TRADE, "Stages:version", number)


@blueprint.route("/installation", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.response(201, CommittedSchema)
def install() -> dict[str, Any]:
    """Adopt the standard catalogue; once, by an administrator."""
    return current.act(TRADE, "Stages:install")
