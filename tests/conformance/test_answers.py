"""Every engine of this machine gives the answers that real Fabric gave: the embedded one those of the reference
version, the native one those of the version that is installed."""

from __future__ import annotations

from typing import Any

import pytest

from hlf.network.engines.native import binaries
from tests.conformance import cases, recorded
from tests.conformance.laboratories import Laboratories

FABRIC = recorded.load(recorded.REFERENCE)
QUESTIONS = cases.load()


@pytest.fixture(scope="session")
def installed() -> tuple[str, dict[str, Any]]:
    """Return what the real Fabric of this machine is held to: the version that was asked, and its answers."""
    version = binaries.find().version_text
    asked_before = recorded.nearest(version)
    if not asked_before:
        pytest.skip(
            f"Fabric {version} is installed, and none of its release line was ever asked "
            f"({', '.join(recorded.versions())} were): make conformance-record ENGINE=native"
        )
    return asked_before, recorded.load(asked_before)


def asked(laboratories: Laboratories, engine: str, name: str) -> dict[str, Any]:
    """Return what *engine* answers, in the form that is compared."""
    question = QUESTIONS[name]
    return question.answer(laboratories.on(engine, question.laboratory))


def test_every_case_was_recorded():
    """A case without a recorded answer proves nothing, and an answer without a case is forgotten."""
    assert sorted(QUESTIONS) == sorted(FABRIC)


@pytest.mark.parametrize("version", recorded.versions())
def test_no_answer_is_forgotten(version: str):
    """What a version answers otherwise is about a case that is still asked."""
    assert recorded.kept(version).keys() <= QUESTIONS.keys()


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_embedded_engine_answers_as_fabric(laboratories: Laboratories, name: str):
    """Status, message, per-endorser details and result are those that the reference version gave."""
    assert asked(laboratories, "embedded", name) == FABRIC[name]


@pytest.mark.native
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_native_engine_answers_as_recorded(
    laboratories: Laboratories, installed: tuple[str, dict[str, Any]], name: str
):
    """The record is still what the Fabric on this machine answers."""
    version, answers = installed
    assert asked(laboratories, "native", name) == answers[name], f"recorded of Fabric {version}"
