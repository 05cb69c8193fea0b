"""hfc (fabric-sdk-py 1.0.0), the old Python client, in an environment of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.interop import runtimes
from tests.interop.conftest import HERE, Place

pytestmark = pytest.mark.interop

Ask = Callable[[str], Any]


@pytest.fixture
def ask(place: Place) -> Ask:
    """Run one task of ``hfc/client.py``; its findings."""
    python = runtimes.hfc()

    def asked(task: str) -> Any:
        script = str(HERE / "hfc" / "client.py")
        # hfc itself prints what it does; the findings are the last line.
        return json.loads(runtimes.run([python, script, str(place.profile()), "Org1MSP", task]).splitlines()[-1])

    return asked


def test_it_understands_the_connection_profile(ask: Ask) -> None:
    assert ask("profile") == {
        "organizations": ["Org1MSP", "Org2MSP"],
        "peers": ["peer0.org1.interop.test", "peer0.org2.interop.test"],
        "orderers": 1,
        "user": "Org1MSP",
    }


def test_it_invokes_waits_for_the_event_and_queries(ask: Ask) -> None:
    """hfc endorses at both peers itself, broadcasts to the orderer and listens to every peer's Deliver service."""
    assert ask("calls") == {"invoked": "one", "queried": "one"}


def test_it_sends_transient_data(ask: Ask) -> None:
    assert ask("transient") == {"own": "secret"}


def test_it_reads_blocks_and_transactions(ask: Ask) -> None:
    found = ask("ledger")
    assert found["number"] == found["height"] - 1
    assert found["same_block"]
    assert found["validation_code"] == 0


def test_it_reads_channels_and_their_configuration(ask: Ask) -> None:
    assert ask("channels") == {"channels": ["mychannel"], "organisations": ["Org1MSP", "Org2MSP"]}


def test_it_discovers_the_network(ask: Ask) -> None:
    assert ask("discovery") == {
        "told": ["Org1MSP", "Org2MSP"],
        "organizations": ["Org1MSP", "Org2MSP", "OrdererMSP"],
        "peers": 2,
        "orderers": 1,
    }


def test_a_refusal_reaches_it(ask: Ask) -> None:
    refused = ask("errors")["refused"]
    assert "status: 500" in refused
    assert "no such luck" in refused
