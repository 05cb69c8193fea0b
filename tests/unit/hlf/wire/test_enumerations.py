"""Numbers that have no name yet."""

from __future__ import annotations

import re
from pathlib import Path

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_shim_pb2

from hlf.wire import enumerations

ROOT = Path(__file__).parents[4]


def test_a_number_without_a_name_is_itself():
    """Later versions have more names, and strangers more numbers."""
    assert enumerations.name(common_pb2.Status, 200) == "SUCCESS"
    assert enumerations.name(common_pb2.Status, 777) == "777"
    assert enumerations.name(chaincode_shim_pb2.ChaincodeMessage.Type, -1) == "-1"


def test_nobody_asks_an_enumeration_itself():
    """Its own ``Name`` fails for a number that it does not know."""
    asks = re.compile(r"(?<!x509)\.Name\(")
    rooms = ("hlf", "chaincode", "network", "gateway", "selat")
    sources = [file for room in rooms for file in (ROOT / room).rglob("*.py") if file.name != "enumerations.py"]
    assert len(sources) > 200
    assert [str(file) for file in sources if asks.search(file.read_text())] == []
