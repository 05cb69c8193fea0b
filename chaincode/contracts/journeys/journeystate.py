"""
The keys of a journey and who must endorse each; shared by journeys, hand-overs and returns.

A hostile organisation could replace the contracts' code on its own peer. So validation at every peer enforces who
can change what:

* The opening and the links are ordinary keys: the channel's majority endorses.
* Each party has its own page, and one more for each parcel where a journey has several. By its key-level policy
    only that party endorses it. Nobody else, not even the custodian or the majority, can add, change or delete its
    records.
* The policy of a custody key, of which each parcel has one, is the custodian's organisation. A hand-over writes the
    custody key (so the old custodian must endorse), sets its policy to the new one, and writes the acceptance on the
    new custodian's page (so the new one must endorse too). With only one of the two, the transaction is invalid or is
    not a hand-over.
* An organisation with a modified peer can still write anything on its own keys. On its page it could write
    stages of others, or garbage; honest peers skip both (`partypages.party_pages`). As custodian it could name another
    organisation in its place. Such custody has no effect: a period counts only if its custodian's own page confirms
    it (CUSTODY_CONTESTED), and the named organisation can reject it (`Journeys:repudiate_custody`).

An endorsement is the consent of a machine. The consent of a person is the signature on the proposal; so the giver's
client offers and the taker's client accepts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import partypages, unitstate
from chaincode.contracts.register import participants, stages
from chaincode.domain.journeys import custody, epcis, journeys, movement, pages, parcels, tracking
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import names, records
from hlf.shim import api

JOURNEY = "journey"
CUSTODY = "custody"
LINK = "link"
OF_ORDER = "journey-of-order"
OPEN = "journey-open"
"""Journeys whose records may still change; the others need not be looked at any more to be counted."""
OF_PARCEL = "journey-of-parcel"


def start(
    ctx: api.Context, opening: journeys.JourneyOpening, *, in_hand: bool, return_id: str = ""
) -> journeys.Journey:
    """
    Write the opening, the custody and an empty page for each party, each with its own policy.

    Raises:
        Refused: JOURNEY_EXISTS, PARCEL_IN_USE, NOT_A_PARTICIPANT and those of `domain.journeys.journeys.opened`.
    """
    check_unused(ctx, opening.journey_id)
    members = participants.all_of(ctx, sorted(set(opening.parties)))
    now = clock.now(ctx)
    journey = journeys.opened(opening, members, stages.catalogue_in_force(ctx), access.member(ctx), now, return_id)
    journey_id = journey.journey_id
    store.save(ctx, journey, JOURNEY, journey_id)
    store.save(ctx, journey_id, OF_ORDER, journey.order_id, journey_id)
    store.save(ctx, journey_id, OPEN, journey_id)
    _claim(ctx, journey)
    for parcel in partypages.keys(journey):
        first = custody.opened(
            journey_id, journey.custodian, journey.ordered_at, journey.origin, in_hand=in_hand, parcel=parcel
        )
        save_custody(ctx, first)
    for party in journey.parties:
        for parcel in dict.fromkeys(("", *partypages.keys(journey))):
            partypages.save_page(ctx, pages.Page(journey_id, party.msp_id, parcel=parcel))
    return journey


def _claim(ctx: api.Context, journey: journeys.Journey) -> None:
    """
    Note that the parcels of *journey* are on it.

    Raises:
        Refused: PARCEL_IN_USE, one is on another journey and is still under way there.
    """
    claimed = list(parcels.of(journey.epcs))
    for parcel, before in zip(claimed, store.find_all(ctx, str, OF_PARCEL, claimed), strict=True):
        if before is not None:
            earlier = load(ctx, before)
            of_old = parcel_records(ctx, earlier)
            left = of_old.get(parcel) or next(iter(of_old.values()))
            if not tracking.over(tracking.outcome(earlier, left.timeline, left.incidents)):
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
    epcis.check_name("opening.journey_id", journey_id)


def forget_open(ctx: api.Context, journey_id: str) -> None:
    """Remove a journey from the list of open ones."""
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
        raise Refusal.LINK_UNKNOWN("the link belongs to no journey")
    return journey_id


def parcel_records(
    ctx: api.Context, journey: journeys.Journey, known: Iterable[pages.Page] | None = None, meant: Iterable[str] = ()
) -> dict[str, tracking.ParcelRecords]:
    """
    Return what was recorded of each parcel *meant*, of all if none is named, itself and of the units it was in.

    *known* are the parties' own pages of the journey, if they were read before.
    """
    wanted = tuple(meant) or journey.parcel_ids
    own = partypages.party_pages(ctx, journey, wanted).pages if known is None else tuple(known)
    parted = [movement.by_parcel(journey, page, wanted) for page in own]
    found = {}
    for parcel, key in zip(wanted, partypages.keys(journey, wanted), strict=True):
        held = readable_custody(ctx, journey, key)
        read = about(ctx, journey, [each[parcel] for each in parted], parcel, held)
        told = read if held is None else _credible(read, unitstate.in_effect(ctx, held))
        found[parcel] = tracking.ParcelRecords(pages.timeline(read), pages.incidents(told))
    return found


def _credible(read: Iterable[pages.Page], held: custody.Custody) -> list[pages.Page]:
    """
    Return pages without losses and damage that only a modified peer can have written: their reporter did not have the
    parcel.
    """
    return [
        dataclasses.replace(
            page,
            incidents=tuple(
                each
                for each in page.incidents
                if each.kind not in pages.OF_GOODS or held.could_see(page.msp_id, each.at)
            ),
        )
        for page in read
    ]


def about(
    ctx: api.Context, journey: journeys.Journey, read: Sequence[pages.Page], parcel: str,
    held: custody.Custody | None,
) -> tuple[pages.Page, ...]:  # fmt: skip
    """
    Return what parties *read* of a parcel on their pages of the journey, with what they recorded of its units.

    An entry about a unit counts if the party may record that stage of the journey, too.
    """
    if held is None or not held.stays:
        return tuple(read)
    of_units = unitstate.stayed(ctx, parcel, held.stays, [page.msp_id for page in read])
    return tuple(_with(journey, page, of_units.get(page.msp_id)) for page in read)


def _with(journey: journeys.Journey, page: pages.Page, of_units: pages.Page | None) -> pages.Page:
    if of_units is None:
        return page
    may = set(journey.party(page.msp_id).stages)
    entries = tuple(each for each in of_units.entries if each.stage_id in may or epcis.taker_of(each.event))
    incidents = tuple(each for each in of_units.incidents if each.stage_id in may)
    return pages.together([page, dataclasses.replace(of_units, entries=entries, incidents=incidents)])


def all_pages(ctx: api.Context, journey: journeys.Journey) -> tuple[pages.Page, ...]:
    """Return the valid records of each party, of the journey and of the units that its parcels were in."""
    return with_units(ctx, journey, partypages.party_pages(ctx, journey).pages)


def with_units(ctx: api.Context, journey: journeys.Journey, own: Iterable[pages.Page]) -> tuple[pages.Page, ...]:
    """Return the parties' *own* pages of a journey with what they recorded of the units of its parcels, each once."""
    found = {page.msp_id: page for page in own}
    for parcel, key in zip(journey.parcel_ids, partypages.keys(journey), strict=True):
        held = readable_custody(ctx, journey, key)
        if held is None or not held.stays:
            continue
        for msp_id, page in unitstate.stayed(ctx, parcel, held.stays, found).items():
            known = {each.event_id for each in found[msp_id].entries}
            entries = tuple(each for each in page.entries if each.event_id not in known)
            incidents = tuple(each for each in page.incidents if each not in found[msp_id].incidents)
            new = dataclasses.replace(page, entries=entries, incidents=incidents)
            found[msp_id] = _with(journey, found[msp_id], new)
    return tuple(found.values())


