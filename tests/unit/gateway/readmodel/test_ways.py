"""By whichever way a question goes through the model, it finds what a reader of all rows would find, in that order."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from gateway.readmodel import changes, epcisqueries, queries, ways
from gateway.readmodel.epcisqueries import EpcisQuery, NameCondition, TimeCondition
from gateway.readmodel.model import Model
from gateway.readmodel.queries import SORTS, Query
from gateway.store.database import Store, StoreConnection
from tests.unit.gateway.readmodel import epcisjourney
from tests.unit.gateway.readmodel.chain import Wrote, chain

MSP = "PlatformMSP"
STATES, MERCHANTS, LINES = ("open", "closed"), ("A", "B", "C"), ("1", "2", "3", "4")


@pytest.fixture(params=["few rows", "some rows", "too many rows"])
def way(request, monkeypatch) -> None:
    """Count as few: everything, two rows, or nothing."""
    monkeypatch.setattr(ways, "FEW", {"few rows": 4000, "some rows": 2, "too many rows": 0}[request.param])


def walked(page: Callable[[str], Any], rows: Callable[[Any], tuple]) -> list[Any]:
    """All rows of a list, page by page."""
    found: list[Any] = []
    cursor = ""
    while True:
        answer = page(cursor)
        found += rows(answer)
        cursor = answer.cursor
        if not cursor:
            return found


def test_lists_find_what_is_there(opened, way):
    """Random orders on two channels, asked for by random conditions in each order, by pages of three."""
    chance, model = random.Random(7), Model(opened())  # noqa: S311  Nothing here is secret.
    held = []
    for channel in ("ecommerce", "trade"):
        made = []
        for number in range(12):
            document = {"state": chance.choice(STATES), "merchant": chance.choice(MERCHANTS)}
            document["lines"] = [{"gtin": each} for each in chance.sample(LINES, 2)]
            name = f"{channel}{number:02}"
            made.append(Wrote({("order", name): document}))
            held.append((channel, name, number, document))
        assert model.apply(MSP, channel, [changes.of(each) for each in chain(*([each] for each in made))])
    for _ in range(12):
        where = {"merchant": chance.choice(MERCHANTS)} if chance.random() < 0.6 else {}
        where |= {"lines.gtin": chance.choice(LINES)} if chance.random() < 0.6 else {}
        state = chance.choice(("", *STATES))
        channel = chance.choice(("", "trade"))
        wanted = {
            name
            for at, name, _, document in held
            if channel in ("", at)
            and state in ("", document["state"])
            and where.get("merchant", document["merchant"]) == document["merchant"]
            and ("lines.gtin" not in where or {"gtin": where["lines.gtin"]} in document["lines"])
        }
        for sort in SORTS:
            asked = Query("orders", where, channel=channel, state=state, sort=sort, limit=3)

            def page(cursor: str, asked: Query = asked) -> queries.RecordPage:
                return queries.find(model, MSP, Query(**{**vars(asked), "cursor": cursor}))

            found = walked(page, lambda each: each.records)
            assert {each.id for each in found} == wanted
            assert len(found) == len(wanted)
            keys = {"changed": "block_number", "id": "id", "state": "state"}
            told = [getattr(each, keys[sort.lstrip("-")]) for each in found]
            assert told == sorted(told, reverse=sort.startswith("-"))


def test_events_are_found_by_every_way(opened, way):
    """Conditions on what events have and on their times, in each order, one by one."""
    model = Model(opened())
    page = epcisjourney.page()
    made = epcisjourney.chained(*(epcisjourney.page(number) for number in range(1, len(page.entries) + 1)), page)
    assert model.apply(MSP, "trade", [changes.of(each) for each in made])
    events = [entry.event for entry in page.entries]
    steps = sorted({str(each["bizStep"]) for each in events})
    moment = sorted(entry.at for entry in page.entries)[1]
    for step in (*steps, "never"):
        for conditions, wanted in (
            ((NameCondition(("bizStep",), (step,)),), [each for each in events if each["bizStep"] == step]),
            (
                (
                    NameCondition(("bizStep", "type"), (step, steps[0], "ObjectEvent")),
                    NameCondition(("type",), ("ObjectEvent",)),
                ),
                [each for each in events if each["type"] == "ObjectEvent"],
            ),
            (
                (TimeCondition("eventTime", "GE", moment), NameCondition(("bizStep",), (step, steps[-1]))),
                [
                    entry.event
                    for entry in page.entries
                    if entry.at >= moment and entry.event["bizStep"] in (step, steps[-1])
                ],
            ),
        ):
            for order, down in (("", False), ("", True), ("eventTime", False), ("recordTime", True)):
                query = EpcisQuery(conditions, order=order, down=down)
                found = walked(
                    lambda cursor, query=query: epcisqueries.find(model, MSP, query, cursor=cursor, limit=1),
                    lambda each: each.events,
                )
                assert sorted(each["eventID"] for each in found) == sorted(str(each["eventID"]) for each in wanted)


def test_values_come_once_and_by_pages(opened):
    """From value to value, however many events have each; after the last of the page before."""
    model = Model(opened())
    page = epcisjourney.page()
    assert model.apply(MSP, "trade", [changes.of(each) for each in epcisjourney.chained(page)])
    steps = sorted({str(entry.event["bizStep"]) for entry in page.entries})
    found: list[str] = []
    while some := epcisqueries.values(model, MSP, ("bizStep",), after=found[-1] if found else "", limit=2):
        assert len(some) <= 2
        found += some
    assert found == steps
    both = epcisqueries.values(model, MSP, ("bizStep", "type"), limit=50)
    assert both == sorted({*steps, *(str(entry.event["type"]) for entry in page.entries)})
    assert epcisqueries.values(model, MSP, ("nothing",), limit=5) == []


def test_records_that_are_named_are_looked_up_and_not_looked_for(tmp_path, monkeypatch):
    """SQLite follows an index to each of them, however many others there are: its plan names all parts of the key."""
    model = Model(Store(tmp_path, ""))
    written = chain([Wrote({("order", "O-1"): {"state": "x"}})])
    model.apply("PlatformMSP", "trade", [changes.of(each) for each in written])
    asked: list[str] = []
    execute = StoreConnection.execute

    def noted(self: StoreConnection, statement: Any, *values: Any) -> Any:
        if isinstance(statement, sa.Select):
            asked.append(str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})))
        return execute(self, statement, *values)

    monkeypatch.setattr(StoreConnection, "execute", noted)
    assert [each.id for each in queries.named(model, "PlatformMSP", "orders", ["O-1"])] == ["O-1"]
    assert [each.id for each in queries.search(model, "PlatformMSP", "O-1")] == ["O-1"]
    of_records = [each for each in asked if "FROM model_records" in each]
    assert len(of_records) == 2
    with model.store.reading() as database:
        for statement in of_records:
            (step,) = database.driver.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            assert step["detail"].count("=?") == 3, step["detail"]
