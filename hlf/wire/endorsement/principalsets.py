"""
The sets of principals whose signatures satisfy a policy, as Fabric's service discovery finds them.

Each way to satisfy a policy is a set of principals, one for each signature.
:mod:`hlf.wire.endorsement.principalmerge` combines the ways of several policies.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, count, product, zip_longest
from math import comb
from typing import Any

from hlf import errors
from hlf.wire import msp

#: Fabric considers no more choices of one gate: it drops parts at random until there are so few.
MOST_CHOICES = 10_000
#: Fabric has no limit for all gates together. This module refuses a policy with more ways.
MOST_WAYS = 20_000
# The modulus is above the number of any choice.
_CHOICE_BITS = MOST_CHOICES.bit_length()
_draw = random.SystemRandom()

Way = tuple[int, ...]


class Unsatisfiable(errors.PolicyError):  # noqa: N818 - a fact about the policy, not a failure.
    """Nobody can satisfy the policy, or Fabric finds no way."""


class Incomparable(errors.PolicyError):  # noqa: N818
    """A policy names a principal that is no role, organisational unit or identity."""


class TooMany(errors.PolicyError):  # noqa: N818
    """There are more than MOST_WAYS ways; a real peer computes them until its memory ends."""


@dataclass(frozen=True)
class PrincipalSets:
    """
    The ways to satisfy a policy.

    Attributes:
        principals: every principal of the policy, once.
        ways: for each way, the places of its principals in *principals*; a place is there twice if two identities
            are needed.
    """

    principals: tuple[msp.Principal, ...]
    ways: tuple[Way, ...]

    def __iter__(self) -> Iterator[tuple[msp.Principal, ...]]:
        """Return the ways as principals."""
        return (tuple(self.principals[place] for place in way) for way in self.ways)


def of_policy(envelope: Any) -> PrincipalSets:
    """
    Return the ways to satisfy a ``SignaturePolicyEnvelope``, whatever its version.

    They are in Fabric's order, and include ways that contain a smaller one.
    Where a gate has too many choices, each call drops other parts at random.

    Raises:
        Unsatisfiable: there are none, or a part of the policy is malformed.
        Incomparable: planning does not support the kind of a principal.
        TooMany: there are more than MOST_WAYS.
    """
    principals = dict.fromkeys(map(msp.Principal.of, envelope.identities))
    places = {principal: place for place, principal in enumerate(principals)}
    ways = _Ways(envelope.rule, [places[msp.Principal.of(each)] for each in envelope.identities]).all()
    if not ways:
        raise Unsatisfiable("no choice of its parts satisfies the policy")
    result = PrincipalSets(tuple(principals), ways)
    for place in set().union(*ways):
        if not result.principals[place].comparable:
            raise Incomparable(f"{result.principals[place]} cannot be compared with other principals")
    return result


@dataclass
class _Gate:
    """A gate: *threshold* of its *parts*; a part is a gate, the place of a principal, or None if malformed."""

    number: int
    threshold: int
    parts: list[_Gate | int | None]


# The places of one way to satisfy a part, by level below it; None if it is malformed.
_Levels = tuple[Way, ...] | None
# These, and Fabric's number of the way.
_Choice = tuple[int, _Levels]


class _Ways:
    def __init__(self, rule: Any, places: Sequence[int]) -> None:
        self._places = places
        self._gates = 0
        waiting: deque[tuple[_Gate, Any]] = deque()
        self._root = self._read(rule, waiting)
        # Gates are numbered by level, the order in which Fabric visits them.
        while waiting:
            gate, encoded = waiting.popleft()
            gate.parts.extend(self._read(part, waiting) for part in _pruned(list(encoded.rules), gate.threshold))

    def _read(self, rule: Any, waiting: deque[tuple[_Gate, Any]]) -> _Gate | int | None:
        kind: str | None = rule.WhichOneof("Type")
        if kind == "signed_by" and 0 <= rule.signed_by < len(self._places):
            place: int = self._places[rule.signed_by]
            return place
        if kind != "n_out_of" or not rule.n_out_of.rules:
            return None
        if rule.n_out_of.n < 0:
            # A negative threshold ends a real peer.
            raise Unsatisfiable("a gate of the policy wants fewer than no signatures")
        gate = _Gate(self._gates, rule.n_out_of.n, [])
        self._gates += 1
        waiting.append((gate, rule.n_out_of))
        return gate

    def all(self) -> tuple[Way, ...]:
        """Return all ways, in Fabric's order."""
        _number(self._root)
        found = sorted(self._choices(self._root), key=lambda choice: choice[0])
        ways = []
        for _, levels in found:
            if levels is None:
                raise Unsatisfiable("the policy is malformed, or has a gate that wants nobody")
            ways.append(tuple(chain.from_iterable(levels)))
        return tuple(ways)

    def _choices(self, part: _Gate | int | None) -> list[_Choice]:
        if part is None:
            return [(0, None)]
        if isinstance(part, int):
            return [(0, ((part,),))]
        # Fabric expands one gate after another, and puts the ways with the gate behind those without. So the last
        # gate that only one of two ways has orders them, and then the first in which their choices differ.
        order = 1 << (part.number + _CHOICE_BITS * self._gates)
        if part.threshold == 0:
            return [(order, None)]
        shift = _CHOICE_BITS * (self._gates - 1 - part.number)
        below = [self._choices(inner) for inner in part.parts]
        signer = [_lone(choices) for choices in below]
        if len({depth for depth, _ in signer}) == 1 and signer[0][0]:
            # The usual policy: each part is one signer, and all are on one level.
            above: tuple[Way, ...] = ((),) * signer[0][0]
            orders = map(sum, combinations([choices[0][0] for choices in below], part.threshold))
            ways = combinations([place for _, place in signer], part.threshold)
            return [
                (order + (number << shift) + inner, (*above, way))
                for number, (inner, way) in enumerate(zip(orders, ways, strict=True))
            ]
        return [
            (order + (number << shift) + sum(orders), _joined(levels))
            for number, orders, levels in _picked(below, part.threshold)
        ]


