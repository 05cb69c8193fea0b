"""Calls on an event loop, over a wallet of files and a peer with real connections."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from fabric_protos.msp import identities_pb2

from gateway.fabric import planning
from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import (
    ArgumentError,
    CommittedAnswer,
    GoneError,
    LedgerCall,
    NothingToWriteError,
)
from gateway.fabric.ordering import OrderedTransaction
from gateway.fabric.wallet import Wallet, WalletError
from gateway.front.loopcalls import LoopCalls
from hlf import errors, signers
from hlf.wire import proposals, rwsets
from tests.unit.hlf.certificates import issue
from tests.unit.hlf.fake_peer import CHAINCODE, CHANNEL, FakePeer

WHO = MSP, USER = "CarrierMSP", "User1"
CALL = LedgerCall(CHANNEL, CHAINCODE, "read", ("J1",), endorsers=(MSP,))
PLANNED = LedgerCall(CHANNEL, CHAINCODE, "read", ("J1",))
WRITTEN = rwsets.TxRwset((rwsets.NamespaceRwset(CHAINCODE, writes=(rwsets.Write("J1", b"v"),)),))
LONG = rwsets.TxRwset((rwsets.NamespaceRwset(CHAINCODE, writes=(rwsets.Write("J1", b"v" * 100_000),)),))
MVCC, POLICY = 11, 10


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
    ready = calls.ready(*WHO, CALL, planning.evaluated)
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
        assert calls.ready(*WHO, CALL, planning.evaluated) is None
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
        assert calls.ready(*WHO, CALL, planning.evaluated) is None
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
            assert calls.ready(*WHO, CALL, planning.evaluated) is None

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
    assert LoopCalls(ledgers).ready(*WHO, CALL, planning.evaluated) is None


def test_only_what_needs_no_question_to_a_peer_is_ready(ledgers, peer):
    """A plan that is declared is made here; private values and plans that a query decides are for threads."""
    read = {"tag": ["evaluate"], "parameters": [{"name": "id"}]}
    functions = {"read": read, "held": {**read, "x-read-on": ["Notes:holder(id)"]}}
    functions["own"] = {**read, "x-read-on": ["caller"]}
    functions["write"] = {**read, "tag": ["submit"], "x-endorsed-by": ["caller", "id"]}
    transactions = [{"name": name, **more} for name, more in functions.items()]
    peer.result = json.dumps({"contracts": {"Notes": {"default": True, "transactions": transactions}}}).encode()

    async def scenario(calls: LoopCalls) -> None:
        def ready(function: str, *arguments: Any, decide: Any = planning.evaluated, **more: Any) -> Any:
            found = calls.ready(*WHO, LedgerCall(CHANNEL, CHAINCODE, function, arguments, **more), decide)
            return None if found is None else found.call.endorsers

        ledgers.network(*WHO, CHANNEL)
        assert ready("read", "J1") is None
        ledgers.evaluate(*WHO, PLANNED)
        assert ready("read", "J1") == ()
        assert ready("own", "J1") == (MSP,)
        assert ready("held", "J1") is None
        assert ready("other", "J1") is None
        assert ready("read", 1.5) is None
        assert ready("write", "BuyerMSP", decide=planning.submitted) == ("BuyerMSP", MSP)
        assert ready("write", 1.5, decide=planning.submitted) is None
        assert ready("read", "J1", transient={"k": b"v"}, endorsers=(MSP,)) is None

    play(ledgers, scenario)


def refuses(service: str, code: grpc.StatusCode) -> Callable[[FakePeer], None]:
    return lambda peer: peer.refuse(service, code)


def sets(**values: Any) -> Callable[[FakePeer], None]:
    def change(peer: FakePeer) -> None:
        for name, value in values.items():
            setattr(peer, name, value)

    return change


@dataclass(frozen=True)
class Written:
    """The end of a submit: the answer or the error; whether it was sent, and how often each service was asked."""

    told: Any
    sent: bool
    asked: dict[str, int]


def written(peer: FakePeer, submit: Callable[[Callable[[str], None]], CommittedAnswer]) -> Written:
    """Submit, and return how that ended."""
    before, sent = {name: len(told) for name, told in peer.requests.items()}, []
    told: Any
    try:
        receipt = submit(sent.append)
        assert sent == [receipt.transaction_id]
        told = receipt.result
    except errors.CommitError as invalid:
        told = (type(invalid), invalid.code, sent == [invalid.transaction_id])
    except errors.GatewayError as failed:
        told = (type(failed), failed.status, failed.message)
    except (NothingToWriteError, GoneError, ArgumentError) as refused:
        told = (type(refused), str(refused))
    asked = {name: len(found) - before.get(name, 0) for name, found in peer.requests.items()}
    return Written(told, bool(sent), {name: number for name, number in asked.items() if number and name != "Health"})


def by_thread(ledgers: Ledgers, call: LedgerCall) -> Callable[[Callable[[str], None]], CommittedAnswer]:
    return lambda sending: ledgers.submit(*WHO, call, lambda transaction_id, _: sending(transaction_id))


def by_loop(ledgers: Ledgers, call: LedgerCall) -> Callable[[Callable[[str], None]], CommittedAnswer]:
    """Submit on a loop, and let `Ledgers` do what the loop leaves to a thread."""

    def submit(sending: Callable[[str], None]) -> CommittedAnswer:
        async def run() -> CommittedAnswer | OrderedTransaction:
            calls = LoopCalls(ledgers)
            try:
                ready = calls.ready(*WHO, call, planning.submitted)
                assert ready is not None
                return await asyncio.wait_for(ready.submit(sending), 60)
            finally:
                await calls.close()

        ledgers.network(*WHO, CHANNEL)
        try:
            receipt = asyncio.run(run())
        except errors.EndorseError as refused:
            raise ledgers.explained(*WHO, call, refused) from None
        return receipt if isinstance(receipt, CommittedAnswer) else ledgers.settled(*WHO, CHANNEL, receipt)

    return submit


TROUBLES: dict[str, Callable[[FakePeer], None]] = {
    "none": sets(),
    "a long write": sets(written=LONG),
    "nothing to write": sets(written=rwsets.TxRwset()),
    "no endorsement": refuses("Endorse", grpc.StatusCode.ABORTED),
    "an endorser that does not answer": refuses("Endorse", grpc.StatusCode.DEADLINE_EXCEEDED),
    "an orderer's refusal": refuses("Submit", grpc.StatusCode.ABORTED),
    "no answer of the orderer": refuses("Submit", grpc.StatusCode.UNAVAILABLE),
    "a conflict": sets(code=MVCC),
    "a policy that does not hold": sets(code=POLICY),
    "no answer about the block": refuses("CommitStatus", grpc.StatusCode.INTERNAL),
    "a transaction that the orderer lost": sets(lost=1),
    "a transaction that never comes into a block": sets(lost=100),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_submit_ends_on_the_loop_as_in_a_thread(ledgers, peer, trouble):
    """The same answer or error, as many requests, and the same word of whether anything was sent."""
    ledgers.submit_seconds = 1
    found = []
    for submit in (by_thread, by_loop):
        peer.written, peer.code, peer.lost = WRITTEN, 0, 0
        trouble(peer)
        found.append(written(peer, submit(ledgers, CALL)))
    assert found[0] == found[1]


@pytest.mark.parametrize("arguments", [(1.5,), ("J1",)], ids=["a fraction", "a client that has gone"])
def test_what_cannot_be_sent_is_refused_on_the_loop_as_in_a_thread(ledgers, peer, arguments):
    call = dataclasses.replace(CALL, arguments=arguments, gone=lambda: arguments == ("J1",))
    found = [written(peer, submit(ledgers, call)) for submit in (by_thread, by_loop)]
    assert found[0] == found[1]
    assert (found[0].sent, found[0].asked) == (False, {})


@pytest.mark.parametrize("way", ["thread", "loop"])
def test_nothing_is_sent_for_a_client_that_goes_while_its_call_is_endorsed(ledgers, peer, way):
    left: list[bool] = []
    peer.written, peer.refusals = WRITTEN, {"Endorse": deque([lambda _: left.append(True)])}
    call = dataclasses.replace(CALL, gone=lambda: bool(left))
    found = written(peer, (by_thread if way == "thread" else by_loop)(ledgers, call))
    assert found == Written((GoneError, "the client went away"), False, {"Endorse": 1})


def test_a_transaction_is_finished_with_the_key_that_began_it(ledgers, peer, user, now):
    """Its user may leave the wallet while it waits for its block."""
    peer.written, peer.lost = WRITTEN, 1
    ledgers.submit_seconds = 1

    async def scenario(calls: LoopCalls) -> None:
        ledgers.network(*WHO, CHANNEL)
        ready = calls.ready(*WHO, CALL, planning.submitted)
        sent = await ready.submit(lambda _: None)
        assert isinstance(sent, OrderedTransaction)
        (user / "key.pem").unlink()
        now[0] += 2
        assert ledgers.settled(*WHO, CHANNEL, sent).result == b"result"
        with pytest.raises(WalletError):
            ledgers.network(*WHO, CHANNEL)

    play(ledgers, scenario)
