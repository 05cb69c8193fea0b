"""The read model on a running network lists what the contracts answer, and to each organisation its own."""

from __future__ import annotations

from typing import Any

from selat.demo.callers import DemoCaller


def got(caller: DemoCaller, path: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = caller.get(path, **query)
    return found


def test_the_list_of_orders_is_what_the_contract_lists(cast, played):
    """Public records, field by field, up to the channel's last block."""
    listed = got(cast.platform, "/v1/model/orders", sort="id")
    contract = cast.platform.get("/v1/orders")
    documents = {each["id"]: each["document"] for each in listed["records"]}
    assert sorted(documents) == sorted(each["order_id"] for each in contract)
    assert all(documents[each["order_id"]].items() >= each.items() for each in contract)
    assert listed["blocks"].keys() == {"ecommerce", "trade"}
    assert got(cast.forwarder, "/v1/model/orders")["records"] == []


def test_no_list_shows_private_content_that_the_channels_keep_from_clients(cast, played):
    """The default consortium gives clients no blocks with private data, so contracts alone answer for it."""
    content = cast.platform.get(f"/v1/orders/{played.order['order_id']}/content")
    for caller in (cast.platform, cast.forwarder):
        assert got(caller, "/v1/model/order-contents")["records"] == []
        # A journey names units by article and serial, which its whole channel reads; an order's content is not there.
        found = got(caller, "/v1/search", q=content["lines"][0]["gtin"])["records"]
        assert {(each["kind"], each["private"]) for each in found} <= {("journeys", False)}
    found = got(cast.platform, "/v1/search", q=played.order["order_id"].upper())["records"]
    assert ("orders", played.order["order_id"]) in {(each["kind"], each["id"]) for each in found}


def test_a_journey_is_found_by_the_numbers_of_its_parcels(cast, played):
    """Whoever holds a parcel reads a number from its label."""
    (journey, *_) = got(cast.last_mile, "/v1/model/journeys")["records"]
    found = got(cast.last_mile, "/v1/search", q=journey["id"].lower())["records"]
    assert ("journeys", journey["id"]) in {(each["kind"], each["id"]) for each in found}
    names = {each["name"] for each in got(cast.last_mile, "/v1/model/events", channel="trade")["events"]}
    assert "CustodyPassed" in names