def _lone(choices: list[_Choice]) -> tuple[int, int]:
    """
    Return the number of levels down to the only signer of the only choice, and that signer; 0 if there are others.
    """
    levels = choices[0][1] if len(choices) == 1 else None
    if levels is None or any(levels[:-1]) or len(levels[-1]) != 1:
        return 0, 0
    return len(levels), levels[-1][0]


def _picked(below: Sequence[list[_Choice]], threshold: int) -> Iterator[tuple[int, Sequence[int], Sequence[_Levels]]]:
    """
    Yield each choice of *threshold* parts, with its number, and each choice inside them: its order and its levels.
    """
    if all(len(choices) == 1 for choices in below):
        orders, levels = zip(*[choices[0] for choices in below], strict=True)
        numbers = count()
        yield from zip(numbers, combinations(orders, threshold), combinations(levels, threshold), strict=False)
        return
    for number, chosen in enumerate(combinations(below, threshold)):
        for picked in product(*chosen):
            orders, levels = zip(*picked, strict=True)
            yield number, orders, levels


def _joined(parts: Sequence[_Levels]) -> _Levels:
    """Return the levels below a gate, with the chosen parts side by side; the gate's own level has no principal."""
    whole = [levels for levels in parts if levels is not None]
    if len(whole) < len(parts):
        return None
    empty: Way = ()
    return (empty, *[tuple(chain.from_iterable(side)) for side in zip_longest(*whole, fillvalue=empty)])


def _pruned(parts: list[Any], threshold: int) -> list[Any]:
    """Return the parts of a gate that Fabric considers."""
    while threshold <= len(parts) and comb(len(parts), threshold) > MOST_CHOICES:
        del parts[_draw.randrange(len(parts))]
    return parts


def _number(part: _Gate | int | None) -> int:
    """Return the number of ways, or raise TooMany before they are computed."""
    if not isinstance(part, _Gate):
        return 1
    # Indexed by the number of chosen parts; each part is left out, or chosen in one of its ways.
    by_chosen = [1] + [0] * part.threshold
    if part.threshold > len(part.parts):
        return 0
    for inner in map(_number, part.parts):
        for chosen in range(part.threshold, 0, -1):
            by_chosen[chosen] += by_chosen[chosen - 1] * inner
    if by_chosen[-1] > MOST_WAYS:
        raise TooMany(f"the policy can be satisfied in more than {MOST_WAYS} ways")
    return by_chosen[-1]
