"""The functions of any chaincode, called by the names of their parameters, and their description in OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fabric import calls, functions_openapi
from gateway.fabric.call_schemas import AnswerSchema, PreflightSchema, ReceiptSchema, TypedCallSchema
from gateway.fabric.declarations import DeclaredFunction
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http import auth, context, idempotency
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from hlf.codec import canonical

blueprint = Blueprint(
    "functions",
    __name__,
    url_prefix="/v1/channels/<channel>/chaincodes/<chaincode>",
    description="Functions of any chaincode by their published names",
)


@blueprint.route("/openapi.json")
@auth.needs("read")
@blueprint.response(200)
def openapi(channel: str, chaincode: str) -> dict[str, Any]:
    """
    Describe the functions of a chaincode in OpenAPI, made from the metadata that it publishes.

    Each function has its own address with typed arguments. Who endorses it, its private fields, and who may call it
    stand there as it declares them.
    """
    return functions_openapi.document(channel, chaincode, _published(channel, chaincode))


@blueprint.route("/evaluate/<function>", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(TypedCallSchema)
@blueprint.response(200, AnswerSchema)
def evaluate(body: dict[str, Any], channel: str, chaincode: str, function: str) -> dict[str, Any]:
    """Evaluate a function by the names of its parameters; nothing is written."""
    return calls.answered(context.evaluate(call_of(channel, chaincode, function, body)))


@blueprint.route("/submit/<function>", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TypedCallSchema)
@blueprint.response(200, ReceiptSchema)
def submit(body: dict[str, Any], channel: str, chaincode: str, function: str) -> dict[str, Any]:
    """Submit a function by the names of its parameters and wait until it is committed."""
    return calls.submitted(call_of(channel, chaincode, function, body))


@blueprint.route("/preflight/<function>", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(TypedCallSchema)
@blueprint.response(200, PreflightSchema)
def preflight(body: dict[str, Any], channel: str, chaincode: str, function: str) -> dict[str, Any]:
    """Tell who would see the private values of such a call and who must endorse it; nothing is sent."""
    return calls.preflighted(call_of(channel, chaincode, function, body))


def _published(channel: str, chaincode: str) -> Mapping[str, DeclaredFunction]:
    msp_id = context.caller().msp_id
    found = context.services().ledgers.functions(msp_id, context.reader(), channel, chaincode)
    if not found:
        raise Problem("FUNCTION_NOT_FOUND", f"{chaincode} on {channel} publishes no metadata")
    return found


def call_of(channel: str, chaincode: str, function: str, body: Mapping[str, Any]) -> LedgerCall:
    """
    Return the call of a published function in a body, as ``TypedCallSchema`` has it.

    Raises:
        Problem: FUNCTION_NOT_FOUND; REQUEST_INVALID, an argument is unknown or missing.
    """
    published = _published(channel, chaincode)
    declared = published.get(function)
    if declared is None:
        raise Problem("FUNCTION_NOT_FOUND", f"{chaincode} on {channel} publishes no function {function[:120]}")
    return LedgerCall(
        channel,
        chaincode,
        declared.name,
        _in_order(declared, body["arguments"]),
        {name: _bytes(value) for name, value in body["transient"].items()},
        tuple(body["endorsing_organizations"]),
    )


def _in_order(declared: DeclaredFunction, given: Mapping[str, Any]) -> tuple[Any, ...]:
    """
    Return the arguments in the order of the parameters.

    Raises:
        Problem: REQUEST_INVALID, an argument is unknown or missing; only the last ones may be left out.
    """
    faults = {name[:120]: ["Unknown argument."] for name in given if name not in declared.parameters}
    last = max((at for at, name in enumerate(declared.parameters) if name in given), default=-1)
    for at, name in enumerate(declared.parameters):
        if name not in given and (at < last or name not in declared.optional):
            faults[name] = ["Missing argument."]
    if faults:
        first, words = next(iter(faults.items()))
        taken = ", ".join(declared.parameters) or "none"
        detail = f"arguments.{first}: {words[0]} {declared.name} takes {taken}."
        raise Problem("REQUEST_INVALID", detail, errors={"json": {"arguments": faults}})
    return tuple(given[name] for name in declared.parameters[: last + 1])


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else canonical.dumps(value)
