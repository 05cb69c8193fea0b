"""Events arrive signed, in order and none is missed, whatever the receiver or a gateway does."""

from __future__ import annotations

import dataclasses
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.store.deliveries import Deliveries
from gateway.webhooks import signing
from gateway.webhooks.courier import BACK_OFF
from gateway.webhooks.posting import Poster
from hlf import waiting


def test_events_arrive_in_order_as_signed_cloud_events(gateway, receiver, webhook):
    """Each has the attributes of CloudEvents 1.0, and an outside library accepts its signature."""
    made = webhook()
    gateway.blocks("Opened", "Passed", "Closed")
    gateway.deliver()
    assert receiver.names == ["Opened", "Passed", "Closed"]
    _, event = receiver.got[1]
    assert event["specversion"] == "1.0"
    assert event["id"].startswith("2:")
    assert event["source"] == "/v1/channels/trade/chaincodes/trade"
    assert event["type"] == "selat.trade.Passed"
    assert event["time"] == "2026-09-21T14:13:22.000Z"
    assert event["data"] == {"id": "J1"}
    gateway.deliver()
    assert len(receiver.got) == 3
    assert gateway.get(f"/{made}")["block_number"] == 3
    assert [each["status"] for each in gateway.get(f"/{made}/attempts")] == [204, 204, 204]


def test_it_begins_with_the_next_block_or_where_it_is_told(gateway, receiver, webhook):
    """Without a beginning no old event is sent; with a cursor, those after it."""
    gateway.blocks("Opened", "Passed")
    gateway.post("", {"url": receiver.url, "channel": "trade"}, 201)
    gateway.deliver()
    assert receiver.got == []
    webhook()
    gateway.deliver()
    cursor = receiver.got[0][1]["id"]
    made = gateway.post("", {"url": receiver.url, "channel": "trade", "after": cursor}, 201)
    receiver.secret = made["secret"]
    receiver.got.clear()
    gateway.deliver()
    assert receiver.names == ["Passed"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"names": ["Passed", "Nothing"]}, ["Passed"]),
        ({"chaincode": "commerce"}, []),
        ({"chaincode": "trade", "things": ["j-1"]}, ["Opened", "Passed"]),
        ({"things": ["J2"]}, []),
    ],
)
def test_filters_hold_back_what_was_not_asked_for(gateway, receiver, webhook, filters, expected):
    """By chaincode, by name and by any number in the event, compared as on a label."""
    webhook(**filters)
    gateway.blocks("Opened", "Passed")
    gateway.deliver()
    assert receiver.names == expected


def test_a_failed_message_is_tried_again_and_the_next_ones_wait(gateway, receiver, webhook):
    """Later attempts have the same id, and their pauses grow; order is kept."""
    made = webhook()
    gateway.blocks("Opened", "Passed")
    receiver.answers = [500, 302]
    gateway.deliver()
    gateway.deliver()
    assert receiver.names == ["Opened"]
    gateway.now += BACK_OFF[0] * 1.3
    gateway.deliver()
    assert receiver.names == ["Opened"] * 2
    gateway.now += BACK_OFF[1] * 1.3
    gateway.deliver()
    assert receiver.names == ["Opened"] * 3 + ["Passed"]
    assert len({identifier for identifier, _ in receiver.got}) == 2
    assert [each["status"] for each in gateway.get(f"/{made}/attempts?limit=3")] == [204, 204, 302]


def test_a_receiver_says_when_it_wants_the_next_attempt(gateway, receiver, webhook):
    """Retry-After counts if it is longer than the gateway's own pause."""
    made = webhook()
    gateway.blocks("Opened")
    receiver.answers, receiver.headers = [429], {"Retry-After": "600"}
    gateway.deliver()
    gateway.now += 300
    gateway.deliver()
    assert len(receiver.got) == 1
    assert [each["attempts"] for each in gateway.get(f"/{made}/messages?state=waiting")] == [1]
    gateway.now += 600
    gateway.deliver()
    assert len(receiver.got) == 2


