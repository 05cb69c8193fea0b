"""Refusals about departures and bookings."""

from __future__ import annotations

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalRow as Row
from hlf.codec.refusals import RefusalTable


class CarriageRefusal(RefusalTable):
    """Refusals about departures and bookings."""

    NOT_A_CARRIER = Row(Kind.NOT_ALLOWED, "Only a carrier may do this", "Use a carrier's identity.")
    BOOKING_UNKNOWN = Row(Kind.NOT_FOUND, "The departure has no such booking", "Check its id.")
    ALREADY_BOOKED = Row(Kind.CONFLICT, "The booking is on this departure already", "There is nothing to do.")
    CAPACITY_EXCEEDED = Row(
        Kind.CONFLICT,
        "The departure has too little capacity left",
        "Book less, or book another departure.",
    )
    CUT_OFF_PASSED = Row(Kind.CONFLICT, "The departure is past its cut-off", "Book another departure.")
