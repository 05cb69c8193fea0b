"""Times in answers: one form, RFC 3339, for whatever the ledger holds."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask

from chaincode.functions import CHAINCODES
from gateway.http import times
from hlf.codec import records

NOON = 1_795_953_600_250
TEXT = "2026-11-29T12:00:00.250Z"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (NOON, TEXT),
        (datetime(2026, 11, 29, 12, 0, 0, 250_001, UTC), "2026-11-29T12:00:00.250001Z"),
        (datetime(2026, 11, 29, 19, tzinfo=timezone(timedelta(hours=7))), "2026-11-29T12:00:00Z"),
        ("2026-11-29T19:00:00+07:00", "2026-11-29T19:00:00+07:00"),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_text(value, shown):
    """Instants are in UTC; a text that a caller wrote keeps its offset, which is the local time of a place."""
    assert times.text(value) == shown


def test_times_in_records_become_text_at_any_depth():
    """Numbers of other names, booleans and numbers that are no time stay as they are."""
    held = {"custody": {"periods": [{"since": NOON, "number": NOON}]}, "at": True, "due": 10**18, "ended_at": None}
    assert times.shown(held) == {
        "custody": {"periods": [{"since": TEXT, "number": NOON}]},
        "at": True,
        "due": 10**18,
        "ended_at": None,
    }


def test_the_names_of_times_are_those_of_the_records():
    """In every answer of a contract, an integer is an instant if and only if its name says so."""
    fields = {field for chaincode in CHAINCODES.values() for each in chaincode.functions.values()
              for field in _integers(each.returns, set())}  # fmt: skip
    assert any(instant for _, instant in fields)
    seconds = {("issued_at", False)}  # Of an RFC 9901 document; the gateway's view multiplies it.
    wrong = {(name, instant) for name, instant in fields if times.names_time(name) != instant}
    assert wrong == seconds


def _integers(kind: typing.Any, seen: set[type]) -> set[tuple[str, bool]]:
    """Return the integer fields of the records in *kind*: name, and whether they are instants."""
    found = {each for inner in typing.get_args(kind) for each in _integers(inner, seen)}
    if dataclasses.is_dataclass(kind) and kind not in seen:
        seen.add(typing.cast("type", kind))
        for name, hint in typing.get_type_hints(kind, include_extras=True).items():
            choices = {hint, *typing.get_args(hint)} if typing.get_origin(hint) is not typing.Annotated else {hint}
            if choices & {int, records.Instant}:
                found.add((name, records.Instant in choices))
            found |= _integers(hint, seen)
    return found


def test_answers_describe_each_time_as_one_type(app: Flask):
    """A property of an answer with the name of a time is a text of the format date-time, or nothing."""
    schemas = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()["components"]["schemas"]
    answers = {
        name: one
        for name, one in schemas.items()
        if re.fullmatch(r"(View|Seen|Event|Access|Change|ClaimSummary|Transaction)\w*", name)
    }
    found = [field for one in answers.values() for name, field in one["properties"].items() if times.names_time(name)]
    assert found
    assert all(field.get("format") == "date-time" for field in found)


def test_a_claims_list_tells_its_times_as_text(client, bearer, ledgers):
    """The digest documents of RFC 9901 count seconds; answers do not."""
    listed = {"claim_id": "c1", "revision": 1, "kind": "forecast", "issued_at": NOON // 1000, "document_hash": "0" * 64}
    ledgers.answers["Claims:list"] = json.dumps({"claims": [listed], "bookmark": ""}).encode()
    (answer,) = client.get("/v1/forecasts", headers=bearer("read")).json
    assert answer["issued_at"] == "2026-11-29T12:00:00.000Z"


def test_answers_of_the_trade_tell_their_times_as_text(client, bearer, ledgers):
    """So do views that pass a contract's answer on without a schema."""
    ledgers.answers["Journeys:progress"] = json.dumps([{"stage_id": "S02", "first_at": NOON, "last_at": None}]).encode()
    answer = client.get("/v1/journeys/J1/progress", headers=bearer("read"))
    assert answer.json == [{"stage_id": "S02", "first_at": TEXT, "last_at": None}]
