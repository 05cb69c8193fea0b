"""
The keys of a journey and who must endorse each; shared by journeys, hand-overs and returns.

A hostile organisation could replace the contracts' code on its own peer. So validation at every peer enforces who
can change what:

* The opening and the links are ordinary keys: the channel's majority endorses.
* Each party has its own page, and by its key-level policy only that party endorses it. Nobody else, not even
    the custodian or the majority, can add, change or delete its records.
* The custody key's policy is the custodian's organisation. A hand-over writes the custody key (so the old
    custodian must endorse), sets its policy to the new one, and writes the acceptance on the new custodian's page
    (so the new one must endorse too). With only one of the two, the transaction is invalid or is not a hand-over.
* An organisation with a modified peer can still write anything on its own keys. On its page it could write
    stages of others, or garbage; honest peers skip both (`party_pages`). As custodian it could name another
    organisation in its place. Such custody has no effect: a period counts only if its custodian's own page confirms
    it (CUSTODY_CONTESTED), and the named organisation can reject it (`Journeys:repudiate_custody`).

An endorsement is the consent of a machine. The consent of a person is the signature on the proposal; so the giver's
client offers and the taker's client accepts.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, store
from chaincode.contracts.register import participants, stages
from chaincode.domain.journeys import custody, journeys, pages, parcels, tracking
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.vocabulary import identifiers
from hlf.codec import names, records
from hlf.shim import api

JOURNEY = "journey"
CUSTODY = "custody"
PAGE = "page"
LINK = "link"
OF_ORDER = "journey-of-order"
OPEN = "journey-open"
"""Journeys whose records may still change; the others need not be looked at any more to be counted."""
OF_PARCEL = "journey-of-parcel"


def start(ctx: api.Context, opening: journeys.Opening, *, in_hand: bool, return_id: str = "") -> journeys.Journey:
    """
    Write the opening, the custody and an empty page for each party, each with its own policy.

    Raises:
        Refused: JOURNEY_EXISTS, PARCEL_IN_USE, NOT_A_PARTICIPANT and those of `domain.journeys.opened`.
    """
    check_unused(ctx, opening.journey_id)
    members = [participants.participant(ctx, msp_id) for msp_id in sorted(set(opening.parties))]
    now = clock.now(ctx)
    journey = journeys.opened(opening, members, stages.catalogue_in_force(ctx), access.member(ctx), now, return_id)
    journey_id = journey.journey_id
    store.save(ctx, journey, JOURNEY, journey_id)
    store.save(ctx, journey_id, OF_ORDER, journey.order_id, journey_id)
    store.save(ctx, journey_id, OPEN, journey_id)
    if journey.kind is not JourneyType.REVERSE:
        # What comes back may be a part of what a parcel brought, and has no label of its own until it is fetched.
        _claim(ctx, journey)
    held = custody.opened(journey_id, journey.custodian, journey.ordered_at, journey.origin, in_hand=in_hand)
    save_custody(ctx, held)
    for party in journey.parties:
        save_page(ctx, pages.Page(journey_id, party.msp_id))
    return journey


def _claim(ctx: api.Context, journey: journeys.Journey) -> None:
    """
    Note that the parcels of *journey* are on it.

    Raises:
        Refused: PARCEL_IN_USE, one is on another journey that is not over.
    """
    for parcel in parcels.of(journey.epcs):
        before = store.find(ctx, str, OF_PARCEL, parcel)
        if before is not None:
            earlier = all_pages(ctx, load(ctx, before))
            if not tracking.over(pages.timeline(earlier), pages.incidents(earlier)):
                raise Refusal.PARCEL_IN_USE(f"{parcel} is on journey {before}")
        store.save(ctx, journey.journey_id, OF_PARCEL, parcel)


def check_unused(ctx: api.Context, journey_id: str) -> None:
    """
    Raise Refused unless *journey_id* can be the id of a new journey.

    Raises:
        Refused: JOURNEY_EXISTS, INVALID_ARGUMENT.
    """
    if store.find(ctx, journeys.Journey, JOURNEY, identifiers.check("opening.journey_id", journey_id)):
        raise Refusal.JOURNEY_EXISTS(f"there is a journey {journey_id}")


def forget_open(ctx: api.Context, journey_id: str) -> None:
    """Take a journey from the list of open ones."""
    ctx.stub.delete_state(ctx.stub.create_composite_key(OPEN, [journey_id]))


def load(ctx: api.Context, journey_id: str) -> journeys.Journey:
    """
    Return the journey with this id.

    Raises:
        Refused: JOURNEY_UNKNOWN.
    """
    return store.load(
        ctx, journeys.Journey, Refusal.JOURNEY_UNKNOWN, JOURNEY, identifiers.check("journey_id", journey_id)
    )


def linked(ctx: api.Context, token_hash: str) -> str:
    """
    Return the id of the journey behind a shopper's link.

    Raises:
        Refused: LINK_UNKNOWN, INVALID_ARGUMENT.
    """
    journey_id = store.find(ctx, str, LINK, names.SHA256.check("token_hash", token_hash))
    if journey_id is None:
        raise Refusal.LINK_UNKNOWN("no journey is behind that link")
    return journey_id


def page(ctx: api.Context, journey_id: str, msp_id: str) -> pages.Page:
    """
    Return the page of one party.

    Raises:
        Refused: NOT_A_PARTY.
    """
    return store.load(ctx, pages.Page, Refusal.NOT_A_PARTY, PAGE, journey_id, msp_id)


@dataclasses.dataclass(frozen=True)
class PartyPages:
    """The valid records of the parties of a journey, and the parties with invalid entries on their pages."""

    pages: tuple[pages.Page, ...]
    with_forgeries: tuple[str, ...]


def party_pages(ctx: api.Context, journey: journeys.Journey) -> PartyPages:
    """
    Return every party's page, by party, without entries that only a modified peer can have written.

    A page that cannot be read counts as empty: one organisation must not be able to block the journey, or the
    returns, of all others.
    """
    found, with_forgeries = [], []
    for party in journey.parties:
        empty = pages.Page(journey.journey_id, party.msp_id)
        try:
            raw = page(ctx, journey.journey_id, party.msp_id)
        except records.RecordError:
            raw = None
        if raw is None or (raw.journey_id, raw.msp_id) != (empty.journey_id, empty.msp_id):
            found.append(empty)
            with_forgeries.append(party.msp_id)
            continue
        honest = pages.without_forgeries(journey, raw)
        found.append(honest)
        if honest != raw:
            with_forgeries.append(party.msp_id)
    return PartyPages(tuple(found), tuple(with_forgeries))


def all_pages(ctx: api.Context, journey: journeys.Journey) -> tuple[pages.Page, ...]:
    """Return the valid records of each party."""
    return party_pages(ctx, journey).pages


def save_page(ctx: api.Context, written: pages.Page) -> None:
    """Write a party's page; only that party must endorse."""
    store.save(ctx, written, PAGE, written.journey_id, written.msp_id, held_by=(written.msp_id,))


