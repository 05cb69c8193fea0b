"""Packing and unpacking of shipping units, and their contents: shared by the functions of `units`."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from chaincode.contracts import store
from chaincode.contracts.journeys import journeystate, partypages, unitstate
from chaincode.domain.journeys import custody, journeys, movement, pages, tracking, units
from chaincode.domain.refusals import Refusal
from hlf.codec.refusals import invalid
from hlf.shim import api


def put_in(
    ctx: api.Context, unit: units.ShippingUnit, into: custody.Custody, caller: str, member: str, at: int
) -> units.UnitMember:
    """Write the custody of a member that goes into a unit."""
    if store.find(ctx, units.ShippingUnit, unitstate.UNIT, member) is not None:
        if member == unit.unit_id:
            raise invalid("members", "a unit cannot be in itself")
        inner = unitstate.state(ctx, member)
        check_confirmed(ctx, unitstate.load(ctx, member), inner.custody, caller)
        packed = inner.custody.packed(caller, unit.unit_id, into, at)
        unitstate.save_state(ctx, member, dataclasses.replace(inner, custody=packed))
        return units.UnitMember(member, "", at)
    journey = _journey_of(ctx, member)
    journey.party(caller)
    mine = pages.together(partypages.pages_of(ctx, journey, caller, (member,)))
    (held,) = journeystate.custodies(ctx, journey, mine, (member,))
    journeystate.save_custody(ctx, held.packed(caller, unit.unit_id, into, at))
    return units.UnitMember(member, journey.journey_id, at)


def take_out(ctx: api.Context, unit: custody.Custody, inside: units.UnitMember, at: int) -> None:
    """Write the custody of a member that comes out of a unit."""
    if not inside.journey_id:
        inner = unitstate.state(ctx, inside.member)
        out = inner.custody.unpacked(unit, at)
        unitstate.save_state(ctx, inside.member, dataclasses.replace(inner, custody=out))
        return
    journey = journeystate.load(ctx, inside.journey_id)
    (key,) = partypages.keys(journey, (inside.member,))
    held = journeystate.find_custody(ctx, journey.journey_id, key)
    journeystate.save_custody(ctx, held.unpacked(unit, at))


def _journey_of(ctx: api.Context, parcel: str) -> journeys.Journey:
    """
    Return the journey that a parcel is on.

    Raises:
        Refused: PARCEL_UNKNOWN.
    """
    journey_id = store.find(ctx, str, journeystate.OF_PARCEL, parcel)
    journey = journeystate.load(ctx, journey_id) if journey_id is not None else None
    if journey is None or parcel not in journey.parcel_ids:
        raise Refusal.PARCEL_UNKNOWN(f"{parcel} is neither a parcel of a journey nor a unit")
    return journey


def raw_custody(ctx: api.Context, member: str) -> custody.Custody:
    """Return the custody of a parcel or unit as it is on its own key."""
    if store.find(ctx, units.ShippingUnit, unitstate.UNIT, member) is not None:
        return unitstate.state(ctx, member).custody
    journey = _journey_of(ctx, member)
    return journeystate.find_custody(ctx, journey.journey_id, *partypages.keys(journey, (member,)))


def check_confirmed(ctx: api.Context, unit: units.ShippingUnit, held: custody.Custody, msp_id: str) -> None:
    """Raise Refused unless the pages of *msp_id* confirm its periods of custody of a unit."""
    own = list(unitstate.readable_pages(ctx, unit, (msp_id,)))
    own += [each for each in unitstate.stayed(ctx, unit.unit_id, held.stays, (msp_id,)).values() if own]
    if own and not pages.confirms(unit.custodian, pages.together(own), unitstate.in_effect(ctx, held)):
        raise Refusal.CUSTODY_CONTESTED(f"{msp_id} did not accept {unit.unit_id}, but a hand-over to it is written")


def parcels_inside(
    ctx: api.Context, held: units.UnitState, at: int, recorded: Collection[str], *others: str
) -> Iterator[tuple[journeys.Journey, str, tracking.ParcelRecords]]:
    """
    Return each parcel that was in a unit at a moment, directly or in an inner unit, with its records. It reads the
    pages of those who may record one of the stages *recorded*, and of *others*.
    """
    for each in held.members:
        if not each.since <= at or (each.until is not None and each.until <= at):
            continue
        if not each.journey_id:
            yield from parcels_inside(ctx, unitstate.state(ctx, each.member), at, recorded, *others)
            continue
        journey = journeystate.load(ctx, each.journey_id)
        readers = [
            party.msp_id for party in journey.parties if party.msp_id in others or set(recorded) & set(party.stages)
        ]
        known = partypages.party_pages(ctx, journey, (each.member,), readers).pages if readers else ()
        yield journey, each.member, journeystate.parcel_records(ctx, journey, known, (each.member,))[each.member]


def check_free(ctx: api.Context, unit: units.ShippingUnit, held: units.UnitState, at: int, taker: str) -> None:
    """Raise Refused unless everything in a unit may move on to *taker*."""
    holding = journeystate.holding_stages(ctx, unit.catalogue_version)
    for journey, parcel, told in parcels_inside(ctx, held, at, holding, held.custody.custodian):
        journey.party(taker)
        movement.check_free(parcel, told.timeline, told.incidents, at)
