"""
Exported blocks on disk: one file a block, as ``peer channel fetch`` writes them, or all in one folder.

File names are for people; order and identity come from the blocks themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError


def write_block(folder: Path, serialized: bytes) -> Path:
    """
    The file in *folder* that now holds this block.

    Raises:
        WireError: the bytes are no block.
    """
    path = Path(folder) / f"{_number(serialized, 'the block'):010d}.block"
    beside = path.with_suffix(".new")
    beside.write_bytes(serialized)
    beside.replace(path)
    return path


def read_blocks(*paths: Path) -> Iterator[bytes]:
    """
    The blocks in these files and folders, by number.

    In a folder the files called ``*.block`` and ``*.pb`` count. Blocks are held in memory one at a time.

    Raises:
        WireError: a file holds no block, two hold the same one, or there is none at all.
        OSError: a file cannot be read.
    """
    files = []
    for path in map(Path, paths):
        files += [p for p in path.iterdir() if p.suffix in (".block", ".pb")] if path.is_dir() else [path]
    if not files:
        raise WireError(f"no blocks in {', '.join(map(str, paths)) or 'no paths'}")
    numbered: dict[int, Path] = {}
    for path in files:
        number = _number(path.read_bytes(), str(path))
        if number in numbered:
            raise WireError(f"block {number} stands twice, in {numbered[number]} and {path}; leave one of them out")
        numbered[number] = path
    for number in sorted(numbered):
        yield numbered[number].read_bytes()


def _number(serialized: bytes, name: str) -> int:
    try:
        block = common_pb2.Block.FromString(serialized)
    except DecodeError as malformed:
        raise WireError(f"{name} holds no block") from malformed
    if not block.HasField("header"):
        raise WireError(f"{name} holds no block")
    return int(block.header.number)
