"""Functions of any chaincode by the names of their parameters, and their description in OpenAPI."""

from __future__ import annotations

import json

import openapi_spec_validator
import pytest

from chaincode.functions import CHAINCODES
from gateway.fabric import declarations, functions_openapi
from gateway.fabric.planning import CallPlan
from hlf.codec import records

BASE = "/v1/channels/notes/chaincodes/notes"
METADATA = {
    "contracts": {
        "Notes": {
            "name": "Notes",
            "transactions": [
                {
                    "name": "write",
                    "description": "Keep a note.\n\nIts text goes to its reader alone.",
                    "tag": ["submit"],
                    "parameters": [
                        {"name": "note_id", "schema": {"type": "string"}},
                        {"name": "lines", "schema": {"$ref": "#/components/schemas/Lines"}},
                        {"name": "until", "schema": {"type": "string"}, "required": False},
                    ],
                    "x-endorsed-by": ["caller"],
                    "x-transient": ["text"],
                },
                {"name": "read", "tag": ["evaluate"], "parameters": [], "returns": {"type": "string"}},
            ],
        }
    },
    "components": {"schemas": {"Lines": {"$id": "Lines", "type": "array", "items": {"type": "integer"}}}},
}


@pytest.fixture
def published(ledgers):
    ledgers.published = declarations.read(json.dumps(METADATA).encode())
    return ledgers.published


def test_each_function_has_an_address_with_typed_arguments(client, bearer, published):
    """Queries are evaluated and the others submitted; schemas stand in place; declarations are shown."""
    document = client.get(f"{BASE}/openapi.json", headers=bearer("read")).json
    openapi_spec_validator.validate(document)
    assert document["servers"] == [{"url": BASE}]
    assert set(document["paths"]) == {
        f"/{kind}/Notes:{name}"
        for kind, name in (("submit", "write"), ("evaluate", "read"), ("preflight", "write"), ("preflight", "read"))
    }
    write = document["paths"]["/submit/Notes:write"]["post"]
    body = write["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert write["summary"] == "Keep a note."
    assert body["arguments"]["required"] == ["note_id", "lines"]
    assert body["arguments"]["properties"]["lines"]["items"] == {"type": "integer"}
    assert list(body["transient"]["properties"]) == write["x-transient"] == ["text"]
    assert write["x-endorsed-by"] == ["caller"]
    read = document["paths"]["/evaluate/Notes:read"]["post"]["responses"]["200"]["content"]["application/json"]
    assert read["schema"]["properties"]["result"] == {"type": "string"}


@pytest.mark.parametrize("chaincode", CHAINCODES.values(), ids=lambda each: each.name)
def test_the_trades_own_chaincodes_are_described(chaincode):
    """Outside validators accept the description of every function."""
    found = declarations.read(records.dumps(chaincode.describe()))
    whole = {function.name: function for function in found.values()}
    openapi_spec_validator.validate(functions_openapi.document("trade", chaincode.name, whole))


def test_a_call_by_names_is_the_call_by_places(client, bearer, published, ledgers):
    """Text goes as it is and other values as canonical JSON; the last arguments may be left out."""
    body = {"arguments": {"lines": [1, 2], "note_id": "N1"}, "transient": {"text": {"b": 1, "a": 2}}}
    answer = client.post(f"{BASE}/submit/Notes:write", json=body, headers=bearer("write"))
    assert answer.status_code == 200
    (_, _, call) = ledgers.asked[-1]
    assert (call.function, call.texts()) == ("Notes:write", ["N1", "[1,2]"])
    assert call.transient == {"text": b'{"a":2,"b":1}'}
    asked = client.post(f"{BASE}/evaluate/Notes:read", json={}, headers=bearer("read"))
    assert asked.json == {"result": None, "result_base64": "bnVsbA=="}


def test_wrong_names_are_refused_with_their_place(client, bearer, published):
    """Unknown and missing arguments are told together; a missing one before a given one is missing, too."""
    body = {"arguments": {"until": "x", "note": "N1"}}
    answer = client.post(f"{BASE}/submit/Notes:write", json=body, headers=bearer("write"))
    assert (answer.status_code, answer.json["code"]) == (422, "REQUEST_INVALID")
    assert answer.json["errors"]["json"]["arguments"] == {
        "note": ["Unknown argument."],
        "note_id": ["Missing argument."],
        "lines": ["Missing argument."],
    }


def test_what_is_not_published_is_not_found(client, bearer, published, ledgers):
    """An unknown function, and a chaincode that publishes nothing."""
    for address in ("evaluate/Notes:erase", "preflight/Notes:erase"):
        answer = client.post(f"{BASE}/{address}", json={}, headers=bearer("read"))
        assert (answer.status_code, answer.json["code"]) == (404, "FUNCTION_NOT_FOUND")
    ledgers.published = {}
    answer = client.get(f"{BASE}/openapi.json", headers=bearer("read"))
    assert (answer.status_code, answer.json["code"]) == (404, "FUNCTION_NOT_FOUND")


def test_a_preflight_says_who_sees_and_who_endorses(client, bearer, published, ledgers):
    """The same plan as for the call itself, and nothing is sent."""
    ledgers.planned = CallPlan(published["Notes:write"], ("AMSP",), ("text",))
    body = {"arguments": {"note_id": "N1", "lines": []}, "transient": {"text": "hello"}}
    answer = client.post(f"{BASE}/preflight/Notes:write", json=body, headers=bearer("read")).json
    assert (answer["must_endorse"], answer["will_see"], answer["private"]) == (["AMSP"], ["AMSP"], ["text"])
