"""Every engine of this machine gives the answers that real Fabric gave."""

from __future__ import annotations

import pytest

from tests.conformance import cases, recorded
from tests.conformance.lab import Lab

FABRIC = recorded.load("3.1.5")
QUESTIONS = cases.load()


def test_every_case_was_recorded():
    """A case without a recorded answer proves nothing, and an answer without a case is forgotten."""
    assert sorted(QUESTIONS) == sorted(FABRIC)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_embedded_engine_answers_as_fabric(embedded_lab: Lab, name: str):
    """Status, message, per-endorser details and result are those that Fabric 3.1.5 gave."""
    assert QUESTIONS[name](embedded_lab).as_json(embedded_lab.addresses) == FABRIC[name]


@pytest.mark.native
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_native_engine_answers_as_recorded(native_lab: Lab, name: str):
    """The record is still what the Fabric on this machine answers."""
    assert QUESTIONS[name](native_lab).as_json(native_lab.addresses) == FABRIC[name]
