"""
The questions, one module a service: each case is a function from a `Lab` to an `Answer`, registered under its name.

The names are those of the recorded answers in ``observations/``. A case makes
what it needs first (its own keys), so that any of them can be run alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from tests.conformance.answers import Answer
from tests.conformance.lab import Lab

Question = Callable[[Lab], Answer]

CASES: dict[str, Question] = {}


def case(name: str) -> Callable[[Question], Question]:
    """Register the decorated question as *name*."""

    def register(question: Question) -> Question:
        if name in CASES:
            raise ValueError(f"two conformance cases are called {name!r}")
        CASES[name] = question
        return question

    return register


def load() -> dict[str, Question]:
    """Import every module of this package; return all cases by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return CASES
