"""
Custody of a consignment: a chain of periods, each begun by a hand-over that both parties signed.

The custodian offers a hand-over, and the organisation that takes over accepts it. Each side states its own time. If
the taker's time is later, there is a gap in which nobody was responsible; if it is earlier, an overlap. Both stay
visible as alarms.
"""

from __future__ import annotations

import dataclasses
from typing import Final, Literal

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import places
from hlf.codec import moments
from hlf.codec.moments import Moment
from hlf.codec.records import Instant

TOLERANCE = 15 * moments.MINUTE
"""How far the times of two parties may differ before a gap or an overlap is an alarm."""

State = Literal["held", "awaited", "delivered"]
HELD: Final = "held"
AWAITED: Final = "awaited"
DELIVERED: Final = "delivered"


@dataclasses.dataclass(frozen=True)
class Period:
    """
    A period in which an organisation was responsible for the goods.

    By its own statement, ``giver`` released them at ``released_at``; both are empty for the first period.
    ``event_id`` is the event that the taker recorded on its own page when it took over, at ``place``. ``bound_for`` is
    where it was to bring them, if the giver said so.
    """

    custodian: str
    since: Instant
    place: str
    giver: str = ""
    released_at: Instant | None = None
    event_id: str = ""
    bound_for: str = ""


@dataclasses.dataclass(frozen=True)
class HandoverOffer:
    """The custodian's offer of a hand-over: taker, time and place of release, and where the taker is to bring it."""

    taker: str
    released_at: Instant
    offset_minutes: int
    place: str
    offered_at: Instant
    bound_for: str = ""


@dataclasses.dataclass(frozen=True)
class Alarm:
    """An irregularity that an auditor should look at; ``code`` is for programs."""

    code: str
    at: Instant
    parties: tuple[str, ...]
    text: str


@dataclasses.dataclass(frozen=True)
class Stay:
    """
    A stay in a shipping unit; ``until`` is None while it lasts.

    ``handovers`` counts the unit's periods before it began; later ones are periods of the member too.
    """

    unit_id: str
    handovers: int
    since: Instant
    until: Instant | None = None

    def covers(self, at: int) -> bool:
        """Return whether *at* is in the stay, its last moment included."""
        return self.since <= at and (self.until is None or at <= self.until)

    def overlaps(self, other: Stay) -> bool:
        """Return whether the two have a moment in common."""
        return self.covers(max(self.since, other.since)) and other.covers(max(self.since, other.since))


