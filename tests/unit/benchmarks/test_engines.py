"""The embedded engine beside real Fabric: what is counted as the engine, and what is not."""

from __future__ import annotations

import pytest

from benchmarks.beside import engines
from benchmarks.turns import Round, Rounds


def _rounds(calls: int, **network: float) -> Rounds:
    return Rounds(
        (Round([1.0] * calls, 1.0, 0, 0, 0.1, {key.replace("_", "."): used for key, used in network.items()}),)
    )


def test_all_peers_and_orderers_are_held_against_the_one_program():
    """Chaincode runs beside either engine, so its time counts on neither side."""
    told = {
        "embedded": _rounds(100, embedded=0.1, **{"chaincode-lab": 5.0}),
        "native": _rounds(50, peer0_org1=0.04, peer0_org2=0.04, orderer1_ordering=0.02, **{"chaincode-lab": 0.5}),
    }
    figures = {each.name: each for each in engines.compared("submit", told)}
    ratio = figures["submit 64 callers, embedded to native, processor a call"]
    assert ratio.value == pytest.approx(0.5)
    assert (ratio.bound, ratio.missed) == ("at most 0.6", False)


def test_private_submits_are_held_to_twice_the_rate():
    told = {"embedded": _rounds(150, embedded=0.1), "native": _rounds(100, peer0_org1=0.1)}
    figures = {each.name: each for each in engines.compared("private", told)}
    assert figures["private 64 callers, embedded to native"].missed
