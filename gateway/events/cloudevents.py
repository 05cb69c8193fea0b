"""Chaincode events as CloudEvents (1.0), whose ids are cursors to continue from."""

from __future__ import annotations

import base64
from typing import Any

from gateway.store.checkpoints import EventCursor
from hlf import jsontext
from hlf.errors import WireError

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
