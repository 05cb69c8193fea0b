"""
Find the best chains by several measures, with labels.

A label has the measures of a chain up to a step. At each offer, a label is dropped if another label of the same
offer is equal or better in all measures, so the result is exact. The number of labels has no limit in theory: after
*most* labels the answer is None.
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
    """A chain up to some step, and its measures."""

    measures: Measures
    chain: Chain


def unbeaten(
    graph: Graph, node: Node, edge: Edge, most: int, keep: Callable[[int, int, Measures], bool]
) -> tuple[Label, ...] | None:
    """
    Return the chains that no other chain beats in all measures; of equal ones the first.

    *keep* gets step, position and measures so far, and says whether a chain can still become useful.
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
    """Return the *labels* for which no other is equal or better in every measure."""
    kept: list[Label] = []
    for label in sorted(labels, key=lambda label: (label.measures, label.chain)):
        # Sorted by the first measure, so only an earlier label can beat a later one.
        if not any(all(map(int.__le__, other.measures, label.measures)) for other in kept):
            kept.append(label)
    return kept
