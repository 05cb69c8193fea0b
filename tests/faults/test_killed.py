"""Processes killed under load, on the embedded engine and on real Fabric."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from hlf import audit
from hlf.client import gateway
from hlf.network import admin
from tests.faults.killing import kill
from tests.faults.load import CHANNEL, Load, Outcomes
from tests.support import replay

CONSORTIUM = Path(__file__).parent / "consortium.yaml"
# `make kills` kills more often.
KILLS = int(os.environ.get("SELAT_KILLS", "1"))
THREE_ORDERERS = """orderers:
  consensus: raft
  organisations: [{msp_id: OrdererMSP, domain: orderer.faults.test, orderers: 3}]
"""


def of_three_orderers(folder: Path) -> Path:
    """Write the consortium with three orderers, of which one may fail; return its file."""
    text = CONSORTIUM.read_text().replace("orderers: raft\n", THREE_ORDERERS)
    file = folder / "consortium.yaml"
    file.write_text(text.replace("folder: ../..", f"folder: {CONSORTIUM.parents[2]}"))
    return file


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """Yield a state folder; whatever runs from it is stopped at the end."""
    folder = tmp_path / "network"
    yield folder
    if folder.exists():
        admin.down(folder)


def assert_kept(load: Load, outcomes: Outcomes) -> None:
    """Every write that was reported valid is in a block, once; what is unknown is in a block once or not at all."""
    for transaction_id in outcomes.valid:
        assert load.code(transaction_id) == "VALID"
    for key in [*outcomes.valid.values(), *outcomes.unknown.values()]:
        writes = json.loads(load.contract.evaluate("history", key))
        assert len(writes) <= 1, f"{key} was written {len(writes)} times"
        assert key in outcomes.unknown.values() or len(writes) == 1


def assert_chain_holds(connected: gateway.Gateway) -> None:
    """Assert that the chain replays from its genesis block without a finding."""
    network = connected.network(CHANNEL)
    with network.serialized_blocks(0, last_block=network.height() - 1) as blocks:
        report = audit.verify(blocks)
    assert report.ok, "\n".join(map(str, report.findings))
    assert report.complete


def test_the_embedded_engine_survives_kills(state: Path):
    """After each restart the callers go on by themselves; at the end nothing is lost and state is what blocks say."""
    admin.up("embedded", state, CONSORTIUM)
    chance = random.Random(int(os.environ.get("SELAT_SEED", "11")))  # noqa: S311 - moments, not secrets.
    with Load(state) as load:
        for _ in range(KILLS):
            load.wait_for(chance.randrange(5, 60))
            kill(state, "embedded")
            admin.up("embedded", state, CONSORTIUM)
        load.wait_for(20)
        outcomes = load.stop()
        assert len(outcomes.valid) > 5 * KILLS
        assert_kept(load, outcomes)
        assert_chain_holds(load.gateway)
    assert replay.differences(state / "embedded" / "channels" / f"{CHANNEL}.ledger") == []


@pytest.mark.native
class TestRealFabric:
    """The client and the deployment, when single processes of real Fabric fail."""

    def test_the_leading_orderer_is_killed(self, state: Path, tmp_path: Path):
        """Of three orderers each is killed once, so the leader was among them; the other two go on."""
        file = of_three_orderers(tmp_path)
        admin.up("native", state, file)
        with Load(state) as load:
            for number in range(3):
                load.wait_for(20)
                kill(state, f"orderer{number}.orderer.faults.test")
                load.wait_for(20)
                admin.up("native", state, file)
            load.wait_for(20)
            outcomes = load.stop()
            assert_kept(load, outcomes)
            assert_chain_holds(load.gateway)

    @pytest.mark.parametrize("victim", ["peer0.org1.faults.test", "chaincode-lab"])
    def test_a_peer_or_chaincode_is_killed(self, state: Path, victim: str):
        """The gateway's own peer, or the chaincode under it, dies twice; the callers go on when it is back."""
        admin.up("native", state, CONSORTIUM)
        with Load(state) as load:
            for _ in range(2):
                load.wait_for(20)
                kill(state, victim)
                admin.up("native", state, CONSORTIUM)
            load.wait_for(20)
            outcomes = load.stop()
            assert_kept(load, outcomes)
            assert_chain_holds(load.gateway)
