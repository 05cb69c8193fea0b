"""Pages and EPCIS events: what may be written down, and what it becomes."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import custody, epcis, eventhash, pages, progress
from chaincode.domain.journeys.journeys import Party
from chaincode.domain.register import stages
from hlf.codec import moments, records
from hlf.codec.refusals import Refused
from tests.unit.domain.returns import returning

EVERY = tuple(stage.stage_id for stage in stages.STANDARD.stages)
JOURNEY = returning.journey(parties=(Party("A", ("merchant",), EVERY), Party("B", ("customs",), ("S14",))))
NOW = returning.ORDERED + moments.DAY
HELD = custody.opened("J1", "A", returning.ORDERED, "CNSZX", in_hand=True)


def observation(stage_id: str = "S03", step: str = "storing", at: int = NOW, **changes) -> epcis.Observation:
    """Something that happened in Shenzhen."""
    return epcis.Observation(stage_id, step, str(moments.Moment(at, 480)), "CNSZX", **changes)


def recorded(seen: epcis.Observation, page: pages.Page | None = None, now: int = NOW) -> pages.Entry:
    """Return the entry for *seen* on A's page."""
    stage = stages.STANDARD.stage(seen.stage_id)
    return pages.recorded(JOURNEY, page or pages.Page("J1", "A"), [HELD], stage, seen, now)


ALL_STEPS = [
    (stage.stage_id, step, disposition)
    for stage in stages.STANDARD.of("forward")
    for step in stage.steps
    for disposition in ("", *stage.dispositions)
]


@pytest.mark.parametrize(("stage_id", "step", "disposition"), ALL_STEPS)
def test_every_step_of_every_stage_becomes_an_event(stage_id, step, disposition):
    """With its hash as name, its type from the catalogue, and words of CBV or URIs of Selat."""
    entry = recorded(observation(stage_id, step, disposition=disposition))
    event = entry.event
    assert event["type"] == stages.STANDARD.stage(stage_id).event
    assert event["eventID"] == entry.event_id == eventhash.event_id(event, epcis.NAMESPACES)
    assert entry.record_hash == records.digest(event)
    assert ("https://" in event["bizStep"]) == step.startswith("selat:")
    assert event["eventTimeZoneOffset"] == "+08:00"


@given(st.integers(0, 23), st.integers(-14 * 60, 14 * 60))
def test_the_same_moment_on_another_clock_is_another_event(hour, offset):
    """The offset is part of what was observed; the record time is not."""
    here = observation(at=returning.ORDERED + hour * moments.HOUR)
    there = dataclasses.replace(here, event_time=str(moments.Moment(returning.ORDERED + hour * moments.HOUR, offset)))
    assert (recorded(here).event_id == recorded(there).event_id) == (offset == 480)
    assert recorded(here, now=NOW + 1).event_id == recorded(here).event_id
    assert recorded(here, now=NOW + 1).record_hash != recorded(here).record_hash


