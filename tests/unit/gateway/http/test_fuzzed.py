"""
schemathesis sends every operation what the description allows and what it does not, and compares the answers with it.

A commit always gets the same few inputs; ``make fuzz-api`` sends others, as many as one likes.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, errors, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from gateway.http import context
from gateway.store.scopes import SCOPES
from hlf import errors as fabric
from tests.unit.gateway.fakes import FakeLedgers, application

EXAMPLES = int(os.environ.get("SELAT_API_EXAMPLES", "0"))
# Rules beyond a schema (a day that exists, a currency in force) refuse valid input, so this says nothing here. The
# second tries identities of its own where every request has one; test_auth.py does that for every address.
LEFT_OUT = [checks.positive_data_acceptance, checks.ignored_auth]


class _NothingThere(FakeLedgers):
    """A ledger whose contracts find nothing, so that each answer depends on the request alone."""

    def evaluate(self, *_: Any) -> bytes:
        raise fabric.EvaluateError("refused/NOT_FOUND: nothing")

    def submit(self, *_: Any) -> Any:
        raise fabric.EndorseError("refused/NOT_FOUND: nothing")

    def check_stream(self, *_: object) -> None:
        raise fabric.EvaluateError("refused/NOT_FOUND: nothing")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], dict[str, str]]:
    """Return all operations, and the headers of a caller with every scope."""
    ledgers = _NothingThere(up={"PlatformMSP", "ForwarderMSP"})
    app = application(tmp_path_factory.mktemp("fuzzed"), ledgers, token_requests=10**9, address_requests=10**9)
    token = app.extensions[context.EXTENSION].tokens.create("PlatformMSP", "User1", SCOPES, 24 * 3600)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    # The client of this test does not unpack what it takes compressed.
    sent = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    return [each.ok() for each in schema.get_all_operations()], sent


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_every_operation_answers_as_it_is_described(served, mode):
    """No fault inside, a described status, media type, headers and body; what the schemas forbid is refused."""
    operations, headers = served
    asked = 0
    for operation in operations:

        @settings(
            max_examples=EXAMPLES or 1,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

        try:
            send()
        except errors.Unsatisfiable:
            # An address without input cannot get a wrong one.
            assert mode is GenerationMode.NEGATIVE, operation.label
    assert asked > 150
