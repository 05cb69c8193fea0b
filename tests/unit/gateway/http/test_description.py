"""The description of the API, as strangers' tools read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest

from gateway.http import auth, inputs, openapi


@pytest.fixture
def document(client):
    return json.loads(client.get("/openapi.json").data)


def _operations(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _patterns(each)


def test_an_outside_validator_accepts_it(document):
    """It is OpenAPI 3.1, whose schemas are JSON Schema."""
    assert document["openapi"].startswith("3.1")
    openapi_spec_validator.validate(document)


def test_it_is_made_once_for_all_who_ask(app, client, monkeypatch):
    """It needs no token, and takes as long as a hundred requests; a page is made once in each language."""
    made: list[str] = []
    app.extensions.pop(openapi._KEPT, None)
    for name in ("_document", "_operations"):
        usual = getattr(openapi, name)
        monkeypatch.setattr(openapi, name, lambda given, usual=usual, name=name: made.append(name) or usual(given))
    for path in ("/openapi.json", "/docs") * 3:
        assert client.get(path).status_code == 200
    assert made == ["_document", "_operations"]
    vietnamese = client.get("/docs", headers={"Accept-Language": "vi"})
    assert 'lang="vi"' in vietnamese.get_data(as_text=True)
    assert made == ["_document", "_operations", "_operations"]


def test_patterns_are_ecmas_and_for_the_whole_text(document):
    """JSON Schema looks for a part of a text, and ECMA-262 has no \\A, no \\Z and no (?P<name>...)."""
    found = set(_patterns(document))
    assert len(found) > 10
    assert [each for each in found if not (each.startswith("^") and each.endswith("$"))] == []
    assert [each for each in found if re.search(r"\\[AZ]|\(\?P|\(\?[a-zA-Z]", each)] == []


def test_every_answer_has_a_schema_and_names_its_request(document):
    """Good answers and problems alike; an event stream is text, and 204 says that nothing is in it."""
    for label, operation in _operations(document):
        good = {status: each for status, each in operation["responses"].items() if status.startswith("2")}
        assert good, label
        for status, response in good.items():
            assert ("content" in response) == (status != "204"), label
            assert all("schema" in content for content in response.get("content", {}).values()), label
            assert "X-Request-Id" in response["headers"], label
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}
    (problem,) = document["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert problem == "application/problem+json"
    assert "Error" not in document["components"]["schemas"]


def test_every_operation_says_how_it_may_refuse(app, document):
    """A closed address refuses identities, and one with a body refuses bodies."""
    views = {endpoint.replace(".", "_"): view for endpoint, view in app.view_functions.items()}
    for label, operation in _operations(document):
        view = views[operation["operationId"]]
        assert ("401" in operation["responses"]) == (auth.scope_of(view) != auth.PUBLIC), label
        assert ("415" in operation["responses"]) == bool(inputs.of(view).body), label
        assert "429" in operation["responses"], label


def test_a_body_takes_no_field_that_is_not_described(document):
    """The gateway refuses unknown fields, so the description says it."""
    for label, operation in _operations(document):
        if "requestBody" in operation:
            ((_, content),) = operation["requestBody"]["content"].items()
            name = content["schema"]["$ref"].rpartition("/")[2]
            assert document["components"]["schemas"][name]["additionalProperties"] is False, label