REFUSALS = {
    "STEP_NOT_OF_STAGE": lambda: recorded(observation(step="packing")),
    "DISPOSITION_NOT_OF_STAGE": lambda: recorded(observation(disposition="damaged")),
    "STAGE_UNKNOWN": lambda: recorded(observation("S99")),
    "STAGE_NOT_IN_JOURNEY": lambda: recorded(observation("S22", "shipping")),
    "EVENT_IN_FUTURE": lambda: recorded(observation(at=NOW + moments.HOUR)),
    "PRE_DATED": lambda: recorded(observation(at=returning.ORDERED - 1)),
    "TOO_LATE": lambda: recorded(observation(), now=NOW + 31 * moments.DAY),
    "STAGE_RECORDED": lambda: recorded(
        observation("S01", "selat:order_receiving", NOW - 1),
        pages.Page("J1", "A").with_entry(recorded(observation("S01", "selat:order_receiving"))),
    ),
    "CLOCK_WENT_BACK": lambda: recorded(
        observation(at=NOW - moments.HOUR),
        pages.stated(pages.Page("J1", "A"), "S03", NOW, NOW + moments.DAY),
    ),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_what_may_not_be_written_is_refused(code):
    """Each with its code."""
    with pytest.raises(Refused) as refused:
        REFUSALS[code]()
    assert refused.value.code == code


@pytest.mark.parametrize(
    "changes",
    [{"event_time": "noon"}, {"place": "Shenzhen"}, {"epcs": ("SSCC 1",)}, {"details": {"Seal": "1"}},
     {"details": {"seal": "x" * 201}}, {"details": {"seal": "a\nb"}}],
)  # fmt: skip
def test_malformed_observations_name_the_field(changes):
    """Times with offset, UN/LOCODE, GS1 identifiers, short printable details."""
    (field,) = changes
    with pytest.raises(Refused, match=f"INVALID_ARGUMENT: observation.{field}"):
        recorded(dataclasses.replace(observation(), **changes))


def test_a_package_holds_units_or_goods():
    """Units with identifiers of their own are named; without, the commitments to what they are."""
    bare = recorded(observation("S08", "packing")).event
    assert bare["childQuantityList"] == [{"epcClass": epcis.VOCABULARY + "goods/" + returning.GOODS[0], "quantity": 3}]
    units = ("urn:epc:id:sgtin:4012345.011111.1", "urn:epc:id:sgtin:4012345.011111.2")
    named = recorded(observation("S08", "packing", epcs=units)).event
    assert named["childEPCs"] == list(units)
    assert named["parentID"] == JOURNEY.epcs[0]


@given(st.permutations(range(6)))
def test_the_timeline_is_the_same_in_whatever_order_it_was_recorded(order):
    """Late and out-of-order events end up where they happened."""
    seen = [observation(at=NOW - number * moments.HOUR) for number in range(6)]
    page = pages.Page("J1", "A")
    for number in order:
        page = page.with_entry(recorded(seen[number], page))
    assert [entry.at for entry in pages.timeline([page])] == sorted(each.moment.at for each in seen)


def test_progress_shows_what_is_missing_and_what_is_early():
    """Planned, estimated and actual side by side; alarms for what is left out, out of order, late and overdue."""
    page = pages.Page("J1", "A")
    for seen in (observation("S10", "loading", NOW - moments.HOUR), observation("S08", "packing", NOW)):
        page = page.with_entry(recorded(seen, page))
    page = pages.stated(page, "S10", NOW - 3 * moments.HOUR, NOW)
    page = pages.stated(page, "S10", NOW - 2 * moments.HOUR, NOW)
    page = pages.stated(page, "S11", NOW, NOW)
    stood = {each.stage_id: each for each in progress.progress(JOURNEY, stages.STANDARD, [page])}
    loading = stood["S10"]
    assert (loading.missing, loading.early, loading.complete) == (("S09",), ("S08",), False)
    assert loading.estimated_at - loading.planned_at == moments.HOUR
    assert (stood["S11"].events, stood["S11"].complete) == (0, False)
    codes = [alarm.code for alarm in progress.alarms(stood.values(), NOW + moments.DAY)]
    assert sorted(codes) == ["LATE", "OUT_OF_ORDER", "OVERDUE", "STAGE_MISSING", "STAGE_MISSING"]
    assert progress.stated_delivery([page]) is None


def test_gates_open_and_close_by_the_events_own_times():
    """What counts is whether customs had released the goods by then, not when anybody wrote it down."""
    freight, catalogue = stages.STANDARD.stage("S15"), stages.STANDARD
    said = [
        dataclasses.replace(recorded(observation("S14", step)), at=at)
        for step, at in (("selat:customs_declaring", 1), ("selat:customs_released", 2), ("holding", 4))
    ]
    pages.passed(freight, ("S14",), catalogue, said, 3)
    for at in (0, 1, 4):
        with pytest.raises(Refused, match="GATE_CLOSED"):
            pages.passed(freight, ("S14",), catalogue, said, at)


DELIVERY = recorded(observation("S03", "storing", disposition="sellable_not_accessible"))


@pytest.mark.parametrize(
    "forged",
    [
        {"eventTime": "9999-12-31T23:59:59-05:00"}, {"eventTime": "2026-01-01T00:00:00Z"}, {"eventTime": None},
        {"bizStep": "accepting"}, {"readPoint": None}, {"readPoint": {}}, {"readPoint": {"id": 5}},
        {"destinationList": "B"}, {"destinationList": [{}]}, {"destinationList": [None]},
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_read_is_read_past(forged):
    """A party writes its own page as it likes; what honest peers believe of it never breaks a reader."""
    said = {**DELIVERY.event, **forged}
    page = pages.Page("J1", "A", (DELIVERY, dataclasses.replace(DELIVERY, event=said)))
    assert pages.without_forgeries(JOURNEY, page).entries == (DELIVERY,)


@pytest.mark.parametrize("name", ["transit_time", "eta_time", "timestamp"])
@pytest.mark.parametrize("value", ["soon", "9999-12-31T23:59:59-05:00", "3"])
def test_a_detail_that_is_called_a_time_is_one(name, value):
    """GS1's event hash takes it for a time; one that is none would have no hash."""
    with pytest.raises(Refused, match=rf"^INVALID_ARGUMENT: observation.details.{name}: must be a time"):
        recorded(observation(details={name: value}))
    assert recorded(observation(details={name: "2026-01-06T09:00:00Z"})).event[f"selat:{name}"]


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    | st.from_regex(r"[0-9]{1,4}[eE][0-9]{1,30}", fullmatch=True)
)
def test_any_printable_detail_has_a_hash_or_is_refused(value):
    """Numbers beyond all measure are refused, for no two programs would read them alike."""
    seen = observation(details={"seal": value})
    if eventhash.unlike(value):
        with pytest.raises(Refused, match="^INVALID_ARGUMENT: "):
            recorded(seen)
        return
    assert len(recorded(seen).event_id) == 89
