"""Receipts and checkpoints changed at random: an error, a verdict, or the very same transaction proved."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable

import pytest
from fabric_protos.common import common_pb2

from hlf.audit.evidence import anchors, proofs, receipts
from hlf.audit.evidence.checkpoints import SignedCheckpoint
from hlf.audit.evidence.receipts import Receipt
from hlf.errors import WireError
from tests.hostile import chance, how_many, mutations
from tests.support.runningchannel import consortium
from tests.unit.hlf.audit.test_receipts import Story


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(consortium())


@pytest.fixture(scope="module")
def receipt(story) -> Receipt:
    return receipts.from_blocks(story.chain.serialized, story.first.id, heights=[7])


@pytest.fixture(scope="module")
def trusted(story) -> list[anchors.Anchor]:
    return [anchors.of_block(story.chain.serialized[0]), anchors.of_checkpoint(story.checkpoint(7))]


def signed(receipt: Receipt) -> list[object]:
    """All of a receipt that somebody has signed, or that a signed hash goes over."""
    blocks = [common_pb2.Block.FromString(each) for each in (receipt.block, *receipt.configurations)]
    headers = [block.header for block in blocks]
    return [(h.number, h.previous_hash, h.data_hash, list(b.data.data)) for h, b in zip(headers, blocks, strict=True)]


def of_the_block(bend: Callable[..., mutations.Bent], random, receipt: Receipt) -> bytes:
    """Return a receipt whose block is changed."""
    return dataclasses.replace(receipt, block=bend(random, receipt.block).content).to_bytes()


def of_a_configuration(bend: Callable[..., mutations.Bent], random, receipt: Receipt) -> bytes:
    """Return a receipt of which one configuration is changed."""
    place = random.randrange(len(receipt.configurations))
    changed = list(receipt.configurations)
    changed[place] = bend(random, changed[place]).content
    return dataclasses.replace(receipt, configurations=tuple(changed)).to_bytes()


def of_the_file(bend: Callable[..., mutations.Bent], random, receipt: Receipt) -> bytes:
    """Return a file that is changed as it is."""
    return bend(random, receipt.to_bytes()).content


@pytest.mark.parametrize(
    ("change", "bend"),
    [
        (of_the_block, mutations.bend_message),
        (of_the_block, mutations.bend),
        (of_a_configuration, mutations.bend_message),
        (of_the_file, mutations.bend),
    ],
)
def test_a_changed_receipt_proves_nothing_else(receipt, trusted, change, bend):
    """Whatever is verified after a change is the signed content that was there before it."""
    random, before = chance(f"{change.__name__} {bend.__name__}"), signed(receipt)
    outcomes = {"refused": 0, "unproved": 0, "proved": 0}
    for _ in range(how_many(40)):
        try:
            read = Receipt.from_bytes(change(bend, random, receipt))
            proof = proofs.check(read, trusted)
        except WireError:
            outcomes["refused"] += 1
            continue
        outcomes["proved" if proof.verified else "unproved"] += 1
        json.dumps(proof.document())
        if proof.verified:
            assert signed(read) == before
            assert (read.transaction_id, read.index) == (receipt.transaction_id, receipt.index)
    assert outcomes["refused"] > 0
    assert outcomes["unproved"] > 0 or change is of_the_file


def test_a_changed_checkpoint_is_none(story):
    """Nothing of it may be other than it was signed, but for the form of the JSON."""
    random, made = chance("checkpoint"), story.checkpoint(6)
    good = made.to_bytes()
    for _ in range(how_many(150)):
        try:
            read = SignedCheckpoint.from_bytes(mutations.bend(random, good).content)
            read.check_signature()
        except WireError:
            continue
        assert dataclasses.replace(read, signature=b"") == dataclasses.replace(made, signature=b"")


def test_base64_that_is_written_otherwise_changes_nothing(receipt, trusted):
    """Two spellings of the same bytes prove the same; what is no base64 is refused."""
    document = json.loads(receipt.to_bytes())
    block = base64.b64decode(document["block"])
    document["block"] = base64.b64encode(block).decode()
    assert proofs.check(Receipt.from_bytes(json.dumps(document, indent=1).encode()), trusted).verified
