"""An order of three parcels over HTTP, and a container: few transactions, and each parcel by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.trade import minting
from selat.demo import goods
from selat.demo.voyage import Clock

PAPER = "a" * 64
MOST = 25
"""Transactions of an order with three parcels, from placing to delivery."""

BOXES = [f"https://selat.test/voc/parcel/OriginCarrierMSP/three-{number}" for number in (1, 2, 3)]
SERIALS = [f"https://id.gs1.org/01/09506000134352/21/three-{number}" for number in (1, 2)]
PARTIES = [
    "PlatformMSP", "MerchantMSP", "PaymentsMSP", "OriginCarrierMSP", "ForwarderMSP", "LastMileMSP", "CustomsMSP",
]  # fmt: skip


def written(blocks: Any) -> int:
    """How many blocks the channels have, as the actors know; alone on a network, each of their writes makes one."""
    return sum(int(entry.partition("=")[2]) for entry in str(blocks).split(", ") if entry)


@pytest.fixture(scope="module")
def counted(cast, played) -> Callable[[], int]:
    """Return the number of transactions since the module began."""
    before = written(cast.platform.blocks)
    return lambda: written(cast.platform.blocks) - before


@pytest.fixture(scope="module")
def ordered(cast, played) -> dict[str, Any]:
    """Return what is sent to place an order of three units under the story's terms."""
    told = cast.platform.get(f"/v1/orders/{played.order['order_id']}/content")
    kept = (
        "platform", "merchant", "placed_at", "incoterm", "named_place", "currency", "freight", "insurance", "origin",
        "destination", "terms",
    )  # fmt: skip
    return {name: told[name] for name in kept} | {"lines": [article.order_line() for article in goods.ARTICLES[:2]]}


@pytest.fixture(scope="module")
def placed(cast, ordered, counted) -> dict[str, Any]:
    """Such an order, its money captured."""
    order = cast.platform.post("/v1/orders", ordered)
    cast.merchant.post(f"/v1/orders/{order['order_id']}/confirmation")
    sides = {"platform": "PlatformMSP", "merchant": "MerchantMSP", "payments": "PaymentsMSP"}
    due = {"amount": goods.total(ordered), "currency": "USD", "settle_currency": "USD"}
    payment = cast.platform.post("/v1/payments", {"order_id": order["order_id"], **sides, **due})["payment_id"]
    cast.payments.post(f"/v1/payments/{payment}/capture", {"amount": due["amount"]})
    return order


def test_an_order_of_three_parcels_takes_few_transactions(cast, placed, counted):
    """Each party records what it did in one; a hand-over is two; the parcels are delivered one by one."""
    clock, order_id = Clock(), placed["order_id"]

    def seen(stage_id: str, step: str, place: str, **more: Any) -> dict[str, Any]:
        return {"stage_id": stage_id, "step": step, "event_time": clock.next(place), "place": place, **more}

    def record(caller: Any, *observations: dict[str, Any]) -> None:
        caller.post(f"/v1/journeys/{journey}/events/batch", {"observations": list(observations)})

    def pass_on(giver: Any, taker: Any, place: str) -> None:
        moment = clock.next(place)
        offer = {"taker": taker.msp_id, "released_at": moment, "place": place}
        giver.post(f"/v1/journeys/{journey}/custody/offer", offer)
        taker.post(f"/v1/journeys/{journey}/custody/acceptance", {"accepted_at": moment, "place": place})

    inside = [[{"line": "1", "quantity": 1, "serials": [serial]}] for serial in SERIALS]
    inside.append([{"line": "2", "quantity": 1}])
    parcels = [{"identifier": box, "contents": part} for box, part in zip(BOXES, inside, strict=True)]
    opening = {"order_id": order_id, "parties": PARTIES, "custodian": "MerchantMSP", "parcels": parcels}
    journey = cast.platform.post("/v1/journeys", opening)["journey_id"]
    cast.platform.post(f"/v1/orders/{order_id}/fulfilment", {"journey_id": journey})
    record(cast.platform, seen("S01", "selat:order_receiving", "CNSZX"))
    record(
        cast.merchant, seen("S02", "receiving", "CNSZX"), seen("S03", "storing", "CNSZX"),
        seen("S04", "selat:classifying", "CNSZX"), seen("S05", "commissioning", "CNSZX"),
    )  # fmt: skip
    pass_on(cast.merchant, cast.origin, "CNSZX")
    packed = [seen("S08", "packing", "CNSZX", epcs=[box]) for box in BOXES]
    record(
        cast.origin, seen("S06", "cycle_counting", "CNSZX"), seen("S07", "selat:sorting", "CNSZX"), *packed,
        seen("S09", "selat:labelling", "CNSZX"), seen("S10", "loading", "CNSZX"), seen("S11", "departing", "CNSZX"),
    )  # fmt: skip
    record(cast.customs, seen("S12", "inspecting", "CNYTN"), seen("S14", "selat:customs_released", "CNYTN"))
    pass_on(cast.origin, cast.forwarder, "CNYTN")
    record(
        cast.forwarder, seen("S15", "departing", "CNYTN"), seen("S15", "arriving", "VNHPH"),
        seen("S16", "unloading", "VNHPH"),
    )  # fmt: skip
    record(cast.customs, seen("S17", "selat:customs_released", "VNHPH"), seen("S18", "selat:duty_paid", "VNHPH"))
    pass_on(cast.forwarder, cast.last_mile, "VNHPH")
    record(cast.last_mile, seen("S19", "departing", "VNHPH"), seen("S20", "accepting", "VNHAN", epcs=BOXES[:1]))
    view = cast.platform.get(placed["tracking_path"])
    assert (view["status"], view["delivered"], len(view["parcels"])) == ("out_for_delivery", 1, 3)
    rest = {"epcs": BOXES[1:]}
    record(
        cast.last_mile, seen("S20", "selat:delivery_attempted", "VNHAN", **rest, details={"reason": "no_access"}),
        seen("S20", "accepting", "VNHAN", **rest, details={"proof": "signature", "proof_hash": "a" * 64}),
    )  # fmt: skip
    assert counted() <= MOST
    assert cast.platform.get(placed["tracking_path"])["status"] == "delivered"
    account = cast.merchant.get(f"/v1/orders/{order_id}/account")
    assert [(line["delivered"], line["lost"]) for line in account] == [(2, 0), (1, 0)]


