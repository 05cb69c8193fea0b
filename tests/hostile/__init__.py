"""
What members may send to stop or mislead the others, at random but repeatable.

Each test has a small share of its inputs in every run. ``make hostile N=100000``
asks for so many of each, and ``SEED=7`` for others than the usual ones.
"""

from __future__ import annotations

import os
import random


def how_many(usually: int) -> int:
    """How many inputs a test tries: *usually*, or the number that ``make hostile`` was given."""
    return int(os.environ.get("SELAT_HOSTILE_INPUTS") or usually)


def chance(purpose: str) -> random.Random:
    """Return a source of choices that is the same in every run, another one for each *purpose* and seed."""
    return random.Random(f"{purpose}/{os.environ.get('SELAT_HOSTILE_SEED') or 0}")  # noqa: S311 - not a secret.
