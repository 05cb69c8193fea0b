"""Any function of any chaincode, and how failures leave the gateway."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path

import grpc
import pytest

import gateway
from chaincode import carriage, commerce, trade
from gateway.fabric.declarations import DeclaredFunction
from gateway.fabric.planning import CallPlan, UnplannedError
from gateway.http import auth, openapi
from hlf import errors
from hlf.codec import records
from tests.unit.gateway.fakes import TRANSACTION

EVALUATE = "/v1/channels/trade/chaincodes/trade/evaluate"
SUBMIT = "/v1/channels/trade/chaincodes/trade/submit"
PREFLIGHT = "/v1/channels/trade/chaincodes/trade/preflight"
CALLS = "x-contract-functions"
# They call what the caller names, or read blocks and the read model.
NOT_OF_THE_TRADE = (
    *("/v1/audit/", "/v1/events/", "/v1/channels/", "/v1/model/", "/v1/search", "/v1/tokens"),
    *("/v1/webhooks", "/v1/jobs", "/v1/batches"),
)
SECRET = "a-price-of-4711"


def body(**fields):
    return {"function": "Claims:read", **fields}


def test_arguments_go_as_text_or_canonical_json(client, bearer, ledgers):
    client.post(EVALUATE, json=body(arguments=["J1", {"b": 1, "a": [True, None]}, 7]), headers=bearer("read"))
    (asked,) = ledgers.asked
    assert asked[2].texts() == ["J1", '{"a":[true,null],"b":1}', "7"]


def test_a_fraction_is_refused_with_its_place(client, bearer):
    answer = client.post(EVALUATE, json=body(arguments=["a", {"price": 1.5}]), headers=bearer("read"))
    assert answer.status_code == 400
    assert answer.json["detail"].startswith("json.arguments[1].price: ")


def test_private_values_go_to_transient_and_named_endorsers(client, bearer, ledgers):
    private = {"transient": {"k": base64.b64encode(b"\x00\xff").decode()}, "endorsing_organizations": ["AMSP"]}
    client.post(SUBMIT, json=body(**private), headers=bearer("write"))
    (asked,) = ledgers.asked
    assert asked[2].transient == {"k": b"\x00\xff"}
    assert asked[2].endorsers == ("AMSP",)
    assert "\\xff" not in repr(asked[2])


@pytest.mark.parametrize(
    ("result", "plain"), [(b'{"a":1}', {"a": 1}), (b"text", "text"), (b"", None), (b"\xff\x00", None)]
)
def test_answers_come_as_json_or_text_and_as_bytes(client, bearer, ledgers, result, plain):
    ledgers.answers["Claims:read"] = result
    answer = client.post(SUBMIT, json=body(), headers=bearer("write"))
    assert answer.json["result"] == plain
    assert base64.b64decode(answer.json["result_base64"]) == result
    assert (answer.json["transaction_id"], answer.json["block_number"]) == (TRANSACTION, 7)


def test_the_status_of_a_transaction(client, bearer):
    answer = client.get(f"/v1/channels/trade/transactions/{TRANSACTION}/status", headers=bearer("read"))
    assert answer.json == {
        "transaction_id": TRANSACTION,
        "valid": False,
        "validation_code": "MVCC_READ_CONFLICT",
        "block_number": 7,
    }


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "function"),
        ({"function": "f", "surprise": 1}, "surprise"),
        ({"function": "f", "endorsing_organizations": ["../etc"]}, "endorsing_organizations"),
        ({"function": "f", "transient": {"k": SECRET}}, "transient"),
        ({"function": "f", "transient": {"k": 5}}, "transient"),
        ({"function": "f" * 300}, "function"),
        ({"function": "f", "arguments": "J1"}, "arguments"),
    ],
)
def test_a_bad_body_names_the_field_and_not_its_value(client, bearer, sent, field):
    answer = client.post(EVALUATE, json=sent, headers=bearer("read"))
    assert (answer.status_code, answer.json["code"]) == (422, "REQUEST_INVALID")
    assert field in answer.json["errors"]["json"]
    assert SECRET not in answer.get_data(as_text=True)


def test_a_body_over_the_limit_says_both_sizes(client, bearer, ledgers):
    answer = client.post(EVALUATE, data=b"x" * 10_000, content_type="application/json", headers=bearer("read"))
    assert (answer.status_code, answer.json["code"]) == (413, "BODY_TOO_LARGE")
    assert "10000 bytes" in answer.json["detail"]
    assert "4096" in answer.json["detail"]
    assert ledgers.asked == []


def test_an_unexpected_failure_tells_nobody_what_was_in_it(client, bearer, ledgers, caplog):
    """An exception's text may quote a private value; its place is enough to mend it."""
    ledgers.answers["Claims:read"] = RuntimeError(SECRET)
    with caplog.at_level(logging.INFO):
        answer = client.post(EVALUATE, json=body(transient={"k": "NDI="}), headers=bearer("read"))
    assert (answer.status_code, answer.json["code"]) == (500, "GATEWAY_FAULT")
    assert SECRET not in answer.get_data(as_text=True) + caplog.text
    assert "RuntimeError" in caplog.text
    assert "fakes.py" in caplog.text
    assert answer.json["request_id"] in caplog.text


