"""The steps of every order: sell, take money, pack, carry in containers, deliver, pay out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selat.demo.calendar import Calendar
from selat.demo.market import people, shops
from selat.demo.market.book import Book, BookEntry, BookLine, split
from selat.demo.market.people import Callers
from selat.demo.market.shops import Destination, Shop

PAPER = "5e1a7" + "0" * 59
"""The hash of a paper that stays off the ledger."""

_LOT = 10
"""Parcels that are put into a unit, or taken out, in one transaction."""


@dataclass
class SoldOrder:
    """One order of a buyer; *parcels* are those of its journeys, by journey."""

    order_id: str
    shop: Shop
    to: Destination
    entry: BookEntry
    token: str
    payment_id: str = ""
    parcels: dict[str, list[str]] = field(default_factory=dict)

    @property
    def journey(self) -> str:
        """Its first journey."""
        return next(iter(self.parcels))


@dataclass(frozen=True)
class Load:
    """A container or a flight of parcels that go the same way."""

    unit_id: str
    to: Destination
    members: tuple[str, ...]


class Marketplace:
    """The marketplace, with the book of what happens in it."""

    def __init__(self, callers: Callers, calendar: Calendar) -> None:
        self.callers = callers
        self.calendar = calendar
        self.book = Book()
        self.pinned: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    @classmethod
    def opened(cls, callers: Callers, calendar: Calendar) -> Marketplace:
        """Found the marketplace on an empty network, and open its shops."""
        people.found(callers)
        made = cls(callers, calendar)
        made.open_shops()
        return made

    def anew(self) -> Marketplace:
        """Return the same marketplace with an empty book."""
        other = Marketplace(self.callers, self.calendar)
        other.pinned, other._numbers = self.pinned, self._numbers
        return other

    def open_shops(self) -> None:
        """Publish the terms of every shop and of every carrier's liability; return when they apply."""
        starts = self.calendar.now + self.calendar.notice
        for shop in shops.SHOPS:
            self.pinned[shop.seller_id] = shops.publish(self.callers, shop, starts)
        liability = {"version": 1, "effective_from": shops.utc(starts), "claim_days": 30}
        for actor in ("forwarder", "air"):
            terms = liability | {"arbiter": self.callers["auditor"].msp_id}
            self.callers[actor].post("/v1/carrier-claims/terms", terms)
        self.calendar.reach(starts)

    def moment(self) -> str:
        """Return the present moment."""
        return shops.utc(self.calendar.now)

    def seen(self, stage_id: str, step: str, place: str, **more: Any) -> dict[str, Any]:
        """Return an observation of now."""
        return {"stage_id": stage_id, "step": step, "event_time": self.moment(), "place": place, **more}

    # Orders and their money.

    def _order(self, shop: Shop, to: Destination, units: Sequence[int], discount: int = 1) -> dict[str, Any]:
        lines = [
            {
                "line": number,
                "gtin": shop.gtin,
                "hs6": shop.hs6,
                "ahtn8": shop.ahtn8,
                "quantity": quantity,
                "unit_price": str(to.price // discount),
                "weight_grm": 310,
                **({"tax": str(to.tax * quantity)} if to.tax else {}),
            }
            for number, quantity in enumerate(units, 1)
        ]
        return {
            "platform": self.callers["platform"].msp_id,
            "merchant": self.callers[shop.actor].msp_id,
            "seller_id": shop.seller_id,
            "placed_at": self.moment(),
            "incoterm": to.incoterm,
            "named_place": to.place,
            "lines": lines,
            "currency": to.currency,
            "freight": str(to.freight * sum(units)),
            "insurance": "0",
            "origin": shops.ORIGIN,
            "destination": to.place,
            "terms": self.pinned[shop.seller_id],
        }

    def basket(self, to: Destination, *orders: tuple[Shop, Sequence[int]], discount: int = 1) -> list[SoldOrder]:
        """Place a basket, and let each merchant confirm its order and the payment firm take its money."""
        wanted = [self._order(shop, to, units, discount) for shop, units in orders]
        placed = self.callers["platform"].post("/v1/checkouts", {"orders": wanted})["orders"]
        sold = []
        for (shop, units), order in zip(orders, placed, strict=True):
            carriage = split(to.freight * sum(units), list(units))
            lines = {
                str(number): BookLine(quantity, to.price // discount * quantity, carried, to.tax * quantity)
                for number, (quantity, carried) in enumerate(zip(units, carriage, strict=True), 1)
            }
            entry = BookEntry(self.callers[shop.actor].msp_id, to.currency, lines)
            sale = SoldOrder(
                order["order_id"], shop, to, self.book.place(order["order_id"], entry), order["tracking_token"]
            )
            self.callers[shop.actor].post(f"/v1/orders/{sale.order_id}/confirmation")
            entry.state = "confirmed"
            self._pay(sale)
            sold.append(sale)
        return sold

    def _pay(self, sale: SoldOrder) -> None:
        amount = str(sale.entry.total)
        payment = {
            "order_id": sale.order_id,
            "platform": self.callers["platform"].msp_id,
            "merchant": sale.entry.merchant,
            "payments": self.callers["payments"].msp_id,
            "amount": amount,
            "currency": sale.to.currency,
            "settle_currency": sale.to.currency,
        }
        sale.payment_id = self.callers["platform"].post("/v1/payments", payment)["payment_id"]
        self.callers["payments"].post(f"/v1/payments/{sale.payment_id}/capture", {"amount": amount})
        sale.entry.captured = sale.entry.total

    def settle(self, sale: SoldOrder) -> int:
        """Pay a merchant out; return what of its debts was taken off."""
        self.callers["payments"].post(f"/v1/payments/{sale.payment_id}/settlement", {})
        return self.book.settle(sale.order_id)

    # Goods.

    def send(self, sale: SoldOrder, *parcels: Mapping[str, int | list[str]], journey_id: str = "") -> str:
        """
        Open a journey of some parcels of an order: each has units of lines, by number or by serials.

        The carrier of the exporting country stores the goods and has them first.
        """
        callers = self.callers
        identifiers: list[str] = []
        stated: list[dict[str, Any]] = []
        for parcel in parcels:
            identifiers.append(f"https://selat.test/voc/parcel/OriginCarrierMSP/M{next(self._numbers):06}")
            stated.append({"identifier": identifiers[-1], "contents": [_content(*each) for each in parcel.items()]})
        parties = ["platform", sale.shop.actor, "origin", sale.to.freighter, sale.to.last, "customs", "export_customs"]
        opening = {
            "order_id": sale.order_id,
            "parties": [callers[actor].msp_id for actor in parties],
            "custodian": callers["origin"].msp_id,
            "parcels": stated,
            **({"journey_id": journey_id} if journey_id else {}),
        }
        journey: str = callers["platform"].post("/v1/journeys", opening)["journey_id"]
        if sale.entry.state == "confirmed":
            callers["platform"].post(f"/v1/orders/{sale.order_id}/fulfilment", {"journey_id": journey})
            sale.entry.state = "fulfilling"
        sale.parcels[journey] = identifiers
        sale.entry.journeys[journey] = "pending"
        for each in (part for parcel in stated for part in parcel["contents"]):
            sale.entry.lines[each["line"]].allotted += each["quantity"]
        return journey

    def load(self, to: Destination, sales: Sequence[SoldOrder]) -> Load:
        """Pack parcels that go the same way into one unit, release it for export, and give it to the freighter."""
        callers, origin = self.callers, self.callers["origin"]
        kind, name = ("flight", "FLIGHT") if to.freighter == "air" else ("container", "CONTAINER")
        unit = {"unit_id": f"https://selat.test/voc/unit/OriginCarrierMSP/{name}{next(self._numbers):06}"}
        members = tuple(parcel for sale in sales for parcels in sale.parcels.values() for parcel in parcels)
        way = ("origin", to.freighter, to.last, "customs", "export_customs")
        opened = {"kind": kind, "parties": [callers[actor].msp_id for actor in way], "custodian": origin.msp_id,
                  "place": shops.ORIGIN}  # fmt: skip
        origin.post("/v1/units", unit | opened)
        loading = self.seen("S10", "loading", shops.ORIGIN, disposition="container_closed")
        for lot in _lots(members):
            origin.post("/v1/units/contents", unit | {"action": "ADD", "members": lot, "observation": loading})
        self._unit_event("export_customs", unit, "S14", "selat:customs_released", shops.ORIGIN)
        self._pass_unit("origin", to.freighter, unit, shops.ORIGIN, to.place)
        self._unit_event(to.freighter, unit, "S15", "departing", shops.ORIGIN)
        return Load(unit["unit_id"], to, members)

    def unload(self, load: Load) -> None:
        """Bring a unit to its country: one event of its unloading counts for every parcel inside."""
        unit, to = {"unit_id": load.unit_id}, load.to
        self._unit_event(to.freighter, unit, "S15", "arriving", to.place)
        self._unit_event(to.freighter, unit, "S16", "unloading", to.place)
        if to.place.startswith("VN"):
            self._unit_event("customs", unit, "S17", "selat:customs_released", to.place)
        self._pass_unit(to.freighter, to.last, unit, to.place)
        emptied = {"action": "DELETE", "observation": self.seen("S16", "unloading", to.place)}
        for lot in _lots(load.members):
            self.callers[to.last].post("/v1/units/contents", unit | emptied | {"members": lot})

    def deliver(self, sale: SoldOrder, journey: str = "", *parcels: str) -> None:
        """Deliver the parcels of a journey, all of them if none is named."""
        name = journey or sale.journey
        proof = {"proof": "signature", "proof_hash": PAPER}
        accepted = self.seen("S20", "accepting", sale.to.place, details=proof, epcs=list(parcels))
        self.callers[sale.to.last].post(f"/v1/journeys/{name}/events", accepted)
        sale.entry.journeys[name] = "delivered"

    def hand_over(self, journey: str, giver: str, taker: str, place: str, *parcels: str) -> None:
        """Offer goods as the one and accept them as the other."""
        moment, named = self.moment(), {"parcels": list(parcels)}
        offer = {"taker": self.callers[taker].msp_id, "released_at": moment, "place": place, **named}
        self.callers[giver].post(f"/v1/journeys/{journey}/custody/offer", offer)
        accepted = {"accepted_at": moment, "place": place, **named}
        self.callers[taker].post(f"/v1/journeys/{journey}/custody/acceptance", accepted)

    def _unit_event(self, actor: str, unit: dict[str, Any], stage_id: str, step: str, place: str) -> None:
        self.callers[actor].post("/v1/units/events", unit | {"observation": self.seen(stage_id, step, place)})

    def _pass_unit(self, giver: str, taker: str, unit: dict[str, Any], place: str, bound_for: str = "") -> None:
        moment = self.moment()
        offer = {"taker": self.callers[taker].msp_id, "released_at": moment, "place": place}
        offer |= {"bound_for": bound_for} if bound_for else {}
        self.callers[giver].post("/v1/units/custody/offer", unit | offer)
        self.callers[taker].post("/v1/units/custody/acceptance", unit | {"accepted_at": moment, "place": place})


def _lots(members: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield batches of as many members as are scanned at once."""
    for start in range(0, len(members), _LOT):
        yield members[start : start + _LOT]


def _content(line: str, units: int | list[str]) -> dict[str, Any]:
    if isinstance(units, int):
        return {"line": line, "quantity": units}
    return {"line": line, "quantity": len(units), "serials": units}
