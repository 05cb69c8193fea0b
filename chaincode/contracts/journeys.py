"""
The contract of journeys: opening, stages, custody, tracking.

Who can change what is enforced by validation at every peer, not by the code
below alone, which a hostile organisation could replace on its own peer:

* The opening and the links are ordinary keys: the channel's majority.
* Each party has a page of its own, whose key-level endorsement policy is that
  party. Nobody else, not even the custodian, can put words into its mouth,
  change or delete what it recorded.
* The custody key's policy is the custodian's organisation. A handover writes
  the custody key (so the old custodian must endorse), hands its policy to
  the new one, and writes the acceptance on the new custodian's page (so the
  new one must endorse, too). One without the other is either an invalid
  transaction or no handover.
* An organisation with a doctored peer can still write whatever it likes on
  keys that are its own. So a custodian could name another as custodian
  without its consent. Such custody counts for nothing here: a custodian is
  believed only if its own page has the acceptance (CUSTODY_CONTESTED), and
  the organisation so named can put it right (`repudiate_custody`).

Endorsement is a machine's consent. A person's is the signature on the
proposal, so the giver's client offers and the taker's client accepts.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, participants, stages, store
from chaincode.contracts import terms as published_terms
from chaincode.domain import custody, epcis, identifiers, journeys, moments, tracking
from chaincode.domain.refusals import Refused, invalid
from chaincode.domain.stages import Catalogue, JourneyType, Stage
from chaincode.shim import api

JOURNEY = "journey"
CUSTODY = "custody"
PAGE = "page"
LINK = "link"
OF_ORDER = "journey-of-order"

_OPENERS = frozenset({"platform", "merchant"})


@dataclasses.dataclass(frozen=True)
class Receipt:
    """What the recorder of an event gets: its names, and whether it had been recorded before."""

    journey_id: str
    stage_id: str
    event_id: str
    record_hash: str
    recorded_at: str
    repeated: bool


@dataclasses.dataclass(frozen=True)
class State:
    """A journey as it stands."""

    journey: journeys.Journey
    custodian: str
    custody: custody.Custody
    status: tracking.Status
    recorded: tuple[str, ...]
    alarms: tuple[custody.Alarm, ...]


class Journeys(api.Contract):
    """Where each consignment is on its way, stage by stage, and who answers for it."""

    @api.transaction
    def open(self, ctx: api.Context, opening: journeys.Opening) -> journeys.Journey:
        """
        Open a journey from an order; the first custodian has the goods in hand.

        Takes the majority's endorsement. The terms must be on the ledger under
        the hash that the order pinned.

        Raises:
            Refused: NOT_A_SELLER, JOURNEY_EXISTS, TERMS_UNKNOWN, NOT_A_PARTICIPANT,
                and those of `domain.journeys.opened`.
        """
        opener = participants.participant(ctx, access.member(ctx))
        if not _OPENERS & set(opener.roles):
            raise Refused("NOT_A_SELLER", "a platform or a merchant opens a journey")
        if opening.kind is JourneyType.REVERSE:
            raise invalid("opening.kind", "a reverse journey is booked by the approval of a return")
        published_terms.pinned(ctx, opening.terms_id, opening.terms_hash)
        journey = start(ctx, opening, in_hand=True)
        store.announce(ctx, "JourneyOpened", {"journey_id": journey.journey_id, "order_id": journey.order_id})
        return journey

    @api.transaction
    def record(self, ctx: api.Context, journey_id: str, observation: epcis.Observation) -> Receipt:
        """
        Record an event on the caller's own page; only its organisation needs to endorse.

        The same observation again changes nothing and gets the same receipt.
        Events may come late and out of order; their own times count.

        Raises:
            Refused: JOURNEY_UNKNOWN, GATE_CLOSED, CUSTODY_CONTESTED and those of `domain.journeys.recorded`.
        """
        recorder, now = access.member(ctx), store.now(ctx)
        journey = load(ctx, journey_id)
        journey.party(recorder)
        catalogue = stages.version(ctx, journey.catalogue_version)
        stage = catalogue.stage(observation.stage_id)
        mine = page(ctx, journey_id, recorder)
        held = _custody(ctx, journey_id, mine) if stage.custody else custody.opened(journey_id, "", 0, in_hand=True)
        entry = journeys.recorded(journey, mine, held, stage, observation, now)
        repeated = mine.find(entry.event_id) is not None
        # A transaction that writes nothing is judged by the chaincode's policy, and the caller alone
        # could not repeat itself. So a repetition writes the page again as it is.
        store.save(ctx, mine if repeated else mine.with_entry(entry), PAGE, journey_id, recorder)
        if not repeated:
            self._carry(ctx, journey, catalogue, stage, held, entry)
        return Receipt(
            journey_id, entry.stage_id, entry.event_id, entry.record_hash, moments.text(entry.recorded_at), repeated
        )

    def _carry(
        self, ctx: api.Context, journey: journeys.Journey, catalogue: Catalogue, stage: Stage,
        held: custody.Custody, entry: journeys.Entry,
    ) -> None:  # fmt: skip
        """What a new entry brings with it: gates it must find open, custody it begins or ends, the event."""
        gates = stage.orders[journey.kind].gates
        if gates:
            journeys.passed(stage, gates, catalogue, journeys.timeline(pages(ctx, journey)), entry.at)
        recorder = ctx.client.msp_id
        if entry.step in stage.takes:
            store.save(ctx, held.taken(recorder, entry.at, entry.event_id), CUSTODY, journey.journey_id)
        if entry.step in stage.ends:
            store.save(ctx, held.ended(recorder, entry.at), CUSTODY, journey.journey_id)
        told = {"journey_id": journey.journey_id, "stage_id": entry.stage_id, "step": entry.step}
        store.announce(ctx, "StageRecorded", told | {"event_id": entry.event_id})

    @api.transaction
    def offer_custody(
        self, ctx: api.Context, journey_id: str, taker: str, released_at: str, place: str
    ) -> custody.Custody:
        """
        Offer the goods to *taker*; only the custodian may, and only it needs to endorse.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, CUSTODY_CONTESTED, EVENT_IN_FUTURE and those of
                `domain.custody.Custody.offered`.
        """
        giver, now = access.member(ctx), store.now(ctx)
        journey = load(ctx, journey_id)
        journey.party(taker)
        journey.party(giver)
        mine = page(ctx, journey_id, giver)
        moment = _moment(released_at, "released_at")
        journeys.timely(journey, mine, moment.at, now)
        offer = custody.Offer(taker, moment.at, moment.offset_minutes, place, now)
        held = _custody(ctx, journey_id, mine).offered(giver, offer)
        store.save(ctx, held, CUSTODY, journey_id)
        store.announce(ctx, "CustodyOffered", {"journey_id": journey_id, "giver": giver, "taker": taker})
        return held

    @api.transaction
    def withdraw_custody(self, ctx: api.Context, journey_id: str) -> custody.Custody:
        """
        Take the offer back, while nobody has accepted it.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, CUSTODY_CONTESTED, NOT_CUSTODIAN, NOT_OFFERED.
        """
        giver = access.member(ctx)
        load(ctx, journey_id).party(giver)
        held = _custody(ctx, journey_id, page(ctx, journey_id, giver)).withdrawn(giver)
        store.save(ctx, held, CUSTODY, journey_id)
        store.announce(ctx, "CustodyWithdrawn", {"journey_id": journey_id, "giver": giver})
        return held

    @api.transaction
    def accept_custody(self, ctx: api.Context, journey_id: str, accepted_at: str, place: str) -> custody.Custody:
        """
        Take over what was offered; endorsed by both organisations, or invalid.

        Two handovers of one consignment in one block touch the same key, so
        the later one fails with MVCC_READ_CONFLICT. That is the wanted rule.

        Raises:
            Refused: JOURNEY_UNKNOWN, CUSTODY_CONTESTED, EVENT_IN_FUTURE, PRE_DATED, TOO_LATE, NOT_OFFERED,
                NOT_THE_TAKER, ACCEPTED_BEFORE_HELD.
        """
        taker, now = access.member(ctx), store.now(ctx)
        journey = load(ctx, journey_id)
        journey.party(taker)
        mine = page(ctx, journey_id, taker)
        held = find_custody(ctx, journey_id)
        _believe(held, page(ctx, journey_id, held.custodian))
        held.offered_to(taker)
        giver = held.custodian
        stage_id, step = ("S22", "receiving") if journey.kind is JourneyType.REVERSE else ("S02", "accepting")
        observation = epcis.Observation(stage_id, step, accepted_at, place)
        stage = stages.version(ctx, journey.catalogue_version).stage(stage_id)
        journeys.entitled(journey, taker, stage)
        epcis.checked(observation, stage)
        journeys.timely(journey, mine, observation.moment.at, now)
        entry = journeys.entry_of(journey, taker, stage, observation, now, handover=(giver, taker))
        taken = held.accepted(taker, entry.at, entry.event_id)
        store.save(ctx, taken, CUSTODY, journey_id, held_by=(taker,))
        store.save(ctx, mine.with_entry(entry), PAGE, journey_id, taker)
        store.announce(
            ctx,
            "CustodyPassed",
            {"journey_id": journey_id, "giver": giver, "taker": taker, "number": taken.number},
        )
        return taken

    @api.transaction
    def repudiate_custody(self, ctx: api.Context, journey_id: str) -> custody.Custody:
        """
        Give back a custody that was written in the caller's name without its acceptance.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_CUSTODIAN, CUSTODY_ACCEPTED.
        """
        named = access.member(ctx)
        load(ctx, journey_id).party(named)
        held = find_custody(ctx, journey_id)
        if held.custodian != named:
            raise Refused("NOT_CUSTODIAN", f"{journey_id} is held by {held.custodian}")
        if accepted(held, page(ctx, journey_id, named)):
            raise Refused("CUSTODY_ACCEPTED", f"{named} accepted {journey_id} itself")
        restored = held.repudiated()
        store.save(ctx, restored, CUSTODY, journey_id, held_by=(restored.custodian,))
        store.announce(ctx, "CustodyRepudiated", {"journey_id": journey_id, "named": named, "by": restored.custodian})
        return restored

    @api.transaction
    def link(self, ctx: api.Context, journey_id: str, token_hash: str) -> None:
        """
        Let whoever holds the token behind *token_hash* follow the journey; takes the majority's endorsement.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, NOT_A_SELLER, INVALID_ARGUMENT, LINK_EXISTS.
        """
        party = load(ctx, journey_id).party(access.member(ctx))
        if not _OPENERS & set(party.roles):
            raise Refused("NOT_A_SELLER", "the platform or the merchant gives out links")
        journeys.hashed(token_hash, "token_hash")
        if store.find(ctx, str, LINK, token_hash) is not None:
            raise Refused("LINK_EXISTS", "that token is in use")
        store.save(ctx, journey_id, LINK, token_hash)

    @api.query
    def track(self, ctx: api.Context, token_hash: str) -> tracking.View:
        """
        What a shopper sees; *token_hash* is the SHA-256 of the link's token in hex.

        Raises:
            Refused: LINK_UNKNOWN.
        """
        journeys.hashed(token_hash, "token_hash")
        journey_id = store.find(ctx, str, LINK, token_hash)
        if journey_id is None:
            raise Refused("LINK_UNKNOWN", "no journey is behind that link")
        journey = load(ctx, journey_id)
        return tracking.view(journey, journeys.timeline(pages(ctx, journey)))

    @api.query
    def read(self, ctx: api.Context, journey_id: str) -> State:
        """
        The journey as it stands.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = load(ctx, journey_id)
        written = pages(ctx, journey)
        timeline = journeys.timeline(written)
        held = find_custody(ctx, journey_id)
        contested = not any(accepted(held, each) for each in written if each.msp_id == held.custodian)
        alarms = held.alarms() + ((held.contested(),) if contested else ())
        done = tuple(sorted({entry.stage_id for entry in timeline}))
        return State(journey, held.custodian, held, tracking.status(timeline), done, alarms)

    @api.query
    def events(self, ctx: api.Context, journey_id: str) -> dict[str, object]:
        """
        Everything recorded, as an EPCIS 2.0 document in the order of the events' own times.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = load(ctx, journey_id)
        timeline = journeys.timeline(pages(ctx, journey))
        latest = max([entry.recorded_at for entry in timeline], default=journey.opened_at)
        return epcis.document([entry.event for entry in timeline], latest)

    @api.query
    def of_order(self, ctx: api.Context, order_id: str) -> tuple[str, ...]:
        """The ids of the journeys that were opened from an order."""
        return tuple(store.each(ctx, str, OF_ORDER, identifiers.check("order_id", order_id)))

    @api.query
    def history(self, ctx: api.Context, journey_id: str) -> dict[str, list[object]]:
        """
        Every value that opening, custody and pages had, newest first.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = load(ctx, journey_id)
        found = {"journey": store.history(ctx, JOURNEY, journey_id), "custody": store.history(ctx, CUSTODY, journey_id)}
        for party in journey.parties:
            found[f"page of {party.msp_id}"] = store.history(ctx, PAGE, journey_id, party.msp_id)
        return found


