"""
Capacity as units that are booked one by one.

A counter for each carrier and day would be one key that every booking reads and writes: of a hundred bookings in a
block only one would be valid. So a day's capacity is cut into at most MOST_UNITS units, each with its own key. A
booking tries units in an order made from its own id, until it has found enough free ones. It reads no free unit
that it does not take. So two bookings conflict only if both want the same unit; the later one is then invalid
(MVCC) and can be sent again. No unit is lost or booked twice.

The names of the keys are made from a secret of the service. If others could guess them, the hashes on the channel
would show how full a carrier is.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterator

from chaincode.domain.matching.offers import Offer

MOST_UNITS = 512
"""More units mean fewer conflicts, but more writes for a large booking."""


@dataclasses.dataclass(frozen=True)
class Service:
    """
    One service of a carrier as platform and auditor store it; it is the same for all revisions of its offer.

    Attributes:
        secret: made from the salt of its first offer; the names of booked units depend on it.
        unit_parcels: parcels in a unit; fixed, because otherwise booked units would change their size.
    """

    carrier: str
    service_id: str
    offer_id: str
    secret: str
    unit_parcels: int


@dataclasses.dataclass(frozen=True)
class BookedUnit:
    """The value of a booked unit."""

    plan_id: str
    salt: str


@dataclasses.dataclass(frozen=True)
class NeededUnits:
    """The units that one plan needs of one service on one day."""

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
        """How many units the booking takes, by parcels and, where the carrier limits it, by weight."""
        by_parcels = -(-self.parcels // self.service.unit_parcels)
        if self.offer.mass_kgm is None:
            return by_parcels
        grams = self.offer.mass_kgm * 1_000
        return max(by_parcels, -(-self.weight_grm * self.count // grams) if grams else self.count + 1)

    def names(self, booking_id: str) -> Iterator[str]:
        """Return the names of all units, in the order in which this booking tries them."""
        count = self.count
        if not count:
            return
        drawn = hashlib.sha256(f"{booking_id}/{self.service.service_id}/{self.day}".encode()).digest()
        start, step = int.from_bytes(drawn[:8], "big") % count, int.from_bytes(drawn[8:16], "big") % count
        # A step width without a common divisor visits all units before it repeats one.
        while math.gcd(step, count) != 1:
            step += 1
        for number in range(count):
            yield self._name((start + number * step) % count)

    def _name(self, index: int) -> str:
        return hashlib.sha256(f"{self.service.secret}/{self.day}/{index}".encode()).hexdigest()


def unit_parcels(offer: Offer) -> int:
    """Return the parcels in a unit of this offer."""
    return max(1, -(-offer.parcels // MOST_UNITS))
