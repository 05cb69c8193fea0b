"""
Exported blocks on disk: one file a block, as ``peer channel fetch`` writes them, or all in one folder.

File names are for people; the blocks themselves give order and identity. A folder may come from anybody: only
regular files are opened, files longer than a block can be are not read, and only one block is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf.audit.evidence import documents
from hlf.errors import WireError
from hlf.wire import fields

SUFFIXES = (".block", ".pb")
# Nodes exchange messages of 100 MiB at most, and a block is one.
MOST_BYTES = 128 << 20
# The header is the first field of a block, and the number the first of a header.
_HEAD = 32
_HEADER_TAG, _NUMBER_TAG = 0x0A, 0x08


def write_block(folder: Path, serialized: bytes) -> Path:
    """
    Return the file in *folder* that now holds this block.

    Raises:
        WireError: the bytes are no block.
    """
    path = Path(folder) / f"{_header(serialized, 'the block').number:010d}.block"
    beside = path.with_suffix(".new")
    beside.write_bytes(serialized)
    beside.replace(path)
    return path


def read_blocks(*paths: Path) -> Iterator[bytes]:
    """
    Return the blocks in these files and folders, by number.

    In a folder the files called ``*.block`` and ``*.pb`` count. Blocks are held in memory one at a time.

    Raises:
        WireError: a file holds no block, is no regular file or too long, two hold the same block, or there is none.
        OSError: a file cannot be read.
    """
    return read(find(*paths))


def find(*paths: Path) -> list[tuple[int, Path]]:
    """
    Return the blocks' numbers in these files and folders, in order, each with its file; raise as ``read_blocks``.

    Of each file only the beginning is read.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        found += [p for p in path.iterdir() if p.suffix in SUFFIXES] if path.is_dir() else [path]
    if not found:
        raise WireError(f"no blocks in {', '.join(map(str, paths)) or 'no paths'}")
    numbered: dict[int, Path] = {}
    for path in found:
        number = _number(path)
        if number in numbered:
            raise WireError(_twice(number, numbered[number], path))
        numbered[number] = path
    return sorted(numbered.items())


def read(found: Iterable[tuple[int, Path]]) -> Iterator[bytes]:
    """Yield the blocks in the files that ``find`` has found; raises as ``read_blocks``."""
    for _, path in found:
        yield _content(path)


def channel(serialized: bytes) -> str:
    """Return the channel that a block's first transaction names; empty if it names none, or the bytes are no block."""
    try:
        data = common_pb2.Block.FromString(serialized).data.data
        envelope = common_pb2.Envelope.FromString(data[0] if data else b"")
        header = common_pb2.Payload.FromString(envelope.payload).header
        return str(common_pb2.ChannelHeader.FromString(header.channel_header).channel_id)
    except DecodeError:
        return ""


def _twice(number: int, first: Path, second: Path) -> str:
    channels = [channel(_content(path)) for path in (first, second)]
    if channels[0] != channels[1]:
        named = " and ".join(
            f"of {name or 'no channel'} in {path}" for name, path in zip(channels, (first, second), strict=True)
        )
        return f"blocks of two channels: there is a block {number} {named}; keep a folder for each channel"
    return f"block {number} stands twice, in {first} and {second}; leave one of them out"


def _content(path: Path) -> bytes:
    return documents.read(path, MOST_BYTES)


def _number(path: Path) -> int:
    head = documents.read(path, MOST_BYTES, first=_HEAD)
    try:
        if head[0] == _HEADER_TAG:
            length, place = fields.varint(head, 1)
            # The number is left out where it is 0; the hashes come behind it.
            if length and head[place] == _NUMBER_TAG:
                return fields.varint(head, place + 1)[0]
    except (IndexError, ValueError):
        pass
    return int(_header(_content(path), str(path)).number)


def _header(serialized: bytes, name: str) -> common_pb2.BlockHeader:
    try:
        block = common_pb2.Block.FromString(serialized)
    except DecodeError as malformed:
        raise WireError(f"{name} holds no block") from malformed
    if not block.HasField("header"):
        raise WireError(f"{name} holds no block")
    return block.header
