"""Any function of any chaincode on any channel: evaluate it, submit it, read a transaction's status."""

from __future__ import annotations

from typing import Any

from gateway.fabric import results
from gateway.fabric.call_schemas import (
    AnswerSchema,
    CallSchema,
    PreflightSchema,
    ReceiptSchema,
    StatusQuerySchema,
    StatusSchema,
)
from gateway.fabric.ledgercalls import CommittedAnswer, LedgerCall
from gateway.http import auth, context, idempotency
from gateway.http.inputs import Blueprint
from hlf.client.commit import Status

CALL, ANSWER, RECEIPT = CallSchema(), AnswerSchema(), ReceiptSchema()

blueprint = Blueprint("calls", __name__, url_prefix="/v1/channels", description="Any function of any chaincode")


@blueprint.route("/<channel>/chaincodes/<chaincode>/evaluate", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(CALL)
@blueprint.response(200, ANSWER)
def evaluate(body: dict[str, Any], channel: str, chaincode: str) -> dict[str, Any]:
    """Evaluate a function of a chaincode; nothing is written."""
    return answered(context.evaluate(call_of(channel, chaincode, body)))


@blueprint.route("/<channel>/chaincodes/<chaincode>/submit", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(CALL)
@blueprint.response(200, RECEIPT)
def submit(body: dict[str, Any], channel: str, chaincode: str) -> dict[str, Any]:
    """Submit a transaction and wait until it is committed."""
    return submitted(call_of(channel, chaincode, body))


def submitted(call: LedgerCall) -> dict[str, Any]:
    """Return the receipt of a committed call, as ``ReceiptSchema`` has it."""
    return committed(context.submit(call))


def committed(receipt: CommittedAnswer) -> dict[str, Any]:
    """Return a receipt, as ``ReceiptSchema`` has it."""
    return {
        "transaction_id": receipt.transaction_id,
        "block_number": receipt.block_number,
        **answered(receipt.result),
    }


@blueprint.route("/<channel>/chaincodes/<chaincode>/preflight", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(CALL)
@blueprint.response(200, PreflightSchema)
def preflight(body: dict[str, Any], channel: str, chaincode: str) -> dict[str, Any]:
    """
    Tell who would see a call's private values and who must endorse it; nothing is sent.

    The plan is the same as for `submit` and `evaluate`: it follows the function's declaration. Only the caller's
    own peer is asked, and it gets no private value.
    """
    return preflighted(call_of(channel, chaincode, body))


def preflighted(call: LedgerCall) -> dict[str, Any]:
    """Return who would see the call's private values and who must endorse it, as ``PreflightSchema`` has it."""
    planned = context.plan(call)
    declared = planned.function
    return {
        "function": declared.name if declared else call.function,
        "declared": declared is not None,
        "query": declared is not None and not declared.writes,
        "must_endorse": planned.endorsers,
        "will_see": planned.seen_by,
        "private": planned.private,
        "endorsed_by": declared.endorsed_by if declared else None,
        "transient": declared.transient if declared else None,
        "called_by": declared.called_by if declared else (),
        "read_on": declared.read_on if declared else (),
    }


@blueprint.route("/<channel>/transactions/<transaction_id>/status")
@auth.needs("read")
@blueprint.arguments(StatusQuerySchema, location="query")
@blueprint.response(200, StatusSchema)
def status(query: dict[str, Any], channel: str, transaction_id: str) -> dict[str, Any]:
    """Tell whether a transaction was committed and is valid."""
    return told(context.status(channel, transaction_id, query["wait_seconds"]))


def told(found: Status) -> dict[str, Any]:
    """Return the status of a transaction, as ``StatusSchema`` has it."""
    return {
        "transaction_id": found.transaction_id,
        "valid": found.valid,
        "validation_code": found.name,
        "block_number": found.block_number,
    }


def call_of(channel: str, chaincode: str, body: dict[str, Any]) -> LedgerCall:
    """Return the call in a body, as ``CallSchema`` has it."""
    return LedgerCall(
        channel,
        chaincode,
        body["function"],
        tuple(body["arguments"]),
        body["transient"],
        tuple(body["endorsing_organizations"]),
    )


def answered(result: bytes) -> dict[str, Any]:
    """Return a contract's answer, as ``AnswerSchema`` has it."""
    return {"result": results.plain(result), "result_base64": result}
