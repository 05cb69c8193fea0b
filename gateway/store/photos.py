"""Photos of returns, encrypted: the database without the gateway's secret shows none of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from gateway.store import seals
from gateway.store.database import Store
from gateway.store.statements import PreparedStatement
from gateway.store.tables import return_photos

_DAY = 24 * 3600
_PUT = PreparedStatement(
    sa.insert(return_photos), *("return_id", "number", "digest", "sealed", "sealed_small", "added_at", "kept_until")
)
_OF_RETURN = (return_photos.c.return_id == sa.bindparam("of_return"), return_photos.c.kept_until > sa.bindparam("now"))
_NAMES = PreparedStatement(sa.select(return_photos.c.digest).where(*_OF_RETURN).order_by(return_photos.c.number))
_FIND = PreparedStatement(
    sa.select(return_photos).where(*_OF_RETURN, return_photos.c.digest == sa.bindparam("this")).limit(1)
)
_DELETE = PreparedStatement(sa.delete(return_photos).where(_OF_RETURN[0]))
_FORGET = PreparedStatement(sa.delete(return_photos).where(return_photos.c.kept_until <= sa.bindparam("now")))


@dataclass(frozen=True)
class ReturnPhoto:
    """
    A photo as it is kept.

    Attributes:
        digest: SHA-256 of *content* in hex, which stands on the ledger with the return.
        content: a JPEG.
        small: the same with fewer pixels.
    """

    digest: str
    content: bytes = field(repr=False)
    small: bytes = field(repr=False)


class ReturnPhotos:
    """The photos of all gateways on one database; each is deleted after so many days."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._key = seals.key(store.secret(), "photos")
        self._clock = clock

    def keep(self, return_id: str, photos: Sequence[ReturnPhoto], days: int) -> None:
        """Keep the photos of a return for so many days, in place of those that a request which broke off has kept."""
        now = self._now()
        rows = [
            {
                "return_id": return_id,
                "number": number,
                "digest": photo.digest,
                "sealed": seals.sealed(self._key, photo.content, _row(return_id, photo.digest, small=False)),
                "sealed_small": seals.sealed(self._key, photo.small, _row(return_id, photo.digest, small=True)),
                "added_at": now,
                "kept_until": now + days * _DAY,
            }
            for number, photo in enumerate(photos)
        ]
        with self._store.connection() as database:
            database.execute(_DELETE, {"of_return": return_id})
            database.execute_each(_PUT, rows)

    def names(self, return_ids: Iterable[str]) -> dict[str, list[str]]:
        """Return the digests of the kept photos of each return, by its id, in the order in which they were sent."""
        with self._store.reading() as database:
            found = {
                each: database.execute(_NAMES, {"of_return": each, "now": self._now()}).fetchall()
                for each in return_ids
            }
        return {return_id: [row["digest"] for row in rows] for return_id, rows in found.items()}

    def find(self, return_id: str, digest: str, *, small: bool) -> bytes | None:
        """Return a photo of a return; None if it is not kept, or no longer."""
        asked = {"of_return": return_id, "this": digest, "now": self._now()}
        with self._store.reading() as database:
            row = database.execute(_FIND, asked).fetchone()
        if row is None:
            return None
        text = row["sealed_small" if small else "sealed"]
        return seals.unsealed(self._key, bytes(text), _row(return_id, digest, small=small))

    def delete(self, return_id: str) -> None:
        """Delete the photos of a return that was not written."""
        with self._store.connection() as database:
            database.execute(_DELETE, {"of_return": return_id})

    def forget_old(self) -> None:
        """Delete the photos whose time is over."""
        with self._store.connection(durable=False) as database:
            database.execute(_FORGET, {"now": self._now()})

    def _now(self) -> int:
        return int(self._clock())


def _row(return_id: str, digest: str, *, small: bool) -> bytes:
    return f"{return_id} {digest} {'small' if small else 'whole'}".encode()
