"""Idempotency keys in use, and the answers their requests were given. ``gateway.once`` puts them to use."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

from gateway import problems
from gateway.store import Store

# A request takes at most the submit time-out; one that began this long ago died with its process.
_ABANDONED_SECONDS = 120
_KEPT_SECONDS = 24 * 3600


class Keys:
    """Idempotency keys in use and the sealed answers of those that are done."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def begin(self, token_id: str, key: str, fingerprint: bytes) -> bytes | None:
        """
        Take a key; None means go ahead, bytes are the sealed answer to repeat.

        Raises:
            problems.Problem: the key belongs to another request, or its request is under way or was cut short.
        """
        now = int(self._clock())
        with self._store.connection() as database:
            database.execute("DELETE FROM idempotency WHERE started_at < ?", (now - _KEPT_SECONDS,))
            taken = database.execute(
                "INSERT INTO idempotency (token_id, key, fingerprint, started_at) VALUES (?,?,?,?) "
                "ON CONFLICT DO NOTHING",
                (token_id, key, fingerprint, now),
            )
            if taken.rowcount == 1:
                return None
            row = database.execute(
                "SELECT * FROM idempotency WHERE token_id = ? AND key = ?", (token_id, key)
            ).fetchone()
        if not hmac.compare_digest(row["fingerprint"], fingerprint):
            raise problems.Problem("IDEMPOTENCY_KEY_REUSED")
        if row["answer"] is not None:
            return row["answer"]
        if now - row["started_at"] < _ABANDONED_SECONDS:
            raise problems.Problem("IDEMPOTENCY_IN_PROGRESS")
        raise problems.Problem(
            "OUTCOME_UNKNOWN",
            "The first request with this key was cut short",
            transaction_id=row["transaction_id"] or None,
        )

    def note_transaction(self, token_id: str, key: str, transaction_id: str) -> None:
        """Remember which transaction the key's request is about to send."""
        with self._store.connection() as database:
            database.execute(
                "UPDATE idempotency SET transaction_id = ? WHERE token_id = ? AND key = ?",
                (transaction_id, token_id, key),
            )

    def finish(self, token_id: str, key: str, answer: bytes) -> None:
        """Keep the sealed answer."""
        with self._store.connection() as database:
            database.execute(
                "UPDATE idempotency SET answer = ? WHERE token_id = ? AND key = ?", (answer, token_id, key)
            )

    def release(self, token_id: str, key: str) -> None:
        """Free a key whose request wrote nothing."""
        with self._store.connection() as database:
            database.execute("DELETE FROM idempotency WHERE token_id = ? AND key = ?", (token_id, key))
