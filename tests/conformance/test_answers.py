"""Every engine of this machine gives the answers that real Fabric gave."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance import cases, recorded
from tests.conformance.laboratories import Laboratories

FABRIC = recorded.load("3.1.5")
QUESTIONS = cases.load()


def asked(laboratories: Laboratories, engine: str, name: str) -> dict[str, Any]:
    """What *engine* answers, in the form that is compared."""
    question = QUESTIONS[name]
    return question.answer(laboratories.on(engine, question.laboratory))


def test_every_case_was_recorded():
    """A case without a recorded answer proves nothing, and an answer without a case is forgotten."""
    assert sorted(QUESTIONS) == sorted(FABRIC)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_embedded_engine_answers_as_fabric(laboratories: Laboratories, name: str):
    """Status, message, per-endorser details and result are those that Fabric 3.1.5 gave."""
    assert asked(laboratories, "embedded", name) == FABRIC[name]


@pytest.mark.native
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_native_engine_answers_as_recorded(laboratories: Laboratories, name: str):
    """The record is still what the Fabric on this machine answers."""
    assert asked(laboratories, "native", name) == FABRIC[name]
