"""Tariffs and de-minimis that customs publishes, and the duty of an import by them."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade.receipts import CommittedSchema
from gateway.trade.register.customs_schemas import (
    CustomsTariffSchema,
    DayQuerySchema,
    DeMinimisSchema,
    ImportSchema,
)

blueprint = Blueprint("customs", __name__, url_prefix="/v1/customs", description="Tariffs, origin and de-minimis")


@blueprint.route("/tariffs", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(CustomsTariffSchema)
@blueprint.response(201, CommittedSchema)
def publish_tariff(body: dict[str, Any]) -> dict[str, Any]:
    """Publish the tariff of a line from a day on, as customs of the country."""
    return context.act(TRADE, "Customs:publish_tariff", body)


@blueprint.route("/tariffs/<country>/<code>")
@auth.needs("read")
@blueprint.arguments(DayQuerySchema, location="query")
@blueprint.response(200, description="The tariff in force on the day")
def tariff(query: dict[str, Any], country: str, code: str) -> dict[str, Any]:
    """Read the tariff of a line on a day."""
    return context.ask_record(TRADE, "Customs:tariff", country, code, query["on"])


@blueprint.route("/tariffs/<country>/<code>/versions")
@auth.needs("read")
@blueprint.response(200, description="All versions, oldest first")
def tariffs(country: str, code: str) -> list[dict[str, Any]]:
    """List all versions of a tariff line."""
    return context.ask_list(TRADE, "Customs:tariffs", country, code)


@blueprint.route("/de-minimis", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(DeMinimisSchema)
@blueprint.response(201, CommittedSchema)
def publish_de_minimis(body: dict[str, Any]) -> dict[str, Any]:
    """Publish up to which value duty and tax are waived, as customs of the country."""
    return context.act(TRADE, "Customs:publish_de_minimis", body)


@blueprint.route("/de-minimis/<country>")
@auth.needs("read")
@blueprint.arguments(DayQuerySchema, location="query")
@blueprint.response(200, description="The values and their basis; null if none is published")
def de_minimis(query: dict[str, Any], country: str) -> dict[str, Any] | None:
    """Read the de-minimis of a country on a day."""
    return context.ask_optional(TRADE, "Customs:de_minimis", country, query["on"])


@blueprint.route("/assessments", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(ImportSchema)
@blueprint.response(200, description="Duty and tax by line, and who pays")
def assess(body: dict[str, Any]) -> dict[str, Any]:
    """Compute duty and tax of an import, and who pays by the Incoterm; nothing is written."""
    return context.ask_record(TRADE, "Customs:assess", body)
