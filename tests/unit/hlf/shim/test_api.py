"""Contracts as they are declared: arguments, results, functions, and what is refused when the process starts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from hlf.shim import api, endorsement, identity, testing
from tests.unit.hlf.shim import ledger_contracts

THING = {"id": "T1", "colour": "red", "parts": [{"name": "bolt", "count": 2}, {"name": "nut"}], "labels": {"a": "b"}}


@pytest.fixture
def ledger():
    return testing.Ledger(ledger_contracts.chaincode, members=("AMSP",))


@pytest.fixture
def a():
    return testing.client("AMSP")


def test_a_dataclass_comes_and_goes_as_canonical_json(ledger, a):
    """Defaults are filled in, names are sorted, every field is there."""
    assert ledger.invoke("echo", json.dumps(THING, indent=1), client=a).text == (
        '{"colour":"red","id":"T1","labels":{"a":"b"},"note":null,'
        '"parts":[{"count":2,"name":"bolt"},{"count":1,"name":"nut"}],"size":"s"}'
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": "green"}, "thing.colour: must be one of red, blue"),
        ({"size": "m"}, "thing.size: must be one of s, l"),
        ({"parts": [{"name": "x", "count": True}]}, "thing.parts[0].count: must be an integer"),
        ({"parts": [{"name": "x"}, {"count": 1}]}, "thing.parts[1].name: is missing"),
        ({"parts": {}}, "thing.parts: must be a list"),
        ({"labels": {"k": 1}}, "thing.labels.k: must be a string"),
        ({"surplus": 1}, "thing.surplus: is not a field"),
        ({"id": None}, "thing.id: must be a string"),
        ({"note": 5}, "thing.note: must be a string"),
    ],
)
def test_a_wrong_field_is_named_and_not_quoted(ledger, a, change, field):
    with pytest.raises(api.Refused) as refused:
        ledger.invoke("echo", json.dumps({**THING, **change}), client=a)
    assert refused.value.code == "INVALID_ARGUMENT"
    assert refused.value.text.startswith(field)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"id":"a","id":"b"}', "NaN", "1.5", "1e3", "9007199254740992", '"\\ud800"', "[" * 5000 + "]" * 5000],
    ids=["empty", "cut", "twice", "nan", "fraction", "exponent", "too large", "surrogate", "deep"],
)
def test_json_is_strict(ledger, a, text):
    with pytest.raises(api.Refused, match=r"INVALID_ARGUMENT: thing"):
        ledger.invoke("echo", text, client=a)


def test_scalars_are_strict(ledger, a):
    assert ledger.invoke("typed", "7", "true", '{"x":[1]}', '["a"]', client=a).json() == [7, True, {"x": [1]}, ["a"]]
    for wrong in (["1.0"], ["true"], ["7", "1"], ["7", "true", "x"], ["7", "true", "1", '"a"'], ["007"]):
        full = [*wrong, *["7", "true", "1", "[]"][len(wrong) :]]
        with pytest.raises(api.Refused, match="INVALID_ARGUMENT"):
            ledger.invoke("typed", *full, client=a)


def test_text_must_be_utf8(ledger, a):
    with pytest.raises(api.Refused, match="INVALID_ARGUMENT: key: must be text in UTF-8"):
        ledger.invoke("get", b"\xff", client=a)


def test_the_number_of_arguments_is_checked(ledger, a):
    with pytest.raises(api.Refused, match="INVALID_ARGUMENT: value: missing"):
        ledger.invoke("put", "k", client=a)
    with pytest.raises(api.Refused, match="3 arguments given, put takes key, value"):
        ledger.invoke("put", "k", "v", "w", client=a)
    assert ledger.evaluate("page", "a", "b", "5", client=a).json() == {"keys": [], "next": ""}


def test_functions_are_found_by_contract_and_in_the_first_one_without(ledger, a):
    assert ledger.evaluate("Things:get", "k", client=a).payload == b""
    assert ledger.evaluate("elsewhere:hello", client=a).text == "hello"
    for unknown in ("hello", "Things:hello", "nowhere:get", "", "__init__", "Things:name"):
        with pytest.raises(api.Refused, match="UNKNOWN_FUNCTION"):
            ledger.evaluate(unknown, client=a)


def test_a_query_that_writes_is_a_defect(ledger, a):
    with pytest.raises(testing.CallFailed, match="write_in_a_query failed with ContractError") as failed:
        ledger.invoke("write_in_a_query", client=a)
    assert isinstance(failed.value.__cause__, api.ContractError)


def test_metadata_describes_functions_and_types(ledger, a):
    """What Fabric's tools ask a contract-API chaincode."""
    described = ledger.evaluate("org.hyperledger.fabric:GetMetadata", client=a).json()
    assert list(described["contracts"]) == ["Things", "elsewhere"]
    functions = {each["name"]: each for each in described["contracts"]["Things"]["transactions"]}
    assert functions["echo"]["tag"] == ["submit"]
    assert functions["echo"]["description"] == "Give back what was understood."
    assert functions["echo"]["parameters"] == [
        {"name": "thing", "required": True, "schema": {"$ref": "#/components/schemas/Thing"}}
    ]
    assert functions["get"]["tag"] == ["evaluate"]
    assert [each["required"] for each in functions["page"]["parameters"]] == [True, True, True, False]
    thing = described["components"]["schemas"]["Thing"]
    assert thing["required"] == ["id", "colour", "parts", "labels"]
    assert thing["properties"]["parts"] == {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}
    assert thing["properties"]["colour"] == {"enum": ["red", "blue"]}
    assert thing["additionalProperties"] is False


