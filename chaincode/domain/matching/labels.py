"""
Chains that count in more than one way: by labels that no other label beats.

A label is what a chain so far comes to in every respect. At each offer only
those are kept that no other label of the same offer equals or betters in all
respects, so what is left at the end is exact. In principle their number
knows no bound: *most* labels are made and then None is the answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from chaincode.domain.matching.solver import Chain, Graph

Measures = tuple[int, ...]
Node = Callable[[int], Measures]
Edge = Callable[[int, int], Measures]


@dataclasses.dataclass(frozen=True)
class Label:
    """A chain up to some step, and what it comes to."""

    measures: Measures
    chain: Chain


def unbeaten(
    graph: Graph, node: Node, edge: Edge, most: int, keep: Callable[[int, int, Measures], bool]
) -> tuple[Label, ...] | None:
    """
    Return the chains that no other betters in all measures; of equal ones the first.

    *keep* is asked with step, position and measures so far whether a chain can still become one that is wanted.
    """
    made = 0
    here: dict[int, list[Label]] = {
        one: [Label(node(one), (one,))] for one in graph.steps[0] if keep(0, one, node(one))
    }
    for number in range(1, len(graph.steps)):
        there: dict[int, list[Label]] = {}
        for taker in graph.steps[number]:
            own = node(taker)
            reached = []
            for giver, labels in here.items():
                added = tuple(map(int.__add__, own, edge(giver, taker)))
                made += len(labels)
                if made > most:
                    return None
                for label in labels:
                    measures = tuple(map(int.__add__, label.measures, added))
                    if keep(number, taker, measures):
                        reached.append(Label(measures, (*label.chain, taker)))
            if reached:
                there[taker] = pruned(reached)
        here = there
    return tuple(pruned([label for labels in here.values() for label in labels]))


def pruned(labels: Sequence[Label]) -> list[Label]:
    """Those of *labels* that no other equals or betters in every measure."""
    kept: list[Label] = []
    for label in sorted(labels, key=lambda label: (label.measures, label.chain)):
        # Sorted by the first measure, so only one that stands before can beat it.
        if not any(all(map(int.__le__, other.measures, label.measures)) for other in kept):
            kept.append(label)
    return kept
