"""Evaluates on an event loop, over a wallet of files and a peer with real connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from fabric_protos.msp import identities_pb2

from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import LedgerCall
from gateway.fabric.wallet import Wallet
from gateway.front.loopcalls import LoopCalls
from hlf import errors, signers
from hlf.wire import proposals
from tests.unit.hlf.certificates import issue
from tests.unit.hlf.fake_peer import CHAINCODE, CHANNEL, FakePeer

WHO = MSP, USER = "CarrierMSP", "User1"
CALL = LedgerCall(CHANNEL, CHAINCODE, "read", ("J1",), endorsers=(MSP,))
PLANNED = LedgerCall(CHANNEL, CHAINCODE, "read", ("J1",))


@pytest.fixture
def peer() -> Iterator[FakePeer]:
    started = FakePeer()
    started.start()
    yield started
    started.stop()


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """Return the folder of a user in a wallet."""
    folder = tmp_path / "organisations" / MSP / "users" / USER
    folder.mkdir(parents=True)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / f"{MSP}.json").write_text("{}")
    renew(folder)
    return folder


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def ledgers(tmp_path: Path, user: Path, peer: FakePeer, now: list[float], monkeypatch) -> Iterator[Ledgers]:
    monkeypatch.setattr(Wallet, "profile", lambda wallet, msp_id: peer.profile)
    made = Ledgers(Wallet(tmp_path), 5)
    monkeypatch.setattr(made, "_clock", lambda: now[0])
    yield made
    made.close()


def renew(folder: Path) -> bytes:
    """Write a new certificate and its key; return the certificate."""
    issued = issue("user")
    (folder / "key.pem").write_bytes(issued.key_pem)
    (folder / "cert.pem").write_bytes(issued.pem)
    return issued.pem


def play(ledgers: Ledgers, scenario: Any) -> None:
    """Run *scenario* with calls on a loop of its own, and close their connections."""

    async def run() -> None:
        calls = LoopCalls(ledgers)
        try:
            await asyncio.wait_for(scenario(calls), 60)
        finally:
            await calls.close()

    asyncio.run(run())


def asked(calls: LoopCalls) -> Coroutine[Any, Any, bytes]:
    """Return the question of a call that is ready."""
    ready = calls.ready(*WHO, CALL)
    assert ready is not None
    return ready.evaluate()


def creators(peer: FakePeer) -> list[bytes]:
    """Return the certificates that the peer's queries were signed with."""
    asked = [proposals.parse(each.proposed_transaction.proposal_bytes) for each in peer.requests["Evaluate"]]
    told = [each.signature_header.creator for each in asked]
    return [identities_pb2.SerializedIdentity.FromString(each).id_bytes for each in told]


def test_a_call_is_ready_when_a_thread_has_made_the_users_connection(ledgers, peer):
    """The loop reads no files; its connection is one of its own, of the same user."""

    async def scenario(calls: LoopCalls) -> None:
        assert calls.ready(*WHO, CALL) is None
        assert ledgers.evaluate(*WHO, CALL) == b"result"
        assert await asyncio.gather(*[asked(calls) for _ in range(20)]) == [b"result"] * 20
        assert len(set(creators(peer))) == 1

    play(ledgers, scenario)


def test_a_renewed_certificate_is_taken_after_a_thread_has_looked(ledgers, peer, user, now):
    async def scenario(calls: LoopCalls) -> None:
        ledgers.evaluate(*WHO, CALL)
        await asked(calls)
        renewed = renew(user)
        now[0] += 2
        assert calls.ready(*WHO, CALL) is None
        ledgers.evaluate(*WHO, CALL)
        await asked(calls)
        assert creators(peer)[-1] == renewed != creators(peer)[0]

    play(ledgers, scenario)


def test_who_was_taken_out_of_the_wallet_is_no_longer_served(ledgers, user, now):
    async def scenario(calls: LoopCalls) -> None:
        ledgers.evaluate(*WHO, CALL)
        (user / "key.pem").unlink()
        now[0] += 2
        for _ in range(2):
            assert calls.ready(*WHO, CALL) is None

    play(ledgers, scenario)


def test_a_peer_that_was_away_is_found_again(ledgers, peer):
    """Meanwhile the error is that of `Ledgers`."""

    async def scenario(calls: LoopCalls) -> None:
        ledgers.evaluate(*WHO, CALL)
        await asked(calls)
        peer.stop()
        with pytest.raises(errors.EvaluateError) as away:
            await asked(calls)
        with pytest.raises(errors.EvaluateError) as same:
            ledgers.evaluate(*WHO, CALL)
        assert away.value.status is same.value.status is grpc.StatusCode.UNAVAILABLE
        peer.start()
        while True:
            try:
                assert await asked(calls) == b"result"
                return
            except errors.EvaluateError:
                await asyncio.sleep(0.05)

    play(ledgers, scenario)


def test_a_question_that_is_cancelled_ends_at_the_peer(ledgers, peer):
    async def scenario(calls: LoopCalls) -> None:
        ledgers.evaluate(*WHO, CALL)
        peer.stall("Evaluate")
        task = asyncio.create_task(asked(calls))
        while len(peer.requests["Evaluate"]) < 2:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asked(calls) == b"result"

    play(ledgers, scenario)


def test_a_key_that_is_elsewhere_does_not_hold_up_the_loop(ledgers, user, monkeypatch):
    """A security module may take its time to sign."""
    own, signer = ledgers._wallet.user(*WHO)
    kept_by = signers.from_digest_function(lambda digest: pytest.fail("signed on the loop"))
    assert signers.is_local(signer)
    monkeypatch.setattr(Wallet, "user", lambda *_: (own, kept_by))
    ledgers.network(*WHO, CHANNEL)
    assert LoopCalls(ledgers).ready(*WHO, CALL) is None


def test_only_what_needs_no_question_to_a_peer_is_ready(ledgers, peer):
    """A plan that is declared is made here; private values and plans that a query decides are for threads."""
    read = {"tag": ["evaluate"], "parameters": [{"name": "id"}]}
    functions = {"read": read, "held": {**read, "x-read-on": ["Notes:holder(id)"]}}
    functions["own"] = {**read, "x-read-on": ["caller"]}
    transactions = [{"name": name, **more} for name, more in functions.items()]
    peer.result = json.dumps({"contracts": {"Notes": {"default": True, "transactions": transactions}}}).encode()

    async def scenario(calls: LoopCalls) -> None:
        def ready(function: str, *arguments: Any, **more: Any) -> Any:
            found = calls.ready(*WHO, LedgerCall(CHANNEL, CHAINCODE, function, arguments, **more))
            return None if found is None else found.call.endorsers

        ledgers.network(*WHO, CHANNEL)
        assert ready("read", "J1") is None
        ledgers.evaluate(*WHO, PLANNED)
        assert ready("read", "J1") == ()
        assert ready("own", "J1") == (MSP,)
        assert ready("held", "J1") is None
        assert ready("other", "J1") is None
        assert ready("read", 1.5) is None
        assert ready("read", "J1", transient={"k": b"v"}, endorsers=(MSP,)) is None

    play(ledgers, scenario)
