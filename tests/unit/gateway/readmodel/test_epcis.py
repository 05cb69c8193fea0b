"""The EPCIS events of the model are those that contracts read from the pages, each once."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.readmodel import changes, epcisqueries
from gateway.readmodel.epcisqueries import EpcisQuery, NameCondition, NumberCondition, TimeCondition
from gateway.readmodel.model import Model
from tests.unit.gateway.readmodel import epcisjourney
from tests.unit.gateway.readmodel.chain import Wrote, chain

MSP, OTHER = "PlatformMSP", "ForwarderMSP"
FIRST = (-1, 0)


@pytest.fixture
def model(opened) -> Model:
    return Model(opened())


def fed(model: Model, made: list) -> None:
    assert model.apply(MSP, "trade", [changes.of(each) for each in made])


def steps(model: Model, *conditions: NameCondition | NumberCondition | TimeCondition, **asked: object) -> list[str]:
    found = epcisqueries.find(model, MSP, EpcisQuery(conditions, **asked)).events
    return [each["bizStep"] for each in found]


def test_an_event_stands_where_its_page_first_had_it(model):
    """A page is written whole each time; who follows the events gets those alone that are new."""
    fed(model, epcisjourney.chained(epcisjourney.page(1), epcisjourney.page(3)))
    found = epcisqueries.following(model, MSP, "trade", EpcisQuery(), FIRST, 10)
    assert [(each.block_number, each.position, each.document["bizStep"]) for each in found] == [
        (0, 0, "storing"),
        (1, 0, "loading"),
        (1, 1, "departing"),
    ]
    assert len(epcisqueries.following(model, MSP, "trade", EpcisQuery(), (1, 0), 10)) == 1
    assert epcisqueries.find(model, OTHER, EpcisQuery()).events == ()


def test_a_declaration_of_an_error_is_a_record_beside_the_event(model):
    """Both have one eventID, as in EPCIS."""
    page = epcisjourney.page()
    fed(model, epcisjourney.chained(page, epcisjourney.corrected(page)))
    wrong = NameCondition(("eventID",), (page.entries[-1].event_id,))
    assert steps(model, wrong) == ["departing", "departing"]
    (told,) = epcisqueries.find(model, MSP, EpcisQuery((wrong,), declared=True)).events
    assert told["errorDeclaration"]["reason"] == "incorrect_data"
    assert steps(model, NameCondition(("errorReason",), ("incorrect_data",))) == ["departing"]


def test_what_only_a_modified_peer_can_write_is_no_event(model):
    """Stages of others, pages under another's name, unreadable ones, pages of nobody's journey and private ones."""
    honest, strange = epcisjourney.page(1), epcisjourney.page(2, recorder=epcisjourney.STRANGER)
    (copied,) = epcisjourney.wrote(epcisjourney.page()).public.values()
    other = {("page", "J2", epcisjourney.RECORDER): copied}
    garbled = {("page", "J1", "LastMileMSP"): {"journey_id": "J1", "msp_id": "LastMileMSP", "entries": "none"}}
    hidden = {("page", "J1", epcisjourney.RECORDER, "p"): copied}
    opening = [epcisjourney.wrote(honest, opening=True), epcisjourney.wrote(strange)]
    fed(model, chain(opening, [Wrote(other), Wrote(garbled), Wrote({}, hidden)]))
    assert steps(model) == ["storing"]


def test_events_go_with_their_page(model):
    """An entry that is not on the page any more is gone, and all are if the page is."""
    deleted = Wrote({("page", "J1", epcisjourney.RECORDER): None})
    opening = [epcisjourney.wrote(epcisjourney.page(3), opening=True)]
    made = chain(opening, [epcisjourney.wrote(epcisjourney.page(1))], [deleted])
    fed(model, made[:2])
    assert steps(model) == ["storing"]
    fed(model, made[2:])
    assert steps(model) == []
    assert epcisqueries.values(model, MSP, ("bizStep",)) == []


def test_events_are_found_by_what_they_have(model):
    """By words, identifiers, places, times and numbers; conditions hold together."""
    fed(model, epcisjourney.chained(epcisjourney.page(seal="X1")))
    later = TimeCondition("eventTime", "GE", epcisjourney.BEGAN + 1)
    assert steps(model, NameCondition(("bizStep",), ("storing", "departing"))) == ["storing", "departing"]
    assert steps(model, NameCondition(("bizStep",), ("storing", "departing")), later) == ["departing"]
    assert len(steps(model, NameCondition(("epc", "parentID"), (epcisjourney.SSCC,)))) == 3
    assert steps(model, NameCondition(("disposition",), ("in_transit",))) == ["departing"]
    assert len(steps(model, NameCondition(("selat:seal",), ("X1",)))) == 3
    assert steps(model, NumberCondition("quantity", "GE", 1)) == []
    assert epcisqueries.values(model, MSP, ("bizStep",)) == ["departing", "loading", "storing"]
    assert epcisqueries.values(model, MSP, ("bizStep",), after="departing", limit=1) == ["loading"]


@pytest.mark.parametrize("down", [False, True])
def test_pages_of_events_follow_each_other_in_each_order(model, down):
    """Each event is on one page, and the order is that of the whole list."""
    fed(model, epcisjourney.chained(epcisjourney.page()))
    query, found, cursor = EpcisQuery(order="eventTime", down=down), [], ""
    for _ in range(3):
        page = epcisqueries.find(model, MSP, query, cursor=cursor, limit=1)
        found += [each["bizStep"] for each in page.events]
        cursor = page.cursor
    assert found == (["departing", "loading", "storing"] if down else ["storing", "loading", "departing"])
    assert not cursor


def test_quantities_are_numbers(model):
    """An aggregation of goods without identifiers counts them."""
    page = epcisjourney.page(1)
    event = {**page.entries[0].event, "childQuantityList": [{"epcClass": "https://x.test/goods", "quantity": 12}]}
    counted = dataclasses.replace(page.entries[0], event=event)
    fed(model, epcisjourney.chained(dataclasses.replace(page, entries=(counted,))))
    assert steps(model, NumberCondition("quantity", "GT", 2), NumberCondition("quantity", "LE", 12)) == ["storing"]
    assert steps(model, NumberCondition("quantity", "LT", 12)) == []
