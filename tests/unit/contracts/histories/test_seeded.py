"""How much the histories of a commit try."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.unit.contracts.histories import seeded


def test_continuous_integration_tries_ten_thousand_steps():
    """`seeded.run` fails if a machine makes fewer than this part of its steps."""
    planned = sum(histories * (length - 1) for histories, length in seeded.PLANNED.values())
    assert seeded.OF_CI * planned * seeded.FEWEST >= 10_000
    assert f"SELAT_SEEDS={seeded.OF_CI}" in (Path(__file__).parents[4] / ".ci/run").read_text()


class Money(RuleBasedStateMachine):
    """Notes what it draws."""

    drawn: list[list[int]] = []

    def __init__(self) -> None:
        super().__init__()
        self.drawn.append([])

    @rule(number=st.integers(0, 10**9))
    def note(self, number: int) -> None:
        """Note it."""
        self.drawn[-1].append(number)


@pytest.mark.skipif(bool(seeded.HISTORIES), reason="then other histories are wanted each time")
def test_each_seed_tries_other_histories_and_always_the_same():
    found = []
    for seed in (1, 2, 1):
        Money.drawn.clear()
        seeded.run(Money, seed)
        found.append([list(each) for each in Money.drawn])
    assert found[0] == found[2] != found[1]
