"""The official Java client, org.hyperledger.fabric:fabric-gateway."""

from __future__ import annotations

import json

import pytest

from tests.interop import runtimes
from tests.interop.conftest import Place

pytestmark = pytest.mark.interop


def test_it_calls_hides_signs_offline_listens_and_fails(place: Place) -> None:
    """One process does it all, because starting Java costs more than the work."""
    java, classes = runtimes.java()
    profile = json.loads(place.profile().read_text())
    peer = profile["peers"][profile["organizations"]["Org1MSP"]["peers"][0]]
    said = runtimes.run(
        [
            java, *runtimes.SHORT_LIVED, "-cp", classes, "interop.Client",
            peer["url"].removeprefix("grpcs://"), peer["grpcOptions"]["ssl-target-name-override"],
            peer["tlsCACerts"]["path"], str(place.user()), "Org1MSP",
        ]
    )  # fmt: skip
    assert said.splitlines() == [
        "submitted: one",
        "evaluated: one",
        "private: secret",
        "offline: true",
        "event: Arrived=j1",
        "failure: ABORTED chaincode response 500, no such luck",
    ]
