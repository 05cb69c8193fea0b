"""
A carrier's own plans: departures with their capacity and bookings.

They are only in the carrier's implicit collection. Each departure is its own record. So bookings on different
departures do not conflict, and two on the same one cannot both take its last place. Every version has a new salt: the
channel has the version's hash, and without a salt others could guess the load and compare hashes.
"""

from __future__ import annotations

import dataclasses
import re

from chaincode.domain.disclosure import disclosures
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds, identifiers, places
from hlf.codec import moments
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

_MODE = re.compile(r"[0-9]")
SLOTS = Bounds(1, 200)


@dataclasses.dataclass(frozen=True)
class Slot:
    """One departure: its times, its cut-off for goods, and its capacity in parcels (H87) and grams (GRM)."""

    slot_id: str
    departs_at: str
    arrives_at: str
    cut_off_at: str
    parcels: int
    grams: int

    def __post_init__(self) -> None:
        identifiers.check("slot.slot_id", self.slot_id)
        cut_off, departs, arrives = (
            moments.stated(f"slot.{field}", getattr(self, field)).at
            for field in ("cut_off_at", "departs_at", "arrives_at")
        )
        if not cut_off <= departs <= arrives:
            raise invalid("slot", "must have its cut-off before its departure, and that before its arrival")
        for field in ("parcels", "grams"):
            bounds.LOAD.check(f"slot.{field}", getattr(self, field))


@dataclasses.dataclass(frozen=True)
class PlanDraft:
    """A plan as the carrier writes it: a lane, a mode of transport (UN/ECE Rec 19) and departures."""

    origin: str
    destination: str
    mode: str
    slots: tuple[Slot, ...]
    salt: str

    def __post_init__(self) -> None:
        places.check_locode("plan.origin", self.origin)
        places.check_locode("plan.destination", self.destination)
        disclosures.check_salt(self.salt, "plan.salt")
        if not _MODE.fullmatch(self.mode):
            raise invalid("plan.mode", "must be a code of UN/ECE Recommendation 19, such as 3 for road")
        if not 1 <= len({slot.slot_id for slot in self.slots}) == len(self.slots) <= SLOTS.most:
            raise invalid("plan.slots", f"must be 1 to {SLOTS.most}, each with its own id")


@dataclasses.dataclass(frozen=True)
class CarrierPlan:
    """A plan as it is stored."""

    plan_id: str
    carrier: str
    published_at: str
    draft: PlanDraft


@dataclasses.dataclass(frozen=True)
class BookingRequest:
    """A booking request: capacity, shipper, and the salt of the departure's next version."""

    shipper: str
    parcels: int
    grams: int
    salt: str

    def __post_init__(self) -> None:
        disclosures.check_salt(self.salt, "booking.salt")
        for field in ("parcels", "grams"):
            bounds.LOAD.check(f"booking.{field}", getattr(self, field))


@dataclasses.dataclass(frozen=True)
class Booking:
    """Capacity taken on one departure."""

    booking_id: str
    shipper: str
    parcels: int
    grams: int
    booked_at: str


@dataclasses.dataclass(frozen=True)
class Departure:
    """One slot of a plan with its bookings."""

    plan_id: str
    slot: Slot
    salt: str
    bookings: tuple[Booking, ...] = ()

    @property
    def parcels_left(self) -> int:
        """Parcels that are still free."""
        return self.slot.parcels - sum(booking.parcels for booking in self.bookings)

    @property
    def grams_left(self) -> int:
        """Grams that are still free."""
        return self.slot.grams - sum(booking.grams for booking in self.bookings)

    def booked(self, booking_id: str, wanted: BookingRequest, now: int) -> Departure:
        """
        Return the departure with the booking *wanted*.

        Raises:
            Refused: ALREADY_BOOKED, CUT_OFF_PASSED, CAPACITY_EXCEEDED, SALT_REUSED.
        """
        if any(booking.booking_id == booking_id for booking in self.bookings):
            raise Refusal.ALREADY_BOOKED(f"booking {booking_id} is on this departure")
        if now > moments.stated("slot.cut_off_at", self.slot.cut_off_at).at:
            raise Refusal.CUT_OFF_PASSED("the time to book this departure has passed")
        if wanted.parcels > self.parcels_left or wanted.grams > self.grams_left:
            # The free capacity is the carrier's secret, and everybody can read a refusal.
            raise Refusal.CAPACITY_EXCEEDED("the departure has too little capacity left")
        made = Booking(booking_id, wanted.shipper, wanted.parcels, wanted.grams, moments.text(now))
        return self._next(wanted.salt, (*self.bookings, made))

    def released(self, booking_id: str, salt: str) -> Departure:
        """
        Return the departure without a booking.

        Raises:
            Refused: BOOKING_UNKNOWN, SALT_REUSED, SALT_TOO_SHORT.
        """
        left = tuple(booking for booking in self.bookings if booking.booking_id != booking_id)
        if len(left) == len(self.bookings):
            raise Refusal.BOOKING_UNKNOWN(f"booking {booking_id} is not on this departure")
        return self._next(disclosures.check_salt(salt, "salt"), left)

    def _next(self, salt: str, bookings: tuple[Booking, ...]) -> Departure:
        if salt == self.salt:
            raise Refusal.SALT_REUSED("every version of a private record has a salt of its own")
        return dataclasses.replace(self, salt=salt, bookings=bookings)


def departures(plan: CarrierPlan, salts: tuple[str, ...]) -> tuple[Departure, ...]:
    """
    Return the empty departures of *plan*, each with one salt.

    Raises:
        Refused: INVALID_ARGUMENT, SALT_TOO_SHORT, SALT_REUSED.
    """
    if len(salts) != len(plan.draft.slots):
        raise invalid("transient.salts", "must be as many as the plan has slots")
    if len({plan.draft.salt, *salts}) != len(salts) + 1:
        raise Refusal.SALT_REUSED("every private record has a salt of its own")
    return tuple(
        Departure(plan.plan_id, slot, disclosures.check_salt(salt, "transient.salts"))
        for slot, salt in zip(plan.draft.slots, salts, strict=True)
    )
