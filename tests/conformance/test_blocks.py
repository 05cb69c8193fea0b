"""
The embedded engine judges blocks as real peers do.

Whatever the laboratory has ordered by now, every transaction of it must come
to the code that the engine's peers gave it, and every block's changes to the
commit hash by which real peers compare their states.
"""

from __future__ import annotations

import pytest
from fabric_protos.common import ledger_pb2

from hlf import identity
from hlf.client import gateway
from hlf.network import state
from hlf.profile import Profile
from tests.conformance.lab import CHANNEL, Lab
from tests.conformance.laboratories import Laboratories
from tests.support import replay


def chain(lab: Lab) -> list[bytes]:
    """Every block of the channel as a peer keeps it."""
    folder = state.Folder(lab.state)
    who, signer = identity.load_user(folder.user("Org1MSP", "User1"), "Org1MSP")
    with gateway.connect(Profile.load(folder.profile("Org1MSP")), who, signer) as fabric:
        contract = fabric.network(CHANNEL).contract("qscc")
        info = ledger_pb2.BlockchainInfo.FromString(contract.evaluate("GetChainInfo", CHANNEL))
        return [contract.evaluate("GetBlockByNumber", CHANNEL, str(number)) for number in range(info.height)]


def test_the_embedded_engines_blocks_replay(laboratories: Laboratories):
    """Its own blocks come to what they say."""
    blocks = chain(laboratories.on("embedded"))
    assert replay.replay(blocks).height == len(blocks)


@pytest.mark.native
def test_the_native_engines_blocks_replay(laboratories: Laboratories):
    """Codes and commit hashes that real peers came to are those the embedded engine comes to."""
    blocks = chain(laboratories.on("native"))
    assert replay.replay(blocks).height == len(blocks)
