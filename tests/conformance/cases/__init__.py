"""
The questions, one module a subject: each case is a function from a `Lab` to an `Answer`, registered under its name.

The names are those of the recorded answers in ``observations/``. A case makes
what it needs first (its own keys), so that any of them can be run alone.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.conformance.answers import Answer
from tests.conformance.lab import Lab
from tests.conformance.laboratories import MAIN


@dataclass(frozen=True)
class Question:
    """What is asked, and the laboratory it is asked on."""

    ask: Callable[[Lab], Answer]
    laboratory: str = MAIN

    def answer(self, lab: Lab) -> dict[str, Any]:
        """The answer in the form that is compared."""
        return self.ask(lab).as_json(lab.addresses)


CASES: dict[str, Question] = {}
_Value = TypeVar("_Value")


def case(name: str, laboratory: str = MAIN) -> Callable[[Callable[[Lab], Answer]], Callable[[Lab], Answer]]:
    """Register the decorated question as *name*."""

    def register(ask: Callable[[Lab], Answer]) -> Callable[[Lab], Answer]:
        if name in CASES:
            raise ValueError(f"two conformance cases are called {name!r}")
        CASES[name] = Question(ask, laboratory)
        return ask

    return register


def cases(values: Mapping[str, _Value], ask: Callable[[Lab, _Value], Answer], laboratory: str = MAIN) -> None:
    """Register one question for each name in *values*: what *ask* answers for its value."""
    for name, value in values.items():
        question: Callable[[Lab], Answer] = functools.partial(_ask_with, ask, value)
        # So that it counts among the questions of its own module.
        functools.update_wrapper(question, ask)
        case(name, laboratory)(question)


def _ask_with(ask: Callable[[Lab, _Value], Answer], value: _Value, lab: Lab) -> Answer:
    return ask(lab, value)


def load() -> dict[str, Question]:
    """
    Import every module of this package; return all cases by name.

    The order is that of the modules' own names, whatever their package: what the earlier cases leave on a channel the
    later ones find, on every engine.
    """
    modules = [module.name for module in pkgutil.walk_packages(__path__, f"{__name__}.") if not module.ispkg]
    for name in sorted(modules, key=lambda name: name.rpartition(".")[2]):
        importlib.import_module(name)
    return CASES
