"""The pages of the parties of a journey: one of each, one more for each parcel; `journeystate` says who writes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from chaincode.contracts import store
from chaincode.domain.journeys import journeys, pages
from chaincode.domain.refusals import Refusal
from hlf.codec import records
from hlf.shim import api

PAGE = "page"


def keys(journey: journeys.Journey, meant: Iterable[str] = ()) -> tuple[str, ...]:
    """
    Return the last part of the keys of the parcels *meant*, or of all parcels if none is named: empty for the only
    parcel of a journey, else the identifier of each.
    """
    return tuple(meant) or journey.parcel_ids if len(journey.parcels) > 1 else ("",)


def _parts(journey: journeys.Journey, meant: Iterable[str]) -> tuple[str, ...]:
    """Return the last parts of the keys of a party's pages: that of the journey, and those of the parcels *meant*."""
    return tuple(dict.fromkeys(("", *keys(journey, meant))))


def keys_of(ctx: api.Context, journey: journeys.Journey, msp_id: str, meant: Iterable[str]) -> list[str]:
    """Return the keys of one party's pages: that of the journey, and those of the parcels *meant*."""
    return [
        ctx.stub.create_composite_key(PAGE, [journey.journey_id, msp_id, *filter(None, [each])])
        for each in _parts(journey, meant)
    ]


def page(ctx: api.Context, journey_id: str, msp_id: str, parcel: str = "") -> pages.Page:
    """
    Return the page of one party, or its page about one of several parcels.

    Raises:
        Refused: NOT_A_PARTY.
    """
    return store.load(ctx, pages.Page, Refusal.NOT_A_PARTY, PAGE, journey_id, msp_id, *filter(None, [parcel]))


def pages_of(ctx: api.Context, journey: journeys.Journey, msp_id: str, meant: Iterable[str] = ()) -> list[pages.Page]:
    """
    Return the pages of one party: that of the journey, and those of the parcels *meant*, of all if none is named.

    Raises:
        Refused: NOT_A_PARTY.
    """
    store.read_ahead(ctx, keys_of(ctx, journey, msp_id, meant))
    return [page(ctx, journey.journey_id, msp_id, each) for each in _parts(journey, meant)]


@dataclasses.dataclass(frozen=True)
class PartyPages:
    """The valid records of the parties of a journey, and the parties with invalid entries on their pages."""

    pages: tuple[pages.Page, ...]
    with_forgeries: tuple[str, ...]


def party_pages(
    ctx: api.Context, journey: journeys.Journey, meant: Iterable[str] = (), of: Iterable[str] = ()
) -> PartyPages:
    """
    Return every party's page, by party, without entries that only a modified peer can have written.

    Each has what the party recorded of the whole journey and of the parcels *meant*, of all if none is named. Only
    the parties in *of* are read if some are named. A page that cannot be read counts as empty: one organisation must
    not be able to block the journey, or the returns, of all others.
    """
    found, with_forgeries, wanted, readers = [], [], tuple(meant), set(of)
    read_from = [party.msp_id for party in journey.parties if not readers or party.msp_id in readers]
    store.read_ahead(ctx, [key for msp_id in read_from for key in keys_of(ctx, journey, msp_id, wanted)])
    for msp_id in read_from:
        empty = pages.Page(journey.journey_id, msp_id)
        honest = []
        for parcel in _parts(journey, wanted):
            read = _readable(ctx, journey, msp_id, parcel)
            kept = pages.without_forgeries(journey, read) if read else None
            if kept is None or kept != read:
                with_forgeries.append(msp_id)
            honest += [kept] if kept else []
        found.append(pages.together([empty, *honest]))
    return PartyPages(tuple(found), tuple(dict.fromkeys(with_forgeries)))


def _readable(ctx: api.Context, journey: journeys.Journey, msp_id: str, parcel: str) -> pages.Page | None:
    """Return the page as its party wrote it, or None if it is none."""
    try:
        found = page(ctx, journey.journey_id, msp_id, parcel)
    except records.RecordError:
        return None
    whose = (found.journey_id, found.msp_id, found.parcel)
    return found if whose == (journey.journey_id, msp_id, parcel) else None


def save_page(ctx: api.Context, written: pages.Page) -> None:
    """Write a party's page; only that party must endorse."""
    whose = (written.journey_id, written.msp_id, *filter(None, [written.parcel]))
    store.save(ctx, written, PAGE, *whose, held_by=(written.msp_id,))
