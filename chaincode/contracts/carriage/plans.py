"""
The contract of carriers' own plans on `logistics`, in the carrier's implicit collection.

No answer or event reveals the capacity of a departure. To show it to others, a carrier discloses a claim on
`trade`.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, private
from chaincode.contracts.register import participants
from chaincode.domain.carriage import plans
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

_CARRIERS = frozenset({"origin_carrier", "forwarder", "last_mile", "warehouse"})
_PLAN = "plan"
_DEPARTURE = "departure"


@dataclasses.dataclass(frozen=True)
class CarrierPlanPage:
    """A page of a carrier's plans, and the bookmark of the next."""

    plans: tuple[plans.CarrierPlan, ...]
    bookmark: str


class Plans(api.Contract):
    """Departures and bookings of each carrier; nobody else reads them."""

    @api.transaction(endorsed_by=("caller",), transient=("plan", "salts"), called_by=("carrier",))
    def publish(self, ctx: api.Context, plan_id: str) -> dict[str, str]:
        """
        Store a plan with its empty departures.

        Raises:
            Refused: NOT_A_CARRIER, ALREADY_EXISTS, SALT_REUSED, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        carrier = _carrier(ctx)
        draft = private.record(ctx, "plan", plans.PlanDraft)
        salts = private.record(ctx, "salts", tuple[str, ...])
        key = _key(ctx, _PLAN, plan_id)
        private.absent(ctx, key, (carrier,), f"plan {plan_id}")
        plan = plans.CarrierPlan(plan_id, carrier, clock.stamp(ctx), draft)
        private.put(ctx, key, records.dumps(plan), (carrier,))
        for departure in plans.departures(plan, salts):
            _keep(ctx, carrier, departure)
        return private.announce(ctx, "PlanPublished", plan_id=plan_id)

    @api.transaction(endorsed_by=("caller",), transient=("booking",), called_by=("carrier",))
    def book(self, ctx: api.Context, plan_id: str, slot_id: str, booking_id: str) -> dict[str, str]:
        """
        Book capacity on a departure; two bookings of its last place cannot both become valid.

        Raises:
            Refused: NOT_A_CARRIER, NOT_A_PARTICIPANT, NOT_FOUND, ALREADY_BOOKED, CUT_OFF_PASSED, CAPACITY_EXCEEDED,
                SALT_REUSED, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        carrier = _carrier(ctx)
        identifiers.check("booking_id", booking_id)
        wanted = private.record(ctx, "booking", plans.BookingRequest)
        participants.participant(ctx, wanted.shipper)
        departure = _departure(ctx, carrier, plan_id, slot_id)
        _keep(ctx, carrier, departure.booked(booking_id, wanted, clock.now(ctx)))
        return private.announce(ctx, "SlotBooked", plan_id=plan_id, slot_id=slot_id, booking_id=booking_id)

    @api.transaction(endorsed_by=("caller",), transient=("salt",), called_by=("carrier",))
    def release(self, ctx: api.Context, plan_id: str, slot_id: str, booking_id: str) -> dict[str, str]:
        """
        Release booked capacity.

        Raises:
            Refused: NOT_A_CARRIER, NOT_FOUND, BOOKING_UNKNOWN, SALT_REUSED, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        carrier = _carrier(ctx)
        salt = private.text(ctx, "salt")
        departure = _departure(ctx, carrier, plan_id, slot_id)
        _keep(ctx, carrier, departure.released(booking_id, salt))
        return private.announce(ctx, "SlotReleased", plan_id=plan_id, slot_id=slot_id, booking_id=booking_id)

    @api.query(read_on=("caller",), called_by=("carrier",))
    def read(self, ctx: api.Context, plan_id: str) -> plans.CarrierPlan:
        """Return one of the caller's plans."""
        data = private.own(ctx, access.member(ctx), _key(ctx, _PLAN, plan_id), f"plan {plan_id}")
        return _read(data)

    @api.query(read_on=("caller",), called_by=("carrier",))
    def departures(self, ctx: api.Context, plan_id: str) -> tuple[plans.Departure, ...]:
        """Return the departures of one of the caller's plans, with their bookings."""
        found = private.listed(ctx, access.member(ctx), _DEPARTURE, [identifiers.check("plan_id", plan_id)])
        return tuple(records.loads(plans.Departure, data) for data in found)

    @api.query(read_on=("caller",), called_by=("carrier",))
    def list(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> CarrierPlanPage:
        """
        Return the next *size* plans of the caller.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        return CarrierPlanPage(*private.page(ctx, access.member(ctx), _read, size, bookmark, _PLAN))


def _carrier(ctx: api.Context) -> str:
    carrier = access.member(ctx)
    if not _CARRIERS & set(participants.participant(ctx, carrier).roles):
        raise Refusal.NOT_A_CARRIER(f"{carrier} is no carrier in the register")
    return carrier


def _read(data: bytes) -> plans.CarrierPlan:
    return records.loads(plans.CarrierPlan, data)


def _departure(ctx: api.Context, carrier: str, plan_id: str, slot_id: str) -> plans.Departure:
    key = _key(ctx, _DEPARTURE, plan_id, slot_id)
    return records.loads(plans.Departure, private.own(ctx, carrier, key, f"departure {slot_id} of {plan_id}"))


def _keep(ctx: api.Context, carrier: str, departure: plans.Departure) -> None:
    key = _key(ctx, _DEPARTURE, departure.plan_id, departure.slot.slot_id)
    private.put(ctx, key, records.dumps(departure), (carrier,))


def _key(ctx: api.Context, kind: str, *names: str) -> str:
    return ctx.stub.create_composite_key(kind, [identifiers.check(f"{kind} id", name) for name in names])
