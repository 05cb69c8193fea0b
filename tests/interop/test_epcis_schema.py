"""Events on the ledger as EPCIS 2.0 documents, judged by GS1's own JSON schema."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.interop import runtimes
from tests.unit.contracts import shipping
from tests.unit.contracts.journeys import test_units
from tests.unit.contracts.trading import AUDITOR, LAST_MILE, MERCHANT, user

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """GS1's schema; formats are checked, too."""
    return jsonschema.Draft7Validator(runtimes.gs1_schema(), format_checker=jsonschema.FormatChecker())


@pytest.fixture(scope="module")
def channel() -> shipping.Channel:
    """Return a delivered consignment with a correction, and its return on the way."""
    made = shipping.Channel()
    made.open()
    wrong = made.record(MERCHANT, "S06", "cycle_counting", 5, disposition="mismatch_quantity", details={"found": "1"})
    made.submit("Journeys:correct", "J1", wrong["event_id"], "did_not_occur", by=MERCHANT)
    units = ["urn:epc:id:sgtin:4012345.011111.1", "urn:epc:id:sgtin:4012345.011111.2"]
    made.record(MERCHANT, "S08", "packing", 5.2, epcs=units)
    made.deliver()
    made.lodge()
    made.record(LAST_MILE, "S22", "shipping", 40, "VNHAN", journey_id="R1-reverse", disposition="returned")
    return made


def complaints(schema: jsonschema.Draft7Validator, document: dict[str, Any]) -> list[str]:
    """Return what the schema finds wrong."""
    return [f"{error.json_path}: {error.message}" for error in schema.iter_errors(document)]


@pytest.mark.parametrize("journey_id", ["J1", "R1-reverse"])
def test_documents_are_valid(schema, channel, journey_id):
    """Every stage, handovers, packages with and without units, an error declaration, a return."""
    document = channel.query("Journeys:events", journey_id)
    assert document["epcisBody"]["eventList"]
    assert complaints(schema, document) == []


def test_documents_of_a_container_are_valid(schema):
    """Packing and unpacking are aggregation events; parcels inside have the container's events."""
    ledger = test_units.scenario()
    for function, name in (("Units:events", test_units.BOX), ("Journeys:events", "J1"), ("Journeys:events", "J3")):
        document = ledger.evaluate(function, name, client=user(AUDITOR), at=shipping.at(14)).json()
        assert document["epcisBody"]["eventList"]
        assert complaints(schema, document) == []


def test_the_schema_is_not_asleep(schema, channel):
    """It does find what is wrong: a step that is neither CBV's nor a URI, an event without its time."""
    document = channel.query("Journeys:events", "J1")
    first = document["epcisBody"]["eventList"][0]
    document["epcisBody"]["eventList"] = [{**first, "bizStep": "teleporting"}]
    assert complaints(schema, document)
    document["epcisBody"]["eventList"] = [{name: first[name] for name in first if name != "eventTime"}]
    assert complaints(schema, document)
