"""How often returns were requested by shoppers' links, which anybody may hold: so many an hour, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.store.database import Store

OF_ONE_LINK = 5
OF_ALL_LINKS = 300
_HOUR = 3600


class Lodgings:
    """Requests by link in the last hour, of all replicas that share the store."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def begin(self, link_hash: str) -> int:
        """Note a request by a link and return 0; or return after how many seconds one is allowed again."""
        now = int(self._clock())
        with self._store.connection() as database:
            database.execute("DELETE FROM lodgings WHERE at <= ?", (now - _HOUR,))
            for most, where, values in (
                (OF_ONE_LINK, "WHERE link_hash = ?", (link_hash,)),
                (OF_ALL_LINKS, "", ()),
            ):
                # The words of the statement are constants.
                found = database.execute(
                    f"SELECT at FROM lodgings {where} ORDER BY number DESC LIMIT 1 OFFSET ?",  # noqa: S608
                    (*values, most - 1),
                ).fetchone()
                if found:
                    return max(int(found["at"]) + _HOUR - now, 1)
            database.execute("INSERT INTO lodgings (link_hash, at) VALUES (?, ?)", (link_hash, now))
        return 0
