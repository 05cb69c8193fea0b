"""One link to a basket of several sellers: it leads to every order, and no order's link leads to it."""

from __future__ import annotations

import json
import re

import pytest

from gateway.trade import minting
from hlf import errors
from tests.unit.gateway.fakes import ORDER

SEEN = {
    "status": "in_transit", "kind": "forward", "origin": "CNSZX", "destination": "VNHAN", "events": [], "parcels": [],
    "updated_at": "2026-11-22T15:00:00Z", "expected_at": None, "delivered": 0,
}  # fmt: skip
UNKNOWN = errors.EvaluateError("refused/LINK_UNKNOWN: no such link")
BASKET = "a-secret.2"


@pytest.fixture
def sent(ledgers):
    """Let the second order of the basket alone have goods on their way."""
    known = minting.link_hash(minting.links_in(BASKET)[1])

    def told(call) -> None:
        ledgers.answers["Journeys:track"] = json.dumps(SEEN).encode() if known in call.arguments else UNKNOWN

    ledgers.before_answer = told
    ledgers.answers["Returns:track"] = b"[]"


@pytest.mark.usefixtures("sent")
def test_one_link_shows_the_goods_of_every_order(client):
    """With the order's own link beside it; an order of which nothing was sent yet has none to show."""
    first, second = client.get(f"/track/{BASKET}/orders").json
    assert (first["goods"], second["goods"]["status"]) == (None, "in_transit")
    assert [each["tracking_path"] for each in (first, second)] == [
        f"/track/{each}" for each in minting.links_in(BASKET)
    ]
    page = client.get(f"/track/{BASKET}/orders", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert second["tracking_path"] in page
    assert first["tracking_path"] not in page


def test_two_orders_from_one_place_are_no_two_regions_of_one_name(client, ledgers):
    """Who lists the regions of a page by a screen reader could not tell one from the other."""
    ledgers.answers |= {"Journeys:track": json.dumps(SEEN).encode(), "Returns:track": b"[]"}
    page = client.get(f"/track/{BASKET}/orders", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert page.count("<h2>Your order from Shenzhen</h2>") == 2
    named = re.findall(r'<section[^>]* aria-label="([^"]+)"', page)
    assert len(named) == len(set(named))


@pytest.mark.parametrize("token", ["another.2", "a-secret", "a-secret.0", "a-secret.21", "a-secret.02", "a-secret.x"])
@pytest.mark.usefixtures("sent")
def test_what_is_no_link_to_a_basket_leads_nowhere(client, token):
    """Whatever it looks like; and only so many orders are looked for."""
    answer = client.get(f"/track/{token}/orders")
    assert (answer.status_code, answer.json["code"]) == (404, "LINK_UNKNOWN")


def test_a_checkout_makes_the_orders_links_from_the_baskets(client, ledgers, bearer):
    """Each order pins the hash of its own link; neither the basket's link nor its hash reaches the ledger."""
    ledgers.answers |= {"Terms:read": b'{"terms": {}}', "Orders:place": b'{"order_hash": "0"}'}
    made = client.post("/v1/checkouts", json={"orders": [ORDER, ORDER]}, headers=bearer()).json
    token = made["tracking_token"]
    assert made["tracking_path"] == f"/track/{token}/orders"
    assert [each["tracking_token"] for each in made["orders"]] == list(minting.links_in(token))
    placed = [call.transient["order"] for *_, call in ledgers.asked if call.function == "Orders:place"]
    for order, link in zip(placed, minting.links_in(token), strict=True):
        assert json.loads(order)["buyer_token_hash"] == minting.link_hash(link)
        assert minting.link_hash(token).encode() not in order