def test_the_log_has_routes_and_no_paths_queries_or_bodies(client, bearer, ledgers, caplog):
    ledgers.answers |= {"Journeys:track": b"{}", "Returns:track": b"[]"}
    with caplog.at_level(logging.INFO):
        client.get(f"/track/{SECRET}?q={SECRET}")
        client.post(EVALUATE, json=body(arguments=[SECRET]), headers=bearer("read"))
    assert "GET /track/<token> 200" in caplog.text
    assert "PlatformMSP/User1" in caplog.text
    assert SECRET not in caplog.text


def test_every_answer_names_its_request_and_may_not_be_kept(client):
    answer = client.get("/healthz")
    assert len(answer.headers["X-Request-Id"]) == 32
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "method", "status"), [("/nowhere", "GET", 404), ("/v1/orders/x", "DELETE", 405)])
def test_wrong_addresses_are_problems_too(client, path, method, status):
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status


def test_broken_json_is_a_problem(client, bearer):
    answer = client.post(EVALUATE, data=b"{", content_type="application/json", headers=bearer("read"))
    assert (answer.status_code, answer.json["code"]) == (400, "REQUEST_MALFORMED")


def test_fabrics_words_are_kept(client, bearer, ledgers):
    ledgers.answers["Claims:read"] = errors.EvaluateError(
        "no peers available to evaluate chaincode x in channel y", status=grpc.StatusCode.FAILED_PRECONDITION
    )
    answer = client.post(EVALUATE, json=body(), headers=bearer("read"))
    assert (answer.status_code, answer.json["code"]) == (404, "CHAINCODE_NOT_FOUND")
    assert answer.json["fabric"]["status"] == "FAILED_PRECONDITION"


def test_readiness_needs_every_organisations_peer(client, ledgers):
    ledgers.up = {"PlatformMSP"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["ready"]) == (503, False)
    assert answer.json["checks"] == {"store": True, "ForwarderMSP": False, "PlatformMSP": True}
    ledgers.up = {"PlatformMSP", "ForwarderMSP"}
    assert client.get("/readyz").json["ready"] is True


def test_every_address_is_described(app, client):
    """Each path and method of /v1 stands in the OpenAPI document with its scope."""
    document = json.loads(client.get("/openapi.json").data)
    described = {(path, method.upper()) for path, ops in document["paths"].items() for method in ops}
    for rule in app.url_map.iter_rules():
        # The form behind a shopper's link is a page, as those of the console are.
        if not rule.rule.startswith(("/v1", "/track")) or rule.endpoint.startswith("sendback."):
            continue
        path = rule.rule
        for converter in ("path:", "int:"):
            path = path.replace(converter, "")
        path = path.replace("<", "{").replace(">", "}")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            assert (path, method) in described
            operation = document["paths"][path][method.lower()]
            assert operation["x-scope"] == auth.scope_of(app.view_functions[rule.endpoint])
    assert document["security"] == [{"token": []}]
    assert document["paths"]["/track/{token}"]["get"]["security"] == []


def test_the_reference_page_needs_nothing_from_elsewhere(client):
    """Nothing is loaded from another host; addresses in examples are of domains that are kept for examples."""
    page = client.get("/docs").get_data(as_text=True)
    assert "/v1/disclosures" in page
    assert "http://" not in page
    assert "https://" not in page.replace("https://id.gs1.org", "").replace("https://example.com/", "")
    assert page.count("<script") == page.count('<script src="/static/')
    style = client.get("/static/selat.css")
    assert style.status_code == 200
    style.close()


def test_the_document_lists_every_address(app):
    """docs/api.md ends with what `selat gateway addresses` prints."""
    written = (Path(gateway.__file__).parent.parent / "docs" / "api.md").read_text()
    with app.app_context():
        assert written.endswith(openapi.addresses())


