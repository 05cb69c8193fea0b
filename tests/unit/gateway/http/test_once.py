"""A request sent twice acts once."""

from __future__ import annotations

import json
import stat

import grpc
import pytest
import sqlalchemy as sa

from gateway.fabric.ledgercalls import PolicyChangedError
from gateway.http import problems
from gateway.store.database import StoreError
from gateway.store.keys import ClaimedKey, Keys, StoredAnswer
from gateway.store.tables import idempotency_steps
from gateway.trade import minting
from hlf import errors
from tests.unit.gateway.fakes import ORDER, TRANSACTION, FakeLedgers

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


def test_a_key_belongs_to_an_organisations_user_whatever_the_token(post, client, bearer, ledgers):
    """A token is renewed between a request and its repetition; the answer is still that of the first."""
    first = post()
    again = client.post(SUBMIT, json=BODY, headers=bearer("write") | {"Idempotency-Key": "k1"})
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert len(ledgers.asked) == 1


@pytest.mark.parametrize("other", [("ForwarderMSP", "User1"), ("PlatformMSP", "User2")])
def test_another_user_of_the_same_key_is_another_caller(post, client, services, ledgers, other):
    """Whoever guesses a key gets neither the answer nor in the way."""
    post()
    token = services.tokens.create(*other, ["write"], 60)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k1"}
    assert "Idempotency-Replayed" not in client.post(SUBMIT, json=BODY, headers=headers).headers
    assert len(ledgers.asked) == 2


def test_a_key_is_free_again_if_nothing_was_written(post, ledgers):
    ledgers.answers["Claims:commit"] = errors.EndorseError("refused/NOT_OWNER: no", status=grpc.StatusCode.ABORTED)
    assert post().json["code"] == "NOT_OWNER"
    del ledgers.answers["Claims:commit"]
    assert post().status_code == 200


UNKNOWN = errors.CommitStatusError(
    "Deadline Exceeded", transaction_id=TRANSACTION, status=grpc.StatusCode.DEADLINE_EXCEEDED
)


def test_an_unknown_outcome_is_cleared_up_by_a_repetition(post, ledgers):
    """It asks for the same transaction, or sends that again: it never makes another, which could write twice."""
    ledgers.answers["Claims:commit"] = UNKNOWN
    first = post()
    assert (first.status_code, first.json["code"], first.json["transaction_id"]) == (
        504,
        "OUTCOME_UNKNOWN",
        TRANSACTION,
    )
    assert post().json["code"] == "OUTCOME_UNKNOWN"
    ledgers.answers["Claims:commit"] = b'"told"'
    third = post()
    assert (third.status_code, third.json["result"]) == (200, "told")
    assert ledgers.carried_on == ["Claims:commit", "Claims:commit"]
    assert len(ledgers.asked) == 1
    assert post().headers["Idempotency-Replayed"] == "true"


def test_what_was_sent_and_found_invalid_frees_the_key(post, ledgers):
    """Nothing was written after all, so a repetition makes a new transaction."""
    ledgers.answers["Claims:commit"] = UNKNOWN
    post()
    ledgers.answers["Claims:commit"] = errors.CommitError(TRANSACTION, 11, 7)
    assert post().json["code"] == "MVCC_READ_CONFLICT"
    ledgers.answers["Claims:commit"] = b"{}"
    assert post().status_code == 200
    assert len(ledgers.asked) == 2


def test_a_second_request_waits_for_the_first(post, ledgers):
    answers = []
    ledgers.before_commit = lambda: answers.append(post("k1").json["code"]) if not answers else None
    assert post("k1").status_code == 200
    assert answers == ["IDEMPOTENCY_IN_PROGRESS"]


CALLER = ("PlatformMSP", "User1", "k")
CONTENT = (b"POST", b"/v1/orders", b"{}")


@pytest.fixture
def clock():
    """Return a clock that is set by hand: seconds in a list of one."""
    return [1000.0]


