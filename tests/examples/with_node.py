"""
The official Node client calls the contract of each example, in a session of the pytest plugin.

The file's name keeps it out of this repository's own session, which has no such network.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.interop import runtimes

Call = Callable[..., list[Any]]


@pytest.fixture
def node(hlf_ledger: Any) -> Call:
    """Let the Node client make calls as a user of Org1MSP; their answers."""
    environment = {**os.environ, **runtimes.node()}
    user = hlf_ledger.root / "organisations/Org1MSP/users/User1"
    profile = hlf_ledger.root / "profiles/Org1MSP.json"

    def called(*calls: dict[str, Any]) -> list[Any]:
        done = subprocess.run(
            ["node", runtimes.HERE / "node/calls.js", profile, user, "Org1MSP"],
            input=json.dumps(calls), env=environment, capture_output=True, text=True, check=False,
            timeout=runtimes.PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    return called


def submit(chaincode: str, name: str, *args: str, **transient: str) -> dict[str, Any]:
    """Return a transaction, with its transient data."""
    return {"kind": "submit", "chaincode": chaincode, "name": name, "args": args, "transient": transient or None}


def evaluate(chaincode: str, name: str, *args: str) -> dict[str, Any]:
    """Return a query."""
    return {"kind": "evaluate", "chaincode": chaincode, "name": name, "args": args}


def test_it_calls_the_assets(node: Call) -> None:
    """Answers are JSON, and a refusal has the contract's code."""
    created, read, refused = node(
        submit("assets", "create", "n1", "blue", "5"),
        evaluate("assets", "Assets:read", "n1"),
        submit("assets", "create", "n1", "red", "5"),
    )
    assert json.loads(created) == json.loads(read)
    assert json.loads(read) == {"asset_id": "n1", "colour": "blue", "size": 5, "owner": "Org1MSP"}
    assert any("refused/EXISTS" in words for words in refused["refused"])


def test_it_seals_and_opens_a_bid(node: Call) -> None:
    """The value goes as transient data to its own organisation."""
    *_, own, opened, after = node(
        submit("bids", "seal", "lot1", bid="100 salt"),
        evaluate("bids", "own", "lot1"),
        submit("bids", "open", "lot1", "100 salt"),
        evaluate("bids", "opened", "lot1"),
    )
    assert (own, opened, json.loads(after)) == ("100 salt", "", {"Org1MSP": "100 salt"})


def test_it_hears_of_shipments_and_payments(node: Call) -> None:
    """Events have the contract's names and payloads."""
    *_, shipments, payments = node(
        submit("shipments", "depart", "s1"),
        submit("shipments", "arrive", "s1"),
        submit("payments", "pay", "p1", "rent", "700"),
        {"kind": "events", "chaincode": "shipments", "count": 2},
        {"kind": "events", "chaincode": "payments", "count": 1},
    )
    assert shipments == [["Departed", "s1"], ["Arrived", "s1"]]
    assert payments == [["Paid", '{"account":"rent","cents":700}']]