def find_custody(ctx: api.Context, journey_id: str) -> custody.Custody:
    """Return the custody as written, even if no page confirms it."""
    return store.load(ctx, custody.Custody, Refusal.JOURNEY_UNKNOWN, CUSTODY, journey_id)


def save_custody(ctx: api.Context, held: custody.Custody) -> None:
    """Write the custody; its custodian must endorse the next change."""
    store.save(ctx, held, CUSTODY, held.journey_id, held_by=(held.custodian,))


def custody_as_seen_by(ctx: api.Context, journey: journeys.Journey, mine: pages.Page) -> custody.Custody:
    """
    Return the custody, if the caller's own page confirms it.

    Raises:
        Refused: CUSTODY_CONTESTED.
    """
    held = find_custody(ctx, journey.journey_id)
    check_confirmed(journey, mine, held)
    return held


def check_confirmed(journey: journeys.Journey, written_page: pages.Page, held: custody.Custody) -> None:
    """
    Raise Refused unless *written_page* confirms the periods of its party in *held*.

    Raises:
        Refused: CUSTODY_CONTESTED.
    """
    if not pages.confirms(journey, written_page, held):
        raise Refusal.CUSTODY_CONTESTED(f"{written_page.msp_id} did not accept {held.journey_id} as is written")


def readable_custody(ctx: api.Context, journey: journeys.Journey) -> custody.Custody | None:
    """Return the custody, or None if its custodian wrote something unreadable; for queries."""
    try:
        return find_custody(ctx, journey.journey_id)
    except records.RecordError:
        return None