@pytest.fixture
def keys(services, clock):
    return Keys(services.store, clock=lambda: clock[0])


def test_a_request_that_died_after_it_had_sent_is_carried_on(keys, clock):
    """Its transaction was stored before it was sent; so was the seed of what it made at random."""
    first = keys.begin(*CALLER, CONTENT)
    made = [first.random(8), first.random(16)]
    keys.note_step(first, 0, TRANSACTION, b"signed")
    with pytest.raises(problems.Problem, match="IDEMPOTENCY_IN_PROGRESS"):
        keys.begin(*CALLER, CONTENT)
    clock[0] += 30
    second = keys.begin(*CALLER, CONTENT)
    assert second.steps == {0: b"signed"}
    assert [second.random(8), second.random(16)] == made


def test_a_request_that_died_before_it_sent_anything_begins_anew(keys, clock):
    """The key is not lost for a day; and should the first attempt be alive after all, it can send nothing more."""
    first = keys.begin(*CALLER, CONTENT)
    clock[0] += 30
    second = keys.begin(*CALLER, CONTENT)
    assert second.steps == {}
    assert second.random(16) != first.random(16)
    with pytest.raises(problems.Problem, match="IDEMPOTENCY_IN_PROGRESS"):
        keys.note_step(first, 0, TRANSACTION, b"signed")
    keys.release(first)
    keys.suspend(first)
    keys.note_step(second, 0, TRANSACTION, b"signed")


def test_steps_are_forgotten_with_their_key(keys, services, clock):
    """After the answer nobody needs them; after a day nobody needs the key."""

    def kept():
        with services.store.reading() as database:
            return database.execute(sa.select(sa.func.count().label("n")).select_from(idempotency_steps)).fetchone()[
                "n"
            ]

    held = keys.begin(*CALLER, CONTENT)
    keys.note_step(held, 0, TRANSACTION, b"signed")
    assert kept() == 2
    keys.finish(held, StoredAnswer(200, {}, b""))
    assert kept() == 0
    keys.note_step(keys.begin("AMSP", "u", "other", CONTENT), 0, TRANSACTION, b"signed")
    clock[0] += 24 * 3600 + 1
    keys.begin(*CALLER, CONTENT)
    assert kept() == 0


def test_keys_are_forgotten_after_a_day(keys, clock):
    keys.finish(keys.begin(*CALLER, CONTENT), StoredAnswer(200, {}, b""))
    clock[0] += 24 * 3600 + 1
    assert isinstance(keys.begin(*CALLER, (b"other",)), ClaimedKey)


def test_an_answer_of_any_bytes_can_be_kept(keys):
    """Sealing must not fail on what a view may answer: the transaction stands by then."""
    answer = StoredAnswer(200, {"Content-Type": "application/octet-stream"}, bytes(range(256)))
    keys.finish(keys.begin(*CALLER, CONTENT), answer)
    assert keys.begin(*CALLER, CONTENT) == answer


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(post, services, monkeypatch, caplog):
    """The transaction stands; a repetition is told its id, and does not act again."""

    def full(*_: object) -> None:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(services.keys, "finish", full)
    assert post().status_code == 200
    assert "an answer was not kept: StoreError" in caplog.text
    assert post().json["code"] == "IDEMPOTENCY_IN_PROGRESS"


@pytest.mark.parametrize("secret", ["lost", "of another gateway"])
def test_answers_under_another_secret_are_none(post, services, ledgers, secret):
    """Who restores the file without the secret starts anew; nothing is a 500."""
    post()
    (services.settings.data / "secret").write_bytes(secret.encode().ljust(32))
    again = Keys(services.store).begin("PlatformMSP", "User1", "k1", CONTENT)
    assert isinstance(again, ClaimedKey)


def test_the_secret_is_the_owners_alone_and_made_once(services):
    assert services.store.secret() == services.store.secret()
    assert stat.S_IMODE((services.settings.data / "secret").stat().st_mode) == 0o600
    assert len(services.store.secret()) == 32


