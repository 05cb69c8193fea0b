"""The one table from errors to HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import grpc
import pytest
from fabric_protos.peer import transaction_pb2

import gateway
from gateway.fabric.wallet import WalletError
from gateway.http import description, problems, problemtypes
from gateway.jobs import runner
from gateway.store.tokens import TokenError
from hlf import errors
from hlf.codec.refusals import Refused

ROOT = Path(gateway.__file__).parent.parent


def every_error(kind=errors.HlfError):
    for below in kind.__subclasses__():
        yield below
        yield from every_error(below)


def test_every_error_of_the_client_has_a_problem():
    """None falls through to "the gateway failed"."""
    for kind in every_error():
        if issubclass(kind, errors.CommitError):
            error = kind("ab" * 32, 11, 3)
        elif issubclass(kind, errors.DocumentError):
            error = kind("is damaged", "Ask for it again.")
        else:
            error = kind("words")
        assert problems.of(error).code != "GATEWAY_FAULT", kind.__name__


def test_no_code_stands_in_two_sections():
    sections = (problemtypes.REQUEST, problemtypes.FABRIC, problemtypes.COMMIT, problemtypes.REFUSALS)
    assert len(problemtypes.PROBLEM_TYPES) == sum(map(len, sections))


def test_every_problem_is_an_http_error_with_a_cure():
    for code, kind in problemtypes.PROBLEM_TYPES.items():
        assert 400 <= kind.status < 600, code
        assert kind.title, code
        assert kind.cure.endswith("."), code


def test_whoever_may_try_again_is_told_when():
    """
    A job tries again by itself, so its caller may. Those of open outcome are told to ask first.

    What a budget leaves is told when it is taken.
    """
    told = {code for code, kind in problemtypes.PROBLEM_TYPES.items() if "Retry-After" in kind.cure}
    counted = {"BUDGET_EXHAUSTED", "LINK_EXHAUSTED"}
    for code in (told | runner.LATER) - counted - {"OUTCOME_UNKNOWN"}:
        assert int(problems.Problem(code).headers()["Retry-After"]) > 0, code


def test_the_document_lists_the_table():
    """docs/errors.md is the table in Markdown: selat gateway errors > docs/errors.md."""
    assert (ROOT / "docs" / "errors.md").read_text() == problemtypes.markdown()


def test_a_refusal_keeps_code_words_and_endorsers():
    error = errors.EndorseError(
        "failed to endorse transaction, see attached details for more info",
        transaction_id="ab" * 32,
        status=grpc.StatusCode.ABORTED,
        details=[
            errors.Detail("127.0.0.1:7051", "Org1MSP", "chaincode response 400, refused/NOT_CUSTODIAN: J1 is X's")
        ],
    )
    problem = problems.of(error)
    document = problem.document("r1")
    assert (document["code"], document["status"], document["detail"]) == ("NOT_CUSTODIAN", 403, "J1 is X's")
    assert document["transaction_id"] == "ab" * 32
    assert document["fabric"]["status"] == "ABORTED"
    assert document["fabric"]["details"][0]["msp_id"] == "Org1MSP"


def test_a_strangers_refusal_keeps_its_code_under_another_name():
    """A chaincode this gateway does not know may use any code."""
    error = errors.EvaluateError("refused/THEIR_OWN: words")
    document = problems.of(error).document("r1")
    assert (document["code"], document["contract_code"], document["status"]) == ("CONTRACT_REFUSED", "THEIR_OWN", 422)


@pytest.mark.parametrize(
    ("kind", "status", "message", "detail", "code"),
    [
        (errors.EvaluateError, "FAILED_PRECONDITION", "no peers available to evaluate chaincode x in channel y", "",
         "CHAINCODE_NOT_FOUND"),
        (errors.EvaluateError, "UNAVAILABLE", "failed to get config for channel [nochan]: no", "",
         "CHAINCODE_NOT_FOUND"),
        (errors.EndorseError, "FAILED_PRECONDITION", "no combination of peers can be derived which satisfy the "
         "endorsement policy: No metadata was found for chaincode x in channel y", "", "CHAINCODE_NOT_FOUND"),
        (errors.EndorseError, "FAILED_PRECONDITION", "no combination of peers can be derived which satisfy the "
         "endorsement policy: required chaincodes are not installed on sufficient peers", "", "ENDORSERS_MISSING"),
        (errors.EndorseError, "UNAVAILABLE", "failed to find any endorsing peers for org(s): NopeMSP", "",
         "ENDORSERS_MISSING"),
        (errors.EndorseError, "ABORTED", "failed", "ProposalResponsePayloads do not match", "ENDORSERS_DISAGREE"),
        (errors.EndorseError, "ABORTED", "failed", "chaincode response 500, boom", "CONTRACT_FAILED"),
        (errors.EvaluateError, "UNAVAILABLE", "failed", "proposal client identity expired", "IDENTITY_REFUSED"),
        (errors.EndorseError, "ABORTED", "failed", "error validating proposal: access denied: channel [c] creator org "
         "unknown, creator is malformed", "IDENTITY_REFUSED"),
        (errors.EndorseError, "FAILED_PRECONDITION", "no endorsers found in the gateway's organization; retry "
         "specifying endorsing organization(s) to protect transient data", "", "TRANSIENT_UNPROTECTED"),
        (errors.EvaluateError, "UNKNOWN", "too many requests for /gateway.Gateway, exceeding concurrency limit (1)", "",
         "FABRIC_BUSY"),
        (errors.EvaluateError, "RESOURCE_EXHAUSTED", "grpc: received message larger than max", "", "FABRIC_TOO_LARGE"),
        (errors.EvaluateError, "DEADLINE_EXCEEDED", "Deadline Exceeded", "", "FABRIC_TIMEOUT"),
        (errors.EvaluateError, "UNAVAILABLE", "failed to connect to all addresses", "", "FABRIC_UNAVAILABLE"),
        (errors.EvaluateError, "ABORTED", "failed", "error in simulation: failed to execute transaction ab: error "
         "sending: chaincode stream terminated", "CHAINCODE_UNAVAILABLE"),
        (errors.SubmitError, "ABORTED", "received unsuccessful response from orderer", "", "ORDERING_REFUSED"),
        (errors.SubmitError, "UNAVAILABLE", "no orderers could process transaction", "", "OUTCOME_UNKNOWN"),
        (errors.CommitStatusError, "DEADLINE_EXCEEDED", "Deadline Exceeded", "", "OUTCOME_UNKNOWN"),
        (errors.EventsError, "PERMISSION_DENIED", "Failed evaluating policy", "", "IDENTITY_REFUSED"),
        (errors.EvaluateError, "UNIMPLEMENTED", "unknown service gateway.Gateway", "", "FABRIC_REFUSED"),
    ],
)  # fmt: skip
def test_fabrics_words_decide(kind, status, message, detail, code):
    """The phrases are those that Fabric 3.1.5 was seen to use."""
    details = [errors.Detail("127.0.0.1:1", "Org1MSP", detail)] if detail else []
    assert problems.of(kind(message, status=grpc.StatusCode[status], details=details)).code == code


def test_invalid_transactions_say_which_way():
    for name, code in (("MVCC_READ_CONFLICT", 409), ("ENDORSEMENT_POLICY_FAILURE", 403), ("BAD_PAYLOAD", 502)):
        error = errors.CommitError("ab" * 32, transaction_pb2.TxValidationCode.Value(name), 9)
        document = problems.of(error).document("")
        assert (document["status"], document["fabric"]["validation_code"]) == (code, name)


def test_only_an_unknown_outcome_is_open():
    """What certainly wrote nothing may be sent again at once."""
    open_codes = {code for code in problemtypes.PROBLEM_TYPES if problems.Problem(code).outcome_open}
    assert open_codes == {"OUTCOME_UNKNOWN", "GATEWAY_FAULT"}


def test_the_gateways_own_errors():
    assert problems.of(WalletError("no")).code == "ORGANISATION_UNKNOWN"
    assert problems.of(TokenError("malformed")).code == "TOKEN_INVALID"
    assert problems.of(Refused("INVALID_ARGUMENT", "x: no")).code == "INVALID_ARGUMENT"
    assert problems.of(RuntimeError("a private value")).detail == problemtypes.PROBLEM_TYPES["GATEWAY_FAULT"].title


def test_the_page_lists_the_table(client):
    page = client.get("/docs/errors").get_data(as_text=True)
    assert all(f'id="{code}"' in page for code in problemtypes.PROBLEM_TYPES)


def test_the_description_lists_the_codes(client):
    document = json.loads(client.get("/openapi.json").data)
    assert document["components"]["schemas"]["Problem"] == json.loads(json.dumps(description.PROBLEM))
