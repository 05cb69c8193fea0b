"""The official Node client, @hyperledger/fabric-gateway."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.interop import runtimes
from tests.interop.conftest import HERE, Place

pytestmark = pytest.mark.interop

Ask = Callable[[str], Any]


# 1.11 is the last for Node 20; 1.12 wants 22.
CLIENTS = {"1.11": lambda: ("node", runtimes.node()), "1.12": runtimes.newest_node}


@pytest.fixture(params=CLIENTS)
def ask(request: pytest.FixtureRequest, place: Place) -> Ask:
    """Run one task of ``node/client.js``; its findings."""
    node, environment = CLIENTS[request.param]()

    def asked(task: str) -> Any:
        script = str(HERE / "node" / "client.js")
        command = [node, script, str(place.profile()), str(place.user()), "Org1MSP", task]
        return json.loads(runtimes.run(command, environment))

    return asked


def test_it_submits_and_evaluates(ask: Ask) -> None:
    assert ask("calls") == {"submitted": "one", "evaluated": "one"}


def test_it_keeps_private_data(ask: Ask) -> None:
    """Transient data in, the value for a member, its hash for everyone."""
    assert ask("privateData") == {"own": "secret", "hash": hashlib.sha256(b"secret").hexdigest()}


def test_it_goes_step_by_step(ask: Ask) -> None:
    found = ask("steps")
    assert found.pop("block") > 0
    assert found == {"result": "two", "successful": True, "code": 0, "sameId": True}


def test_it_signs_offline(ask: Ask) -> None:
    """Proposal, transaction and commit request travel as bytes and are signed elsewhere."""
    assert ask("offline") == {"result": "three", "successful": True}


def test_it_replays_and_resumes_chaincode_events(ask: Ask) -> None:
    assert ask("chaincodeEvents") == {
        "replayed": [["Arrived", "n1", "lab"], ["Arrived", "n2", "lab"]],
        "resumed": ["n2"],
    }


def test_it_reads_blocks_whole_filtered_and_with_private_data(ask: Ask) -> None:
    assert ask("blockEvents") == {"number": True, "transactions": True, "filtered": True, "withPrivate": True}


def test_it_understands_failures(ask: Ask) -> None:
    """Statuses and endorsers' details arrive as the client's own error types."""
    found = ask("errors")
    assert (found["evaluate"]["gateway"], found["evaluate"]["status"]) == (True, "UNKNOWN")
    assert (found["endorse"]["name"], found["endorse"]["status"]) == ("EndorseError", "ABORTED")
    (detail,) = found["endorse"]["details"]
    assert (detail["mspId"], detail["message"]) == ("Org1MSP", "chaincode response 500, no such luck")
    assert "unknown function nothing" in found["unknown"]["message"]
    assert found["conflict"] == {"successful": False, "code": 11}
