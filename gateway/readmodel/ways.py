"""
Choose how a query reads the model: along the index of one of its conditions, or in the order of its answer.

A database's planner guesses how many rows have a value, and a wrong guess reads the whole model for one page. So the
gateway counts rows itself, up to a bound. If few rows meet a condition, all of them are read; otherwise rows are read
in the order of the answer until the page is full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.store.database import StoreConnection

FEW = 4000
"""So many rows are read and ordered in less time than an answer may take."""


@dataclass(frozen=True)
class AccessPath:
    """The rows of a table that meet one condition of a query; an index has them together."""

    table: sa.Table
    where: tuple[sa.ColumnElement[bool], ...]


def fewest(database: StoreConnection, ways: Sequence[AccessPath]) -> tuple[int, bool]:
    """Return the number of the way with the fewest rows, and whether these are few."""
    counts = []
    for number, way in enumerate(ways):
        some = sa.select(sa.literal(1)).select_from(way.table).where(*way.where).limit(FEW + 1).subquery()
        counts.append(sa.select(sa.func.count()).select_from(some).scalar_subquery().label(f"way_{number}"))
    row = database.execute(sa.select(*counts)).fetchone()
    found = [row[f"way_{number}"] for number in range(len(ways))]
    best = min(range(len(ways)), key=found.__getitem__)
    return best, found[best] <= FEW


def holds(table: sa.FromClause, *where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that a table has such a row, looked up for each row that is read, and never joined."""
    return sa.select(sa.literal(1)).select_from(table).where(*where).limit(1).scalar_subquery() == 1
