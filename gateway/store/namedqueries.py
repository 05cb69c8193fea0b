"""Named queries of EPCIS: what a user asked, kept under a name to ask it again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.store.database import Store
from gateway.store.statements import PreparedStatement
from gateway.store.tables import epcis_queries

MOST_OF_ONE = 100

_OWN = (epcis_queries.c.msp_id == sa.bindparam("of_msp_id"), epcis_queries.c.user == sa.bindparam("of_user"))
_ONE = epcis_queries.c.name == sa.bindparam("this")
_PUT = PreparedStatement(insert(epcis_queries).on_conflict_do_nothing())
_COUNT = PreparedStatement(sa.select(sa.func.count().label("number")).select_from(epcis_queries).where(*_OWN))
_FIND = PreparedStatement(sa.select(epcis_queries).where(*_OWN, _ONE))
_ALL = PreparedStatement(
    sa.select(epcis_queries)
    .where(*_OWN, epcis_queries.c.name > sa.bindparam("after"))
    .order_by(epcis_queries.c.name)
    .limit(sa.bindparam("most"))
)
_DELETE = PreparedStatement(sa.delete(epcis_queries).where(*_OWN, _ONE))


class QueryLimitError(Exception):
    """The user has as many named queries as one may have."""


class NameTakenError(Exception):
    """The user has another query of this name."""


@dataclass(frozen=True)
class NamedQuery:
    """A query under the name that its user gave it; *query* has the parameters as they were sent."""

    name: str
    query: Mapping[str, Any]


class NamedQueries:
    """The named queries of all users of one database."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def create(self, msp_id: str, user: str, named: NamedQuery) -> None:
        """
        Keep a query.

        Raises:
            NameTakenError, QueryLimitError
        """
        row = {
            "msp_id": msp_id,
            "user": user,
            "name": named.name,
            "query": json.dumps(named.query),
            "created_at": int(self._clock()),
        }
        with self._store.connection() as database:
            database.alone(f"epcis queries {msp_id}")
            if database.execute(_COUNT, {"of_msp_id": msp_id, "of_user": user}).fetchone()["number"] >= MOST_OF_ONE:
                raise QueryLimitError
            if database.execute(_PUT, row).rowcount != 1:
                raise NameTakenError

    def find(self, msp_id: str, user: str, name: str) -> NamedQuery | None:
        """Return one of a user's queries; None if there is none of this name."""
        with self._store.reading() as database:
            row = database.execute(_FIND, {"of_msp_id": msp_id, "of_user": user, "this": name}).fetchone()
        return _read(row) if row else None

    def of_user(self, msp_id: str, user: str, after: str, most: int) -> list[NamedQuery]:
        """Return a user's queries by name, after a name."""
        asked = {"of_msp_id": msp_id, "of_user": user, "after": after, "most": most}
        with self._store.reading() as database:
            return [_read(row) for row in database.execute(_ALL, asked).fetchall()]

    def delete(self, msp_id: str, user: str, name: str) -> bool:
        """Delete one of a user's queries; return False if there is none of this name."""
        with self._store.connection() as database:
            asked = {"of_msp_id": msp_id, "of_user": user, "this": name}
            return bool(database.execute(_DELETE, asked).rowcount == 1)


def _read(row: Any) -> NamedQuery:
    return NamedQuery(row["name"], json.loads(row["query"]))
