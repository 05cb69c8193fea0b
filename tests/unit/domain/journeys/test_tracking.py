"""What a shopper reads: one status for any history, and nothing about organisations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import epcis, tracking
from chaincode.domain.journeys.pages import Entry, Incident, IncidentKind
from chaincode.domain.journeys.tracking import Status
from chaincode.domain.register import stages
from tests.unit.domain.returns import returning

STEPS = [(stage.stage_id, step) for stage in stages.STANDARD.stages for step in stage.steps]


def entry(stage_id: str, step: str, at: int, disposition: str = "") -> Entry:
    """Return an event of that step."""
    event = {"eventTime": "2026-01-05T10:00:00.000+07:00", "readPoint": {"id": epcis.place("VNHAN")}}
    event |= {"disposition": disposition} if disposition else {}
    return Entry(stage_id, step, at, at, f"ni:///sha-256;{stage_id}{step}{at}", "", event)


def happened(*steps: tuple[str, ...]) -> list[Entry]:
    """Events one after another."""
    return [entry(step[0], step[1], at, *step[2:]) for at, step in enumerate(steps)]


TO_THE_DOOR = (("S02", "accepting"), ("S15", "departing"), ("S19", "departing"))


@pytest.mark.parametrize(
    ("status", "steps", "incidents"),
    [
        (Status.PENDING, (("S01", "selat:order_receiving"), ("S03", "storing")), ()),
        (Status.PICKED_UP, (("S02", "accepting"), ("S10", "loading")), ()),
        (Status.IN_TRANSIT, (("S02", "accepting"), ("S11", "departing")), ()),
        (Status.IN_TRANSIT, (("S02", "accepting"), ("S11", "arriving"), ("S02", "accepting")), ()),
        (Status.ON_HOLD, (("S02", "accepting"), ("S17", "holding")), ()),
        (Status.ON_HOLD, (("S02", "accepting"), ("S12", "inspecting", "damaged")), ()),
        (Status.IN_TRANSIT, (("S17", "holding"), ("S17", "selat:customs_released")), ()),
        (Status.OUT_FOR_DELIVERY, TO_THE_DOOR, ()),
        (Status.READY_FOR_PICKUP, (*TO_THE_DOOR, ("S20", "selat:ready_for_pickup")), ()),
        (Status.DELIVERY_FAILED, (*TO_THE_DOOR, ("S20", "selat:delivery_attempted")), ()),
        (Status.DELIVERY_DELAYED, TO_THE_DOOR, (IncidentKind.DELAYED,)),
        (Status.RETURN_TO_SENDER, TO_THE_DOOR, (IncidentKind.REFUSED_BY_BUYER, IncidentKind.RETURNING)),
        (Status.UNKNOWN, TO_THE_DOOR, (IncidentKind.LOST,)),
        (Status.CANCELLED, (("S01", "selat:order_receiving"),), (IncidentKind.CANCELLED,)),
        (Status.DELIVERED, (*TO_THE_DOOR, ("S20", "accepting")), ()),
        (Status.DELIVERED, (*TO_THE_DOOR, ("S20", "accepting")), (IncidentKind.DELAYED,)),
        (Status.DELIVERED, (("S22", "shipping"), ("S22", "receiving"), ("S22", "stocking")), ()),
        (Status.IN_TRANSIT, (("S22", "shipping"), ("S19", "departing")), ()),
    ],
)
def test_each_status_has_its_history(status, steps, incidents):
    """All twelve words of the specification, each from events and exceptions as they come."""
    timeline = happened(*steps)
    reported = [Incident(kind, "S20", 100 + at, 100) for at, kind in enumerate(incidents)]
    assert tracking.status(timeline, reported) is status


def test_a_parcel_going_back_is_not_on_its_way():
    """Once it returns to its sender, being carried says nothing new to the buyer."""
    back = [Incident(IncidentKind.RETURNING, "S20", 5, 5)]
    assert tracking.status([*happened(*TO_THE_DOOR), entry("S11", "departing", 9)], back) is Status.RETURN_TO_SENDER
    home = [entry("S17", "holding", 9), entry("S17", "selat:customs_released", 10), entry("S19", "departing", 11)]
    assert tracking.status([*happened(*TO_THE_DOOR), *home[:1]], back) is Status.ON_HOLD
    assert tracking.status([*happened(*TO_THE_DOOR), *home], back) is Status.RETURN_TO_SENDER


def test_what_is_late_news_does_not_set_the_status_back():
    """An older event recorded later leaves the newest word standing."""
    timeline = happened(*TO_THE_DOOR, ("S20", "accepting"))
    late = Entry("S17", "holding", 2, 99, "ni:///late", "", {})
    assert tracking.status([*timeline, late]) is Status.DELIVERED


@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 50)), max_size=30),
    st.lists(st.tuples(st.sampled_from(IncidentKind), st.integers(0, 50)), max_size=5),
    st.randoms(use_true_random=False),
)
def test_every_history_has_one_status(steps, incidents, random):
    """Total, and independent of the order in which the same moments are listed, where their times differ."""
    timeline = [entry(*step, at) for step, at in steps]
    reported = [Incident(kind, "S20", at, at) for kind, at in incidents]
    found = tracking.status(timeline, reported)
    assert found in Status
    if len({at for _, at in steps}) == len(steps):
        random.shuffle(timeline)
        assert tracking.status(timeline, reported) is found


def test_the_view_names_no_organisation_and_no_goods():
    """Status, places and times; no MSP id, no SSCC, no order, no buyer."""
    view = tracking.view(returning.journey(), [tracking.ParcelRecords(tuple(happened(*TO_THE_DOOR)), ())], 1_000)
    assert view.expected_at == "1970-01-01T00:00:01.000Z"
    text = str(view)
    for private in ("MSP", "urn:epc", "O1", returning.BUYER):
        assert private not in text
    delivered = happened(*TO_THE_DOOR, ("S20", "accepting"))
    assert tracking.view(returning.journey(), [tracking.ParcelRecords(tuple(delivered), ())], 1_000).expected_at == ""