def start(ctx: api.Context, opening: journeys.Opening, *, in_hand: bool, return_id: str = "") -> journeys.Journey:
    """
    Write the opening, the custody and an empty page for each party, each under its own policy.

    Raises:
        Refused: JOURNEY_EXISTS, NOT_A_PARTICIPANT and those of `domain.journeys.opened`.
    """
    if store.find(ctx, journeys.Journey, JOURNEY, identifiers.check("opening.journey_id", opening.journey_id)):
        raise Refused("JOURNEY_EXISTS", f"there is a journey {opening.journey_id}")
    members = [participants.participant(ctx, msp_id) for msp_id in sorted(set(opening.parties))]
    now = store.now(ctx)
    journey = journeys.opened(opening, members, stages.current(ctx), access.member(ctx), now, return_id)
    store.save(ctx, journey, JOURNEY, journey.journey_id)
    store.save(ctx, journey.journey_id, OF_ORDER, journey.order_id, journey.journey_id)
    held = custody.opened(journey.journey_id, journey.custodian, journey.ordered_at, in_hand=in_hand)
    store.save(ctx, held, CUSTODY, journey.journey_id, held_by=(held.custodian,))
    for party in journey.parties:
        empty = journeys.Page(journey.journey_id, party.msp_id)
        store.save(ctx, empty, PAGE, journey.journey_id, party.msp_id, held_by=(party.msp_id,))
    return journey


