"""Public state, the hashes of private state and the history of keys, as one block changes them."""

from __future__ import annotations

import sqlite3

from hlf.network.engines.embedded.state.validation import ValidatedBlock


def store(connection: sqlite3.Connection, validated: ValidatedBlock) -> None:
    """Write the updates of a validated block."""
    run = connection.executemany
    updates = validated.updates
    public = [
        (namespace, key.encode(), update.value, update.metadata, update.version.block, update.version.tx)
        for (namespace, key), update in updates.public.items()
        if update.value is not None
    ]
    deleted = [(namespace, key.encode()) for (namespace, key), update in updates.public.items() if update.value is None]
    run("INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?)", public)
    run("DELETE FROM state WHERE namespace = ? AND key = ?", deleted)
    hashed = [
        (*place, update.value, update.metadata, update.version.block, update.version.tx)
        for place, update in updates.hashed.items()
        if update.value is not None
    ]
    gone = [place for place, update in updates.hashed.items() if update.value is None]
    run("INSERT OR REPLACE INTO hashed VALUES (?, ?, ?, ?, ?, ?, ?)", hashed)
    run("DELETE FROM hashed WHERE namespace = ? AND collection = ? AND key_hash = ?", gone)
    verdicts = validated.verdicts
    run(
        # Of several writes of a key in one transaction, a peer returns the first.
        "INSERT OR IGNORE INTO history VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                entry.namespace,
                entry.key.encode(),
                entry.version.block,
                entry.version.tx,
                verdicts[entry.version.tx].tx_id,
                verdicts[entry.version.tx].timestamp,
                entry.value,
            )
            for entry in updates.history
        ],
    )
