"""
Whose signatures satisfy a policy, as Fabric's service discovery works it out.

A policy can be satisfied in ways: each is a set of principals, one for every
signature that it wants. What several policies want together is found by
:mod:`hlf.wire.endorsement.principalmerge`.
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

#: Of one gate Fabric considers no more choices: it leaves parts out at random until there are so few.
MOST_CHOICES = 10_000
#: Of all gates together Fabric sets no limit and works on. Here a policy with more ways is refused.
MOST_WAYS = 20_000
# Enough for the number of any choice.
_CHOICE_BITS = MOST_CHOICES.bit_length()
_draw = random.SystemRandom()

Way = tuple[int, ...]


class Unsatisfiable(errors.PolicyError):  # noqa: N818 - what is known of the policy.
    """Nobody can satisfy the policy, or Fabric finds no way to."""


class Incomparable(errors.PolicyError):  # noqa: N818
    """A policy asks for a principal that is no role, organisational unit or identity."""


class TooMany(errors.PolicyError):  # noqa: N818
    """There are more than MOST_WAYS ways; a real peer works on them for as long as its memory lasts."""


@dataclass(frozen=True)
class PrincipalSets:
    """
    The ways to satisfy a policy.

    Attributes:
        principals: who may be asked for, each once.
        ways: the places in *principals* of whom each way asks for; a place stands there twice where two identities
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

    They come in Fabric's order, none is left out because a smaller one is there.
    Parts that too many choices leave out are drawn anew each time.

    Raises:
        Unsatisfiable: there are none, or a part of the policy is malformed.
        Incomparable: a principal is of a kind that planning does not know.
        TooMany: there are more than anybody can use.
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
    """A gate: *threshold* of its *parts*, which are gates or places of principals; None is a malformed part."""

    number: int
    threshold: int
    parts: list[_Gate | int | None]


# The places of one way to satisfy a part, level by level below it; None if it is malformed.
_Levels = tuple[Way, ...] | None
# These, and where Fabric comes upon the way.
_Choice = tuple[int, _Levels]


class _Ways:
    def __init__(self, rule: Any, places: Sequence[int]) -> None:
        self._places = places
        self._gates = 0
        waiting: deque[tuple[_Gate, Any]] = deque()
        self._root = self._read(rule, waiting)
        # Gates are numbered level by level, which is how Fabric goes through them.
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
            # A real peer does not survive the search for fewer than no parts.
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
        # Fabric expands one gate after another, and moves what has the gate behind what has not: so the last gate
        # in which two ways differ orders them, and then the first in which they choose otherwise.
        order = 1 << (part.number + _CHOICE_BITS * self._gates)
        if part.threshold == 0:
            return [(order, None)]
        shift = _CHOICE_BITS * (self._gates - 1 - part.number)
        below = [self._choices(inner) for inner in part.parts]
        signer = [_lone(choices) for choices in below]
        if len({depth for depth, _ in signer}) == 1 and signer[0][0]:
            # As most policies are: whatever is chosen, it is one signer each, and all of them stand side by side.
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
    Return how many levels above it has the only signer of the only choice, and who that is; 0 where it is otherwise.
    """
    levels = choices[0][1] if len(choices) == 1 else None
    if levels is None or any(levels[:-1]) or len(levels[-1]) != 1:
        return 0, 0
    return len(levels), levels[-1][0]


def _picked(below: Sequence[list[_Choice]], threshold: int) -> Iterator[tuple[int, Sequence[int], Sequence[_Levels]]]:
    """
    Yield each choice of *threshold* parts, its number, and each choice below in them: their orders and their levels.
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
    """Return the levels below a gate of what was chosen of its parts, side by side; its own has no principal."""
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
    """Return the number of ways; raises TooMany before anybody goes through them."""
    if not isinstance(part, _Gate):
        return 1
    # By the number of parts chosen so far; each part is left, or taken in one of its ways.
    by_chosen = [1] + [0] * part.threshold
    if part.threshold > len(part.parts):
        return 0
    for inner in map(_number, part.parts):
        for chosen in range(part.threshold, 0, -1):
            by_chosen[chosen] += by_chosen[chosen - 1] * inner
    if by_chosen[-1] > MOST_WAYS:
        raise TooMany(f"the policy can be satisfied in more than {MOST_WAYS} ways")
    return by_chosen[-1]