@dataclasses.dataclass(frozen=True)
class Custody:
    """The custody of one parcel, or of a consignment with one; ``number`` counts its handovers."""

    journey_id: str
    number: int
    state: State
    periods: tuple[Period, ...]
    offer: HandoverOffer | None = None
    ended_at: Instant | None = None
    ended_place: str = ""
    parcel: str = ""
    stays: tuple[Stay, ...] = ()

    @property
    def within(self) -> str:
        """The unit that it is in; empty if it is in none."""
        return self.stays[-1].unit_id if self.stays and self.stays[-1].until is None else ""

    def could_see(self, msp_id: str, at: int) -> bool:
        """Return whether *msp_id* was the custodian at *at*, or the one directly before or after."""
        last = max((number for number, each in enumerate(self.periods) if each.since <= at), default=0)
        return msp_id in {each.custodian for each in self.periods[max(last - 1, 0) : last + 2]}

    def check_could_see(self, msp_id: str, at: int) -> None:
        """
        Refuse a report of loss or damage by an organisation that did not have the goods around that time.

        Raises:
            Refused: NOT_CUSTODIAN.
        """
        if not self.could_see(msp_id, at):
            raise Refusal.NOT_CUSTODIAN(
                f"{msp_id} neither had {self.name} at that time, nor passed it on or took it over"
            )

    @property
    def name(self) -> str:
        """The parcel or the journey that it is the custody of."""
        return self.parcel or self.journey_id

    @property
    def custodian(self) -> str:
        """The organisation that has the goods, or will pick them up, or delivered them."""
        return self.periods[-1].custodian

    @property
    def since(self) -> int:
        """When the present period began."""
        return self.periods[-1].since

    def holder_at(self, at: int) -> str | None:
        """Return who had the goods at a moment; None before the first period, before a pick-up and after delivery."""
        if self.state == AWAITED or (self.ended_at is not None and at > self.ended_at):
            return None
        holders = [period.custodian for period in self.periods if period.since <= at]
        return holders[-1] if holders else None

    def offered(self, giver: str, offer: HandoverOffer) -> Custody:
        """
        Return the custody with the hand-over offered.

        Raises:
            Refused: NOT_CUSTODIAN, NOT_IN_HAND, SAME_PARTY, RELEASED_BEFORE_HELD.
        """
        self._must_hold(giver)
        if offer.taker == giver:
            raise Refusal.SAME_PARTY(f"{giver} holds {self.name} already")
        if offer.released_at < self.since:
            raise Refusal.RELEASED_BEFORE_HELD(f"{giver} took {self.name} over after that time")
        return dataclasses.replace(self, offer=offer)

    def withdrawn(self, giver: str) -> Custody:
        """
        Return the custody with the offer withdrawn.

        Raises:
            Refused: NOT_CUSTODIAN, NOT_OFFERED.
        """
        self._must_hold(giver)
        if self.offer is None:
            raise Refusal.NOT_OFFERED(f"no handover of {self.name} is offered")
        return dataclasses.replace(self, offer=None)

    def accepted(self, taker: str, at: int, place: str, event_id: str) -> Custody:
        """
        Return the custody with *taker* as custodian since *at*.

        Raises:
            Refused: NOT_OFFERED, NOT_THE_TAKER, ACCEPTED_BEFORE_HELD.
        """
        offer = self.offered_to(taker)
        if at < self.since:
            raise Refusal.ACCEPTED_BEFORE_HELD(f"{self.custodian} took {self.name} over after that time")
        period = Period(taker, at, place, self.custodian, offer.released_at, event_id, offer.bound_for)
        return dataclasses.replace(self, number=self.number + 1, periods=(*self.periods, period), offer=None)

    def offered_to(self, taker: str) -> HandoverOffer:
        """
        Return the offer that *taker* may accept.

        Raises:
            Refused: NOT_OFFERED, NOT_THE_TAKER.
        """
        if self.within:
            raise Refusal.IN_UNIT(f"{self.name} is in {self.within}")
        if self.offer is None or self.state != HELD:
            raise Refusal.NOT_OFFERED(f"no handover of {self.name} is offered")
        if self.offer.taker != taker:
            raise Refusal.NOT_THE_TAKER(f"{self.name} is offered to {self.offer.taker}")
        return self.offer

    def taken(self, custodian: str, at: int, place: str, event_id: str) -> Custody:
        """
        Return the custody after a pick-up from somebody outside the consortium.

        Raises:
            Refused: NOT_CUSTODIAN, ALREADY_IN_HAND.
        """
        if self.custodian != custodian:
            raise Refusal.NOT_CUSTODIAN(f"{self.name} is to be picked up by {self.custodian}")
        if self.state != AWAITED:
            raise Refusal.ALREADY_IN_HAND(f"{self.name} has been picked up")
        return dataclasses.replace(self, state=HELD, periods=(Period(custodian, at, place, event_id=event_id),))

    def ended(self, custodian: str, at: int, place: str) -> Custody:
        """
        Return the custody after delivery to the buyer.

        Raises:
            Refused: NOT_CUSTODIAN, NOT_IN_HAND.
        """
        self._must_hold(custodian)
        return dataclasses.replace(self, state=DELIVERED, ended_at=at, ended_place=place, offer=None)

    def reopened(self) -> Custody:
        """Return the custody without the delivery, which was recorded in error."""
        return dataclasses.replace(self, state=HELD, ended_at=None, ended_place="")

    def repudiated(self) -> Custody:
        """
        Return the custody without the present period, because its custodian never accepted it.

        Raises:
            Refused: NOTHING_TO_REPUDIATE for the first custody, which was agreed at the opening.
        """
        if len(self.periods) < 2:
            raise Refusal.NOTHING_TO_REPUDIATE(f"{self.custodian} is the first custodian of {self.name}")
        return dataclasses.replace(self, number=self.number - 1, state=HELD, periods=self.periods[:-1], offer=None)

    def contested(self, custodian: str) -> Alarm:
        """Return the alarm for periods of custody that the custodian's own page does not confirm."""
        text = f"{custodian} is named as custodian and its page does not confirm it"
        return Alarm("CUSTODY_CONTESTED", self.since, (custodian,), text)

    def packed(self, packer: str, unit_id: str, unit: Custody, at: int) -> Custody:
        """
        Return the custody in a unit since *at*, with which it moves from then on.

        Raises:
            Refused: NOT_CUSTODIAN, NOT_IN_HAND, IN_UNIT, PACKED_BEFORE_HELD.
        """
        self._must_hold(packer)
        if at < max(self.since, unit.since, *(stay.until or 0 for stay in self.stays)):
            raise Refusal.PACKED_BEFORE_HELD(f"{packer} took {self.name} or {unit_id} over after that time")
        stay = Stay(unit_id, len(unit.periods), at)
        return dataclasses.replace(self, offer=None, stays=(*self.stays, stay))

    def carried_by(self, unit: Custody) -> Custody:
        """Return the custody with the hand-overs of the unit that it is in."""
        passed = unit.periods[self.stays[-1].handovers :]
        return dataclasses.replace(self, number=self.number + len(passed), periods=(*self.periods, *passed))

    def unpacked(self, unit: Custody, at: int) -> Custody:
        """
        Return the custody out of its unit since *at*, with the unit's present custodian.

        Raises:
            Refused: PACKED_BEFORE_HELD.
        """
        stay, carried = self.stays[-1], self.carried_by(unit)
        if at < max(stay.since, carried.since):
            raise Refusal.PACKED_BEFORE_HELD(f"{carried.custodian} took {self.name} over after that time")
        return dataclasses.replace(carried, stays=(*self.stays[:-1], dataclasses.replace(stay, until=at)))

    def alarms(self) -> tuple[Alarm, ...]:
        """Return the gaps and overlaps in the chain, oldest first."""
        found = []
        for period in self.periods:
            if period.released_at is None:
                continue
            late = period.since - period.released_at
            if abs(late) <= TOLERANCE:
                continue
            code, word = ("CUSTODY_GAP", "after") if late > 0 else ("CUSTODY_OVERLAP", "before")
            text = f"{period.custodian} took over {abs(late) // moments.MINUTE} minutes {word} {period.giver} released"
            found.append(Alarm(code, period.since, (period.giver, period.custodian), text))
        return tuple(found)

    def _must_hold(self, organisation: str) -> None:
        if self.within:
            raise Refusal.IN_UNIT(f"{self.name} is in {self.within}")
        if self.custodian != organisation:
            raise Refusal.NOT_CUSTODIAN(f"{self.name} is held by {self.custodian}")
        if self.state != HELD:
            raise Refusal.NOT_IN_HAND(f"{self.name} is {self.state}")


def offer(taker: str, released: Moment, place: str, bound_for: str, now: int) -> HandoverOffer:
    """
    Return an offer to *taker*, bound for a place unless that is empty.

    Raises:
        Refused: INVALID_ARGUMENT, a place that is no UN/LOCODE.
    """
    places.check_locode("place", place)
    if bound_for:
        places.check_locode("bound_for", bound_for)
    return HandoverOffer(taker, released.at, released.offset_minutes, place, now, bound_for)


def opened(journey_id: str, custodian: str, at: int, place: str, *, in_hand: bool, parcel: str = "") -> Custody:
    """Return the first period: the custodian has the goods, or will pick them up."""
    return Custody(journey_id, 0, HELD if in_hand else AWAITED, (Period(custodian, at, place),), parcel=parcel)
