"""
Capacity in units that are booked one by one.

A counter for each carrier and day would be one key that every booking reads
and writes: of a hundred bookings in a block one would be valid. So a day's
capacity is cut into at most MOST_UNITS units, each a key of its own. A
booking tries units in an order that follows from its own id, reads until it
has found enough free ones, and reads no free one that it does not take. Two
bookings meet only at a unit that both want; the later one is then invalid
(MVCC) and finds another. Nothing is lost, nothing is booked twice.

The names of the keys come from a secret of the service. Names that could be
guessed would show by their hashes on the channel how full a carrier is.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterator

from chaincode.domain.matching.offers import Offer

MOST_UNITS = 512
"""Fewer collisions with more units, fewer writes for a large booking with fewer."""


@dataclasses.dataclass(frozen=True)
class Service:
    """
    One service of a carrier as the tender keeps it, through all revisions of its offer.

    Attributes:
        secret: from the salt of its first offer; with it goes what is booked.
        unit_parcels: how many parcels a unit takes; fixed, or what is booked would change its size.
    """

    carrier: str
    service_id: str
    offer_id: str
    secret: str
    unit_parcels: int


@dataclasses.dataclass(frozen=True)
class Taken:
    """What stands at a unit that is booked."""

    plan_id: str
    salt: str


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What one plan needs of one service on one day."""

    service: Service
    offer: Offer
    day: str
    parcels: int
    weight_grm: int

    @property
    def count(self) -> int:
        """How many units there are."""
        return self.offer.parcels // self.service.unit_parcels

    @property
    def needed(self) -> int:
        """How many units that takes, by parcels and, where the carrier limits it, by weight."""
        by_parcels = -(-self.parcels // self.service.unit_parcels)
        if self.offer.mass_kgm is None:
            return by_parcels
        grams = self.offer.mass_kgm * 1_000
        return max(by_parcels, -(-self.weight_grm * self.count // grams) if grams else self.count + 1)

    def names(self, booking_id: str) -> Iterator[str]:
        """Return the names of all units, in the order in which that booking tries them."""
        count = self.count
        if not count:
            return
        drawn = hashlib.sha256(f"{booking_id}/{self.service.service_id}/{self.day}".encode()).digest()
        start, step = int.from_bytes(drawn[:8], "big") % count, int.from_bytes(drawn[8:16], "big") % count
        # A step without a common divisor goes through all units before it comes back.
        while math.gcd(step, count) != 1:
            step += 1
        for number in range(count):
            yield self._name((start + number * step) % count)

    def _name(self, index: int) -> str:
        return hashlib.sha256(f"{self.service.secret}/{self.day}/{index}".encode()).hexdigest()


def unit_parcels(offer: Offer) -> int:
    """Return how many parcels a unit of that offer takes."""
    return max(1, -(-offer.parcels // MOST_UNITS))