def load(ctx: api.Context, journey_id: str) -> journeys.Journey:
    """
    The journey of that id.

    Raises:
        Refused: JOURNEY_UNKNOWN.
    """
    return store.load(ctx, journeys.Journey, "JOURNEY_UNKNOWN", JOURNEY, identifiers.check("journey_id", journey_id))


def page(ctx: api.Context, journey_id: str, msp_id: str) -> journeys.Page:
    """What one party recorded."""
    return store.load(ctx, journeys.Page, "NOT_A_PARTY", PAGE, journey_id, msp_id)


def pages(ctx: api.Context, journey: journeys.Journey) -> tuple[journeys.Page, ...]:
    """What all parties recorded."""
    return tuple(page(ctx, journey.journey_id, party.msp_id) for party in journey.parties)


def find_custody(ctx: api.Context, journey_id: str) -> custody.Custody:
    """The custody as it is written, believed or not."""
    return store.load(ctx, custody.Custody, "JOURNEY_UNKNOWN", CUSTODY, journey_id)


def accepted(held: custody.Custody, written: journeys.Page) -> bool:
    """Whether the custodian's own *written* page has its acceptance; the first custody is in the opening."""
    return held.number == 0 or written.find(held.periods[-1].event_id) is not None


def _custody(ctx: api.Context, journey_id: str, mine: journeys.Page) -> custody.Custody:
    """The custody, believed as far as the caller's own page can tell."""
    held = find_custody(ctx, journey_id)
    if held.custodian == mine.msp_id:
        _believe(held, mine)
    return held


def _believe(held: custody.Custody, written: journeys.Page) -> None:
    if not accepted(held, written):
        raise Refused("CUSTODY_CONTESTED", f"{held.custodian} never accepted {held.journey_id}")


def _moment(text: str, field: str) -> moments.Moment:
    try:
        return moments.parse(text)
    except ValueError as error:
        raise invalid(field, str(error)) from None