def test_what_cannot_be_delivered_is_listed_and_sent_again_in_its_place(gateway, receiver, webhook):
    """A dead letter does not hold the others up for ever; its user can have it once the receiver is mended."""
    made = webhook()
    gateway.blocks("Opened", "Passed")
    receiver.answers = [500] * (len(BACK_OFF) + 1)
    for pause in (*BACK_OFF, 0):
        gateway.deliver()
        gateway.now += pause * 1.3
    gateway.deliver()
    assert receiver.names[-1] == "Passed"
    (dead,) = gateway.get(f"/{made}/messages")
    assert (dead["event"]["type"], dead["attempts"], dead["next_at"]) == ("selat.trade.Opened", len(BACK_OFF) + 1, None)
    revived = gateway.post(f"/{made}/messages/{dead['id']}/replay")
    assert revived["state"] == "waiting"
    gateway.deliver()
    assert receiver.got[-1][0] == dead["id"]
    assert gateway.get(f"/{made}/messages") == []
    gateway.post(f"/{made}/messages/{dead['id']}/replay", status=404)


def test_a_receiver_that_is_gone_gets_nothing_until_its_user_says_so(gateway, receiver, webhook):
    """The webhook is failing, with the reason; started again, it goes on where it stopped."""
    made = webhook()
    gateway.blocks("Opened", "Passed")
    receiver.answers = [410]
    gateway.deliver()
    gateway.deliver()
    shown = gateway.get(f"/{made}")
    assert (shown["state"], shown["reason"], shown["waiting"]) == ("failing", "the receiver answered 410 Gone", 2)
    assert receiver.names == ["Opened"]
    assert gateway.client.post(f"/v1/webhooks/{made}/changes", json={}, headers=gateway.headers).status_code == 422
    gateway.post(f"/{made}/changes", {"state": "active"}, 200)
    gateway.deliver()
    assert receiver.names == ["Opened", "Opened", "Passed"]


def test_a_webhook_whose_messages_all_fail_is_stopped(gateway, receiver, webhook):
    """After three dead letters in a row; what came since stays for when it is started again."""
    made = webhook()
    gateway.blocks("A", "B", "C", "D")
    receiver.answers = [500] * 100
    for _ in range(3):
        for pause in (*BACK_OFF, 0):
            gateway.deliver()
            gateway.now += pause * 1.3
    shown = gateway.get(f"/{made}")
    assert (shown["state"], shown["waiting"]) == ("failing", 1)
    assert [each["event"]["type"] for each in gateway.get(f"/{made}/messages")] == [
        "selat.trade.A",
        "selat.trade.B",
        "selat.trade.C",
    ]


def test_events_are_sent_again_from_a_cursor_with_the_ids_they_had(gateway, receiver, webhook):
    """A receiver that has lost what it got asks for it again, in order and without new ones among them."""
    made = webhook()
    gateway.blocks("Opened", "Passed", "Closed")
    gateway.deliver()
    first = list(receiver.got)
    gateway.post(f"/{made}/replay", {"after": first[0][1]["id"]})
    gateway.deliver()
    assert receiver.got == first + first[1:]
    gateway.post(f"/{made}/replay", {"start_block": 3})
    gateway.deliver()
    assert receiver.got[-1] == first[-1]
    unknown = {"after": f"2:{'0' * 64}"}
    refused = gateway.client.post(f"/v1/webhooks/{made}/replay", json=unknown, headers=gateway.headers)
    assert refused.json["code"] == "CURSOR_UNKNOWN"


def test_a_test_goes_before_events_that_wait(gateway, receiver, webhook):
    """Its outcome is in the log, and a failed one is not tried again."""
    made = webhook()
    gateway.blocks("Opened")
    receiver.answers = [500, 503]
    gateway.deliver()
    sent = gateway.post(f"/{made}/test")
    assert (sent["type"], sent["event"]["data"]["webhook_id"]) == ("selat.webhook.test", made)
    gateway.deliver()
    assert receiver.got[-1][0] == sent["id"]
    assert gateway.get(f"/{made}/attempts?limit=1")[0]["status"] == 503
    gateway.now += BACK_OFF[0] * 1.3
    gateway.deliver()
    assert receiver.names == ["Opened", "test", "Opened"]


def test_a_replaced_secret_signs_too_for_a_day(gateway, receiver, webhook):
    """Receivers change over without a message lost; after that the old one is worth nothing."""
    made = webhook()
    old = receiver.secret
    new = gateway.post(f"/{made}/rotation", status=201)["secret"]
    assert new != old
    for secret in (old, new):
        receiver.secret = secret
        gateway.post(f"/{made}/test")
        gateway.deliver()
    assert receiver.names == ["test", "test"]
    gateway.now += 10 * 365 * 24 * 3600
    (known,) = Deliveries(gateway.services.store, lambda: gateway.now).open(gateway.processes[gateway.couriers[0]].name)
    assert known.secrets == (new,)