def test_one_unit_of_two_is_exchanged_by_its_serial(cast, placed):
    """The shopper asks by its link, names the unit and sees where the new goods are; no unit comes back twice."""
    asked = {"line": "1", "quantity": 1, "reason": "DEFECTIVE", "resolution": "exchange", "condition": "used"}
    asked |= {"evidence": [PAPER]}
    lodging = f"{placed['tracking_path']}/returns"
    assert cast.platform.refusal("POST", lodging, asked)["code"] == "REQUEST_INVALID"
    made = cast.platform.post(lodging, asked | {"serials": SERIALS[1:]})
    assert (made["state"], made["exchange"]) == ("PICKUP_ASSIGNED", None)
    again = cast.platform.post(lodging, asked | {"serials": SERIALS[1:]})
    assert (again["state"], again["code"]) == ("REJECTED", "ALREADY_RETURNED")
    (parcel,) = cast.customs.get(f"/v1/journeys/{made['return_id']}-reverse")["journey"]["parcels"]
    assert parcel["contents"] == [{"line": "1", "quantity": 1, "serials": SERIALS[1:]}]
    act = brought_back(cast, made["return_id"])
    new = {"line": "1", "quantity": 1, "serials": ["https://id.gs1.org/01/09506000134352/21/three-3"]}
    parcels = [{"identifier": f"{BOXES[0]}-new", "contents": [new]}]
    cast.merchant.post(f"{act}/settlement", {"resolution": "exchange", "proof_hash": PAPER, "parcels": parcels})
    seen = cast.platform.get(placed["tracking_path"])["returns"]
    (exchanged,) = [each["exchange"] for each in seen if each["return_id"] == made["return_id"]]
    assert (exchanged["kind"], exchanged["status"]) == ("exchange", "pending")


