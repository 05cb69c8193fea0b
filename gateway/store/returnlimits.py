"""The limits of return requests an hour by shoppers' links, which anybody may hold."""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa

from gateway.store.database import Store
from gateway.store.statements import PreparedStatement
from gateway.store.tables import lodgings

OF_ONE_LINK = 5
OF_ALL_LINKS = 300
_HOUR = 3600
_FORGET = PreparedStatement(sa.delete(lodgings).where(lodgings.c.at <= sa.bindparam("before")))
_NOTE = PreparedStatement(sa.insert(lodgings), "link_hash", "at")
_LATEST = sa.select(lodgings.c.at).order_by(lodgings.c.number.desc())
# The request that must be an hour old before another is allowed, counted back among those of all links, and of one.
_NTH_OF_ALL = PreparedStatement(_LATEST.limit(1).offset(OF_ALL_LINKS - 1))
_NTH_OF_LINK = PreparedStatement(
    _LATEST.where(lodgings.c.link_hash == sa.bindparam("link")).limit(1).offset(OF_ONE_LINK - 1)
)


class ReturnLimits:
    """Requests by link in the last hour, of all replicas that share the store."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def begin(self, link_hash: str) -> int:
        """Count a request by a link and return 0; or return the seconds until one is allowed again."""
        now = int(self._clock())
        with self._store.connection() as database:
            database.alone("lodgings")
            database.execute(_FORGET, {"before": now - _HOUR})
            for nth in (_NTH_OF_LINK, _NTH_OF_ALL):
                found = database.execute(nth, {"link": link_hash}).fetchone()
                if found:
                    return max(int(found["at"]) + _HOUR - now, 1)
            database.execute(_NOTE, {"link_hash": link_hash, "at": now})
        return 0
