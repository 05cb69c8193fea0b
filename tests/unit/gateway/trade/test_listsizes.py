"""Lists of EPCIS ask the database as often for many entries as for one, and look as far back as there is anything."""

from __future__ import annotations

import pytest

from gateway.store.database import StoreConnection
from gateway.store.deliveries import Attempt, Deliveries, WebhookMessage
from gateway.store.webhooks import EventPlace, Filters, Subscription, Webhooks
from tests.unit.gateway.trade.test_capture import CAPTURE, document, event

_QUERY = {"name": "moved", "query": {"EQ_bizStep": ["storing"]}}


@pytest.fixture
def asked(monkeypatch) -> list[object]:
    """Return the statements that were executed."""
    found: list[object] = []
    execute = StoreConnection.execute

    def counted(self, statement, values=None):
        found.append(statement)
        return execute(self, statement, values)

    monkeypatch.setattr(StoreConnection, "execute", counted)
    return found


def test_a_page_of_capture_jobs_is_one_question(client, bearer, asked):
    """Each with the outcomes of its events."""
    headers = bearer("write")
    counts = []
    for _ in range(3):
        answer = client.post(CAPTURE, json=document(event()), headers=headers)
        assert answer.status_code == 202, answer.json
        asked.clear()
        assert client.get(CAPTURE, headers=headers).status_code == 200
        counts.append(len(asked))
    assert len(client.get(CAPTURE, headers=headers).json) == 3
    assert len(set(counts)) == 1


def test_subscriptions_say_when_something_last_arrived(client, bearer, services, asked):
    """However many attempts failed since, and with one question for all of them."""
    headers = bearer("read", "webhooks")
    assert client.post("/epcis/queries", json=_QUERY, headers=headers).status_code == 201
    webhooks, deliveries = Webhooks(services.store), Deliveries(services.store)
    standing = Subscription("moved", _QUERY["query"], None, report_if_empty=False, token="")
    counts, arrived = [], []
    for number in range(2):
        made = webhooks.create(
            "PlatformMSP", "User1", "https://example.com/", "trade", Filters(), EventPlace(0, 0), standing, 0
        )
        message = WebhookMessage(made, f"msg_{number}", "x", EventPlace(1, number), "{}")
        arrived.append(1_790_000_000_000 + number)
        deliveries.delivered(message, Attempt(message.id, arrived[-1], 204, "", 1))
        for later in range(150):
            deliveries.again(message, Attempt(message.id, arrived[-1] + 1 + later, (None, 500)[later % 2], "", 1), 0)
        asked.clear()
        told = client.get("/epcis/queries/moved/subscriptions", headers=headers)
        counts.append(len(asked))
    assert sorted(each["lastNotifiedAt"] for each in told.json) == [
        "2026-09-21T14:13:20.000Z",
        "2026-09-21T14:13:20.001Z",
    ]
    assert counts[0] == counts[1]