def test_who_would_see_a_call_is_said_before_it_is_sent(client, bearer, ledgers):
    """Who endorses and who gets the private values, as planned by the declaration."""
    declared = DeclaredFunction("Notes:write", True, ("note_id",), endorsed_by=("caller",), transient=("note",))
    ledgers.planned = CallPlan(declared, ("AMSP", "BMSP"), ("note",))
    answer = client.post(PREFLIGHT, json=body(transient={"note": "NDI="}), headers=bearer("read"))
    assert answer.get_json() == {
        "function": "Notes:write",
        "declared": True,
        "query": False,
        "must_endorse": ["AMSP", "BMSP"],
        "will_see": ["AMSP", "BMSP"],
        "private": ["note"],
        "endorsed_by": ["caller"],
        "transient": ["note"],
        "called_by": [],
        "read_on": [],
    }
    ledgers.planned = CallPlan(None, ())
    answer = client.post(PREFLIGHT, json=body(), headers=bearer("read"))
    assert (answer.get_json()["declared"], answer.get_json()["must_endorse"]) == (False, [])


def test_a_call_that_cannot_be_planned_says_why(client, bearer, ledgers):
    """With what is missing and what to do; the value itself is not repeated."""
    ledgers.planned = UnplannedError("Notes:write: transient.note.to is missing or not a text")
    answer = client.post(PREFLIGHT, json=body(transient={"note": "NDI="}), headers=bearer("read"))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "ENDORSERS_UNRESOLVED")
    assert "transient.note.to is missing" in answer.get_json()["detail"]


def test_each_address_shows_the_contract_functions_that_it_calls(client, ledgers):
    """With what they declare, once this gateway has read it; nothing of a stranger's chaincode."""
    shown = client.get("/openapi.json").get_json()["paths"]["/v1/disclosures"]["post"][CALLS]
    assert {"function": "Disclosures:grant", "chaincode": "trade"} in shown

    class Peer:
        name = "trade"

        def contract(self, name):
            return self

        def evaluate(self, function, *arguments, **named):
            return b"1" if function == "QueryChaincodeDefinition" else records.dumps(trade.chaincode.describe())

    for chaincode in ("trade", "stranger"):
        ledgers.declarations.find(Peer(), "PlatformMSP", chaincode, "Disclosures:grant", private=True)
    paths = client.get("/openapi.json").get_json()["paths"]
    shown = {one["function"]: one for one in paths["/v1/disclosures"]["post"][CALLS]}
    assert shown["Disclosures:grant"]["endorsed_by"][0] == "caller"
    assert shown["Disclosures:deliver"]["transient"] == ["document", "disclosures"]
    read = next(one for one in paths["/v1/participants"]["get"][CALLS] if one["function"] == "Participants:list")
    assert read["answer"]["items"]["properties"]["msp_id"] == {"type": "string"}
    door = paths["/v1/channels/{channel}/chaincodes/{chaincode}/submit"]["post"][CALLS]
    assert {one["chaincode"] for one in door} == {"trade"}
    assert "endorsed by recipient; transient document, disclosures" in client.get("/docs").get_data(as_text=True)


def test_addresses_show_functions_that_there_are(client):
    """Every one of the trade shows what it calls, by a name that its chaincode has."""
    chaincodes = {each.name: each.functions for each in (trade.chaincode, commerce.chaincode, carriage.chaincode)}
    there = {name for functions in chaincodes.values() for name in functions}
    for path, operations in client.get("/openapi.json").get_json()["paths"].items():
        if not path.startswith("/v1/") or path.startswith(NOT_OF_THE_TRADE):
            continue
        shown = [one for method, each in operations.items() if method != "parameters" for one in each[CALLS]]
        assert shown or path.endswith("/attributes"), f"{path} shows no contract function"
        for one in shown:
            assert one["function"] in chaincodes.get(one.get("chaincode"), there), f"{path} shows {one}"


@pytest.mark.parametrize("path", ["/v1/returns/{return_id}/settlement", "/v1/payments/{payment_id}/capture"])
def test_addresses_that_are_made_of_a_table_show_their_functions(client, path):
    """The function's name is put together there."""
    name, verb = ("Returns", "settle") if "returns" in path else ("Settlement", "capture")
    shown = client.get("/openapi.json").get_json()["paths"][path]["post"][CALLS]
    assert f"{name}:{verb}" in [one["function"] for one in shown]
