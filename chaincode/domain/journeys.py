"""
A consignment's journey: what was agreed when it opened, and what each party recorded since.

The opening never changes. What happened stands on pages, one per party, and
a party writes on its own page only. So what one organisation says, no other
can alter or take away, and two that record at once do not get in each
other's way. Everything else (stages done, status, alarms) is computed from
opening, pages and custody, by total functions.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

from chaincode.domain import custody, epcis, identifiers, moments
from chaincode.domain.participants import Participant
from chaincode.domain.refusals import Refused, invalid
from chaincode.domain.stages import Catalogue, JourneyType, Stage

SKEW = 15 * moments.MINUTE
"""How far a client's clock may be ahead of the ledger's, as Fabric itself allows."""

LATEST = 30 * moments.DAY
"""How long after the fact an event may still be recorded."""

_HASH = re.compile(r"[0-9a-f]{64}")
_HS6 = re.compile(r"[0-9]{6}")
_LOCODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")


@dataclasses.dataclass(frozen=True)
class Line:
    """
    One line of the order, as far as carriers, customs and the return terms need to know it.

    The price stays on the other channel; ``returnless`` is the one bit of it
    that the terms need: the line is worth less than their ``returnless_below``.
    """

    line: str
    hs6: str
    quantity: int
    final_sale: bool = False
    returnless: bool = False


@dataclasses.dataclass(frozen=True)
class Party:
    """An organisation that takes part, and the stages it may record on this journey."""

    msp_id: str
    roles: tuple[str, ...]
    stages: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Opening:
    """
    What the caller states when a journey opens.

    ``order_hash`` and ``terms_hash`` pin the order of the other channel and
    the return terms; ``buyer_hash`` is the hash of a random token, never of
    anything about a person. ``parties`` are MSP ids; the first custodian is
    one of them.
    """

    journey_id: str
    order_id: str
    order_hash: str
    ordered_at: str
    terms_id: str
    terms_hash: str
    buyer_hash: str
    origin: str
    destination: str
    epcs: tuple[str, ...]
    lines: tuple[Line, ...]
    parties: tuple[str, ...]
    custodian: str
    kind: JourneyType = JourneyType.FORWARD


@dataclasses.dataclass(frozen=True)
class Journey:
    """A journey as it was opened; it never changes."""

    journey_id: str
    kind: JourneyType
    order_id: str
    order_hash: str
    ordered_at: int
    terms_id: str
    terms_hash: str
    buyer_hash: str
    catalogue_version: int
    catalogue_hash: str
    origin: str
    destination: str
    epcs: tuple[str, ...]
    lines: tuple[Line, ...]
    parties: tuple[Party, ...]
    custodian: str
    opened_by: str
    opened_at: int
    return_id: str = ""

    def party(self, msp_id: str) -> Party:
        """
        The party of that MSP id.

        Raises:
            Refused: NOT_A_PARTY.
        """
        for party in self.parties:
            if party.msp_id == msp_id:
                return party
        raise Refused("NOT_A_PARTY", f"{msp_id} takes no part in journey {self.journey_id}")

    @property
    def goods(self) -> dict[str, int]:
        """Units by HS code, over all lines."""
        units: dict[str, int] = {}
        for line in self.lines:
            units[line.hs6] = units.get(line.hs6, 0) + line.quantity
        return units

    def line(self, line: str) -> Line | None:
        """The order line of that name, if there is one."""
        return next((each for each in self.lines if each.line == line), None)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One recorded event: where it stands in the journey, its two hashes and the EPCIS document's event."""

    stage_id: str
    step: str
    at: int
    recorded_at: int
    event_id: str
    record_hash: str
    event: Mapping[str, object]


@dataclasses.dataclass(frozen=True)
class Page:
    """What one party recorded on one journey, in the order of recording."""

    journey_id: str
    msp_id: str
    entries: tuple[Entry, ...] = ()

    def find(self, event_id: str) -> Entry | None:
        """The entry with that event hash."""
        return next((entry for entry in self.entries if entry.event_id == event_id), None)

    def with_entry(self, entry: Entry) -> Page:
        """This page and one entry more."""
        return dataclasses.replace(self, entries=(*self.entries, entry))


