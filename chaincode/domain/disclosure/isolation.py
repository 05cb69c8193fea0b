"""
Check whether published sums together reveal the figures of a party.

A published cell is a sum of unknown figures with known weights. Anybody may add and subtract multiples of several
cells. If such a combination has fewer than three parties, one of them can compute the figure of another. This
module decides exactly, in fractions, whether there is such a combination: a combination of cells is a vector in the
space that they span, and a vector is in that space if and only if it is orthogonal to their null space.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from chaincode.domain.disclosure import audience

Cell = Mapping[str, int]
"""The weight of each unknown figure in a sum."""

_Vector = list[Fraction]


def gives_away(cells: Iterable[Cell], party_of: Mapping[str, str]) -> bool:
    """
    Return whether some combination of *cells* is a sum over too few parties (`audience.enough_parties`).

    *party_of* names the party behind each unknown.
    """
    unknowns = sorted(party_of)
    left_open = _null_space([[Fraction(cell.get(name, 0)) for name in unknowns] for cell in cells], len(unknowns))
    parties = sorted(set(party_of.values()))
    few = [group for size in range(1, len(parties) + 1) for group in _groups(parties, size)]
    return any(
        _dependent([left_open[i] for i, name in enumerate(unknowns) if party_of[name] in group]) for group in few
    )


def _groups(parties: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    """Return the groups of *size* parties, if these are too few to hide each other."""
    return () if audience.enough_parties(parties[:size]) else itertools.combinations(parties, size)


def _null_space(rows: Sequence[_Vector], width: int) -> list[_Vector]:
    """Return the row of each unknown in a basis of the null space of *rows*."""
    reduced = _reduced(rows)
    pivots = {next(i for i, each in enumerate(row) if each): row for row in reduced}
    free = [column for column in range(width) if column not in pivots]
    return [
        [-pivots[column][other] for other in free]
        if column in pivots
        else [Fraction(int(column == other)) for other in free]
        for column in range(width)
    ]


def _dependent(vectors: Sequence[_Vector]) -> bool:
    return len(_reduced(vectors)) < len(vectors)


def _reduced(rows: Sequence[_Vector]) -> list[_Vector]:
    """Return the reduced row echelon form of *rows*, without rows of zeros."""
    found: list[_Vector] = []
    for row in rows:
        rest = row
        for known in found:
            rest = _cleared(rest, known)
        pivot = next((i for i, each in enumerate(rest) if each), None)
        if pivot is None:
            continue
        rest = [each / rest[pivot] for each in rest]
        found = [_cleared(known, rest) for known in found] + [rest]
    return found


def _cleared(row: _Vector, by: _Vector) -> _Vector:
    """Return *row* minus a multiple of *by*, so that the column of *by*'s leading one becomes zero."""
    pivot = next(i for i, each in enumerate(by) if each)
    factor = row[pivot]
    return [one - factor * other for one, other in zip(row, by, strict=True)] if factor else row