def target(journey: journeys.Journey, mine: Iterable[pages.Page], meant: Sequence[str]) -> pages.Page:
    """Return the one of a party's pages for records of the parcels *meant*."""
    alone = meant[0] if len(meant) == 1 and len(journey.parcels) > 1 else ""
    return next(each for each in mine if each.parcel == alone)


def find_custody(ctx: api.Context, journey_id: str, parcel: str = "") -> custody.Custody:
    """Return the custody of a journey's only parcel, or of *parcel*, as written, even if no page confirms it."""
    return store.load(ctx, custody.Custody, Refusal.JOURNEY_UNKNOWN, CUSTODY, journey_id, *filter(None, [parcel]))


def custody_key(ctx: api.Context, journey_id: str, parcel: str = "") -> str:
    """Return the key of what `find_custody` returns."""
    return ctx.stub.create_composite_key(CUSTODY, [journey_id, *filter(None, [parcel])])


def save_custody(ctx: api.Context, held: custody.Custody) -> None:
    """Write the custody; its custodian must endorse the next change."""
    store.save(ctx, held, CUSTODY, held.journey_id, *filter(None, [held.parcel]), held_by=(held.custodian,))


def custodies(
    ctx: api.Context, journey: journeys.Journey, mine: pages.Page, meant: Iterable[str]
) -> tuple[custody.Custody, ...]:
    """
    Return the custody of each parcel *meant*, if the caller's own page confirms it.

    Raises:
        Refused: CUSTODY_CONTESTED.
    """
    found = tuple(find_custody(ctx, journey.journey_id, parcel) for parcel in partypages.keys(journey, meant))
    for held in found:
        check_confirmed(ctx, journey, mine, held)
    return found