def test_the_other_unit_becomes_store_credit_that_pays_for_an_order(cast, placed, ordered):
    """Given once, proved to the return, spent on a later order; the firm is asked for the rest of that alone."""
    asked = {"line": "1", "quantity": 1, "reason": "DEFECTIVE", "resolution": "store_credit", "condition": "used"}
    asked |= {"evidence": [PAPER], "serials": SERIALS[:1]}
    return_id = cast.platform.post(f"{placed['tracking_path']}/returns", asked)["return_id"]
    act, of_order = brought_back(cast, return_id), f"/v1/orders/{placed['order_id']}"
    stated = {"return_id": return_id, "payments": "PaymentsMSP", "auditor": "AuditorMSP"}
    cast.merchant.post(f"{of_order}/dues", stated)
    owed = cast.merchant.get(f"/v1/payments/dues/{placed['order_id']}/{return_id}")
    assert (owed["amount"], int(owed["credit"]) > 0) == ("0", True)
    assert cast.auditor.get(f"{of_order}/dues/sums") == [owed]
    assert cast.auditor.refusal("GET", f"{of_order}/dues")["code"] == "NOT_FOUND"
    cast.merchant.post(f"{of_order}/credit", {"return_id": return_id})
    assert cast.merchant.refusal("POST", f"{of_order}/credit", {})["code"] == "WRONG_STATE"
    proof = cast.merchant.get(f"/v1/credit/proofs/{placed['order_id']}/{return_id}")
    cast.merchant.post(f"{act}/settlement", {"resolution": "store_credit", **proof})
    holder = {"platform": "PlatformMSP", "merchant": "MerchantMSP", "currency": "USD"}
    holder |= {"tracking_token": placed["tracking_token"]}
    assert cast.platform.get("/v1/credit", **holder)["balance"] == owed["credit"]
    credit = {"tracking_token": placed["tracking_token"], "amount": owed["credit"]}
    assert cast.platform.refusal("POST", "/v1/orders", ordered | {"credit": credit | {"amount": f"{owed['credit']}0"}})
    again = cast.platform.post("/v1/orders", ordered | {"credit": credit})
    told = cast.merchant.get(f"/v1/orders/{again['order_id']}/content")["credit"]
    assert told == {"amount": owed["credit"], "holder_hash": minting.link_hash(placed["tracking_token"])}
    assert "credit" not in cast.merchant.get(f"{of_order}/content")
    assert cast.platform.get("/v1/credit", **holder)["balance"] == "0"
    firm = {"platform": "PlatformMSP", "merchant": "MerchantMSP", "payments": "PaymentsMSP"}
    due = {"currency": "USD", "settle_currency": "USD", "order_id": again["order_id"]}
    whole = goods.total(ordered)
    assert cast.platform.refusal("POST", "/v1/payments", firm | due | {"amount": whole})["code"] == "AMOUNT_DIFFERS"
    cast.platform.post("/v1/payments", firm | due | {"amount": str(int(whole) - int(owed["credit"]))})
    cast.platform.post(f"/v1/orders/{again['order_id']}/cancellation", {"reason": "BUYER_REQUEST"})
    cast.platform.post(f"/v1/orders/{again['order_id']}/credit", {})
    assert cast.platform.get("/v1/credit", **holder)["balance"] == owed["credit"]


def brought_back(cast, return_id: str) -> str:
    """Return the address of a return whose goods were fetched, taken over and found in order."""
    act, way, clock = f"/v1/returns/{return_id}", f"/v1/journeys/{return_id}-reverse", Clock()
    fetched = {"stage_id": "S22", "step": "shipping", "event_time": clock.next("VNHAN"), "place": "VNHAN"}
    cast.last_mile.post(f"{way}/events", fetched)
    moment = clock.next("VNHAN")
    offer = {"taker": "MerchantMSP", "released_at": moment, "place": "VNHAN"}
    cast.last_mile.post(f"{way}/custody/offer", offer)
    cast.merchant.post(f"{way}/custody/acceptance", {"accepted_at": moment, "place": "CNSZX"})
    cast.merchant.post(f"{act}/inspection", {"condition": "used", "units": 1, "report_hash": PAPER})
    return act


def test_a_container_is_recorded_once_over_http(cast, placed):
    """Opened, packed, handed over with what is in it, emptied; whoever packed it endorses when it is emptied."""
    unit = {"unit_id": "https://id.gs1.org/8003/09506000134352C9"}
    body = {"custodian": "OriginCarrierMSP", "parties": PARTIES[3:], "kind": "container", "place": "CNYTN"}
    cast.origin.post("/v1/units", unit | body)
    bag = {"unit_id": "https://id.gs1.org/8003/09506000134352B9"}
    cast.origin.post("/v1/units", bag | body | {"kind": "bag"})
    clock = Clock()

    def seen(stage_id: str, step: str) -> dict[str, Any]:
        return {"stage_id": stage_id, "step": step, "event_time": clock.next("CNYTN"), "place": "CNYTN"}

    packing = {"action": "ADD", "members": [bag["unit_id"]], "observation": seen("S10", "loading")}
    cast.origin.post("/v1/units/contents", unit | packing)
    moment = clock.next("CNYTN")
    offer = {"taker": "ForwarderMSP", "released_at": moment, "place": "CNYTN"}
    cast.origin.post("/v1/units/custody/offer", unit | offer)
    cast.origin.post("/v1/units/custody/withdrawal", unit)
    cast.origin.post("/v1/units/custody/offer", unit | offer)
    cast.forwarder.post("/v1/units/custody/acceptance", unit | {"accepted_at": moment, "place": "CNYTN"})
    assert cast.customs.get("/v1/units", **bag)["custodian"] == "ForwarderMSP"
    cast.forwarder.post("/v1/units/events", unit | {"observation": seen("S16", "unloading")})
    delayed = {"kind": "delayed", "stage_id": "S16", "at": clock.next("CNYTN")}
    cast.forwarder.post("/v1/units/incidents", unit | delayed)
    emptied = {"action": "DELETE", "observation": seen("S16", "unloading")}
    cast.forwarder.post("/v1/units/contents", unit | emptied)
    assert cast.customs.get("/v1/units", **unit)["members"][0]["until"] is not None
    listed = cast.customs.get("/v1/units/events", **unit)["epcisBody"]["eventList"]
    assert [event["action"] for event in listed] == ["ADD", "OBSERVE", "OBSERVE", "DELETE"]
