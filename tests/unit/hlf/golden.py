"""The golden files, and the public keys of the networks that made them."""

from __future__ import annotations

import re
import tarfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from fabric_protos.common import common_pb2

from hlf.wire import blocks, signatures

FOLDER = Path(__file__).parents[2] / "golden"

PEER_BLOCKS = sorted(p.name for p in FOLDER.glob("block-*.peer.pb"))
RAFT_BLOCKS = sorted(p.name for p in FOLDER.glob("block-*.pb"))
BFT_BLOCKS = sorted(p.name for p in FOLDER.glob("bft4-block-*.pb"))
OTHER_GENESIS = ["genesis.configtxgen.block", "python-made-genesis.pychan.block"]
ALL_BLOCKS = [*RAFT_BLOCKS, *BFT_BLOCKS, *OTHER_GENESIS]


def read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def block(name: str) -> blocks.Block:
    return blocks.decode(read(name))


def message(name: str) -> common_pb2.Block:
    return common_pb2.Block.FromString(read(name))


def number_of(name: str) -> int:
    found = re.search(r"block-(\d+)", name)
    assert found is not None
    return int(found[1])


@lru_cache(maxsize=512)
def public_key(creator: bytes) -> Any:
    """Return the key of a serialized identity's certificate."""
    return x509.load_pem_x509_certificate(signatures.parse_identity(creator)[1]).public_key()


def certificate(archive: str, path: str) -> bytes:
    """Return a PEM certificate out of one of the golden archives."""
    with tarfile.open(FOLDER / archive) as tar:
        held = tar.extractfile(path)
        assert held is not None
        return held.read()
