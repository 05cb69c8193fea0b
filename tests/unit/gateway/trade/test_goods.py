"""What journeys carry, through the gateway: it makes the disclosures from the order, of the lines on the journey."""

from __future__ import annotations

import json

import pytest

from chaincode.domain.orders import orderfacts
from chaincode.domain.orders.orders import Order
from hlf.codec import canonical, records
from tests.unit.gateway.fakes import ORDER


@pytest.mark.parametrize("readers", ["logistics", "customs"])
def test_the_sellers_show_the_lines_of_the_journey(client, ledgers, bearer, readers):
    """A line of the order that another journey carries is not shown; the values go nowhere but to the contract."""
    line = {**ORDER["lines"][0], "gtin": "09506000134352"}
    order = {**ORDER, "lines": [line, {**line, "line": 2}], "buyer_token_hash": "0" * 64, "salt": "s" * 22}
    order["terms"] = {"terms_id": "T1", "version": 1, "digest": "0" * 64}
    ledgers.answers["Orders:content"] = canonical.dumps(order)
    ledgers.answers["Journeys:read"] = b'{"journey": {"order_id": "O1", "lines": [{"line": "2"}]}}'
    answer = client.post("/v1/journeys/J1/goods", json={"readers": readers}, headers=bearer("write"))
    assert answer.status_code == 201
    call = ledgers.asked[-1][2]
    assert (call.function, call.texts()) == ("Goods:show", ["J1", readers])
    shown = orderfacts.shown("O1", records.loads(Order, canonical.dumps(order)), readers)
    assert json.loads(call.transient["goods"]) == {"2": shown["2"]}
