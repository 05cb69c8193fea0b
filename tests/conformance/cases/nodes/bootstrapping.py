"""Channels joined by a snapshot: what a peer answers at once, what comes of it, and what it has of earlier blocks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hlf import errors, waiting
from hlf.admin import snapshots
from hlf.admin.peer import Peer
from tests.conformance import genesis
from tests.conformance.answers import Answer
from tests.conformance.cases import case
from tests.conformance.lab import PATIENCE, Lab
from tests.conformance.laboratories import GENESIS


@contextmanager
def snapped(lab: Lab) -> Iterator[tuple[str, Path, Peer]]:
    """A channel that Org1's peer alone has joined, the snapshot of its first block, and Org2's peer."""
    made = genesis.draft(lab)
    name = made.header.channel_id
    with lab.administrators() as (first, second):
        first.join(made.block().SerializeToString())
        snapshots.generate(first, name)
        assert waiting.until(lambda: snapshots.pending(first, name) == (), PATIENCE)
        (folder,) = lab.state.glob(f"*/**/snapshots/completed/{name}/0")
        yield name, folder, second


def joined(peer: Peer, folder: Path) -> str:
    """What a peer answers, after it has tried."""
    try:
        snapshots.join(peer, str(folder))
    except errors.AdminError as refused:
        return refused.message.replace(str(folder), "<folder>")
    assert waiting.until(lambda: snapshots.joining(peer) == "", PATIENCE)
    return "OK"


def asked(peer: Peer, name: str, chaincode: str, function: str, *args: str) -> Any:
    """Whether a peer answers with what it has of a channel, or the refusal."""
    words = [function.encode(), *(each.encode() for each in (args if chaincode == "cscc" else (name, *args)))]
    try:
        return bool(peer.call(name if chaincode == "qscc" else "", chaincode, words))
    except errors.AdminError as refused:
        return refused.message


@case("join by snapshot", GENESIS)
def join(lab: Lab) -> Answer:
    """The peer is on the channel, with the height of the snapshot and none of the blocks before."""
    with snapped(lab) as (name, folder, peer):
        identifier = (folder / "txids.data").read_bytes()[2:].decode()
        return Answer(
            result={
                "answer": joined(peer, folder),
                "joined": name in peer.channels(),
                "height": peer.height(name),
                "block 0": asked(peer, name, "qscc", "GetBlockByNumber", "0"),
                "newest": asked(peer, name, "qscc", "GetBlockByNumber", str((1 << 64) - 1)),
                "block 1": asked(peer, name, "qscc", "GetBlockByNumber", "1"),
                "by transaction": asked(peer, name, "qscc", "GetBlockByTxID", identifier),
                "transaction": asked(peer, name, "qscc", "GetTransactionByID", identifier),
                "no transaction": asked(peer, name, "qscc", "GetTransactionByID", "none"),
                "configuration": asked(peer, name, "cscc", "GetChannelConfig", name),
                "configuration block": asked(peer, name, "cscc", "GetConfigBlock", name),
                "again": joined(peer, folder),
            }
        )


@case("join by snapshot of what is none", GENESIS)
def of_none(lab: Lab) -> Answer:
    """Whether there is anything in the folder is looked at first; what is wrong with it is told to the log."""
    with snapped(lab) as (name, folder, peer):
        empty, changed = lab.state / lab.fresh("empty"), lab.state / lab.fresh("changed")
        empty.mkdir()
        shutil.copytree(folder, changed)
        (changed / "txids.data").chmod(0o600)
        (changed / "txids.data").write_bytes(b"\x01")
        return Answer(
            result={
                "empty": joined(peer, empty),
                "a file": joined(peer, folder / "txids.data"),
                "changed": joined(peer, changed),
                "joined": name in peer.channels(),
            }
        )