@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("a defect in a view"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "a defect in a view"),
        errors.WireError("bytes are not a proposal response"),
        errors.IdentityError("the key does not fit the certificate"),
    ],
)
def test_whatever_fails_before_anything_is_sent_frees_the_key(post, ledgers, monkeypatch, failure):
    """What decides is that nothing was sent, not which error it was."""
    submit = FakeLedgers.submit
    monkeypatch.setattr(FakeLedgers, "submit", lambda *_: (_ for _ in ()).throw(failure))
    first = post()
    assert first.status_code >= 500
    assert "transaction_id" not in first.json
    monkeypatch.setattr(FakeLedgers, "submit", submit)
    assert post().status_code == 200


@pytest.mark.parametrize("failure", [RuntimeError("a defect"), errors.WireError("no commit status")])
def test_whatever_fails_after_something_was_sent_keeps_the_key_and_names_it(post, ledgers, failure):
    """Whichever error it is, the transaction may be in a block: a repetition asks for that one."""
    ledgers.answers["Claims:commit"] = failure
    first = post()
    assert first.json["code"] in {"OUTCOME_UNKNOWN", "GATEWAY_FAULT"}
    assert first.json["transaction_id"] == TRANSACTION
    ledgers.answers["Claims:commit"] = b"{}"
    assert post().status_code == 200
    assert (len(ledgers.asked), ledgers.carried_on) == (1, ["Claims:commit"])


def test_a_worker_that_is_ended_frees_what_it_has_not_sent(app, client, bearer, ledgers, monkeypatch):
    """SystemExit is no Exception; a key must not be lost by it either."""
    headers = bearer("write") | {"Idempotency-Key": "k1"}
    submit = FakeLedgers.submit

    def ended(*_: object) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(FakeLedgers, "submit", ended)
    with pytest.raises(SystemExit):
        client.post(SUBMIT, json=BODY, headers=headers)
    monkeypatch.setattr(FakeLedgers, "submit", submit)
    assert client.post(SUBMIT, json=BODY, headers=headers).status_code == 200


def test_a_repetition_tells_the_blocks_too(post):
    """Whoever goes on from a repeated answer must be able to wait for what it wrote."""
    assert post().headers["Selat-Block"] == post().headers["Selat-Block"] == "trade=7"


def test_what_is_kept_cannot_be_read_in_the_file(post, ledgers, services):
    """Neither the request's private value nor the contract's answer nor the key stands in the store."""
    ledgers.answers["Claims:commit"] = b'"a very private figure"'
    assert post("a-very-private-key").json["result"] == "a very private figure"
    kept = b"".join(path.read_bytes() for path in services.settings.data.rglob("*") if path.is_file())
    assert b"very private" not in kept
    assert b"very-private" not in kept
    assert b"NDI=" not in kept
    assert post("a-very-private-key").json["result"] == "a very private figure"


@pytest.mark.parametrize("key", ["x" * 129, "a b", "\u00e9"])
def test_a_key_is_short_and_visible(post, key):
    assert post(key).json["code"] == "REQUEST_MALFORMED"


@pytest.fixture
def place(client, bearer, ledgers):
    """Place an order: two transactions in one request."""
    headers = bearer("write") | {"Idempotency-Key": "order"}
    ledgers.answers |= {"Terms:read": b'{"terms":{}}', "Orders:place": b'{"order_hash":"h"}', "Orders:open": b"{}"}
    return lambda: client.post("/v1/orders", json=ORDER, headers=headers)


def test_a_request_that_failed_half_way_says_what_is_committed(place, ledgers):
    """It is not repeated as a whole: what is left to do has an address of its own."""
    ledgers.answers["Orders:open"] = errors.EndorseError("refused/NOT_PLACED: no", status=grpc.StatusCode.ABORTED)
    first = place()
    assert (first.status_code, first.json["code"], first.json["committed"]) == (409, "NOT_PLACED", [TRANSACTION])
    ledgers.answers["Orders:open"] = b"{}"
    assert place().json == first.json
    assert [call.function for _, _, call in ledgers.asked].count("Orders:place") == 1


