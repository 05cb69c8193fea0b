"""
The ways to satisfy several policies together, as Fabric's service discovery finds them.

One principal covers another if everybody who is the first is also the second
(a peer is a member); then one endorsement counts for several policies.
Fabric's method finds neither all ways nor only the smallest. A gateway chooses
endorsers by its result, so this module uses the same method.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hlf.wire.endorsement.principalsets import MOST_WAYS, PrincipalSets, TooMany, Way


def merge(all_sets: Iterable[PrincipalSets]) -> PrincipalSets:
    """
    Return ways that satisfy every one of several policies; those of a single policy stay unchanged.

    Raises:
        TooMany: there are more than MOST_WAYS combinations.
    """
    several = iter(all_sets)
    merged = next(several)
    for following in several:
        merged = _Merger(merged, following).merged()
    return merged


class _Merger:
    """
    Merges the ways of two policies.

    Sets are bit masks: of principals by their places, of ways by theirs, a
    bit for each.
    """

    def __init__(self, one: PrincipalSets, other: PrincipalSets) -> None:
        self._principals = tuple(dict.fromkeys((*one.principals, *other.principals)))
        places = {principal: place for place, principal in enumerate(self._principals)}
        moved = [places[principal] for principal in other.principals]
        self._one = list(one.ways)
        self._other = [tuple([moved[place] for place in way]) for way in other.ways]
        # By place: which principals a principal covers.
        self._answers = [
            sum(1 << place for place, asked in enumerate(self._principals) if principal.is_a(asked))
            for principal in self._principals
        ]

    def merged(self) -> PrincipalSets:
        """Return the ways that satisfy both."""
        one, other = self._one, self._other
        in_other = self._contained(one, other)
        merged = [self._both(one[inner], other[outer]) for inner, outers in in_other.items() for outer in outers]
        one = [way for place, way in enumerate(one) if place not in in_other]
        in_one = self._contained(other, one)
        merged += [self._both(other[inner], one[outer]) for inner, outers in in_one.items() for outer in outers]
        other = [way for place, way in enumerate(other) if place not in in_one]
        # A way that contains one of the other policy satisfies both already, and is not combined further. Fabric goes
        # by the numbers that the other policy's ways had before some were removed above, so this code does so too.
        containing_one = set().union(*in_one.values())
        containing_other = set().union(*in_other.values())
        one = [way for place, way in enumerate(one) if place not in containing_one]
        other = [way for place, way in enumerate(other) if place not in containing_other]
        if len(merged) + len(one) * len(other) > MOST_WAYS:
            raise TooMany(f"the policies can be satisfied together in more than {MOST_WAYS} ways")
        merged += [self._both(inner, outer) for inner in one for outer in other]
        return PrincipalSets(self._principals, tuple(_smallest(merged)))

    def _contained(self, inner: Sequence[Way], outer: Sequence[Way]) -> dict[int, list[int]]:
        """Return, by the number of each way of *inner*, the ways of *outer* whose signers satisfy it too."""
        having = _having(inner)
        every = (1 << len(inner)) - 1
        found: dict[int, list[int]] = {}
        for number, way in enumerate(outer):
            answered = 0
            for place in way:
                answered |= self._answers[place]
            unsatisfied = 0
            for place, ways in having.items():
                if not answered >> place & 1:
                    unsatisfied |= ways
            for contained in _bits(every & ~unsatisfied):
                found.setdefault(contained, []).append(number)
        return dict(sorted(found.items()))

    def _both(self, contained: Way, containing: Way) -> Way:
        """Return *containing*, and the part of *contained* that it does not cover; each principal covers one other."""
        free: list[int | None] = list(containing)
        missing = []
        for place in contained:
            for number, answering in enumerate(free):
                if answering is not None and self._answers[answering] >> place & 1:
                    free[number] = None
                    break
            else:
                missing.append(place)
        return (*containing, *missing)


def _having(ways: Sequence[Way]) -> dict[int, int]:
    """Return, by principal, the *ways* that contain it."""
    having: dict[int, int] = {}
    for number, way in enumerate(ways):
        bit = 1 << number
        for place in way:
            having[place] = having.get(place, 0) | bit
    return having


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _smallest(ways: Iterable[Way]) -> list[Way]:
    """
    Return those of *ways* that contain no smaller one, and the first of equal ones.

    Fabric ignores how often a principal is in a way: of ``A, A, B`` and
    ``A, B`` the first stays.
    """
    first: dict[frozenset[int], Way] = {}
    for way in ways:
        first.setdefault(frozenset(way), way)
    sizes = sorted({len(asked) for asked in first})
    if len(sizes) < 2:
        return list(first.values())
    having = _having([tuple(asked) for asked in first])
    numbers = dict.fromkeys(sizes, 0)
    for number, asked in enumerate(first):
        numbers[len(asked)] |= 1 << number
    smaller = {size: sum(numbers[less] for less in sizes if less < size) for size in sizes}
    kept = []
    for asked, way in first.items():
        left = smaller[len(asked)]
        for place, ways_with in having.items():
            if not left:
                break
            if place not in asked:
                left &= ~ways_with
        if not left:
            kept.append(way)
    return kept