def check_confirmed(
    ctx: api.Context, journey: journeys.Journey, written_page: pages.Page, held: custody.Custody
) -> None:
    """
    Raise Refused unless *written_page* confirms the periods of its party in *held*.

    Raises:
        Refused: CUSTODY_CONTESTED.
    """
    if not confirms(ctx, journey, written_page, held):
        raise Refusal.CUSTODY_CONTESTED(f"{written_page.msp_id} did not accept {held.name}")


def confirms(ctx: api.Context, journey: journeys.Journey, written_page: pages.Page, held: custody.Custody) -> bool:
    """Return whether *written_page* confirms the periods of its party in *held*, those with its units included."""
    parcel = held.parcel or journey.parcel_ids[0]
    (read,) = about(ctx, journey, [movement.about(journey, written_page, parcel)], parcel, held)
    return pages.confirms(journey.custodian, read, unitstate.in_effect(ctx, held))


def readable_custody(ctx: api.Context, journey: journeys.Journey, parcel: str = "") -> custody.Custody | None:
    """Return the custody, or None if its custodian wrote something unreadable; for queries."""
    try:
        return find_custody(ctx, journey.journey_id, parcel)
    except records.RecordError:
        return None


def confirmed(
    ctx: api.Context, journey: journeys.Journey, own: Iterable[pages.Page]
) -> Iterator[tuple[custody.Custody, dict[str, pages.Page]]]:
    """Return the custody of each parcel that all parties' *own* pages confirm, with those about it and its units."""
    parted = [movement.by_parcel(journey, page, journey.parcel_ids) for page in own]
    for parcel, key in zip(journey.parcel_ids, partypages.keys(journey), strict=True):
        held = readable_custody(ctx, journey, key)
        if held is None:
            continue
        read = about(ctx, journey, [each[parcel] for each in parted], parcel, held)
        in_effect = unitstate.in_effect(ctx, held)
        if all(pages.confirms(journey.custodian, page, in_effect) for page in read):
            yield in_effect, {page.msp_id: page for page in read}


def check_free(
    ctx: api.Context, journey: journeys.Journey, meant: Iterable[str], at: int, mine: pages.Page, *others: str
) -> None:
    """
    Raise Refused unless the parcels *meant* may move on at a moment.

    It reads the pages of those who may put goods on hold, and of *others*, so records on further pages do not conflict
    with it. *mine* has the caller's own records, with those of this transaction.

    Raises:
        Refused: ON_HOLD, PARCEL_LOST.
    """
    holding = holding_stages(ctx, journey.catalogue_version)
    holders = [party.msp_id for party in journey.parties if holding & set(party.stages)]
    wanted = tuple(meant)
    read = partypages.party_pages(ctx, journey, wanted, (*holders, *others, mine.msp_id)).pages
    own = pages.without_forgeries(journey, mine)
    known = [own if page.msp_id == mine.msp_id else page for page in read]
    for parcel, told in parcel_records(ctx, journey, known, wanted).items():
        movement.check_free(parcel, told.timeline, told.incidents, at)


def holding_stages(ctx: api.Context, catalogue_version: int) -> frozenset[str]:
    """Return the stages that may put goods on hold."""
    catalogue = stages.version(ctx, catalogue_version)
    return frozenset(stage.stage_id for stage in catalogue.stages if "holding" in stage.steps)
