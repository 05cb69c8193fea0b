"""A request sent twice acts once."""

from __future__ import annotations

import grpc
import pytest

from gateway.idempotency import Keys
from hlf import errors
from tests.unit.gateway.fakes import ORDER, TRANSACTION

SUBMIT = "/v1/channels/trade/chaincodes/trade/submit"
BODY = {
    "function": "Claims:commit",
    "arguments": ["c1"],
    "transient": {"secret": "NDI="},
    "endorsing_organizations": ["A"],
}


@pytest.fixture
def post(client, bearer):
    """Send a body under an idempotency key, with one and the same token."""
    headers = bearer("write")

    def send(key: str | None = "k1", body: dict | None = None):
        return client.post(SUBMIT, json=body or BODY, headers=headers | ({"Idempotency-Key": key} if key else {}))

    return send


def test_a_repetition_gets_the_same_answer_and_submits_nothing(post, ledgers):
    first, second = post(), post()
    assert first.status_code == second.status_code == 200
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(ledgers.asked) == 1


def test_without_a_key_each_request_acts(post, ledgers):
    post(None)
    post(None)
    assert len(ledgers.asked) == 2


def test_another_key_is_another_request(post, ledgers):
    post("k1")
    post("k2")
    assert len(ledgers.asked) == 2


def test_a_key_belongs_to_one_body(post, ledgers):
    post()
    answer = post(body={**BODY, "arguments": ["c2"]})
    assert (answer.status_code, answer.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(ledgers.asked) == 1


def test_a_key_belongs_to_one_caller(post, client, bearer, ledgers):
    post()
    client.post(SUBMIT, json=BODY, headers=bearer("write") | {"Idempotency-Key": "k1"})
    assert len(ledgers.asked) == 2


def test_a_key_is_free_again_if_nothing_was_written(post, ledgers):
    ledgers.answers["Claims:commit"] = errors.EndorseError("refused/NOT_OWNER: no", status=grpc.StatusCode.ABORTED)
    assert post().json["code"] == "NOT_OWNER"
    del ledgers.answers["Claims:commit"]
    assert post().status_code == 200


def test_an_unknown_outcome_keeps_its_key(post, ledgers):
    """Sending it again could write twice, so the same problem is repeated until the caller has asked."""
    ledgers.answers["Claims:commit"] = errors.CommitStatusError(
        "Deadline Exceeded", transaction_id=TRANSACTION, status=grpc.StatusCode.DEADLINE_EXCEEDED
    )
    first = post()
    del ledgers.answers["Claims:commit"]
    second = post()
    assert (first.status_code, first.json["code"], first.json["transaction_id"]) == (
        504,
        "OUTCOME_UNKNOWN",
        TRANSACTION,
    )
    assert second.json == first.json
    assert second.content_type == "application/problem+json"
    assert len(ledgers.asked) == 1


def test_a_second_request_waits_for_the_first(post, ledgers):
    answers = []
    ledgers.before_commit = lambda: answers.append(post("k1").json["code"]) if not answers else None
    assert post("k1").status_code == 200
    assert answers == ["IDEMPOTENCY_IN_PROGRESS"]


def test_a_request_that_died_with_its_process_is_not_repeated(services):
    """Its transaction's id was kept before it was sent, and is in the answer."""
    now = [1000.0]
    keys = Keys(services.store, clock=lambda: now[0])
    assert keys.begin("t", "k", b"f") is None
    keys.note_transaction("t", "k", TRANSACTION)
    now[0] += 300
    with pytest.raises(Exception, match="OUTCOME_UNKNOWN") as refused:
        keys.begin("t", "k", b"f")
    assert refused.value.members["transaction_id"] == TRANSACTION


def test_keys_are_forgotten_after_a_day(services):
    now = [1000.0]
    keys = Keys(services.store, clock=lambda: now[0])
    keys.begin("t", "k", b"f")
    keys.finish("t", "k", b"sealed")
    now[0] += 24 * 3600 + 1
    assert keys.begin("t", "k", b"other") is None


def test_what_is_kept_cannot_be_read_without_the_token(post, ledgers, services):
    """Neither the request's private value nor the contract's answer stands in the store."""
    ledgers.answers["Claims:commit"] = b'"a very private figure"'
    assert post().json["result"] == "a very private figure"
    kept = b"".join(path.read_bytes() for path in services.settings.data.rglob("*") if path.is_file())
    assert b"very private" not in kept
    assert b"NDI=" not in kept
    assert post().json["result"] == "a very private figure"


@pytest.mark.parametrize("key", ["x" * 129, "a b", "\u00e9"])
def test_a_key_is_short_and_visible(post, key):
    assert post(key).json["code"] == "REQUEST_MALFORMED"


@pytest.fixture
def place(client, bearer, ledgers):
    """Place an order: two transactions in one request."""
    headers = bearer("write") | {"Idempotency-Key": "order"}
    ledgers.answers |= {"Orders:place": b'{"order_hash":"h"}', "Orders:open": b"{}"}
    return lambda: client.post("/v1/orders", json=ORDER, headers=headers)


def test_a_request_that_failed_half_way_says_what_is_committed(place, ledgers):
    """It is not repeated as a whole: what is left to do has an address of its own."""
    ledgers.answers["Orders:open"] = errors.EndorseError("refused/NOT_PLACED: no", status=grpc.StatusCode.ABORTED)
    first = place()
    assert (first.status_code, first.json["code"], first.json["committed"]) == (409, "NOT_PLACED", [TRANSACTION])
    ledgers.answers["Orders:open"] = b"{}"
    assert place().json == first.json
    assert [call.function for _, _, call in ledgers.asked].count("Orders:place") == 1


def test_a_conflict_at_the_second_step_is_tried_again(place, ledgers):
    """The first is committed, so the caller could not repeat the request as a whole."""
    conflict = errors.CommitError(TRANSACTION, 11, 7)
    ledgers.answers["Orders:open"] = conflict
    opened = []

    def clear() -> None:
        opened.append(1)
        if len(opened) == 3:
            ledgers.answers["Orders:open"] = b"{}"

    ledgers.before_commit = clear
    assert place().status_code == 201
    assert [call.function for _, _, call in ledgers.asked] == ["Orders:place", "Orders:open", "Orders:open"]


def test_a_conflict_at_the_first_step_is_the_callers_to_repeat(post, ledgers):
    ledgers.answers["Claims:commit"] = errors.CommitError(TRANSACTION, 11, 7)
    answer = post()
    assert (answer.status_code, answer.json["code"]) == (409, "MVCC_READ_CONFLICT")
    assert "committed" not in answer.json
    assert len(ledgers.asked) == 1
