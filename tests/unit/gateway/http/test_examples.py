"""The examples of the description: one for every address, and each of them is what its address takes."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from gateway.examples import steps
from tests.unit.gateway.fakes import FakeLedgers, application


@pytest.fixture(scope="module")
def document(tmp_path_factory) -> dict[str, Any]:
    """Return the description, as a caller gets it."""
    gateway = application(tmp_path_factory.mktemp("described"), FakeLedgers())
    found: dict[str, Any] = json.loads(gateway.test_client().get("/openapi.json").data)
    return found


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation, methods.get("parameters", [])


def test_every_address_has_an_example(document):
    """A new address needs a step in one of the files of gateway/examples."""
    without = [label for label, operation, _ in operations(document) if not operation.get("x-examples")]
    assert without == []


def test_every_body_in_an_example_is_what_the_address_takes(document):
    """By the schema that the description itself has; and an address with a body never has an example without one."""
    for label, operation, _ in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["examples"], label
            schema = {**content["schema"], "components": document["components"]}
            for example in content["examples"].values():
                jsonschema.validate(example["value"], schema, jsonschema.Draft202012Validator)


def test_every_path_and_query_in_an_example_is_what_the_address_takes(document):
    """Each parameter of a path has an example, by its schema."""
    for label, operation, shared in operations(document):
        for parameter in [*shared, *operation.get("parameters", [])]:
            if parameter.get("in") == "path":
                assert "example" in parameter, label
            if parameter.get("in") in {"path", "query"} and "example" in parameter:
                jsonschema.validate(parameter["example"], parameter["schema"])


def test_a_step_takes_only_what_an_earlier_one_kept():
    """So the story can be sent from its first step on, and every sample stands for something."""
    kept: set[str] = set()
    for step in steps.story():
        assert steps.references([step.address, step.body]) <= kept, step.address
        kept |= {*step.keep, *step.sign}
    assert set(steps.samples()) == kept


def test_a_refusal_has_its_reason():
    """An example of an error says which, and why it is one."""
    assert [step.address for step in steps.story() if bool(step.refused) != bool(step.because)] == []