def opened(
    opening: Opening, members: Sequence[Participant], catalogue: Catalogue, opened_by: str, now: int,
    return_id: str = "",
) -> Journey:  # fmt: skip
    """
    The journey that *opening* asks for; *members* are its parties as the register of participants has them.

    A party may record what both its roles and its capabilities allow.

    Raises:
        Refused: INVALID_ARGUMENT, NOT_A_PARTY, NO_LINES.
    """
    _check(opening)
    parties = tuple(_party(member, catalogue, opening.kind) for member in members)
    ordered_at = _time(opening.ordered_at, "opening.ordered_at")
    if ordered_at > now + SKEW:
        raise Refused("EVENT_IN_FUTURE", "the order's time is after the transaction's")
    if opening.custodian not in opening.parties:
        raise Refused("NOT_A_PARTY", f"{opening.custodian} is to hold the goods and takes no part")
    return Journey(
        journey_id=opening.journey_id,
        kind=opening.kind,
        order_id=opening.order_id,
        order_hash=opening.order_hash,
        ordered_at=ordered_at,
        terms_id=opening.terms_id,
        terms_hash=opening.terms_hash,
        buyer_hash=opening.buyer_hash,
        catalogue_version=catalogue.version,
        catalogue_hash=catalogue.digest,
        origin=opening.origin,
        destination=opening.destination,
        epcs=opening.epcs,
        lines=opening.lines,
        parties=parties,
        custodian=opening.custodian,
        opened_by=opened_by,
        opened_at=now,
        return_id=return_id,
    )


def _party(member: Participant, catalogue: Catalogue, kind: JourneyType) -> Party:
    stages = [stage_id for stage_id in catalogue.recordable(member.roles, kind) if stage_id in member.stages]
    return Party(member.msp_id, member.roles, tuple(stages))


def entitled(journey: Journey, recorder: str, stage: Stage) -> None:
    """
    Nothing, if *recorder* may record *stage* on *journey*.

    Raises:
        Refused: NOT_A_PARTY, STAGE_NOT_IN_JOURNEY, STAGE_NOT_ENTITLED.
    """
    party = journey.party(recorder)
    if not stage.occurs_in(journey.kind):
        raise Refused("STAGE_NOT_IN_JOURNEY", f"{stage.stage_id} does not occur in {journey.kind} journeys")
    if stage.stage_id not in party.stages:
        raise Refused("STAGE_NOT_ENTITLED", f"{recorder} may not record {stage.stage_id} ({stage.name})")


def timely(journey: Journey, page: Page, at: int, now: int) -> None:
    """
    Nothing, if an event of time *at* may still or already be recorded *now*.

    The transaction's time is the client's word. It may not run behind what
    the same organisation recorded before, so nobody can pre-date a whole
    transaction to make an old event look punctual.

    Raises:
        Refused: EVENT_IN_FUTURE, PRE_DATED, TOO_LATE, CLOCK_WENT_BACK.
    """
    if page.entries and now < page.entries[-1].recorded_at - SKEW:
        raise Refused("CLOCK_WENT_BACK", f"{page.msp_id} recorded something later than this transaction's time")
    if now < journey.opened_at - SKEW:
        raise Refused("CLOCK_WENT_BACK", "the journey was opened after this transaction's time")
    if at > now + SKEW:
        raise Refused("EVENT_IN_FUTURE", "the event's time is after the transaction's")
    if at < journey.ordered_at:
        raise Refused("PRE_DATED", "the event's time is before the order")
    if at < now - LATEST:
        raise Refused("TOO_LATE", f"an event may be recorded for {LATEST // moments.DAY} days")


