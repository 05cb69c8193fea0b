"""Proofs of transactions, on blocks that real Fabric 3.1.5 made (tests/golden)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hlf.audit import proofs
from hlf.errors import WireError
from hlf.wire import blocks, channelconfig

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="module")
def bundle() -> channelconfig.Bundle:
    return channelconfig.Bundle.from_config_block((GOLDEN / "block-00000-genesis.peer.pb").read_bytes())


def block(name: str) -> blocks.Block:
    return blocks.decode((GOLDEN / name).read_bytes())


def proof_of(found: blocks.Block, bundle: channelconfig.Bundle) -> proofs.Proof:
    proof = proofs.prove("mychannel", found, found.transactions[0].transaction_id, bundle)
    assert proof is not None
    return proof


def failed(proof: proofs.Proof) -> list[str]:
    return [check.name for check in proof.checks if not check.passed]


@pytest.mark.parametrize(
    "name",
    [
        "block-00025-submit-ok.peer.pb",
        "block-00044-pvt-put-org1-via-transient.peer.pb",
        "block-00051-implicit-put-org1-own.peer.pb",
        "block-00117-events-replay-from-block.peer.pb",
    ],
)
def test_a_transaction_of_real_fabric_proves(name, bundle):
    proof = proof_of(block(name), bundle)
    assert failed(proof) == []
    assert proof.verified
    assert proof.endorsers
    assert proof.creator["msp_id"] == "Org1MSP"


def test_the_document_says_what_was_done_by_whom(bundle):
    document = proof_of(block("block-00025-submit-ok.peer.pb"), bundle).document()
    assert document["valid"] is True
    assert document["validation_code"] == "VALID"
    assert document["block"]["number"] == 25
    (action,) = document["actions"]
    assert action["chaincode"] == "lab"
    assert action["function"]
    assert any(write["namespace"] == "lab" for write in action["writes"])
    assert {who["msp_id"] for who in action["endorsed_by"]} <= {"Org1MSP", "Org2MSP", "Org3MSP"}


def test_private_data_show_as_hashes_alone(bundle):
    document = proof_of(block("block-00044-pvt-put-org1-via-transient.peer.pb"), bundle).document()
    (private,) = document["actions"][0]["private_writes"]
    assert (private["namespace"], private["collection"]) == ("lab", "org12")
    (hashes,) = private["hashes"]
    assert len(hashes["key"]) == len(hashes["value"]) == 64


def test_an_invalid_transaction_is_told_as_such(bundle):
    proof = proof_of(block("block-00030-submit-too-few-orgs-explicit.peer.pb"), bundle)
    document = proof.document()
    assert (document["valid"], document["validation_code"]) == (False, "ENDORSEMENT_POLICY_FAILURE")
    assert proof.verified


def change(found: blocks.Block, **fields: object) -> blocks.Block:
    """*found* with its first transaction changed."""
    first = dataclasses.replace(found.transactions[0], **fields)
    return dataclasses.replace(found, transactions=(first, *found.transactions[1:]))


def test_every_forgery_is_found(bundle):
    """Each recomputation fails for what it is about."""
    good = block("block-00025-submit-ok.peer.pb")
    transaction = good.transactions[0]
    action = transaction.actions[0]
    bad_endorsement = dataclasses.replace(action.endorsements[0], signature=transaction.signature)
    forged = {
        "block: its data hash": dataclasses.replace(good, computed_data_hash=bytes(32)),
        "block: signed by orderers": dataclasses.replace(good, signatures=()),
        "transaction: signed by its creator": change(good, payload=transaction.payload + b"x"),
        "transaction: its id": change(good, nonce=b"another nonce"),
        "transaction: endorsed is what was proposed": change(
            good, actions=(dataclasses.replace(action, proposal_hash=bytes(32)),)
        ),
        "endorsement of": change(
            good, actions=(dataclasses.replace(action, endorsements=(bad_endorsement, *action.endorsements[1:])),)
        ),
    }
    for name, found in forged.items():
        proof = proof_of(found, bundle)
        assert not proof.verified, name
        assert any(check.startswith(name) for check in failed(proof)), name


def test_a_stranger_among_the_signers_is_found(bundle):
    good = block("block-00025-submit-ok.peer.pb")
    proof = proof_of(change(good, creator=b"\x0a\x07NopeMSP\x12\x01x"), bundle)
    assert not proof.verified
    assert proof.creator["msp_id"] == "unknown"


def test_a_transaction_that_is_elsewhere_has_no_proof(bundle):
    assert proofs.prove("mychannel", block("block-00025-submit-ok.peer.pb"), "0" * 64, bundle) is None


def test_a_block_says_which_configuration_was_in_force():
    assert proofs.last_config(block("block-00025-submit-ok.peer.pb")) == 0
    assert proofs.last_config(block("block-00139-config-update-batchtimeout-200ms.peer.pb")) in {138, 139}
    with pytest.raises(WireError, match="does not name"):
        proofs.last_config(dataclasses.replace(block("block-00025-submit-ok.peer.pb"), last_config=None))


def test_bft_blocks_are_checked_against_their_consenters():
    """BFT orderers sign under a number; the configuration says whose certificate that is."""
    genesis = (GOLDEN / "bft4-block-00000.orderer.pb").read_bytes()
    members = channelconfig.Bundle.from_config_block(genesis)
    found = block("bft4-block-00005.orderer.pb")
    name, *others = [check for check in proof_of(found, members).checks if check.name.startswith("block: signed")]
    assert name.passed, name.detail
    assert others == []
    halved = dataclasses.replace(found, signatures=found.signatures[:1])
    assert not proof_of(halved, members).verified
