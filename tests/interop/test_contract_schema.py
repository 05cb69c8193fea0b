"""What contracts publish of themselves, judged by the schema that Fabric's own contract API gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chaincode import carriage, commerce, trade
from hlf.shim import api
from tests.interop import runtimes
from tests.unit.hlf.shim import ledger_contracts
from tests.unit.hlf.shim.test_types import Kinds

pytestmark = pytest.mark.interop
CHAINCODES = [
    api.Chaincode("kinds", [Kinds]),
    ledger_contracts.chaincode,
    *(each.chaincode for each in (trade, commerce, carriage)),
]


@pytest.fixture(scope="module")
def schema() -> Any:
    """Return the schema that npm's fabric-contract-api brings."""
    file = Path(runtimes.node()["NODE_PATH"]) / "fabric-contract-api" / "schema" / "contract-schema.json"
    return jsonschema.Draft4Validator(json.loads(file.read_text()))


@pytest.mark.parametrize("chaincode", CHAINCODES, ids=lambda chaincode: chaincode.name)
def test_metadata_is_valid(schema, chaincode):
    """Every type of parameter and result, unions too; tools that were made for other runtimes read it."""
    assert [f"{error.json_path}: {error.message}" for error in schema.iter_errors(chaincode.describe())] == []


def test_the_schema_is_not_asleep(schema):
    """It finds a union beside a parameter."""
    described = CHAINCODES[0].describe()
    described["contracts"]["Kinds"]["transactions"][0]["parameters"][0]["schema"] = {"anyOf": [{"type": "string"}]}
    assert len(list(schema.iter_errors(described))) == 1
