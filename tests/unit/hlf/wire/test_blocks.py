"""Blocks: hashes, signatures and contents of those that real orderers and peers made."""

from __future__ import annotations

import pytest
from cryptography import x509
from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf.errors import WireError
from hlf.wire import blocks, rwsets, signatures
from tests.unit.hlf import golden
from tests.unit.hlf.chain import ordered

CHAIN = [name for name in golden.PEER_BLOCKS if golden.number_of(name) <= 4]


@pytest.mark.parametrize("name", golden.ALL_BLOCKS)
def test_nothing_is_wrong_with_a_genuine_block(name):
    """Data hash, transaction ids, action headers and proposal hashes are what the bytes say."""
    assert blocks.check(golden.block(name)) == []


def test_blocks_are_chained_by_the_hash_of_the_header():
    """Each names the hash of the one before: Raft, and the first two of BFT."""
    pairs = [*zip(CHAIN, CHAIN[1:], strict=False), tuple(golden.BFT_BLOCKS[:2])]
    pairs.append(
        ("block-00138-config-update-batchtimeout-210ms.peer.pb", "block-00139-config-update-batchtimeout-200ms.peer.pb")
    )
    assert len(pairs) == 6
    for before, after in pairs:
        assert blocks.check(golden.block(after), golden.block(before)) == []


def test_orderer_and_peer_hold_the_same_header_and_data():
    """Only metadata differ: the validation codes and the commit hash are the peer's."""
    for name in golden.RAFT_BLOCKS:
        if ".orderer." not in name:
            continue
        ordered, held = golden.block(name), golden.block(name.replace(".orderer.", ".peer."))
        assert ordered.hash == held.hash
        assert ordered.computed_data_hash == held.computed_data_hash
        assert [t.code for t in ordered.transactions] == [None] * len(held.transactions)
        assert None not in [t.code for t in held.transactions]


def _orderer(network: str, number: int) -> bytes:
    """Return the certificate of an orderer, from the network's own files."""
    name = f"orderer{number}.example.com"
    path = f"./crypto/ordererOrganizations/example.com/orderers/{name}/msp/signcerts/{name}-cert.pem"
    return golden.certificate(f"certificates-{network}.tar.gz", path)


def test_raft_orderers_signatures_hold():
    """One signature, over the metadata's value, the signature header and the DER of the block's header."""
    for name in golden.RAFT_BLOCKS:
        block = golden.block(name)
        assert len(block.signatures) == (0 if block.number == 0 else 1)
        for signature in block.signatures:
            assert signature.identifier is None
            assert signatures.parse_identity(signature.creator) == ("OrdererMSP", _orderer("raft1", 1))
            key = golden.public_key(signature.creator)
            assert signatures.verify(key, signature.signature, signature.signed)
            assert not signatures.verify(key, signature.signature, signature.signed + b"x")


def _consenters() -> dict[int, bytes]:
    """Return the BFT orderers' certificates by consenter id, out of the channel's configuration."""
    (transaction,) = golden.block(golden.BFT_BLOCKS[0]).transactions
    config = configtx_pb2.ConfigEnvelope.FromString(transaction.config).config
    orderers = config.channel_group.groups["Orderer"].values["Orderers"].value
    return {c.id: c.identity for c in configuration_pb2.Orderers.FromString(orderers).consenter_mapping}


def test_bft_orderers_signatures_hold():
    """Three of four sign, each named by its consenter id; an identifier header stands for the signature header."""
    certificates = _consenters()
    assert certificates == {number: _orderer("bft4", number) for number in (1, 2, 3, 4)}
    for name in golden.BFT_BLOCKS[1:]:
        block = golden.block(name)
        assert len({s.identifier for s in block.signatures}) == 3
        for signature in block.signatures:
            key = x509.load_pem_x509_certificate(certificates[signature.identifier]).public_key()
            assert signatures.verify(key, signature.signature, signature.signed)


def _updates(block: blocks.Block) -> list[blocks.StateUpdate]:
    """Return what a block's valid transactions write to public state and hashed collections, the last write winning."""
    found: dict[tuple[str, str, bytes], blocks.StateUpdate] = {}
    for transaction in block.transactions:
        version = rwsets.Version(block.number, transaction.index)
        for action in transaction.actions if transaction.valid else ():
            for namespace in action.rwset.namespaces:
                assert not namespace.metadata_writes
                name = namespace.namespace
                for write in namespace.writes:
                    key = (name, "", write.key.encode())
                    found[key] = blocks.StateUpdate(*key, write.value, version)
                for collection in namespace.collections:
                    for hashed in collection.writes:
                        key = (name, collection.name, hashed.key_hash)
                        value = None if hashed.is_delete else hashed.value_hash
                        found[key] = blocks.StateUpdate(*key, value, version)
    return list(found.values())


def test_commit_hashes_are_the_peers():
    """Peers chain a hash over their state updates; approvals, a definition, and a block without updates."""
    previous = b""
    for name in CHAIN[1:]:
        block = golden.block(name)
        updates = _updates(block)
        assert updates
        assert blocks.commit_hash(block.flags, updates, previous) == block.commit_hash
        assert blocks.commit_hash(block.flags, reversed(updates), previous) == block.commit_hash
        previous = block.commit_hash
    before = golden.block("block-00138-config-update-batchtimeout-210ms.peer.pb")
    after = golden.block("block-00139-config-update-batchtimeout-200ms.peer.pb")
    assert blocks.commit_hash(after.flags, [], before.commit_hash) == after.commit_hash


