"""What Raft's orderers write into each block: the consenters by numbers that nobody gets twice, and the log's index."""

from __future__ import annotations

from fabric_protos.common import common_pb2
from fabric_protos.orderer.etcdraft import metadata_pb2

from hlf.wire.config import channelconfig, configvalues


def of_block(content: bytes) -> metadata_pb2.BlockMetadata:
    """Return the metadata in a block of this engine; the first one has none."""
    block = common_pb2.Block.FromString(content)
    if block.header.number == 0:
        return metadata_pb2.BlockMetadata()
    signed = common_pb2.Metadata.FromString(block.metadata.metadata[common_pb2.SIGNATURES])
    own = common_pb2.OrdererBlockMetadata.FromString(signed.value).consenter_metadata
    return metadata_pb2.BlockMetadata.FromString(common_pb2.Metadata.FromString(own).value)


def following(
    last: metadata_pb2.BlockMetadata,
    ordering: channelconfig.OrderingConfig,
    successor: channelconfig.OrderingConfig,
    index: int,
) -> metadata_pb2.BlockMetadata:
    """
    Return the metadata of the next block, which changes the configuration to *successor*, or leaves it as it is.

    A new consenter gets a new number, but one that only replaces its certificate keeps its own.
    """
    if successor is ordering and last.consenter_ids:
        return metadata_pb2.BlockMetadata(
            consenter_ids=last.consenter_ids, next_consenter_id=last.next_consenter_id, raft_index=index
        )
    before, after = _certificates(ordering), _certificates(successor)
    numbers = [*last.consenter_ids]
    if len(numbers) != len(before):
        numbers = [*range(1, len(before) + 1)]
    free = max(last.next_consenter_id, len(before) + 1)
    known = dict(zip(before, numbers, strict=True))
    left = [number for certificate, number in known.items() if certificate not in after]
    for certificate in after:
        if certificate in known:
            continue
        if left:
            known[certificate] = left.pop()
        else:
            known[certificate], free = free, free + 1
    return metadata_pb2.BlockMetadata(
        consenter_ids=[known[certificate] for certificate in after], next_consenter_id=free, raft_index=index
    )


def _certificates(ordering: channelconfig.OrderingConfig) -> list[bytes]:
    return [each.client_tls_cert for each in configvalues.raft_metadata(ordering.consensus_metadata).consenters]
