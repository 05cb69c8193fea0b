"""Every bit of an export counts: a flip is found, or falls in a part that the verdict calls unsigned."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2
from google.protobuf.message import DecodeError

from hlf import audit
from hlf.wire import policies, rwsets
from hlf.wire.rwsets import Version
from tests.hostile import chance, how_many
from tests.support.members import Consortium, Definition, collection, private_put, put
from tests.unit.hlf import golden
from tests.unit.hlf.chain import Chain, ordered

CODES = transaction_pb2.TxValidationCode
_RECOMPUTED = (common_pb2.TRANSACTIONS_FILTER, common_pb2.COMMIT_HASH)


@dataclass(frozen=True)
class Export:
    """Blocks, the block they are trusted by, and what the verification says of them as they are."""

    blocks: Sequence[bytes]
    trusted: bytes

    @functools.cached_property
    def report(self) -> audit.Report:
        return audit.verify(self.blocks, trusted=self.trusted, processes=0)

    def flipped(self, number: int, place: int, bit: int) -> list[bytes]:
        bent = bytearray(self.blocks[number])
        bent[place] ^= 1 << bit
        return [*self.blocks[:number], bytes(bent), *self.blocks[number + 1 :]]


def _raft() -> Export:
    """Five blocks of a real peer, from the genesis block on."""
    blocks = [golden.read(name) for name in golden.PEER_BLOCKS if golden.number_of(name) <= 4]
    return Export(blocks, blocks[0])


def _bft() -> Export:
    """Two blocks of real orderers, as they gave them out."""
    blocks = [golden.read(name) for name in golden.BFT_BLOCKS[:2]]
    return Export(blocks, blocks[0])


def _update() -> Export:
    """Return a real configuration update, from the middle of a channel."""
    before, after = (golden.read(n) for n in golden.PEER_BLOCKS if golden.number_of(n) in (138, 139))
    return Export([before, after], before)


def _varied() -> Export:
    """Policies of keys, private data, conflicts, garbage, a configuration: all that validation looks at."""
    chain = Chain(Consortium(("AMSP", "BMSP", "CMSP")))
    who = chain.consortium
    members = "OR('AMSP.member','BMSP.member')"
    chain.add(who.define(Definition("cc", collections=(collection("kept", members, block_to_live=1),))))
    encoded = policies.from_dsl("OR('CMSP.peer')").SerializeToString()
    policy = rwsets.MetadataWrite("k", (("VALIDATION_PARAMETER", encoded),))
    read = rwsets.NamespaceRwset("cc", reads=(rwsets.Read("k", Version(7, 7)),), metadata_writes=(policy,))
    chain.add(
        who.transaction(put(k=b"v"), ["AMSP", "BMSP"], event=b"e"),
        who.transaction(private_put("kept", {"p": b"v"})[0], ["AMSP", "BMSP"]),
        who.transaction(rwsets.TxRwset((read,)), ["AMSP", "BMSP"]),
        who.transaction(put(k=b"v"), ["AMSP"]),
        ordered(b"\xff"),
        codes=[0, 0, CODES.MVCC_READ_CONFLICT, CODES.ENDORSEMENT_POLICY_FAILURE, CODES.BAD_PAYLOAD],
    )
    chain.add_config(_another_timeout, [who.ordering.admin])
    chain.add(who.transaction(put(k=b"w"), ["BMSP", "CMSP"]))
    return Export(chain.serialized, chain.serialized[0])


def _another_timeout(group) -> None:
    group.groups["Orderer"].values["BatchTimeout"].value = b"\x0a\x027s"


@pytest.mark.parametrize("made", [_raft, _bft, _update, _varied])
def test_every_bit_counts(made: Callable[[], Export]):
    """Bits are drawn from all bytes of all blocks alike."""
    export = made()
    assert export.report.ok
    assert not export.report.remarks
    source = chance(f"bits of {made.__name__}")
    sizes = [len(block) for block in export.blocks]
    for _ in range(how_many(60) // 4):
        (number,) = source.choices(range(len(sizes)), sizes)
        place, bit = source.randrange(sizes[number]), source.randrange(8)
        bent = export.flipped(number, place, bit)
        outcome = audit.verify(bent, trusted=export.trusted, processes=0)
        assert _counts(export, outcome, bent[number], number), f"block {number}, byte {place}, bit {bit}: {outcome}"


def _counts(export: Export, outcome: audit.Report, bent: bytes, number: int) -> bool:
    """Whether the report says that something is not as it was."""
    if not outcome.ok or outcome.remarks or outcome.unsigned != export.report.unsigned:
        return True
    # From the middle of a channel, codes and commit hashes cannot be worked out again: they are told to be unsigned.
    return not export.report.complete and _differ_in(export.blocks[number], bent) <= set(_RECOMPUTED)


def _differ_in(good: bytes, bent: bytes) -> set[int]:
    """Return the entries of the metadata in which two blocks differ; -1 stands for all else."""
    try:
        before, after = (common_pb2.Block.FromString(each) for each in (good, bent))
    except DecodeError:
        return {-1}
    found = {
        at
        for at, (one, other) in enumerate(zip(before.metadata.metadata, after.metadata.metadata, strict=False))
        if one != other
    }
    same = before.header == after.header and before.data == after.data
    return found if same and len(before.metadata.metadata) == len(after.metadata.metadata) else {-1}
