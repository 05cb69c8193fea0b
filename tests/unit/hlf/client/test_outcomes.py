"""How a call ends when the first try does not say: found out, tried again, taken to another peer, or given up."""

from __future__ import annotations

import dataclasses
import threading

import grpc
import pytest

from hlf import errors
from hlf.client import gateway
from hlf.client.cancelling import Cancellation
from hlf.profile import Profile
from hlf.steps import failures
from hlf.steps.call import Timeouts
from hlf.steps.retrying import Retry, Tries
from tests.support.cuttablepath import CuttablePath
from tests.unit.hlf.fake_peer import FakePeer

EAGER = {"first_pause": 0.001, "longest_pause": 0.001}


@pytest.fixture
def second():
    started = FakePeer()
    started.start()
    yield started
    started.stop()


@pytest.fixture
def both(connect, peer, second, user):
    """Yield a gateway through two peers of one organisation."""
    named = (dataclasses.replace(each.endpoint, name=f"peer{n}") for n, each in enumerate((peer, second)))
    with connect(Profile("test", "CarrierMSP", tuple(named)), *user, peers=["peer0", "peer1"]) as connected:
        yield connected


LOST = [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNKNOWN]


@pytest.mark.parametrize("code", LOST)
def test_a_lost_answer_is_found_out(contract, peer, code):
    """The orderer had the transaction: the caller is told so, and it stands in the ledger once."""
    peer.refuse("Submit", code)
    assert contract.submit("put") == b"result"
    assert len({request.transaction_id for request in peer.requests["Submit"]}) == 1


def test_what_cannot_be_found_out_is_said_to_be_unknown(fabric, contract, peer):
    """Only after the time for it is over, and as the error of the stage that left it open."""
    fabric.timeouts = Timeouts(commit_status=0.05)
    for _ in range(2):
        peer.refuse("Submit", grpc.StatusCode.UNAVAILABLE)
    peer.refuse("CommitStatus", grpc.StatusCode.ABORTED)
    with pytest.raises(errors.SubmitError, match="UNKNOWN"):
        contract.submit("put")


def test_a_peer_that_went_down_is_waited_for(contract, peer, monkeypatch):
    """It is gone before it orders anything; when it is back it gets the very same transaction, and orders it."""
    peer.refuse("Submit", grpc.StatusCode.UNAVAILABLE)
    order, lost = peer.add_block, [True]
    monkeypatch.setattr(peer, "add_block", lambda **given: None if lost and lost.pop() else order(**given))
    # With the first failure the peer goes down, with the second, that of the next try, it comes back.
    comes = [peer.start, peer.stop]
    read = failures.from_rpc

    def read_and_move(*given):
        if comes:
            comes.pop()()
        return read(*given)

    monkeypatch.setattr(failures, "from_rpc", read_and_move)
    assert contract.submit("put") == b"result"
    assert not comes
    assert len({request.transaction_id for request in peer.requests["Submit"]}) == 1


def test_another_peer_knows_what_a_silent_one_does_not_say(both, peer, second, monkeypatch):
    """Where one peer hangs, the others are asked within the same time."""
    for module in ("hlf.client.commit", "hlf.aio.commit"):
        monkeypatch.setattr(f"{module}.ONE_PEER_SECONDS", 0.1)
    for each in (peer, second):
        each.add_block(transaction_id="tx-hung")
    peer.stall("CommitStatus")
    assert both.commit_status("trade", "tx-hung").wait_committed().valid
    assert len(second.requests["CommitStatus"]) == 1


def test_a_known_refusal_is_not_sent_again(contract, peer):
    """Nothing is written then, and the caller decides."""
    peer.refuse("Submit", grpc.StatusCode.ABORTED)
    with pytest.raises(errors.SubmitError):
        contract.submit("put")
    assert len(peer.requests["Submit"]) == 1