def _contract(annotation):
    def function(self, ctx, value):
        return None

    function.__annotations__ = {"value": annotation} if annotation else {}
    return type("Odd", (api.Contract,), {"function": api.transaction(function)})


@dataclass(frozen=True)
class Weighing:
    parts: set[str]


@pytest.mark.parametrize(
    "annotation",
    [set[str], dict[int, str], int | bytes, complex, Weighing, tuple[int, str], list[bytes], Sequence[set[str]], None],
)
def test_parameters_without_a_strict_form_are_found_at_the_start(annotation):
    with pytest.raises(api.ContractError, match="Odd:function: value"):
        api.Chaincode("odd", [_contract(annotation)])


def test_chaincodes_that_cannot_be_served_are_found_at_the_start():
    class Empty(api.Contract):
        pass

    class Named(api.Contract):
        @api.transaction
        def function(self, ctx: api.Context, *, value: str) -> None: ...

    class Bare(api.Contract):
        @api.transaction
        def function(self) -> None: ...

    for contracts, reason in (
        ([], "has no contracts"),
        ([Empty], "no function marked"),
        ([ledger_contracts.Things, ledger_contracts.Things], "two contracts named Things"),
        ([Named], "must be positional"),
        ([Bare], "takes no context"),
    ):
        with pytest.raises(api.ContractError, match=reason):
            api.Chaincode("odd", contracts)


@pytest.mark.parametrize("creator", [b"\xff", b"", b"\x0a\x04AMSP\x12\x01x"])
def test_a_creator_that_is_no_certificate_is_refused(creator):
    with pytest.raises(api.Refused, match="INVALID_ARGUMENT: the proposal's creator"):
        _ = identity.Client(creator).certificate


def test_an_identity_without_role_and_attributes_has_none():
    found = identity.of_creator(testing.client("AMSP", role="").serialized)
    assert (found.role, dict(found.attributes), found.common_name) == ("", {}, "User1")


def test_equal_sets_of_organisations_give_equal_policies():
    assert endorsement.all_of(["BMSP", "AMSP", "BMSP"]) == endorsement.all_of(("AMSP", "BMSP"))
    with pytest.raises(api.ContractError, match="no organisation"):
        endorsement.all_of([])
