"""The demo's chapter on the logistics channel: plans and agreements of carriers that sellers cannot see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from selat.demo import goods
from selat.demo.callers import Cast, DemoError
from selat.demo.screen import Screen, bad, good, short


def agree(cast: Cast, screen: Screen) -> None:
    """
    Plan departures, book one until it is full, and agree on a hand-over.

    Raises:
        DemoError: somebody saw data of others.
    """
    screen.chapter("The carriers plan and agree; the sellers cannot see it")
    plan_id = cast.forwarder.post("/v1/plans", _plan())["plan_id"]
    bookings = f"/v1/plans/{plan_id}/slots/tuesday-night/bookings"
    cast.forwarder.post(bookings, {"shipper": cast.origin.msp_id, "parcels": 640, "grams": 2_900_000})
    full = cast.forwarder.refusal("POST", bookings, {"shipper": cast.last_mile.msp_id, "parcels": 400, "grams": 1_000})
    draft = {
        "taker": cast.forwarder.msp_id,
        "consignments": [goods.CONSIGNMENT],
        "place": goods.PORT,
        "opens_at": _in(24),
        "closes_at": _in(40),
        "seals": ["CN4471902"],
        "conditions": "seal unbroken, below 30 degrees",
    }
    agreement = cast.origin.post("/v1/agreements", draft)["agreement_id"]
    cast.forwarder.post(f"/v1/agreements/{agreement}/answer", {"agree": True})
    state = cast.origin.get(f"/v1/agreements/{agreement}")["state"]
    if state != "agreed":
        raise DemoError(f"both carriers agreed, and the agreement is {state}")
    rows = [
        (
            short(cast.forwarder.msp_id),
            f"departure {goods.PORT} to {goods.IMPORT}, 640 of 900 parcels booked",
            good("kept"),
        ),
        (short(cast.forwarder.msp_id), "400 parcels more on the same departure", bad(full["code"])),
        (
            f"{short(cast.origin.msp_id)}, {short(cast.forwarder.msp_id)}",
            "where and how goods change hands",
            good(state),
        ),
    ]
    for caller, path in ((cast.last_mile, f"/v1/plans/{plan_id}"), (cast.merchant, f"/v1/agreements/{agreement}")):
        problem = caller.refusal("GET", path)
        rows.append((short(caller.msp_id), f"asks for {path.split('/')[2]} of others", bad(problem["code"])))
    screen.table(["who", "what", ""], rows)


def _plan() -> dict[str, object]:
    """Return a plan of one departure, for 900 parcels."""
    slot = {
        "slot_id": "tuesday-night",
        "departs_at": _in(48),
        "arrives_at": _in(96),
        "cut_off_at": _in(40),
        "parcels": 900,
        "grams": 4_000_000,
    }
    return {"origin": goods.PORT, "destination": goods.IMPORT, "mode": "1", "slots": [slot]}


def _in(hours: int) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
