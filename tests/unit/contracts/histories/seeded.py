"""
Random histories over several seeds, and how many steps they make: ten thousand and more over the four of `.ci/run`.

The seeds are always the same, so that a red run means a fault of the commit; ``SELAT_SEEDS`` says how many, one if left
out. ``SELAT_HISTORIES=2000`` tries that many histories of each kind instead, other ones each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

import hypothesis
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from hlf.shim import testing

OF_CI = 4
"""How many seeds `.ci/run` asks for."""
SEEDS = range(1, int(os.environ.get("SELAT_SEEDS", "1")) + 1)
HISTORIES = int(os.environ.get("SELAT_HISTORIES", "0"))
PLANNED: Mapping[str, tuple[int, int]] = {
    "Parcels": (25, 25), "Purse": (40, 6), "Units": (100, 10), "Money": (90, 10),
    "Sums": (10, 14), "Losses": (25, 12), "Duties": (15, 12), "Bazaars": (20, 12),
}  # fmt: skip
"""By machine: the histories of each seed, and the most steps of each. Where a step costs little, there are more."""
FEWEST = 0.8
"""The part of these steps that is made at least; some histories end early."""
SECONDS = max(900, 30 * HISTORIES)


def went_through(known: Collection[str], call: Callable[..., object], *args: Any, **named: Any) -> bool:
    """Return whether a call was not refused; a refusal has one of the *known* codes."""
    try:
        call(*args, **named)
    except testing.Refused as refused:
        assert refused.code in known, refused  # noqa: PT017  (some tries are allowed)
        return False
    return True


def run(machine: type[RuleBasedStateMachine], seed: int) -> None:
    """Try the histories of one seed; see that they were as many as planned, and that claims came to all their ENDS."""
    histories, length = PLANNED[machine.__name__]
    if HISTORIES:
        histories = -(-HISTORIES // len(SEEDS))
    made = 0
    reached: set[str] = set()

    class Counted(machine):  # type: ignore[misc, valid-type]  # It is a class, chosen by the caller.
        """Counts steps; the first look at the invariants comes before the first step."""

        def check_invariants(self, *arguments: object, **named: object) -> None:
            nonlocal made
            made += 1
            reached.update(each.state for each in getattr(self, "claims", {}).values() if hasattr(machine, "ENDS"))
            super().check_invariants(*arguments, **named)

    chosen = hypothesis.settings(
        max_examples=histories,
        stateful_step_count=length,
        derandomize=False,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    factory = Counted if HISTORIES else hypothesis.seed(seed)(Counted)
    run_state_machine_as_test(factory, settings=chosen)
    assert made - histories >= FEWEST * histories * (length - 1)
    if not HISTORIES:
        assert getattr(machine, "ENDS", set()) <= reached
