"""The weeks before Tet: a gap is seen, capacity moves, a chain is planned again, and what was observed counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from chaincode.domain.disclosure import gapmeter
from chaincode.domain.vocabulary.money import Money
from selat.demo import goods
from selat.demo.calendar import Calendar
from selat.demo.callers import DemoError
from selat.demo.market import matching, monthend, shops
from selat.demo.market.people import Callers
from selat.demo.market.trading import PAPER, Marketplace, SoldOrder
from selat.demo.screen import Screen, bad, good, short

REGIONS = ("VN-HN", "VN-SG")
"""Hanoi and Ho Chi Minh City."""

_FORECASTS = {"platform": 9_100, "merchant": 14_350, "workshop": 11_820}
"""Parcels in the week of the peak, in both regions."""

_CAPACITIES = {"forwarder": 950, "air": 720, "last_mile": 1_180}
"""Parcels a day, in both regions."""

_WEEKS_AHEAD = 8


def play(trading: Marketplace, screen: Screen) -> None:
    """
    Play the peak.

    Raises:
        DemoError: an answer differs from what the story expects, or the book from the ledger.
    """
    callers, calendar = trading.callers, trading.calendar
    peak = (calendar.now + timedelta(weeks=_WEEKS_AHEAD)).date()
    monday = peak - timedelta(days=peak.weekday())
    units = _see_the_gap(callers, calendar, screen, monday)
    _move_capacity(callers, screen, monday, units)
    tender = matching.Tender(callers, calendar)
    _plan_again(trading, tender, screen)


def _see_the_gap(callers: Callers, calendar: Calendar, screen: Screen, monday: date) -> int:
    """Let three sellers and three carriers be counted, and publish the gap of two regions; return its units."""
    screen.chapter("Three sellers and three carriers are counted; nobody sees a figure of anybody else")
    sunday = (monday + timedelta(days=6)).isoformat()
    for actor, demand in _FORECASTS.items():
        changed = {
            "horizon.start": monday.isoformat(),
            "horizon.end": sunday,
            "region.subdivisions": list(REGIONS),
            "demand.units_p10_h87": demand // 2,
            "demand.units_p50_h87": demand,
            "demand.units_p90_h87": demand * 3 // 2,
            "demand.peak_date": monday.isoformat(),
        }
        _count(callers, actor, "forecast", goods.FORECAST | changed)
    for actor, capacity in _CAPACITIES.items():
        changed = {
            "service_id": f"{actor}-peak",
            "valid.from": monday.isoformat(),
            "valid.to": sunday,
            "coverage.regions": list(REGIONS),
            "capacity.parcels_per_day_h87": capacity,
            "capacity.utilisation_bps": 0,
        }
        _count(callers, actor, "capability", goods.CAPABILITY | changed)
    calendar.forward(weeks=1)
    year, week, _ = monday.isocalendar()
    asked: dict[str, Any] = {"first_week": f"{year:04}-W{week:02}", "weeks": 1}
    rows, gap = [], 0
    for region in REGIONS:
        meter = callers["platform"].post("/v1/gap-meter", {"region": region, **asked})["meter_id"]
        callers["auditor"].post(f"/v1/gap-meter/{meter}/publication")
        (cell,) = callers["customs"].get("/v1/gap-meter", region=region, **asked)
        _agree(cell, region)
        rows.append((region, cell["week"], cell["demand"], cell["capacity"], bad(f"{cell['gap']} parcels")))
        gap += cell["gap"]
    screen.table(["region", "week", "demand of 3", "capacity of 3", "gap"], rows)
    return gap


def _agree(cell: Mapping[str, Any], region: str) -> None:
    """Raise DemoError unless a published cell is the sum of one region's half of everybody's figures."""
    demand, capacity = sum(_FORECASTS.values()), sum(_CAPACITIES.values()) * 7
    # An odd parcel goes to one of the two regions.
    for told, whole in ((cell["demand"], demand), (cell["capacity"], capacity)):
        if abs(2 * told - whole) > len(_FORECASTS):
            raise DemoError(f"the meter tells {told} for {region}, and half of {whole} was counted")


def _count(callers: Callers, actor: str, kind: str, values: Mapping[str, Any]) -> None:
    """Commit to a claim, consent to its being counted, and bring it into the meter."""
    needed = {
        "forecast": ["horizon.start", "horizon.end", "region.subdivisions", "demand.units_p50_h87"],
        "capability": ["valid.from", "valid.to", "coverage.regions", "capacity.parcels_per_day_h87",
                       "capacity.utilisation_bps"],
    }[kind]  # fmt: skip
    owner, counter = callers[actor], callers["auditor" if actor == "platform" else "platform"]
    addresses = {"forecast": "/v1/forecasts", "capability": "/v1/capabilities"}
    claim = owner.post(addresses[kind], {"values": values})["claim_id"]
    if kind == "forecast":
        _show(callers, actor, claim)
    consent = {"claim_id": claim, "recipient": counter.msp_id, "attributes": needed, "purpose": gapmeter.PURPOSE,
               "expires_at": "2030-12-31T00:00:00Z"}  # fmt: skip
    grant = owner.post("/v1/disclosures", consent)["grant_id"]
    counter.post("/v1/gap-meter/contributions", {"grant_id": grant})


def _show(callers: Callers, actor: str, claim: str) -> None:
    """Show a forecast's weeks, regions and units to the carrier that keeps the warehouse of Haiphong."""
    attributes = ["horizon.start", "horizon.end", "region.subdivisions", "demand.units_p50_h87", "demand.units_p90_h87"]
    shown = {"claim_id": claim, "recipient": callers["last_mile"].msp_id, "attributes": attributes,
             "purpose": "stock before Tet", "expires_at": "2030-12-31T00:00:00Z"}  # fmt: skip
    callers[actor].post("/v1/disclosures", shown)


