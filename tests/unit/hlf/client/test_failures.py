"""Every failure below becomes one of this package's, with all that was said."""

from __future__ import annotations

import grpc
import pytest
from fabric_protos.gateway import gateway_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf import errors
from hlf.client.gateway import Timeouts
from hlf.steps import failures
from tests.unit.hlf.fake_peer import status_details

CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
DETAILS = "grpc-status-details-bin"
NOT_ORDERED = {
    "INVALID_ARGUMENT",
    "FAILED_PRECONDITION",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "UNIMPLEMENTED",
    "RESOURCE_EXHAUSTED",
    "ABORTED",
}
REFUSAL = "chaincode response 400, refused/NOT_CUSTODIAN: J1 is held by AMSP: not by you"


class _Failure(grpc.RpcError):
    """What grpc raises, as far as this package looks at it."""

    def __init__(self, metadata):
        self._metadata = metadata

    def code(self):
        return grpc.StatusCode.ABORTED

    def details(self):
        return "words"

    def trailing_metadata(self):
        return self._metadata


def _stages(fabric, contract):
    transaction = contract.propose("put").endorse()
    return {
        "Evaluate": (errors.EvaluateError, lambda: contract.evaluate("read")),
        "Endorse": (errors.EndorseError, lambda: contract.submit("put")),
        "Submit": (errors.SubmitError, transaction.submit),
        "CommitStatus": (errors.CommitStatusError, fabric.commit_status("trade", "tx").wait_committed),
    }


@pytest.mark.parametrize("service", ["Evaluate", "Endorse", "Submit", "CommitStatus"])
def test_every_status_of_every_stage_is_mapped(fabric, contract, peer, service):
    """The stage's own error, with transaction id, status, words and per-endorser details."""
    fabric.timeouts = Timeouts(commit_status=0.05)
    kind, call = _stages(fabric, contract)[service]
    detail = gateway_pb2.ErrorDetail(address="peer1:7051", msp_id="AMSP", message=REFUSAL * 2)
    for code in CODES:
        peer.refuse(service, code, "the peer's words", ((DETAILS, status_details(detail, detail)),))
        with pytest.raises(kind) as refused:
            call()
        error = refused.value
        assert error.status is code
        assert error.message == "the peer's words"
        assert error.transaction_id
        assert error.details == (errors.Detail("peer1:7051", "AMSP", REFUSAL * 2),) * 2
        for words in (error.transaction_id, code.name, "the peer's words", "AMSP peer1:7051: " + REFUSAL):
            assert words in str(error)


@pytest.mark.parametrize("code", CODES)
def test_what_is_known_after_a_failed_submit(contract, peer, code):
    """Answers that no orderer has it are certain; all others leave it open, and the words say what to do."""
    peer.refuse("Submit", code)
    with pytest.raises(errors.SubmitError) as refused:
        contract.submit_async("put")
    assert refused.value.outcome_known is (code.name in NOT_ORDERED)
    expected = "was not ordered and nothing is written" if refused.value.outcome_known else "is UNKNOWN"
    assert expected in str(refused.value)


def test_a_peer_that_is_too_busy_has_ordered_nothing(contract, peer):
    """Fabric's concurrency limit comes as UNKNOWN, and yet the outcome is known."""
    peer.refuse("Submit", grpc.StatusCode.UNKNOWN, "too many requests for /gateway.Gateway, exceeding ... limit (500)")
    with pytest.raises(errors.SubmitError) as refused:
        contract.submit("put")
    assert refused.value.outcome_known


