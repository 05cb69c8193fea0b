"""Ranges, pages, composite keys and history."""

from __future__ import annotations

import json

from tests.conformance.answers import Answer
from tests.conformance.cases import case
from tests.conformance.lab import Lab


def _twenty_five(lab: Lab) -> None:
    if not lab.evaluate("get", "pg_00024").result["payload"]:
        lab.must("writemany", "25", "pg_")


def _asked(lab: Lab, *args: str) -> Answer:
    _twenty_five(lab)
    return lab.evaluate(*args)


case("range query")(lambda lab: _asked(lab, "range", "pg_", "pg_00003"))
case("range page 1")(lambda lab: _asked(lab, "rangepage", "pg_", "pg_z", "10", ""))
case("range page 2")(lambda lab: _asked(lab, "rangepage", "pg_", "pg_z", "10", "pg_00010"))
case("range page 3")(lambda lab: _asked(lab, "rangepage", "pg_", "pg_z", "10", "pg_00020"))


@case("range query open")
def open_range(lab: Lab) -> Answer:
    """Without ends, everything that is no composite key."""
    return _asked(lab, "range", "", "").then(
        lambda told: [entry["k"] for entry in json.loads(told["payload"]) if entry["k"].startswith("pg_0000")]
    )


@case("pagination in a write tx")
def page_in_a_transaction(lab: Lab) -> Answer:
    """A page may be read in a transaction that writes nothing."""
    _twenty_five(lab)
    return lab.submit("rangepage", "pg_", "pg_z", "3", "")


@case("composite partial")
def composite(lab: Lab) -> Answer:
    """Keys of one type and first part, in order."""
    lab.must("composite", "owner~asset", "a", "1")
    lab.must("composite", "owner~asset", "b", "2")
    return lab.evaluate("bypartial", "owner~asset", "a")


@case("composite put")
def composite_put(lab: Lab) -> Answer:
    """The key's bytes."""
    return lab.submit("composite", "owner~asset", "a", "1")


def _history(lab: Lab, key: str) -> Answer:
    return lab.evaluate("history", key).then(
        lambda told: [[entry["v"], entry["d"]] for entry in json.loads(told["payload"])]
    )


@case("history")
def history(lab: Lab) -> Answer:
    """Newest first."""
    key = lab.fresh("history")
    for value in ("x", "y", "z"):
        lab.must("put", key, value)
    return _history(lab, key)


@case("history deleted")
def history_of_deleted(lab: Lab) -> Answer:
    """A deletion is an entry of its own."""
    key = lab.fresh("history")
    lab.must("put", key, "1")
    lab.must("del", key)
    return _history(lab, key)
