"""The past of a public key, as contracts show it to auditors: old values stay visible for ever."""

from __future__ import annotations

from hlf.codec import canonical
from hlf.shim import api


def of(ctx: api.Context, key: str) -> bytes:
    """
    Return every committed value of *key*, newest first; for queries, since history is not part of the read set.

    Each entry says under which key it stands, so that whoever is told can look for it in the block.
    """
    entries = [
        {
            "key": key,
            "transaction_id": entry.tx_id,
            "at": entry.timestamp.isoformat().replace("+00:00", "Z"),
            "deleted": entry.is_delete,
            "value": canonical.loads(entry.value) if entry.value else None,
        }
        for entry in ctx.stub.get_history_for_key(key)
    ]
    return canonical.dumps(entries)
