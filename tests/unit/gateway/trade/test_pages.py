"""Lists come by pages, with the address of the next page in a header."""

from __future__ import annotations

import json

ORDER = {"order_id": "o1", "state": "placed"}
COUNTED = "Performance:count"


def asked(ledgers) -> tuple[str, list[str]]:
    """Return the function and the arguments of the last query."""
    call = ledgers.asked[-1][2]
    return call.function, call.texts()


def test_a_list_leads_to_its_next_page(client, ledgers, bearer):
    """The body is the page alone; the header keeps the other parameters, and the last page has none."""
    ledgers.answers["Orders:list"] = json.dumps({"orders": [ORDER], "bookmark": "o2"}).encode()
    answer = client.get("/v1/orders?limit=1", headers=bearer("read"))
    assert answer.json[0]["order_id"] == "o1"
    assert asked(ledgers) == ("Orders:list", ["1", ""])
    assert answer.headers["Link"] == '</v1/orders?limit=1&cursor=o2>; rel="next"'
    ledgers.answers["Orders:list"] = b'{"orders": [], "bookmark": ""}'
    last = client.get("/v1/orders?limit=1&cursor=o2", headers=bearer("read"))
    assert (last.json, "Link" in last.headers) == ([], False)
    assert asked(ledgers) == ("Orders:list", ["1", "o2"])
    assert client.get("/v1/orders?limit=501", headers=bearer("read")).status_code == 422


def test_products_of_one_merchant_are_paged_too(client, ledgers, bearer):
    """The cursor of two parts is encoded, so that the address can be followed as it is."""
    ledgers.answers["Catalogue:list"] = b'{"listings": [], "bookmark": "MerchantMSP/06901234567892"}'
    answer = client.get("/v1/catalogue", headers=bearer("read"))
    assert answer.headers["Link"] == '</v1/catalogue?cursor=MerchantMSP%2F06901234567892>; rel="next"'
    client.get("/v1/catalogue?merchant=MerchantMSP", headers=bearer("read"))
    assert asked(ledgers) == ("Catalogue:list", ["MerchantMSP", "100", ""])


def test_counting_looks_for_what_is_not_counted(client, ledgers, bearer):
    """Named journeys are counted as they are; otherwise a page of open ones, and nothing if all are counted."""
    ledgers.answers |= {
        "Performance:uncounted": b'{"journey_ids": ["j1"], "bookmark": "j2"}',
        COUNTED: b'["j1"]',
    }
    answer = client.post("/v1/performance/count", json={"limit": 1}, headers=bearer("write"))
    assert (answer.json["cursor"], answer.json["counting"]["result"]) == ("j2", ["j1"])
    named = client.post("/v1/performance/count", json={"journey_ids": ["j7"]}, headers=bearer("write"))
    assert (named.status_code, named.json["cursor"]) == (200, "")
    ledgers.answers["Performance:uncounted"] = b'{"journey_ids": [], "bookmark": ""}'
    idle = client.post("/v1/performance/count", json={}, headers=bearer("write"))
    assert idle.json == {"counting": None, "cursor": ""}
