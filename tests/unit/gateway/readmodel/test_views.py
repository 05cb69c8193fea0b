"""Lists and search over HTTP: each answer says up to which block it speaks."""

from __future__ import annotations

import pytest

from tests.unit.gateway.readmodel.chain import Wrote, chain


@pytest.fixture
def get(client, bearer, ledgers, services, monkeypatch):
    """Ask as the platform, whose peer has three orders on the channel trade."""
    orders = [Wrote({("order", f"O{n}"): {"state": "open", "merchant": "MerchantMSP", "n": n}}) for n in range(3)]
    ledgers.chains["trade"] = chain(orders, [Wrote({}, event="OrderOpened")])
    monkeypatch.setattr(type(services.wallet), "channels", lambda _: ["ecommerce", "trade"])
    headers = bearer("read")
    return lambda path, **more: client.get(path, headers=headers | more)


def test_a_list_says_its_block_and_leads_to_its_next_page(get):
    """Conditions, order, members and pages are in the query."""
    answer = get("/v1/model/orders?where=merchant:MerchantMSP&sort=-id&fields=n&limit=2").get_json()
    assert [(each["id"], each["document"]) for each in answer["records"]] == [("O2", {"n": 2}), ("O1", {"n": 1})]
    assert answer["blocks"] == {"trade": 1}
    last = get(f"/v1/model/orders?sort=-id&limit=2&cursor={answer['next']}").get_json()
    assert [each["id"] for each in last["records"]] == ["O0"]
    assert last["next"] is None
    assert last["records"][0]["changed_at"] == "2026-09-21T14:13:20.000Z"


def test_events_and_search_answer_from_the_same_blocks(get):
    """What is found is what a list would show."""
    assert [each["name"] for each in get("/v1/model/events").get_json()["events"]] == ["OrderOpened"]
    found = get("/v1/search?q=merchant msp").get_json()
    assert [each["id"] for each in found["records"]] == ["O0", "O1", "O2"]
    assert found["blocks"] == {"trade": 1}


def test_an_answer_builds_on_the_block_that_its_caller_names(get):
    """A block that the peer does not have is a refusal, never an older answer."""
    assert get("/v1/search?q=O-1 2", **{"Selat-After": "trade=1"}).status_code == 200
    late = get("/v1/model/orders", **{"Selat-After": "trade=9"})
    assert late.get_json()["code"] == "BLOCK_NOT_REACHED"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/model/secrets", 404),
        ("/v1/model/orders?sort=salt", 422),
        ("/v1/model/orders?where=nothing", 422),
        ("/v1/model/orders?where=merchant:A,n:1,merchant:B", 422),
        ("/v1/model/orders?cursor=AAAA", 422),
        ("/v1/model/events?cursor=AAAA", 422),
        ("/v1/search?q=1", 422),
        ("/v1/search", 422),
    ],
)
def test_what_cannot_be_asked_is_refused(get, path, status):
    """By name of the parameter, before the model is asked."""
    assert get(path).status_code == status