@pytest.mark.parametrize("name", [*CHAIN, *golden.BFT_BLOCKS, *golden.OTHER_GENESIS])
def test_a_block_is_built_again_with_the_same_hash(name):
    """Number, previous hash and entries determine the header."""
    genuine = golden.message(name)
    made = blocks.new_block(genuine.header.number, genuine.header.previous_hash, genuine.data.data)
    assert made.header == genuine.header
    assert made.data == genuine.data
    assert list(made.metadata.metadata) == [b""] * 5
    assert blocks.header_hash(made.header) == golden.block(name).hash


def test_a_submitted_transaction_in_plain_words():
    """Function, answer, writes, event and endorsers are there without a protobuf in sight."""
    block = golden.block("block-00117-events-replay-from-block.peer.pb")
    (transaction,) = block.transactions
    (action,) = transaction.actions
    assert transaction.valid
    assert transaction.code_name == "VALID"
    assert transaction.channel_id == "mychannel"
    assert transaction.timestamp.year == 2026
    assert action.chaincode == "lab"
    assert action.status == 200
    assert action.event in block.events
    assert action.event.transaction_id == transaction.transaction_id
    assert [signatures.parse_identity(e.endorser)[0] for e in action.endorsements] == ["Org1MSP", "Org3MSP"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("block-00030-submit-too-few-orgs-explicit.peer.pb", ["ENDORSEMENT_POLICY_FAILURE"]),
        ("block-00033-mvcc-conflict.peer.pb", ["VALID", "MVCC_READ_CONFLICT"]),
        ("block-00038-phantom-read-conflict.peer.pb", ["PHANTOM_READ_CONFLICT"]),
        ("block-00110-duplicate-transaction-id-same-block.peer.pb", ["VALID", "DUPLICATE_TXID"]),
    ],
)
def test_validation_codes(name, codes):
    """Codes by their names; invalid transactions give no events."""
    block = golden.block(name)
    assert [t.code_name for t in block.transactions] == codes
    assert len(block.events) <= codes.count("VALID")


def test_a_configuration_block():
    """Its transaction carries the configuration, and last_config names the block itself."""
    block = golden.block("block-00138-config-update-batchtimeout-210ms.peer.pb")
    (transaction,) = block.transactions
    assert transaction.type == common_pb2.CONFIG
    assert configtx_pb2.ConfigEnvelope.FromString(transaction.config).config.sequence == 1
    assert block.last_config == 138


@pytest.mark.parametrize(
    ("number", "der"),
    [
        (0, "302702010004000420"),
        (127, "302702017f04000420"),
        (128, "30280202008004000420"),
        (2**64 - 1, "302f020900ffffffffffffffff04000420"),
    ],
)
def test_header_der_at_the_edges(number, der):
    """DER integers are signed, so a high first bit needs a zero before it."""
    header = common_pb2.BlockHeader(number=number, data_hash=bytes(32))
    assert blocks.header_bytes(header).hex().startswith(der)


def test_changed_bytes_are_found():
    """Each rule notices its own violation."""
    genuine = golden.message("block-00025-submit-ok.peer.pb")
    for change, words in [
        (lambda b: b.data.data.append(b.data.data[0]), "validation codes"),
        (lambda b: b.data.data.append(b"more"), "transaction 1 has no payload"),
        (lambda b: b.metadata.metadata.append(b""), "6 metadata entries"),
        (lambda b: b.ClearField("data"), "without transactions"),
        (lambda b: b.header.ClearField("data_hash"), "data hash"),
    ]:
        bent = common_pb2.Block.FromString(genuine.SerializeToString())
        change(bent)
        try:
            found = blocks.check(blocks.from_message(bent))
        except WireError as refused:
            found = [str(refused)]
        assert words in found[0]
    decoded = blocks.from_message(genuine)
    assert "follows block 4" in blocks.check(decoded, golden.block(CHAIN[4]))[0]


def test_garbage_that_was_ordered_does_not_hide_the_block():
    """A malformed transaction has a defect; its neighbours and the block's hashes stay readable."""
    genuine = golden.message("block-00033-mvcc-conflict.peer.pb")
    entries = [genuine.data.data[0], ordered(b"\xff garbage"), ordered(b"\x12\x00")]
    made = blocks.new_block(7, b"previous", entries)
    made.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes([0, 2, 1])
    block = blocks.from_message(made)
    assert [bool(t.defect) for t in block.transactions] == [False, True, True]
    assert block.transactions[0].actions
    assert blocks.check(block) == []
    made.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes([0, 0, 1])
    assert len(blocks.check(blocks.from_message(made))) == 1


@given(st.data())
def test_hostile_blocks_give_one_kind_of_error(data):
    """Cut, bent and invented bytes give a WireError or a block, nothing else; checking it raises nothing."""
    genuine = golden.read(data.draw(st.sampled_from(golden.PEER_BLOCKS)))
    place = data.draw(st.integers(0, len(genuine) - 1))
    bent = bytearray(genuine)
    bent[place] = data.draw(st.integers(0, 255))
    for hostile in (bytes(bent), genuine[:place], data.draw(st.binary(max_size=80))):
        try:
            block = blocks.decode(hostile)
        except WireError:
            continue
        blocks.check(block, block)
        assert block.events is not None