def test_an_unclear_submit_can_be_repeated(contract, peer):
    """The orderer had the transaction, its answer was lost: the very same transaction again commits once."""
    transaction = contract.propose("put").endorse()
    peer.refuse("Submit", grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(errors.SubmitError) as refused:
        transaction.submit()
    assert not refused.value.outcome_known
    assert transaction.commit().wait_committed().valid
    assert transaction.submit().wait_committed().valid


@pytest.mark.parametrize(
    ("service", "timeouts"),
    [
        ("Evaluate", Timeouts(evaluate=0.05)),
        ("Endorse", Timeouts(endorse=0.05)),
        ("Submit", Timeouts(submit=0.05)),
        ("CommitStatus", Timeouts(commit_status=0.05)),
    ],
)
def test_each_stage_has_its_own_time_out(fabric, contract, peer, service, timeouts):
    """A stage that is too slow ends with DEADLINE_EXCEEDED, and with what that means for the outcome."""
    kind, call = _stages(fabric, contract)[service]
    fabric.timeouts = timeouts
    peer.stall(service)
    with pytest.raises(kind) as refused:
        call()
    assert refused.value.status is grpc.StatusCode.DEADLINE_EXCEEDED


def test_the_default_time_outs_are_the_official_clients():
    """Who changes the client need not change expectations."""
    assert Timeouts() == Timeouts(evaluate=5.0, endorse=15.0, submit=5.0, commit_status=60.0)


def test_a_commit_status_survives_a_restart_of_the_peer(contract, peer):
    """Asking changes nothing, so it is asked again until the time is over."""
    submitted = contract.submit_async("put")
    for _ in range(3):
        peer.refuse("CommitStatus", grpc.StatusCode.UNAVAILABLE)
    peer.stop()
    peer.start()
    assert submitted.wait_committed().valid
    assert len(peer.requests["CommitStatus"]) == 4


def test_nobody_listens(connect, peer, user):
    """A peer that is away is an error of the stage, and waiting for it one that says what to look at."""
    peer.stop()
    with connect(peer.profile, *user) as fabric:
        with pytest.raises(errors.EvaluateError) as refused:
            fabric.network("trade").contract("lab").evaluate("read")
        assert refused.value.status is grpc.StatusCode.UNAVAILABLE
        assert f"peer0.carrier.test at 127.0.0.1:{peer.port}: nothing listens there" in str(refused.value)
        with pytest.raises(errors.GatewayError, match=f"no connection to peer0.carrier.test at 127.0.0.1:{peer.port}"):
            fabric.wait_ready(0.2)


def test_an_answer_that_cannot_be_read(contract, peer, monkeypatch):
    """Bytes that are no message end in the stage's error as well."""
    channel = contract._sender.session.channel(peer.endpoint)
    broken = channel.unary_unary(
        "/gateway.Gateway/Evaluate",
        request_serializer=gateway_pb2.EvaluateRequest.SerializeToString,
        response_deserializer=lambda _: gateway_pb2.EvaluateResponse.FromString(b"\xff"),
    )
    monkeypatch.setattr(contract._sender.session.gateway(peer.endpoint), "Evaluate", broken)
    with pytest.raises(errors.EvaluateError) as refused:
        contract.evaluate("read")
    assert refused.value.status is grpc.StatusCode.INTERNAL


@given(st.binary(max_size=100))
def test_hostile_details_are_left_out(garbage):
    """Whatever the peer attached, the error itself is not lost."""
    for value in (garbage, status_details(gateway_pb2.ErrorDetail(message="m" * 200))[: len(garbage) + 20]):
        error = failures.from_rpc(errors.EndorseError, _Failure(((DETAILS, value),)))
        assert error.message == "words"
        assert isinstance(error.details, tuple)


def test_errors_that_say_little():
    """A bare RpcError, and one without metadata, still become this package's."""
    bare = failures.from_rpc(errors.EndorseError, grpc.RpcError("bare words"))
    assert (bare.message, bare.status, bare.details) == ("bare words", None, ())
    assert failures.details_of(_Failure(None)) == ()
    assert failures.details_of(_Failure(((DETAILS, "text"), ("other", b"x")))) == ()


def test_details_of_another_kind_are_passed_over():
    """google.rpc allows any message among the details."""
    foreign = b"\x1a\x10\x0a\x0etype.other/Abcx"
    known = status_details(gateway_pb2.ErrorDetail(message="m" * 200))
    found = failures.details_of(_Failure(((DETAILS, foreign[:18] + known),)))
    assert [d.message for d in found] == ["m" * 200]
