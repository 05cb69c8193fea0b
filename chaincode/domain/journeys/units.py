"""
Shipping units: bags, pallets, containers and flights, with parcels and other units in them.

Everything in a unit moves with it: an event, an incident or a hand-over of the unit counts for everything inside at
that time, and is recorded once, on the unit's own pages. Packing and unpacking are EPCIS AggregationEvents. Each
member knows its stays in units (`custody.Stay`), and each unit what was in it when (`UnitMember`).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from chaincode.domain.journeys import digitallink, epcis, eventhash, pages, parcels
from chaincode.domain.journeys.custody import Custody, Stay
from chaincode.domain.journeys.journeys import Party
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import Stage
from hlf.codec import moments
from hlf.codec.bounds import Bounds
from hlf.codec.records import Instant
from hlf.codec.refusals import invalid

MEMBERS = Bounds(0, 500)
"""Parcels and units that one unit may have in it."""

UNIT_ID = Bounds(1, 220)
"""Characters of a unit's identifier."""

Action = Literal["ADD", "DELETE", "OBSERVE"]
ADD: Final = "ADD"
DELETE: Final = "DELETE"


class UnitKind(enum.StrEnum):
    """What a shipping unit is."""

    BAG = "bag"
    PALLET = "pallet"
    CONTAINER = "container"
    FLIGHT = "flight"


@dataclasses.dataclass(frozen=True)
class UnitOpening:
    """The input to open a unit; ``custodian`` has it first, and is one of ``parties`` (MSP ids)."""

    unit_id: str
    kind: UnitKind
    parties: tuple[str, ...]
    custodian: str
    place: str


@dataclasses.dataclass(frozen=True)
class ShippingUnit:
    """A unit as it was opened; it never changes."""

    unit_id: str
    kind: UnitKind
    catalogue_version: int
    parties: tuple[Party, ...]
    custodian: str
    opened_by: str
    opened_at: Instant

    @property
    def ordered_at(self) -> int:
        """When its events begin."""
        return self.opened_at

    def party(self, msp_id: str) -> Party:
        """
        Return the party with this MSP id.

        Raises:
            Refused: NOT_A_PARTY.
        """
        for party in self.parties:
            if party.msp_id == msp_id:
                return party
        raise Refusal.NOT_A_PARTY(f"{msp_id} takes no part in {self.unit_id}")


@dataclasses.dataclass(frozen=True)
class UnitMember:
    """A parcel of a journey, or another unit, in a unit; ``until`` is None while it is in it."""

    member: str
    journey_id: str
    since: Instant
    until: Instant | None = None


@dataclasses.dataclass(frozen=True)
class UnitState:
    """The custody of a unit, with what is in it and was in it; its custodian must endorse each change."""

    custody: Custody
    members: tuple[UnitMember, ...] = ()

    @property
    def present(self) -> tuple[UnitMember, ...]:
        """What is in it now."""
        return tuple(each for each in self.members if each.until is None)

    def added(self, new: Iterable[UnitMember]) -> UnitState:
        """
        Return the unit with *new* members.

        Raises:
            Refused: INVALID_ARGUMENT if it would have too many.
        """
        members = (*self.members, *new)
        if sum(each.until is None for each in members) not in MEMBERS:
            raise invalid("members", f"a unit has at most {MEMBERS.most}")
        return dataclasses.replace(self, members=members)

    def removed(self, gone: Sequence[str], at: int) -> UnitState:
        """Return the unit without the members *gone* since *at*."""
        left = tuple(
            dataclasses.replace(each, until=at) if each.until is None and each.member in gone else each
            for each in self.members
        )
        return dataclasses.replace(self, members=left)


def identified(unit_id: str, field: str = "unit_id") -> str:
    """
    Return the identifier of a unit in its canonical spelling.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    return digitallink.canonical(parcels.identified(unit_id, field))


def aggregation(
    unit_id: str, action: str, members: Sequence[str], observation: epcis.Observation, stage: Stage, recorder: str,
    now: int,
) -> pages.Entry:  # fmt: skip
    """Return the entry of an AggregationEvent about *members* of a unit."""
    made: dict[str, object] = {"type": "AggregationEvent", "parentID": unit_id, "childEPCs": list(members)}
    return _entry(unit_id, action, made, observation, stage, recorder, now)


def event(
    unit_id: str, observation: epcis.Observation, stage: Stage, recorder: str, now: int,
    handover: tuple[str, str] | None = None,
) -> pages.Entry:  # fmt: skip
    """Return the entry of an event of a whole unit; *handover* names who gives and who takes custody."""
    made: dict[str, object] = {"type": "ObjectEvent", "epcList": [unit_id]}
    if handover:
        made["sourceList"] = [{"type": "possessing_party", "source": epcis.party(handover[0])}]
        made["destinationList"] = [{"type": "possessing_party", "destination": epcis.party(handover[1])}]
    return _entry(unit_id, "OBSERVE", made, observation, stage, recorder, now)


def _entry(
    unit_id: str, action: str, made: dict[str, object], observation: epcis.Observation, stage: Stage, recorder: str,
    now: int,
) -> pages.Entry:  # fmt: skip
    moment = observation.moment
    made |= {
        "eventTime": str(moment) if moment.offset_minutes else moments.text(moment.at),
        "eventTimeZoneOffset": moment.offset,
        "action": action,
        "bizStep": epcis.word("bizstep", observation.step),
        "readPoint": {"id": epcis.place(observation.place)},
        "selat:unit": unit_id,
        "selat:stage": stage.stage_id,
        "selat:recorder": epcis.party(recorder),
    }
    if observation.disposition:
        made["disposition"] = observation.disposition
    made |= epcis.extensions(observation.details)
    made["eventID"] = eventhash.event_id(made, epcis.NAMESPACES)
    made["recordTime"] = moments.text(now)
    return pages.Entry(
        stage_id=stage.stage_id,
        step=observation.step,
        at=moment.at,
        recorded_at=now,
        event_id=str(made["eventID"]),
        record_hash=epcis.record_hash(made),
        event=made,
    )


def without_forgeries(unit: ShippingUnit, page: pages.Page) -> pages.Page:
    """Return *page* without entries of a unit that the contract would not have accepted."""
    return pages.genuine(page, unit.party(page.msp_id), "selat:unit", unit.unit_id)


def during(page: pages.Page, member: str, stay: Stay) -> pages.Page:
    """
    Return the entries of a unit's *page* that are about a *member* during its *stay*.

    An aggregation is about its children alone.
    """

    def counts(entry: pages.Entry) -> bool:
        alone = entry.event.get("type") == "AggregationEvent"
        return stay.covers(entry.at) and (not alone or member in epcis.identifiers_of(entry.event))

    return dataclasses.replace(
        page,
        entries=tuple(entry for entry in page.entries if counts(entry)),
        incidents=tuple(incident for incident in page.incidents if stay.covers(incident.at)),
    )


def within(page: pages.Page, stay: Stay) -> pages.Page:
    """Return the entries of an outer unit's *page* during a member's *stay* in an inner unit."""
    return dataclasses.replace(
        page,
        entries=tuple(entry for entry in page.entries if stay.covers(entry.at)),
        incidents=tuple(incident for incident in page.incidents if stay.covers(incident.at)),
    )
