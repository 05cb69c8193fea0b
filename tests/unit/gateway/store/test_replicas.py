"""Gateways on one database behave as one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.audit.accesses import Accesses
from gateway.http.problems import Problem
from gateway.store import returnlimits
from gateway.store.database import Store, StoreError
from gateway.store.keys import ClaimedKey, Keys, StoredAnswer
from gateway.store.processes import GatewayProcess
from gateway.store.returnlimits import ReturnLimits
from gateway.store.tokens import TokenError, Tokens

ASKING = ("AMSP", "u", "k1")
CONTENT = (b"POST", b"/v1/orders", b"{}")


def test_a_token_made_at_one_is_good_at_the_other_until_either_revokes_it(opened):
    """Nobody need know which gateway answers."""
    one, other = Tokens(opened()), Tokens(opened())
    text = one.create("AMSP", "u", ["read"], 60)
    caller = other.caller(text)
    assert (caller.msp_id, caller.user, caller.scopes) == ("AMSP", "u", {"read"})
    assert other.revoke(caller.token_id)
    with pytest.raises(TokenError, match="revoked"):
        one.caller(text)


def test_a_key_is_held_at_one_gateway_only(opened):
    """Of many attempts at the same moment one does the work; the others wait."""
    gateways = [Keys(opened()) for _ in range(8)]

    def begin(keys: Keys) -> str:
        try:
            return type(keys.begin(*ASKING, CONTENT)).__name__
        except Problem as problem:
            return problem.code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(begin, gateways)) == [ClaimedKey.__name__, *["IDEMPOTENCY_IN_PROGRESS"] * 7]


def test_what_one_gateway_began_another_carries_on(opened):
    """The steps, the seed and in the end the answer are the same at both."""
    one, other = Keys(opened()), Keys(opened())
    held = one.begin(*ASKING, CONTENT)
    one.note_step(held, 0, "ab", b"signed")
    one.suspend(held)
    carried = other.begin(*ASKING, CONTENT)
    assert isinstance(carried, ClaimedKey)
    assert (carried.steps, carried.random(8)) == ({0: b"signed"}, held.random(8))
    with pytest.raises(Problem, match="IDEMPOTENCY_IN_PROGRESS"):
        one.note_step(held, 1, "cd", b"signed")
    other.note_step(carried, 0, "ab", b"signed again")
    answer = StoredAnswer(200, {}, b"{}")
    other.finish(carried, answer)
    assert one.begin(*ASKING, CONTENT) == answer


def test_the_keys_of_a_process_that_died_are_carried_on_soon(opened):
    """While it says each second that it lives, a repetition waits for it, but never longer than ten seconds."""
    now = [1_000_000.0]
    first, second = (GatewayProcess(opened(), lambda: now[0]) for _ in range(2))
    one, other = (Keys(opened(), lambda: now[0], each) for each in (first, second))
    one.note_step(one.begin(*ASKING, CONTENT), 0, "ab", b"signed")
    for _ in range(5):
        now[0] += 1
        first.report_alive()
    now[0] += 2
    with pytest.raises(Problem, match="IDEMPOTENCY_IN_PROGRESS"):
        other.begin(*ASKING, CONTENT)
    now[0] += 1
    held = other.begin(*ASKING, CONTENT)
    assert (type(held), held.steps) == (ClaimedKey, {0: b"signed"})
    for _ in range(9):
        now[0] += 1
        second.report_alive()
        with pytest.raises(Problem, match="IDEMPOTENCY_IN_PROGRESS"):
            one.begin(*ASKING, CONTENT)
    now[0] += 1
    second.report_alive()
    assert isinstance(one.begin(*ASKING, CONTENT), ClaimedKey)


@pytest.mark.parametrize("leave", ["release", "suspend"])
def test_a_key_that_the_database_did_not_let_go_is_left_when_it_can_be(opened, monkeypatch, leave):
    """The request has ended and its process lives, so a repetition would wait for it in vain."""
    one, other = Keys(opened()), Keys(opened())
    held = one.begin(*ASKING, CONTENT)
    with monkeypatch.context() as away:
        away.setattr(Store, "connection", lambda *_, **__: _refuse())
        for act in (lambda: getattr(one, leave)(held), one.leave_late):
            with pytest.raises(StoreError):
                act()
    with pytest.raises(Problem, match="IDEMPOTENCY_IN_PROGRESS"):
        other.begin(*ASKING, CONTENT)
    one.leave_late()
    assert isinstance(other.begin(*ASKING, CONTENT), ClaimedKey)


def test_a_process_without_keys_writes_nothing(opened, monkeypatch):
    """So a gateway that nobody uses leaves the disk alone."""
    process = GatewayProcess(opened())
    keys = Keys(opened(), process=process)
    keys.release(keys.begin(*ASKING, CONTENT))
    monkeypatch.setattr(Store, "connection", lambda *_, **__: _refuse())
    keys.leave_late()
    process.report_alive()


def _refuse():
    raise StoreError("the database is away")


def test_a_released_key_is_free_and_an_old_one_forgotten(opened):
    """A key lives for a day."""
    now = [1_000_000.0]
    keys = Keys(opened(), lambda: now[0])
    keys.release(keys.begin(*ASKING, CONTENT))
    keys.finish(keys.begin(*ASKING, CONTENT), StoredAnswer(200, {}, b""))
    now[0] += 24 * 3600 + 1
    assert isinstance(keys.begin(*ASKING, (b"other",)), ClaimedKey)


def test_shoppers_requests_are_counted_together(opened):
    """A link allows so many an hour, at however many gateways."""
    gateways = [ReturnLimits(opened(), lambda: 1000.0) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda number: gateways[number % 4].begin("ab"), range(3 * returnlimits.OF_ONE_LINK)))
    assert waits.count(0) == returnlimits.OF_ONE_LINK


def test_the_record_of_audits_is_one(opened):
    """Each organisation reads what was asked at any gateway, newest first."""
    one, other = Accesses(opened(), lambda: 1000.0), Accesses(opened(), lambda: 2000.0)
    one.end(one.begin("AMSP", "u", "t", "audit.history", "trade/Orders/J1", "r1"), 200)
    other.begin("AMSP", "u", "t", "audit.history", "trade/Orders/J2", "r2")
    other.begin("BMSP", "u", "t", "audit.history", "trade/Orders/J3", "r3")
    seen = [(each.subject, each.status) for each in one.of("AMSP", before=None, limit=10)]
    assert seen == [("trade/Orders/J2", None), ("trade/Orders/J1", 200)]