def test_an_order_half_placed_is_carried_on_as_the_same_order(place, ledgers):
    """Id, salt and shopper's link are those of the first attempt, and the first transaction is not made again."""
    ledgers.answers["Orders:open"] = UNKNOWN
    assert place().status_code == 504
    ledgers.answers["Orders:open"] = b"{}"
    placed = place()
    assert placed.status_code == 201
    sent = [call for _, _, call in ledgers.asked if call.function.startswith("Orders:")]
    assert [call.function for call in sent] == ["Orders:place", "Orders:open"]
    assert ledgers.carried_on == ["Orders:place", "Orders:open"]
    assert placed.json["order_id"] == sent[0].arguments[0]
    order = json.loads(sent[0].transient["order"])
    assert order["buyer_token_hash"] == minting.link_hash(placed.json["tracking_token"])


def test_what_cannot_be_asked_yet_does_not_lose_what_was_sent(place, ledgers):
    """The repetition fails before it comes to its first transaction, and the next one carries on all the same."""
    ledgers.answers["Orders:open"] = UNKNOWN
    place()
    terms = ledgers.answers["Terms:read"]
    ledgers.answers["Terms:read"] = errors.EvaluateError("failed to connect", status=grpc.StatusCode.UNAVAILABLE)
    assert place().json["code"] == "FABRIC_UNAVAILABLE"
    ledgers.answers |= {"Terms:read": terms, "Orders:open": b"{}"}
    assert place().status_code == 201
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
    sent = [call.function for _, _, call in ledgers.asked if call.function.startswith("Orders:")]
    assert sent == ["Orders:place", "Orders:open", "Orders:open"]


def test_a_conflict_at_the_first_step_is_the_callers_to_repeat(post, ledgers):
    ledgers.answers["Claims:commit"] = errors.CommitError(TRANSACTION, 11, 7)
    answer = post()
    assert (answer.status_code, answer.json["code"]) == (409, "MVCC_READ_CONFLICT")
    assert "committed" not in answer.json
    assert len(ledgers.asked) == 1


def _cleared(ledgers, conflict, attempts):
    """Let *conflict* end the first attempts at Claims:commit."""
    ledgers.answers["Claims:commit"] = conflict
    sent = []

    def clear() -> None:
        sent.append(1)
        if len(sent) > attempts:
            ledgers.answers["Claims:commit"] = b"{}"

    ledgers.before_commit = clear
    return sent


def test_a_race_for_a_keys_policy_is_tried_again_by_the_gateway(post, ledgers):
    """Scans that add to one record lose it though they do not contradict each other; nothing of the race is told."""
    sent = _cleared(ledgers, PolicyChangedError(TRANSACTION, 10, 7), 4)
    assert post().status_code == 200
    assert len(sent) == 5


def test_a_race_that_is_never_won_is_told(post, ledgers):
    sent = _cleared(ledgers, PolicyChangedError(TRANSACTION, 10, 7), 100)
    answer = post()
    assert (answer.status_code, answer.json["code"]) == (409, "KEY_POLICY_CONFLICT")
    assert len(sent) == 5


def test_an_id_and_an_answer_are_on_the_disk_before_they_count(keys, services, monkeypatch):
    """After a power cut the transaction's id must be there; a key that is only taken may be lost."""
    waited = []
    connection = services.store.connection

    def watched(*, durable=True):
        waited.append(durable)
        return connection(durable=durable)

    monkeypatch.setattr(services.store, "connection", watched)
    held = keys.begin(*CALLER, CONTENT)
    keys.note_step(held, 0, TRANSACTION, b"signed")
    keys.finish(held, StoredAnswer(200, {}, b""))
    assert waited == [False, True, True]
