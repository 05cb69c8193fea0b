"""
The keys of shipping units and who must endorse each; what a unit's records say of what is in it.

As with journeys: the opening is an ordinary key, each party has its own page, and the key with custody and contents
has the policy of the custodian. A parcel or unit inside keeps the key that it had, with the policy of whoever packed
it, and moves with the unit. When it is taken out, its key is written anew; so whoever packed it must endorse too, and
its peer checks that the unit came to its custodian by hand-overs that both sides signed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from chaincode.contracts import store
from chaincode.domain.journeys import custody, pages, units
from chaincode.domain.refusals import Refusal
from hlf.codec import records
from hlf.shim import api

UNIT = "unit"
STATE = "unit-state"
PAGE = "unit-page"


def load(ctx: api.Context, unit_id: str) -> units.ShippingUnit:
    """
    Return the unit with this identifier, in any spelling.

    Raises:
        Refused: UNIT_UNKNOWN.
    """
    return store.load(ctx, units.ShippingUnit, Refusal.UNIT_UNKNOWN, UNIT, units.identified(unit_id))


def state(ctx: api.Context, unit_id: str) -> units.UnitState:
    """Return the custody and the contents of a unit as written."""
    return store.load(ctx, units.UnitState, Refusal.UNIT_UNKNOWN, STATE, unit_id)


def save_state(ctx: api.Context, unit_id: str, held: units.UnitState) -> None:
    """Write custody and contents; the custodian must endorse the next change."""
    store.save(ctx, held, STATE, unit_id, held_by=(held.custody.custodian,))


def page(ctx: api.Context, unit_id: str, msp_id: str) -> pages.Page:
    """
    Return a party's page about a unit.

    Raises:
        Refused: NOT_A_PARTY.
    """
    return store.load(ctx, pages.Page, Refusal.NOT_A_PARTY, PAGE, unit_id, msp_id)


def save_page(ctx: api.Context, written: pages.Page) -> None:
    """Write a party's page about a unit; only that party must endorse."""
    store.save(ctx, written, PAGE, written.journey_id, written.msp_id, held_by=(written.msp_id,))


def readable_pages(ctx: api.Context, unit: units.ShippingUnit, of: Iterable[str] = ()) -> tuple[pages.Page, ...]:
    """Return the page of each party, or of those in *of*, without what only a modified peer can have written."""
    found, wanted = [], set(of)
    for party in unit.parties:
        if wanted and party.msp_id not in wanted:
            continue
        empty = pages.Page(unit.unit_id, party.msp_id)
        try:
            read = page(ctx, unit.unit_id, party.msp_id)
        except records.RecordError:
            read = empty
        whose = (read.journey_id, read.msp_id)
        found.append(units.without_forgeries(unit, read if whose == (unit.unit_id, party.msp_id) else empty))
    return tuple(found)


def in_effect(ctx: api.Context, held: custody.Custody) -> custody.Custody:
    """Return *held*, or with the hand-overs of the unit that it is in."""
    return held.carried_by(in_effect(ctx, state(ctx, held.within).custody)) if held.within else held


def stayed(
    ctx: api.Context, member: str, stays: Iterable[custody.Stay], of: Iterable[str] = ()
) -> dict[str, pages.Page]:
    """
    Return what was recorded of a member in its *stays* in units, and of those in theirs: one page for each party.

    Only the pages of the parties in *of* are read if some are named.
    """
    found: dict[str, list[pages.Page]] = {}
    wanted = tuple(of)
    for stay in stays:
        unit = load(ctx, stay.unit_id)
        for each in readable_pages(ctx, unit, wanted):
            found.setdefault(each.msp_id, []).append(units.during(each, member, stay))
        outer = _clipped(state(ctx, stay.unit_id).custody.stays, stay)
        for msp_id, each in stayed(ctx, stay.unit_id, outer, wanted).items():
            found.setdefault(msp_id, []).append(each)
    return {msp_id: pages.together(found[msp_id]) for msp_id in sorted(found)}


def _clipped(outer: Iterable[custody.Stay], stay: custody.Stay) -> tuple[custody.Stay, ...]:
    """Return the stays of a unit in others, as far as a member was in the unit then."""
    found = []
    for each in outer:
        since = max(each.since, stay.since)
        ends = [until for until in (each.until, stay.until) if until is not None]
        if not ends or since <= min(ends):
            found.append(dataclasses.replace(each, since=since, until=min(ends, default=None)))
    return tuple(found)
