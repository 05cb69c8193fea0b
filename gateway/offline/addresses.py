"""Calls of any chaincode that are signed elsewhere, step by step; the gateway needs no key of the caller."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from gateway.fabric import calls as ledger_calls
from gateway.fabric import functions
from gateway.fabric.call_schemas import AnswerSchema, CallSchema, StatusSchema, TypedCallSchema
from gateway.http import auth, idempotency
from gateway.http.inputs import Blueprint
from gateway.offline import calls
from gateway.offline.schemas import (
    SignedQuestionSchema,
    SignedStepSchema,
    UnsignedProposalSchema,
    UnsignedStepSchema,
    UnsignedTransactionSchema,
)
from gateway.offline.steps import SignedStep

blueprint = Blueprint(
    "offline",
    __name__,
    url_prefix="/v1/channels/<channel>/chaincodes/<chaincode>/offline",
    description="Calls that are signed elsewhere",
)


@blueprint.route("/proposals", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(CallSchema)
@blueprint.response(200, UnsignedProposalSchema)
def propose(body: dict[str, Any], channel: str, chaincode: str) -> dict[str, Any]:
    """Prepare a call for signing elsewhere; nothing is sent."""
    return calls.propose(ledger_calls.call_of(channel, chaincode, body))


@blueprint.route("/proposals/<function>", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(TypedCallSchema)
@blueprint.response(200, UnsignedProposalSchema)
def propose_function(body: dict[str, Any], channel: str, chaincode: str, function: str) -> dict[str, Any]:
    """Prepare a call by the names of the function's parameters for signing elsewhere; nothing is sent."""
    return calls.propose(functions.call_of(channel, chaincode, function, body))


@blueprint.route("/evaluations", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(SignedStepSchema)
@blueprint.response(200, AnswerSchema)
def evaluate(body: dict[str, Any], channel: str, chaincode: str) -> dict[str, Any]:
    """Evaluate a signed proposal; nothing is written."""
    return ledger_calls.answered(calls.evaluate(_signed(channel, chaincode, body)))


@blueprint.route("/endorsements", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(SignedStepSchema)
@blueprint.response(200, UnsignedTransactionSchema)
def endorse(body: dict[str, Any], channel: str, chaincode: str) -> dict[str, Any]:
    """
    Have a signed proposal endorsed; answer the transaction, which is signed next.

    The proposal goes to the organisations that its function declares, whatever its bytes say.
    """
    endorsed = calls.endorse(_signed(channel, chaincode, body))
    return {**endorsed, **ledger_calls.answered(endorsed["result"])}


@blueprint.route("/submissions", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(SignedStepSchema)
@blueprint.response(202, UnsignedStepSchema, description="An orderer has it; `step` is the request for its status")
def submit(body: dict[str, Any], channel: str, chaincode: str) -> Response:
    """
    Send a signed transaction to be ordered; answer the request for its status, which is signed next.

    It commits once. Sent again within a day, it gets the same answer.
    """
    shown, again = calls.submit(_signed(channel, chaincode, body))
    answer = jsonify(UnsignedStepSchema().dump(shown))
    answer.status_code = 202
    if again:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


@blueprint.route("/statuses", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(SignedQuestionSchema)
@blueprint.response(200, StatusSchema)
def status(body: dict[str, Any], channel: str, chaincode: str) -> dict[str, Any]:
    """Tell whether a transaction was committed and is valid, by a signed request."""
    return ledger_calls.told(calls.status(_signed(channel, chaincode, body), body["wait_seconds"]))


def _signed(channel: str, chaincode: str, body: dict[str, Any]) -> SignedStep:
    return SignedStep(channel, chaincode, body["step"], body["signature"])