def test_nothing_is_tried_again_by_default(contract, peer):
    """A refusal is the answer."""
    peer.refuse("Endorse", grpc.StatusCode.ABORTED, "ProposalResponsePayloads do not match")
    with pytest.raises(errors.EndorseError):
        contract.submit("put")
    assert len(peer.requests["Endorse"]) == 1


def test_a_conflict_is_proposed_anew(contract, peer, monkeypatch):
    """With another transaction id, as often as the policy says; then the conflict is the answer."""
    codes = iter([11, 12, 0])
    real = peer.add_block
    monkeypatch.setattr(peer, "add_block", lambda *names, **kinds: real(*names, **{**kinds, "code": next(codes)}))
    assert contract.submit("put", retry=Retry(conflicts=2, **EAGER)) == b"result"
    assert len({request.transaction_id for request in peer.requests["Submit"]}) == 3
    monkeypatch.setattr(peer, "add_block", lambda *names, **kinds: real(*names, **{**kinds, "code": 11}))
    with pytest.raises(errors.CommitError, match="MVCC_READ_CONFLICT"):
        contract.submit("put", retry=Retry(conflicts=1, **EAGER))


def test_a_peer_that_is_away_is_asked_again(contract, peer):
    """A query or an endorsement, as often as the policy says."""
    for service, call in (("Evaluate", contract.evaluate), ("Endorse", contract.submit)):
        peer.refuse(service, grpc.StatusCode.UNAVAILABLE)
        assert call("put", retry=Retry(unavailable=1, **EAGER)) == b"result"
        assert len(peer.requests[service]) == 2


@pytest.mark.parametrize(
    "failure",
    [
        errors.SubmitError("lost", status=grpc.StatusCode.UNAVAILABLE),
        errors.CommitStatusError("lost", status=grpc.StatusCode.UNAVAILABLE),
        errors.CommitError("tx", 10, 7),
        errors.EndorseError("no", status=grpc.StatusCode.ABORTED),
    ],
)
def test_no_policy_proposes_anew_what_may_be_written_or_is_refused(failure):
    """While an outcome is unknown, a new proposal could write twice; a refusal stays one."""
    with pytest.raises(type(failure)):
        Tries(Retry(conflicts=9, unavailable=9)).pause(failure)


def test_pauses_grow_and_end(monkeypatch):
    """Each is twice the one before, up to the longest; at most half of one is left out at random."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    tries = Tries(Retry(conflicts=4, first_pause=1, longest_pause=3))
    conflict = errors.CommitError("tx", 11)
    assert [tries.pause(conflict) for _ in range(4)] == [1, 2, 3, 3]
    with pytest.raises(errors.CommitError):
        tries.pause(conflict)


def test_a_peer_that_is_down_is_passed_over(both, peer, second):
    """Every stage, and streams, go on at the other peer of the organisation."""
    contract = both.network("trade").contract("lab")
    peer.stop()
    for _ in range(4):
        assert contract.evaluate("read") == b"result"
    assert contract.submit("put") == b"result"
    assert both.network("trade").height() == 2
    second.stop()
    with pytest.raises(errors.EvaluateError) as away:
        contract.evaluate("read")
    assert away.value.status is grpc.StatusCode.UNAVAILABLE


def test_calls_go_to_the_least_busy_peer(both, peer, second):
    """While one peer holds a call, the next goes to the other."""
    waiting = threading.Thread(target=lambda: both.commit_status("trade", "tx-later").wait_committed())
    waiting.start()
    while not (peer.requests.get("CommitStatus") or second.requests.get("CommitStatus")):
        waiting.join(0.01)
    busy, idle = (peer, second) if peer.requests.get("CommitStatus") else (second, peer)
    for _ in range(3):
        both.network("trade").contract("lab").evaluate("read")
    assert len(idle.requests["Evaluate"]) == 3
    busy.add_block(transaction_id="tx-later")
    waiting.join(10)
    assert not waiting.is_alive()


def test_a_stream_goes_on_at_another_peer(both, peer, second):
    """The peers have the same blocks, so the consumer sees each event once, in order."""
    for each in (peer, second):
        each.add_block("a", transaction_id="one")
        each.add_block("b", transaction_id="two")
    with both.network("trade").chaincode_events("lab", start_block=0) as stream:
        assert next(stream).name == "a"
        served = peer if peer.requests.get("ChaincodeEvents") else second
        served.stop()
        assert next(stream).name == "b"


def test_callers_share_connections(fabric, peer, user):
    """Another identity over the same channel; closing it leaves the first one's calls alone."""
    other = fabric.with_identity(*user)
    assert other.network("trade").contract("lab").evaluate("read") == b"result"
    assert other.session.channel(peer.endpoint) is fabric.session.channel(peer.endpoint)
    other.close()
    assert fabric.network("trade").contract("lab").evaluate("read") == b"result"
    fabric.close()
    with pytest.raises(errors.EvaluateError, match="closed"):
        other.network("trade").contract("lab").evaluate("read")


