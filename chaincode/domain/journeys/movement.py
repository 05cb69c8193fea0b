"""
Parcels that cannot move on: those on a hold that nobody released, and lost ones until they are found.

Nothing on hold is handed over onward or delivered. A hold begins and ends by the events' own times; a hold in force
also stops events dated before it, because the times of a hand-over are those that its parties state.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from chaincode.domain.journeys import contents, epcis
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.journeys.pages import Entry, Incident, IncidentKind, Page
from chaincode.domain.refusals import Refusal

_INSPECTION = "S12"
_ADVERSE = frozenset({"non_conformant", "damaged"})
_WAITING = frozenset({"holding", "selat:customs_declaring"})


def about(journey: Journey, page: Page, parcel: str) -> Page:
    """Return *page* with the entries and incidents about one parcel."""
    return by_parcel(journey, page, (parcel,))[parcel]


def by_parcel(journey: Journey, page: Page, wanted: Iterable[str]) -> dict[str, Page]:
    """Return *page* as `about` does, for each of the parcels *wanted*; what an entry names is looked up once."""
    if len(journey.parcels) < 2:
        return dict.fromkeys(wanted, page)
    named = [
        (entry, frozenset(contents.named(journey.parcels, epcis.identifiers_of(entry.event)))) for entry in page.entries
    ]
    return {
        parcel: dataclasses.replace(
            page,
            entries=tuple(entry for entry, meant in named if parcel in meant),
            incidents=tuple(each for each in page.incidents if not each.parcels or parcel in each.parcels),
        )
        for parcel in wanted
    }


def holds(entry: Entry) -> bool:
    """Return whether *entry* puts goods on hold: an authority holds them, or found a fault."""
    found = entry.stage_id == _INSPECTION and entry.event.get("disposition") in _ADVERSE
    return entry.step == "holding" or found


def releases(entry: Entry, stage_id: str) -> bool:
    """Return whether *entry* ends a hold of this stage."""
    return entry.stage_id == stage_id and entry.step not in _WAITING and not holds(entry)


def held(timeline: Iterable[Entry], at: int | None = None) -> tuple[str, ...]:
    """Return the stages whose hold was in force at a moment; by default at the end of *timeline*."""
    found: list[str] = []
    for entry in timeline:
        if at is not None and entry.at > at:
            break
        found = [stage_id for stage_id in found if not releases(entry, stage_id)]
        if holds(entry) and entry.stage_id not in found:
            found.append(entry.stage_id)
    return tuple(found)


def lost(incidents: Iterable[Incident]) -> Incident | None:
    """
    Return the loss, unless the goods were found since; *incidents* are in the order in which they happened.
    """
    last = None
    for each in incidents:
        if each.kind is IncidentKind.LOST:
            last = last or each
        elif each.kind is IncidentKind.FOUND:
            last = None
    return last


def check_free(parcel: str, timeline: Sequence[Entry], incidents: Iterable[Incident], at: int) -> None:
    """
    Raise Refused unless the parcel could move on at a moment.

    Raises:
        Refused: ON_HOLD, PARCEL_LOST.
    """
    for stage_id in (*held(timeline, at), *held(timeline)):
        raise Refusal.ON_HOLD(f"{parcel} is on hold at {stage_id}")
    if lost(incidents) is not None:
        raise Refusal.PARCEL_LOST(f"{parcel} is reported lost")