def test_only_one_process_delivers_and_another_takes_over(gateway, receiver, webhook):
    """What one held that stops is free at once, of one that died after three seconds; nothing is sent twice."""
    webhook()
    first, second = gateway.couriers[0], gateway.courier()
    gateway.blocks("Opened")
    gateway.deliver(first)
    gateway.deliver(second)
    assert receiver.names == ["Opened"]
    gateway.blocks("Opened", "Passed")
    first.stop()
    gateway.deliver(second)
    gateway.blocks("Opened", "Passed", "Closed")
    third = gateway.courier()
    gateway.deliver(third)
    assert receiver.names == ["Opened", "Passed"]
    gateway.now += 3
    gateway.deliver(third)
    assert receiver.names == ["Opened", "Passed", "Closed"]


def test_a_process_that_lost_its_webhook_queues_nothing(gateway, receiver, webhook):
    """Its view is old: the position has moved, so its events are not put a second time."""
    webhook()
    gateway.blocks("Opened")
    kept = Deliveries(gateway.services.store, lambda: gateway.now)
    (stale,) = kept.open("x")
    gateway.deliver()
    assert (
        kept.queue(
            stale, gateway.processes[gateway.couriers[0]].name, [], dataclasses.replace(stale.place, block_number=9)
        )
        is False
    )
    assert kept.queue(stale, "x", [], stale.place) is False


def test_a_user_who_is_not_in_the_wallet_any_more_gets_nothing(gateway, receiver, webhook):
    """A webhook may see what its user may read, and no more."""
    made = webhook()
    gateway.blocks("Opened")
    (gateway.services.settings.wallet / "organisations/PlatformMSP/users/User1/cert.pem").unlink()
    gateway.deliver()
    assert receiver.got == []
    assert gateway.get(f"/{made}")["state"] == "failing"


def test_a_name_that_leads_inside_gets_nothing(gateway, receiver, webhook):
    """It is resolved at each attempt, and the connection goes to the address that was checked."""
    made = webhook()
    gateway.blocks("Opened")
    courier = gateway.couriers[0]
    courier._poster = Poster((), lambda host, port: ["127.0.0.1"])
    gateway.deliver()
    assert receiver.got == []
    (tried,) = gateway.get(f"/{made}/attempts")
    assert tried["status"] is None
    assert "not in the public internet" in tried["words"]


def test_the_courier_delivers_by_itself_until_it_is_stopped(gateway, receiver, webhook):
    """Once started it looks for work; stopped, it has left what it held."""
    webhook()
    gateway.blocks("Opened")
    courier = gateway.courier()
    courier.start()
    try:
        assert waiting.until(lambda: receiver.names == ["Opened"], 30)
    finally:
        courier.stop()
    kept = Deliveries(gateway.services.store, lambda: gateway.now)
    assert [each.holder for each in kept.open("another")] == [""]


def test_an_outside_library_verifies_a_message():
    """By either secret, within five minutes of its time; another body is refused."""
    secrets = ("whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 8)
    made = signing.headers("msg_1", int(time.time()), b'{"a":1}', secrets)
    for secret in secrets:
        assert Webhook(secret).verify(b'{"a":1}', made) == {"a": 1}
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(b'{"a":2}', made)


def test_a_forged_message_is_seen(receiver):
    """The receiver of these tests does check: a wrong signature is refused."""
    receiver.secret = "whsec_" + "QUFB" * 8
    forged = {"webhook-id": "msg_1", "webhook-timestamp": "2000000000", "webhook-signature": "v1,AAAA"}
    with pytest.raises(WebhookVerificationError):
        receiver.take(forged, b"{}")


def test_attempts_and_what_waits_are_counted(gateway, receiver, webhook, client, bearer):
    """For all webhooks together: no label names one, or its address."""
    webhook()
    gateway.blocks("Opened", "Passed", "Closed")
    receiver.answers.extend([204, 500])
    gateway.deliver()
    text = client.get("/metrics", headers=bearer("metrics")).get_data(as_text=True)
    assert 'selat_webhook_attempts_total{outcome="delivered"} 1.0' in text
    assert 'selat_webhook_attempts_total{outcome="failed"} 1.0' in text
    assert "selat_webhook_waiting 2.0" in text