def _move_capacity(callers: Callers, screen: Screen, monday: date, gap: int) -> None:
    """Let the warehouse ask what to store, and book space on a vessel for as much of it as is missing."""
    screen.chapter("Stock moves to the warehouse of Haiphong before the peak")
    keeper = callers["last_mile"]
    grants = [each["grant"]["grant_id"] for each in keeper.pages("/v1/disclosures/received")]
    warehouse = {"locode": goods.IMPORT, "reaches": {"VN-HN": 6, "VN-SG": 60}, "inbound_p95_hur": 150,
                 "room_h87": 40_000}  # fmt: skip
    asked = {"grant_ids": grants, "warehouses": [warehouse], "safety_bps": 2_500}
    advice = keeper.send("POST", "/v1/gap-meter/pre-positioning", json=asked).json()
    departs = monday - timedelta(days=9)
    slot = {
        "slot_id": "before-tet",
        "departs_at": f"{departs}T12:00:00Z",
        "arrives_at": f"{departs + timedelta(days=5)}T12:00:00Z",
        "cut_off_at": f"{departs}T04:00:00Z",
        "parcels": 30_000,
        "grams": 30_000_000,
    }
    plan = {"origin": goods.PORT, "destination": goods.IMPORT, "mode": "1", "slots": [slot]}
    plan_id = callers["forwarder"].post("/v1/plans", plan)["plan_id"]
    booking = {"shipper": keeper.msp_id, "parcels": gap, "grams": gap * 310}
    callers["forwarder"].post(f"/v1/plans/{plan_id}/slots/before-tet/bookings", booking)
    rows = [(each["region"], each["units"], each["locode"], each["ship_by"]) for each in advice]
    screen.table(["region", "units, by three forecasts", "to", "ship by"], rows)
    screen.say(f"{short(keeper.msp_id)} books space for {gap} parcels on the vessel of {departs}.")


def _plan_again(trading: Marketplace, tender: matching.Tender, screen: Screen) -> None:
    """Plan a chain, plan it again, lose a parcel on it, and see the next chain chosen otherwise."""
    screen.chapter("One carrier refuses, another loses a parcel, and the next chain is another one")
    callers, journey = trading.callers, "journey-before-tet"
    for actor, stages, price in matching.OFFERS:
        tender.offer(actor, stages, price)
    first = tender.plan(journey)
    again = tender.refused(first, "last_mile", "no-vans-left")
    tender.accept(again)
    rows: list[tuple[object, ...]] = [("the first chain", tender.names(first), bad("LastMile refuses its leg"))]
    rows.append(("planned again", tender.names(again), good("all accept")))
    sale = _travel(trading, journey)
    callers["auditor"].post("/v1/performance/count", {})
    callers["auditor"].post("/v1/matching/experience")
    (lane,) = [each for each in callers["merchant"].get("/v1/performance/lanes", origin=goods.PORT,
               destination=goods.DESTINATION) if each["carrier"] == callers["forwarder"].msp_id]  # fmt: skip
    rows.append(
        ("observed", f"Forwarder lost {lane['loss_ppm'] / 10_000:.0f} % of {lane['n']}", bad("a parcel is lost"))
    )
    later = tender.plan("journey-after-the-loss")
    if tender.carrier(later, "S15") != callers["air"].msp_id:
        raise DemoError("the next chain goes by who lost a parcel")
    told = tender.why_not(later, "forwarder", 1)
    rows.append(("the next chain", tender.names(later), good("by air")))
    difference = f"its best chain costs {Money(int(told['difference']), 'USD')} more, by what was observed"
    rows.append(("Forwarder asks why", difference, bad(told["outcome"])))
    screen.table(["what happened", "chain or figure", "what came of it"], rows)
    compared, differing = monthend.compare(trading)
    if differing:
        raise DemoError(f"the book and the ledger differ: {'; '.join(differing[:5])}")
    screen.say(f"{compared} figures of order {sale.order_id} are what the book says.")


def _travel(trading: Marketplace, journey: str) -> SoldOrder:
    """Carry an order of two parcels by the agreed chain; the forwarder loses one of them at sea."""
    callers, calendar = trading.callers, trading.calendar
    to = dataclasses.replace(shops.HANOI, last="peninsula")
    (sale,) = trading.basket(to, (shops.LEFT, [2]))
    trading.send(sale, {"1": 1}, {"1": 1}, journey_id=journey)
    safe, lost = sale.parcels[journey]
    calendar.forward(hours=6)
    events = f"/v1/journeys/{journey}/events"
    callers["export_customs"].post(events, trading.seen("S14", "selat:customs_released", goods.PORT))
    trading.hand_over(journey, "origin", "forwarder", goods.PORT)
    callers["forwarder"].post(events, trading.seen("S15", "departing", goods.PORT))
    calendar.forward(days=2)
    overboard = {"kind": "lost", "stage_id": "S15", "at": trading.moment(), "parcels": [lost], "note_hash": PAPER}
    callers["forwarder"].post(f"/v1/journeys/{journey}/incidents", overboard)
    calendar.forward(days=1)
    callers["customs"].post(events, trading.seen("S17", "selat:customs_released", to.place, epcs=[safe]))
    trading.hand_over(journey, "forwarder", "peninsula", to.place, safe)
    calendar.forward(hours=8)
    trading.deliver(sale, journey, safe)
    line = sale.entry.lines["1"]
    line.delivered, line.lost = 1, 1
    # One parcel of two is delivered, and of the other nobody knows.
    sale.entry.journeys[journey] = "unknown"
    return sale
