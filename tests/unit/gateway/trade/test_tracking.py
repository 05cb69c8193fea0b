"""Shoppers' links: whoever has none that is right learns that, and nothing else."""

from __future__ import annotations

import json

import grpc
import pytest

from gateway.http import problemtypes
from hlf import errors
from tests.unit.gateway.fakes import TRANSACTION

PRIVATE = ("127.0.0.1:7051", "PlatformMSP", "peer0", TRANSACTION, "J-4711")
DETAIL = errors.Detail(
    "127.0.0.1:7051", "PlatformMSP", "chaincode response 400, refused/LINK_UNKNOWN: peer0 has no J-4711"
)
REFUSALS = {
    "no such link": errors.EvaluateError("evaluate failed", transaction_id=TRANSACTION, details=[DETAIL]),
    "another refusal": errors.EvaluateError("refused/NOT_FOUND: J-4711 at PlatformMSP", transaction_id=TRANSACTION),
}
FAILURES = {
    "no peer": errors.EvaluateError(
        "failed to connect to 127.0.0.1:7051 (peer0)", status=grpc.StatusCode.UNAVAILABLE, transaction_id=TRANSACTION
    ),
    "no access": errors.EvaluateError("access denied: creator org [PlatformMSP]", details=[DETAIL]),
    "a defect": RuntimeError("J-4711 at peer0"),
    "a key": errors.IdentityError("PlatformMSP: key.pem of peer0"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_wrong_link_tells_a_program_that_it_is_wrong(client, ledgers, refusal):
    """No address, organisation, transaction or word of the contract; and one answer whatever was wrong."""
    ledgers.answers["Journeys:track"] = REFUSALS[refusal]
    answer = client.get("/track/wrong")
    problem = answer.json
    kind = problemtypes.REFUSALS["LINK_UNKNOWN"]
    assert answer.status_code == 404
    assert {**problem, "request_id": ""} == {
        "type": "/docs/errors#LINK_UNKNOWN",
        "title": kind.title,
        "status": 404,
        "detail": kind.title,
        "code": "LINK_UNKNOWN",
        "cure": kind.cure,
        "request_id": "",
    }


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_wrong_link_tells_a_browser_that_it_is_wrong(client, ledgers, refusal):
    """A page in words, not JSON."""
    ledgers.answers["Journeys:track"] = REFUSALS[refusal]
    answer = client.get("/track/wrong", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert problemtypes.REFUSALS["LINK_UNKNOWN"].title in page
    assert "LINK_UNKNOWN" not in page
    assert not [each for each in PRIVATE if each in page]


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_behind_the_link_tells_nothing_of_the_network(client, ledgers, failure, accept):
    """Whoever needs no token is not told where the gateway's peers are, or who they belong to."""
    ledgers.answers["Journeys:track"] = FAILURES[failure]
    answer = client.get("/track/right", headers={"Accept": accept})
    text = answer.get_data(as_text=True)
    assert answer.status_code >= 403
    assert not [each for each in PRIVATE if each in text]
    if accept == "application/json":
        assert set(json.loads(text)) == {"type", "title", "status", "detail", "code", "cure", "request_id"}
