"""Send a transaction's writes to the peer: in one message each, or in batches if the peer takes them."""

from __future__ import annotations

from typing import Any

from fabric_protos.peer import chaincode_shim_pb2 as shim_pb2

from hlf.shim.peerline import PeerLine

_Kind = shim_pb2.ChaincodeMessage
_Record = shim_pb2.WriteRecord
# Far below the 100 MiB that peer and shim accept, so that many large values do not make a message too large.
_BATCH_BYTES = 16 * 2**20


class Writes:
    """
    Sends writes at once, or holds back up to *batch* of them, of which the last write of a key wins.

    With *hold* they are held back from the start, else from :meth:`start` to :meth:`finish`; never if *batch* is 0.
    """

    def __init__(self, line: PeerLine, batch: int, *, hold: bool = True) -> None:
        self._line = line
        self._batch = batch
        self._always = hold and batch > 0
        self._holding = self._always
        self._held: dict[tuple[str, str, bool], Any] = {}

    def start(self) -> None:
        """Hold writes back from now on, if the peer takes batches."""
        self._holding = self._batch > 0

    def finish(self) -> None:
        """Send the writes that are held back, and return to the mode before the start."""
        self._holding = self._always
        self.flush()

    def put(self, key: str, value: bytes, collection: str) -> None:
        """Write *value* under *key*."""
        if self._holding:
            self._hold(_Record(key=key, value=value, collection=collection, type=_Record.PUT_STATE))
        else:
            self._send(_Kind.PUT_STATE, shim_pb2.PutState(key=key, value=value, collection=collection))

    def delete(self, key: str, collection: str) -> None:
        """Delete *key*."""
        if self._holding:
            self._hold(_Record(key=key, collection=collection, type=_Record.DEL_STATE))
        else:
            self._send(_Kind.DEL_STATE, shim_pb2.DelState(key=key, collection=collection))

    def purge(self, key: str, collection: str) -> None:
        """Delete *key* and its history."""
        if self._holding:
            self._hold(_Record(key=key, collection=collection, type=_Record.PURGE_PRIVATE_DATA))
        else:
            self._send(_Kind.PURGE_PRIVATE_DATA, shim_pb2.PurgePrivateState(key=key, collection=collection))

    def metadata(self, key: str, collection: str, name: str, value: bytes) -> None:
        """Write one entry of the key's metadata."""
        entry = shim_pb2.StateMetadata(metakey=name, value=value)
        if self._holding:
            self._hold(_Record(key=key, collection=collection, metadata=entry, type=_Record.PUT_STATE_METADATA))
        else:
            request = shim_pb2.PutStateMetadata(key=key, collection=collection, metadata=entry)
            self._send(_Kind.PUT_STATE_METADATA, request)

    def flush(self) -> None:
        """Send the writes that are held back, in the order in which the keys were first written."""
        held, self._held = list(self._held.values()), {}
        batch: list[Any] = []
        size = 0
        for record in held:
            length = record.ByteSize()
            if batch and (len(batch) == self._batch or size + length > _BATCH_BYTES):
                self._send(_Kind.WRITE_BATCH_STATE, shim_pb2.WriteBatchState(rec=batch))
                batch, size = [], 0
            batch.append(record)
            size += length
        if batch:
            self._send(_Kind.WRITE_BATCH_STATE, shim_pb2.WriteBatchState(rec=batch))

    def _hold(self, record: Any) -> None:
        self._held[record.collection, record.key, record.type == _Record.PUT_STATE_METADATA] = record

    def _send(self, kind: int, request: Any) -> None:
        self._line.ask(kind, request.SerializeToString())