def recorded(
    journey: Journey, page: Page, held: custody.Custody, stage: Stage, observation: epcis.Observation, now: int,
) -> Entry:  # fmt: skip
    """
    The entry for *observation*, whose recorder is the page's party; the page's own, if it has it already.

    Raises:
        Refused: see `epcis.checked`, `entitled`, `timely`; NOT_CUSTODIAN, STAGE_RECORDED.
    """
    entitled(journey, page.msp_id, stage)
    epcis.checked(observation, stage)
    entry = entry_of(journey, page.msp_id, stage, observation, now)
    repeated = page.find(entry.event_id)
    if repeated:
        return repeated
    timely(journey, page, entry.at, now)
    if stage.custody and observation.step not in stage.takes and held.holder_at(entry.at) != page.msp_id:
        holder = held.holder_at(entry.at) or "nobody of the consortium"
        raise Refused("NOT_CUSTODIAN", f"{journey.journey_id} was held by {holder} at that time")
    if not stage.repeats and any(other.stage_id == stage.stage_id for other in page.entries):
        raise Refused("STAGE_RECORDED", f"{stage.stage_id} happens once and is recorded")
    return entry


def entry_of(
    journey: Journey, recorder: str, stage: Stage, observation: epcis.Observation, now: int,
    handover: tuple[str, str] | None = None,
) -> Entry:  # fmt: skip
    """The entry that holds the EPCIS event of *observation*."""
    event = epcis.event(
        observation,
        stage,
        journey_id=journey.journey_id,
        order_id=journey.order_id,
        epcs=journey.epcs,
        goods=journey.goods,
        recorder=recorder,
        recorded_at=now,
        handover=handover,
    )
    return Entry(
        stage_id=stage.stage_id,
        step=observation.step,
        at=observation.moment.at,
        recorded_at=now,
        event_id=str(event["eventID"]),
        record_hash=epcis.record_hash(event),
        event=event,
    )


def passed(stage: Stage, gate_ids: Iterable[str], catalogue: Catalogue, entries: Iterable[Entry], at: int) -> None:
    """
    Nothing, if every stage that gates *stage* let the goods pass by the time *at*.

    Raises:
        Refused: GATE_CLOSED.
    """
    known = sorted((entry for entry in entries if entry.at <= at), key=lambda entry: (entry.at, entry.event_id))
    for gate_id in gate_ids:
        gate = catalogue.stage(gate_id)
        steps = [entry.step for entry in known if entry.stage_id == gate_id]
        if not steps or (gate.releases and steps[-1] not in gate.releases):
            raise Refused("GATE_CLOSED", f"{stage.stage_id} waits for {gate_id} ({gate.name})")


def timeline(pages: Iterable[Page]) -> tuple[Entry, ...]:
    """All entries of a journey in the order in which they happened."""
    entries = (entry for page in pages for entry in page.entries)
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.recorded_at, entry.event_id)))


def hashed(text: str, field: str) -> str:
    """
    *text*, if it is a SHA-256 in hex.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    if not _HASH.fullmatch(text):
        raise invalid(field, "must be a SHA-256 in lower-case hex")
    return text


def _check(opening: Opening) -> None:
    identifiers.check("opening.journey_id", opening.journey_id)
    identifiers.check("opening.order_id", opening.order_id)
    for field in ("order_hash", "terms_hash", "buyer_hash"):
        hashed(getattr(opening, field), f"opening.{field}")
    for field in ("origin", "destination"):
        if not _LOCODE.fullmatch(getattr(opening, field)):
            raise invalid(f"opening.{field}", "must be a UN/LOCODE such as CNSZX")
    if not opening.epcs:
        raise invalid("opening.epcs", "must name the consignment")
    for identifier in opening.epcs:
        epcis.identified(identifier, "opening.epcs")
    if not opening.lines or len({line.line for line in opening.lines}) != len(opening.lines):
        raise invalid("opening.lines", "must be at least one, each with its own name")
    for line in opening.lines:
        if not _HS6.fullmatch(line.hs6) or line.quantity < 1:
            raise invalid(f"opening.lines.{line.line}", "needs an HS code of six digits and a quantity of 1 or more")


def _time(text: str, field: str) -> int:
    try:
        return moments.parse(text).at
    except ValueError as error:
        raise invalid(field, str(error)) from None
