"""Amendments have one set of addresses, whatever they change."""

from __future__ import annotations

import json

import pytest

from tests.unit.gateway.fakes import TRANSACTION

PARTICIPANT = {
    "msp_id": "ForwarderMSP", "name": "F", "species": "core", "roles": ["forwarder"], "countries": ["SG"],
    "stages": ["S11"],
}  # fmt: skip
EDITION = {
    "name": "2026-lpi2", "scale": "index", "source": "World Bank",
    "figures": [{"country": "VN", "component": "overall", "rank": 0, "score_x100": 6_150}],
}  # fmt: skip
STAGES = [{"stage_id": "S23"}]
FLOOR = {"jurisdiction": "VN", "window_days": 7, "reasons": {}}
KINDS = {
    "/v1/participants/amendments": ("Participants", "", {"participant": PARTICIPANT}, PARTICIPANT),
    "/v1/stages/amendments": ("Stages", "", {"stages": STAGES}, STAGES),
    "/v1/lpi/amendments": ("Lpi", "", {"edition": EDITION}, EDITION),
    "/v1/terms/floors/amendments": ("Terms", "_floor", FLOOR, FLOOR),
}
each_kind = pytest.mark.parametrize("address", KINDS)
OPEN = {"amendment_id": "A1", "state": "open", "approvals": ["PlatformMSP"]}


def asked(ledgers) -> tuple[str, str, list[str]]:
    """Return the channel, the function and the arguments of the last call."""
    call = ledgers.asked[-1][2]
    return call.channel, call.function, call.texts()


@each_kind
def test_a_change_is_proposed_under_an_id_that_the_gateway_makes(client, ledgers, bearer, address):
    """The answer says the id that it is approved by; the contract gets the change alone."""
    contract, suffix, body, change = KINDS[address]
    ledgers.answers[f"{contract}:propose{suffix}"] = json.dumps(OPEN).encode()
    answer = client.post(address, json=body, headers=bearer())
    assert (answer.status_code, answer.json["transaction_id"], answer.json["result"]) == (201, TRANSACTION, OPEN)
    channel, function, (amendment_id, sent) = asked(ledgers)
    assert (channel, function, json.loads(sent)) == ("trade", f"{contract}:propose{suffix}", change)
    assert amendment_id == answer.json["amendment_id"]


@each_kind
def test_an_amendment_is_approved(client, ledgers, bearer, address):
    """The answer says how far it is."""
    contract, suffix, *_ = KINDS[address]
    ledgers.answers[f"{contract}:approve{suffix}"] = json.dumps(OPEN).encode()
    answer = client.post(f"{address}/A1/approval", headers=bearer())
    assert (answer.status_code, answer.json["amendment_id"], answer.json["result"]) == (200, "A1", OPEN)
    assert asked(ledgers) == ("trade", f"{contract}:approve{suffix}", ["A1"])


@each_kind
def test_amendments_are_read_and_listed(client, ledgers, bearer, address):
    """As the contract has them; reading takes no right to write."""
    contract = KINDS[address][0]
    ledgers.answers |= {
        f"{contract}:amendment": json.dumps(OPEN).encode(),
        f"{contract}:amendments": json.dumps({"amendments": [OPEN], "bookmark": "A2"}).encode(),
    }
    assert client.get(f"{address}/A1", headers=bearer("read")).json == OPEN
    assert asked(ledgers) == ("trade", f"{contract}:amendment", ["A1"])
    answer = client.get(f"{address}?limit=1&cursor=A1", headers=bearer("read"))
    assert (answer.json, answer.headers["Link"]) == ([OPEN], f'<{address}?limit=1&cursor=A2>; rel="next"')
    assert asked(ledgers) == ("trade", f"{contract}:amendments", ["1", "A1"])
    assert client.post(f"{address}/A1/approval", headers=bearer("read")).json["code"] == "SCOPE_MISSING"


@each_kind
def test_only_the_register_is_kept_on_two_channels(client, ledgers, bearer, address):
    """`?channel=logistics` is the carriers' register; other shared data are on `trade` alone."""
    kept = address.startswith("/v1/participants")
    ledgers.answers[f"{KINDS[address][0]}:amendments"] = b'{"amendments": [], "bookmark": ""}'
    answer = client.get(f"{address}?channel=logistics", headers=bearer())
    assert (answer.status_code == 200) is kept
    assert [call.channel for _, _, call in ledgers.asked] == (["logistics"] if kept else [])


def test_a_floor_is_proposed_at_its_own_address_too(client, ledgers, bearer):
    """`POST /v1/terms/floors` does what `POST /v1/terms/floors/amendments` does."""
    answer = client.post("/v1/terms/floors", json=FLOOR, headers=bearer())
    assert answer.status_code == 201
    assert asked(ledgers)[1:] == ("Terms:propose_floor", [answer.json["amendment_id"], asked(ledgers)[2][1]])
    assert json.loads(asked(ledgers)[2][1]) == FLOOR