def test_forty_gateways_over_one_connection(client, peer, user):
    """Callers that share connections have one to each peer, whatever they are connected with and by."""
    path = CuttablePath(peer.port)
    shared = client.Connections()
    try:
        gateways = [client.connect(path.through(peer.profile), *user, connections=shared) for _ in range(20)]
        gateways += [gateways[0].with_identity(*user) for _ in range(20)]
        for each in gateways:
            assert each.network("trade").contract("lab").evaluate("read") == b"result"
        assert path.accepted == 1
        gateways[0].close()
        assert gateways[1].network("trade").contract("lab").evaluate("read") == b"result"
        with pytest.raises(ValueError, match="give tls_identity, options, interceptors and channel to the connections"):
            client.connect(peer.profile, *user, connections=shared, options=[("grpc.max_metadata_size", 1)])
    finally:
        shared.close()
        path.close()


def test_a_timeout_bounds_the_whole_call(contract, peer):
    """However long its stages may take, and nothing is sent once it is over."""
    with pytest.raises(errors.EvaluateError) as late:
        contract.evaluate("read", timeout=0)
    assert late.value.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "Evaluate" not in peer.requests
    with pytest.raises(errors.CommitStatusError) as unknown:
        contract._sender.commit_status("trade", "never").wait_committed(timeout=0.05)
    assert unknown.value.status is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_timeout_bounds_questions_to_the_ledger(channel, peer):
    """How high it is, and for a block, too."""
    peer.stall("DeliverFiltered")
    with pytest.raises(errors.EventsError) as silent:
        channel.height(timeout=0.05)
    assert silent.value.status is grpc.StatusCode.DEADLINE_EXCEEDED
    peer.stall("Evaluate")
    with pytest.raises(errors.EvaluateError) as silent:
        channel.block(1, timeout=0.05)
    assert silent.value.status is grpc.StatusCode.DEADLINE_EXCEEDED


def test_another_thread_cancels_a_call(peer, user):
    """The waiting call ends at once, as cancelled, and so does any later one with the same cancellation."""
    cancellation = Cancellation()
    with gateway.connect(peer.profile, *user) as fabric:
        threading.Timer(0.05, cancellation.cancel).start()
        with pytest.raises(errors.CommitStatusError, match="UNKNOWN") as ended:
            fabric.commit_status("trade", "never").wait_committed(cancellation=cancellation)
        assert ended.value.status is grpc.StatusCode.CANCELLED
        with pytest.raises(errors.EvaluateError) as later:
            fabric.network("trade").contract("lab").evaluate("read", cancellation=cancellation)
        assert later.value.status is grpc.StatusCode.CANCELLED
        assert "Evaluate" not in peer.requests
        with pytest.raises(errors.EventsError) as height:
            fabric.network("trade").height(cancellation=cancellation)
        assert height.value.status is grpc.StatusCode.CANCELLED
