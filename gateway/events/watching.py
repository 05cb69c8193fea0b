"""Those who listen, and whether they still may: a token that is revoked or has expired ends what it opened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from gateway.events.listeners import EventListener, Listening
from gateway.store.database import StoreError
from gateway.store.tokens import TokenError, Tokens
from gateway.tokens.clientcertificates import ClientCertificates

# How often it is looked whether listeners still may listen.
_LOOK_SECONDS = 0.4
# How long they go on while that cannot be looked up.
_UNKNOWN_SECONDS = 5.0


class ListenerWatch:
    """All who listen to one event loop's streams."""

    def __init__(self, tokens: Tokens, certificates: ClientCertificates) -> None:
        self._tokens = tokens
        self._certificates = certificates
        self._listeners: set[EventListener] = set()
        self._looking: asyncio.Task[None] | None = None
        self._known_at = 0.0
        # Of its own, because other threads may be busy with what takes longer.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="listeners")

    def add(self, listener: EventListener) -> None:
        """Watch a listener until ``remove``."""
        self._listeners.add(listener)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())

    def remove(self, listener: EventListener) -> None:
        self._listeners.discard(listener)

    def end(self) -> None:
        """End all streams, as they end by themselves; their listeners return with their cursors."""
        for listener in list(self._listeners):
            listener.end()

    def close(self) -> None:
        """Watch no more."""
        if self._looking is not None:
            self._looking.cancel()
        self._thread.shutdown(wait=False)

    async def _look(self) -> None:
        self._known_at = time.monotonic()
        loop = asyncio.get_running_loop()
        while self._listeners:
            await asyncio.sleep(_LOOK_SECONDS)
            there = list(self._listeners)
            refused = await loop.run_in_executor(self._thread, self._refused, [each.wanted for each in there])
            for listener, error in zip(there, refused, strict=True):
                if error is not None:
                    listener.end(error)

    def _refused(self, wanted: Sequence[Listening]) -> list[Exception | None]:
        """Return for each listener why it may listen no more, or None."""
        try:
            ended = self._tokens.ended({each.caller.token_id for each in wanted})
            self._known_at = time.monotonic()
        except StoreError as unknown:
            if time.monotonic() - self._known_at < _UNKNOWN_SECONDS:
                return [None] * len(wanted)
            return [unknown] * len(wanted)
        now = datetime.now(UTC)
        return [
            ended.get(each.caller.token_id)
            or (TokenError("expired", each.caller.expires_at) if each.caller.expires_at <= now else None)
            or self._stranger(each.certificate)
            for each in wanted
        ]

    def _stranger(self, certificate: bytes) -> TokenError | None:
        """Return why a client certificate is not accepted any more; None if it is, or there is none."""
        if certificate:
            try:
                self._certificates.caller(certificate)
            except TokenError as refused:
                return refused
        return None
