"""
The keys of shipping units and who must endorse each, and the records of their members.

As with journeys: the opening is an ordinary key, each party has its own page, and the key with custody and contents
has the policy of the custodian. A parcel or unit inside keeps the key that it had, with the policy of whoever packed
it, and moves with the unit. When it is taken out, its key is written again; so its packer must endorse too, and
its peer checks that the unit came to its custodian by hand-overs that both sides signed.
"""

from __future__ import annotations

from collections.abc import Iterable

from chaincode.contracts import store
from chaincode.domain.journeys import custody, pages, units
from chaincode.domain.refusals import Refusal
from hlf.codec import records
from hlf.shim import api

UNIT = "unit"
STATE = "unit-state"
PAGE = "unit-page"

_DEEPEST = 4
"""So many units are in each other at most; a hostile custodian could write that a unit is in itself."""

_MOST_OUTER = 10
"""So many outer units are read at most for one stay in a unit, for the same reason."""


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
    """
    Return the page of each party, or of those in *of*, without entries that only a modified peer can have written.
    """
    found, wanted = [], set(of)
    readers = [party.msp_id for party in unit.parties if not wanted or party.msp_id in wanted]
    store.read_ahead(ctx, [ctx.stub.create_composite_key(PAGE, [unit.unit_id, msp_id]) for msp_id in readers])
    for msp_id in readers:
        empty = pages.Page(unit.unit_id, msp_id)
        try:
            read = page(ctx, unit.unit_id, msp_id)
        except records.RecordError:
            read = empty
        whose = (read.journey_id, read.msp_id)
        found.append(units.without_forgeries(unit, read if whose == (unit.unit_id, msp_id) else empty))
    return tuple(found)


def readable_state(ctx: api.Context, unit_id: str) -> units.UnitState | None:
    """Return the state of a unit; None if there is no such unit, or its custodian wrote something unreadable."""
    try:
        return store.find(ctx, units.UnitState, STATE, unit_id)
    except records.RecordError:
        return None


def in_effect(ctx: api.Context, held: custody.Custody, depth: int = 0) -> custody.Custody:
    """
    Return *held* with the hand-overs of the unit that it is in; a unit that cannot be read, or does not have it, adds
    none.
    """
    outer = readable_state(ctx, held.within) if held.within and depth < _DEEPEST else None
    return held.carried_by(in_effect(ctx, outer.custody, depth + 1)) if outer else held


def stayed(
    ctx: api.Context, member: str, stays: Iterable[custody.Stay], of: Iterable[str] = (), depth: int = 0
) -> dict[str, pages.Page]:
    """
    Return the records of a member from its *stays* in units, and from theirs in outer units: one page for each party. A
    stay counts only if the unit's own key has it too. If *of* names parties, only their pages are read.
    """
    found: dict[str, list[pages.Page]] = {}
    wanted = tuple(of)
    for stay in stays:
        held = readable_state(ctx, stay.unit_id)
        known = held is not None and any((each.member, each.since) == (member, stay.since) for each in held.members)
        if held is None or not known:
            continue
        for each in readable_pages(ctx, load(ctx, stay.unit_id), wanted):
            found.setdefault(each.msp_id, []).append(units.during(each, member, stay))
        if depth < _DEEPEST:
            meanwhile = [each for each in held.custody.stays if each.overlaps(stay)][:_MOST_OUTER]
            for msp_id, outer in stayed(ctx, stay.unit_id, meanwhile, wanted, depth + 1).items():
                found.setdefault(msp_id, []).append(units.within(outer, stay))
    return {msp_id: pages.together(found[msp_id]) for msp_id in sorted(found)}
