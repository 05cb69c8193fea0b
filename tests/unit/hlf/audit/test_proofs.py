"""Proofs of transactions, on blocks that real Fabric 3.1.5 made (tests/golden)."""

from __future__ import annotations

import pytest
from fabric_protos.common import common_pb2

from hlf.audit.evidence import anchors, proofs, trustchain
from hlf.audit.evidence.receipts import Receipt
from hlf.errors import WireError
from hlf.wire import blocks
from tests.unit.hlf import golden

GENESIS = golden.read(golden.PEER_BLOCKS[0])
TRUSTED = [anchors.of_block(GENESIS)]


def proof_of(name: str, genesis: bytes = GENESIS) -> proofs.TransactionProof:
    block = golden.block(name)
    found = block.transactions[0]
    receipt = Receipt(found.channel_id, found.transaction_id, 0, golden.read(name), (genesis,))
    return proofs.check(receipt, [anchors.of_block(genesis)])


def failed(proof: proofs.TransactionProof) -> list[str]:
    return [f"{check.name}: {check.detail}" for check in proof.checks if not check.passed]


@pytest.mark.parametrize(
    "name",
    [name for name in golden.PEER_BLOCKS if 4 < golden.number_of(name) < 138],
)
def test_a_transaction_of_real_fabric_proves(name):
    """Valid or not, whatever real peers have written down is signed as it says."""
    proof = proof_of(name)
    assert failed(proof) == []
    assert proof.verified
    assert proof.anchored
    assert proof.endorsers
    assert proof.vouched == proofs.PEER


def test_the_document_says_what_was_done_by_whom():
    """Organisation, chaincode, function, writes and endorsers, as JSON values."""
    document = proof_of("block-00025-submit-ok.peer.pb").document()
    assert document["valid"] is True
    assert document["validation_code"] == "VALID"
    assert document["block"]["number"] == 25
    assert document["creator"]["msp_id"] == "Org1MSP"
    (action,) = document["actions"]
    assert action["chaincode"] == "lab"
    assert action["function"]
    assert any(write["namespace"] == "lab" for write in action["writes"])
    assert {who["msp_id"] for who in action["endorsed_by"]} <= {"Org1MSP", "Org2MSP", "Org3MSP"}


def test_private_data_show_as_hashes_alone():
    """Of what a collection holds, a proof has what the channel has."""
    document = proof_of("block-00044-pvt-put-org1-via-transient.peer.pb").document()
    (private,) = document["actions"][0]["private_writes"]
    assert (private["namespace"], private["collection"]) == ("lab", "org12")
    (hashes,) = private["hashes"]
    assert len(hashes["key"]) == len(hashes["value"]) == 64


def test_an_invalid_transaction_is_told_as_such():
    """That it was ordered and what it would have written is proved; its code says that it wrote nothing."""
    proof = proof_of("block-00030-submit-too-few-orgs-explicit.peer.pb")
    document = proof.document()
    assert (document["valid"], document["validation_code"]) == (False, "ENDORSEMENT_POLICY_FAILURE")
    assert proof.verified


def test_an_orderers_copy_has_no_code_that_anybody_vouches_for():
    """Orderers do not validate."""
    proof = proof_of("bft4-block-00005.orderer.pb", golden.read("bft4-block-00000.orderer.pb"))
    assert failed(proof) == []
    assert (proof.vouched, proof.transaction.valid) == ("", False)


def test_bft_blocks_are_checked_against_their_consenters():
    """BFT orderers sign under a number; the configuration says whose certificate that is."""
    message = golden.message("bft4-block-00005.orderer.pb")
    metadata = common_pb2.Metadata.FromString(message.metadata.metadata[0])
    del metadata.signatures[1:]
    message.metadata.metadata[0] = metadata.SerializeToString()
    found = blocks.from_message(message).transactions[0]
    genesis = golden.read("bft4-block-00000.orderer.pb")
    receipt = Receipt(found.channel_id, found.transaction_id, 0, message.SerializeToString(), (genesis,))
    (refused,) = failed(proofs.check(receipt, [anchors.of_block(genesis)]))
    assert refused.startswith("block: signed by orderers")


def test_a_block_says_which_configuration_was_in_force():
    """Its orderers have signed that number with it."""
    assert trustchain.last_config(golden.block("block-00025-submit-ok.peer.pb")) == 0
    assert trustchain.last_config(golden.block("block-00139-config-update-batchtimeout-200ms.peer.pb")) == 139
    message = golden.message("block-00025-submit-ok.peer.pb")
    message.metadata.metadata[0] = b""
    with pytest.raises(WireError, match="does not name"):
        trustchain.last_config(blocks.from_message(message))


def test_without_something_trusted_nothing_is_proved():
    """A whole forged channel agrees with itself as well, so it is said what is missing."""
    name = "block-00025-submit-ok.peer.pb"
    found = golden.block(name).transactions[0]
    proof = proofs.check(Receipt(found.channel_id, found.transaction_id, 0, golden.read(name), (GENESIS,)))
    assert (proof.verified, proof.anchored, proof.defects) == (False, False, [])
    (refused,) = failed(proof)
    assert "genesis block, or a checkpoint" in refused


def test_another_channels_genesis_block_is_not_trusted():
    """A receipt hangs on the channel that was meant, or on none."""
    name = "block-00025-submit-ok.peer.pb"
    found = golden.block(name).transactions[0]
    receipt = Receipt(found.channel_id, found.transaction_id, 0, golden.read(name), (GENESIS,))
    other = anchors.of_block(golden.read("python-made-genesis.pychan.block"))
    proof = proofs.check(receipt, [*TRUSTED, other])
    assert (proof.verified, proof.anchored, proof.defects) == (False, False, [])
