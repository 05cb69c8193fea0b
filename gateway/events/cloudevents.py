"""Chaincode events as server-sent events. Each is a CloudEvent (1.0), and its id is a cursor to continue from."""

from __future__ import annotations

import base64
import contextlib
import json
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from gateway.http.problems import of
from gateway.store.checkpoints import EventCursor
from hlf import errors, jsontext
from hlf.errors import WireError

_HEARTBEAT_SECONDS = 15.0
_AHEAD = 256

CLOUD_EVENT: dict[str, Any] = {
    "type": "object",
    "description": "A chaincode event as a CloudEvent 1.0; `data_base64` if the payload is not JSON",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": {"type": "string", "description": "The cursor: block number and transaction id"},
        "source": {"type": "string", "format": "uri-reference"},
        "type": {"type": "string", "examples": ["selat.trade.CustodyPassed"]},
        "time": {"type": "string", "format": "date-time", "description": "What the transaction's client stated"},
        "datacontenttype": {"type": "string"},
        "data": {"description": "The payload"},
        "data_base64": {"type": "string", "contentEncoding": "base64"},
    },
    "additionalProperties": False,
}
"""The JSON Schema of what ``cloud_event`` returns."""


class Places:
    """Counts open streams; one reader may have a quarter of them."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._each = max(1, number // 4)
        self._taken: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def take(self, reader: tuple[str, str]) -> bool:
        """Take a place for *reader*; return False if there is none. ``release`` gives it back."""
        with self._lock:
            if self._free == 0 or self._taken[reader] >= self._each:
                return False
            self._free -= 1
            self._taken[reader] += 1
            return True

    def release(self, reader: tuple[str, str]) -> None:
        """Give a place back."""
        with self._lock:
            self._free += 1
            self._taken[reader] -= 1
            if not self._taken[reader]:
                del self._taken[reader]


def cloud_event(event: Any, channel: str) -> dict[str, Any]:
    """
    Return a chaincode event as a CloudEvent, with its payload as ``data`` if it is JSON, else as ``data_base64``.

    The id is the cursor, unique within the source: a transaction sets at most one event for each chaincode.
    """
    document = attributes(EventCursor(event.block_number, event.transaction_id), channel, event.chaincode, event.name)
    try:
        document["data"] = jsontext.loads(event.payload)
        document["datacontenttype"] = "application/json"
    except WireError:
        document["data_base64"] = base64.b64encode(event.payload).decode()
    return document


def attributes(cursor: EventCursor, channel: str, chaincode: str, name: str) -> dict[str, Any]:
    """Return what each CloudEvent of a chaincode says besides its payload."""
    return {
        "specversion": "1.0",
        "id": str(cursor),
        "source": f"/v1/channels/{channel}/chaincodes/{chaincode}",
        "type": f"selat.{chaincode}.{name}",
    }


def lines(
    stream: Any,
    channel: str,
    *,
    names: frozenset[str] = frozenset(),
    limit: int | None,
    idle_seconds: float | None,
    delivered: Callable[[EventCursor], None],
) -> Iterator[str]:
    """
    Yield the text of a server-sent event stream.

    The stream ends after *limit* events, or after *idle_seconds* without one; without these, when the reader goes
    away. The gateway notices this only when it writes, so it writes heartbeats. *delivered* is called for an event when
    the next one is asked for: after a break a reader may get one event twice, but never misses one. With *names*
    other events are passed over: they count as delivered, and neither towards *limit* nor as a sign of life.
    """
    count, patience = 0, idle_seconds or _HEARTBEAT_SECONDS
    quiet_until = time.monotonic() + patience
    with _read_ahead(stream) as pending:
        yield ": stream opened\n\n"
        while limit is None or count < limit:
            if (left := quiet_until - time.monotonic()) <= 0:
                if idle_seconds is not None:
                    return
                yield ": still here\n\n"
                quiet_until = time.monotonic() + patience
                continue
            try:
                event = pending.get(timeout=left)
            except queue.Empty:
                continue
            if event is None:
                return
            if isinstance(event, Exception):
                yield _failed(event)
                return
            cursor = EventCursor(event.block_number, event.transaction_id)
            if names and event.name not in names:
                delivered(cursor)
                continue
            yield _sent(event, channel, cursor)
            count += 1
            delivered(cursor)
            quiet_until = time.monotonic() + patience


def _sent(event: Any, channel: str, cursor: EventCursor) -> str:
    """Return the server-sent event of a chaincode event."""
    document = json.dumps(cloud_event(event, channel), ensure_ascii=False, separators=(",", ":"))
    return f"id: {cursor}\nevent: {event.name}\ndata: {document}\n\n"


def _failed(error: Exception) -> str:
    """Return the server-sent event that ends a stream with an error."""
    return f"event: problem\ndata: {json.dumps(of(error).document(''))}\n\n"


@contextlib.contextmanager
def _read_ahead(stream: Any) -> Iterator[queue.Queue[Any]]:
    """Read *stream* in a thread of its own into the queue, and close it at the end."""
    pending: queue.Queue[Any] = queue.Queue(_AHEAD)
    stopped = threading.Event()
    reader = threading.Thread(target=_read, args=(stream, pending, stopped), name="events", daemon=True)
    reader.start()
    try:
        yield pending
    finally:
        stopped.set()
        stream.close()
        reader.join()


def _read(stream: Any, pending: queue.Queue[Any], stopped: threading.Event) -> None:
    """Move events from Fabric's stream to the queue; put None at its end, or its error if it broke."""
    try:
        for event in stream:
            if not _put(pending, event, stopped):
                return
    except errors.HlfError as error:
        _put(pending, error, stopped)
    _put(pending, None, stopped)


def _put(pending: queue.Queue[Any], item: Any, stopped: threading.Event) -> bool:
    while not stopped.is_set():
        try:
            pending.put(item, timeout=0.5)
        except queue.Full:
            continue
        return True
    return False
