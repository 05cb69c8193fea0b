"""Chains of blocks made for tests: right by default, wrong where a test wants it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2

from hlf.wire import blocks, envelopes
from hlf.wire.config import configupdate
from tests.support.members import Consortium, Person


class Chain:
    """Blocks as peers hold them, signed by the consortium's orderer."""

    def __init__(self, consortium: Consortium) -> None:
        self.consortium = consortium
        self.config = configtx_pb2.Config()
        self.blocks: list[Any] = []
        self._last_config = 0
        genesis = consortium.genesis()
        self.config = _config_of(genesis)
        genesis.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = b"\x00"
        self.blocks.append(genesis)

    @property
    def serialized(self) -> list[bytes]:
        return [block.SerializeToString() for block in self.blocks]

    def add(self, *transactions: Any, codes: Sequence[int] | None = None) -> Any:
        """Append a block of transactions (or raw envelopes), all marked valid unless *codes* says otherwise."""
        data = [entry if isinstance(entry, bytes) else entry.raw for entry in transactions]
        return self._append(data, codes or [0] * len(data))

    def add_config(
        self,
        change: Any,
        signers: Iterable[Person],
        *,
        creator: Person | None = None,
        bend: Any = lambda envelope: None,
    ) -> Any:
        """Append the configuration block that *change*, signed by *signers*, leads to."""
        after = copy.deepcopy(self.config)
        change(after.channel_group)
        update = configupdate.compute_update(self.consortium.channel_id, self.config, after)
        after = _applied(self.config, after, update)
        encoded = update.SerializeToString()
        signatures = [configupdate.config_signature(encoded, s.serialized, s.sign) for s in signers]
        submitter = creator or next(iter(self.consortium.members.values())).admin
        outer = configupdate.update_envelope(
            self.consortium.channel_id, encoded, signatures, submitter.serialized, submitter.sign
        )
        envelope = configtx_pb2.ConfigEnvelope(config=after, last_update=outer)
        bend(envelope)
        orderer = self.consortium.ordering.orderer
        header = envelopes.channel_header(common_pb2.CONFIG, self.consortium.channel_id)
        payload = envelopes.payload(header, orderer.serialized, b"n" * 24, envelope.SerializeToString())
        signed = common_pb2.Envelope(payload=payload, signature=orderer.sign(payload))
        self._last_config = len(self.blocks)
        self.config = envelope.config
        return self._append([signed.SerializeToString()], [0])

    def sign(self, block: Any, *orderers: Person, last_config: int | None = None) -> None:
        """Sign a block, as it is now, instead of whoever has signed it before."""
        index = self._last_config if last_config is None else last_config
        value = common_pb2.OrdererBlockMetadata(last_config=common_pb2.LastConfig(index=index)).SerializeToString()
        metadata = common_pb2.Metadata(value=value)
        for orderer in orderers or (self.consortium.ordering.orderer,):
            header = envelopes.signature_header(orderer.serialized, b"n" * 24)
            signature = orderer.sign(value + header + blocks.header_bytes(block.header))
            metadata.signatures.add(signature_header=header, signature=signature)
        block.metadata.metadata[common_pb2.SIGNATURES] = metadata.SerializeToString()

    def mark(self, number: int, *codes: int) -> None:
        """Change the validation codes of a block, which nothing protects but their being recomputed."""
        self.blocks[number].metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes(codes)

    def rebuild(self, number: int, data: Sequence[bytes]) -> None:
        """Exchange the data of a block, and forge every hash and signature that follows from it."""
        for index in range(number, len(self.blocks)):
            old = self.blocks[index]
            entries = data if index == number else old.data.data
            made = blocks.new_block(index, blocks.header_hash(self.blocks[index - 1].header), entries)
            made.metadata.CopyFrom(old.metadata)
            self.sign(made)
            self.blocks[index] = made

    def _append(self, data: Sequence[bytes], codes: Sequence[int]) -> Any:
        block = blocks.new_block(len(self.blocks), blocks.header_hash(self.blocks[-1].header), data)
        block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes(codes)
        self.sign(block)
        self.blocks.append(block)
        return block


def ordered(payload: bytes, signature: bytes = b"signature") -> bytes:
    """Return the entry of a block that an orderer makes of any payload, which peers may find to be garbage."""
    return bytes(common_pb2.Envelope(payload=payload, signature=signature).SerializeToString())


def _config_of(genesis: Any) -> Any:
    return configtx_pb2.ConfigEnvelope.FromString(blocks.from_message(genesis).transactions[0].config or b"").config


def _applied(before: Any, after: Any, update: Any) -> Any:
    """Return the configuration *after* with the versions that the update gives to what it changes."""
    config = copy.deepcopy(after)
    config.sequence = before.sequence + 1
    _take_versions(config.channel_group, update.write_set)
    return config


def _take_versions(group: Any, written: Any) -> None:
    group.version = written.version
    for kind in ("values", "policies"):
        for name, element in getattr(written, kind).items():
            getattr(group, kind)[name].version = element.version
    for name, below in written.groups.items():
        _take_versions(group.groups[name], below)
