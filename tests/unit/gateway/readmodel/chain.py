"""Blocks as a peer gives them, of writes that a test names; and a process that applies them until it is killed."""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabric_protos.common import common_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.readmodel import changes
from gateway.readmodel.model import Model
from gateway.store.database import Store
from hlf.steps.events import BlockAndPrivateData
from hlf.wire import blocks, keys, rwsets
from hlf.wire.transactions import Action, BlockTransaction, Event

VALID, MVCC_READ_CONFLICT = 0, 11
BEGAN = 1_790_000_000


@dataclass(frozen=True)
class Wrote:
    """One transaction: public records, private ones of a collection, and an event."""

    public: dict[tuple[str, ...], Any]
    private: dict[tuple[str, ...], Any] | None = None
    collection: str = "_implicit_org_PlatformMSP"
    event: str = ""
    code: int = VALID


def key(parts: tuple[str, ...]) -> str:
    return keys.composite_key(parts[0], parts[1:])


def value(document: Any) -> bytes | None:
    return None if document is None else json.dumps(document).encode()


def _transaction(index: int, number: int, wrote: Wrote) -> BlockTransaction:
    transaction_id = hashlib.sha256(f"{number}/{index}".encode()).hexdigest()
    hashed = tuple(
        rwsets.HashedWrite(hashlib.sha256(key(parts).encode()).digest(), b"", document is None)
        for parts, document in (wrote.private or {}).items()
    )
    namespace = rwsets.NamespaceRwset(
        "trade",
        writes=tuple(rwsets.Write(key(parts), value(document)) for parts, document in wrote.public.items()),
        collections=(rwsets.CollectionHashed(wrote.collection, writes=hashed),) if hashed else (),
    )
    event = Event("trade", transaction_id, wrote.event, b'{"id":"J1"}') if wrote.event else None
    action = Action(b"", b"", (), b"", b"", "trade", rwset=rwsets.TxRwset((namespace,)), event=event)
    header = common_pb2.ChannelHeader(timestamp=Timestamp(seconds=BEGAN + number)).SerializeToString()
    return BlockTransaction(
        index, wrote.code, b"", transaction_id=transaction_id, actions=(action,), channel_header=header
    )


def chain(*made: Iterable[Wrote], name: bytes = b"") -> list[BlockAndPrivateData]:
    """Return blocks that follow each other, of these transactions; *name* makes another chain."""
    found: list[BlockAndPrivateData] = []
    previous = b""
    for number, written in enumerate(made):
        listed = list(written)
        own = hashlib.sha256(previous + name + str(number).encode()).digest()
        block = blocks.Block(
            number, previous, b"", own, b"", tuple(_transaction(i, number, each) for i, each in enumerate(listed)),
            (), None, b"", b"", None,
        )  # fmt: skip
        private = {
            index: rwsets.PrivateRwset(
                (
                    rwsets.PrivateNamespace(
                        "trade",
                        (
                            rwsets.PrivateCollection(
                                each.collection,
                                tuple(rwsets.Write(key(k), value(v)) for k, v in each.private.items()),
                            ),
                        ),
                    ),
                )
            )
            for index, each in enumerate(listed)
            if each.private
        }
        found.append(BlockAndPrivateData(block, private))
        previous = own
    return found


def main() -> None:
    """Apply the pickled blocks from the model's position on, saying each number; then end."""
    url, folder, pickled = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    made = [changes.of(each) for each in pickle.loads(pickled.read_bytes())]  # noqa: S301  This test wrote it.
    model = Model(Store(folder, url))
    for each in made[model.next_block("PlatformMSP", "trade") :]:
        model.apply("PlatformMSP", "trade", [each])
        print(each.number, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
