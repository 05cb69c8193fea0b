"""Why nobody can answer, as the channel itself tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from fabric_protos.peer.lifecycle import lifecycle_pb2

from gateway.fabric import channels
from gateway.http import problems
from hlf import errors
from hlf.wire.config import channelconfig

CONFIG = (Path(__file__).parents[3] / "golden" / "block-00000-genesis.peer.pb").read_bytes()
MEMBERS = channelconfig.Bundle.from_config_block(CONFIG).application_msp_ids


class System:
    """The system chaincodes of one peer: a channel's configuration, and which chaincodes are defined."""

    def __init__(self, defined: set[str], refusal: str = "") -> None:
        self._defined = defined
        self._refusal = refusal

    def evaluate(self, function: str, argument: Any) -> bytes:
        if self._refusal:
            raise errors.EvaluateError(self._refusal, status=grpc.StatusCode.UNKNOWN)
        if function == "GetConfigBlock":
            return CONFIG
        name = lifecycle_pb2.QueryChaincodeDefinitionArgs.FromString(argument).name
        if name not in self._defined:
            raise errors.EvaluateError(f"chaincode response 404, namespace {name} is not defined")
        return b""


class Network:
    name = "trade"

    def __init__(self, *defined: str, refusal: str = "") -> None:
        self._system = System(set(defined), refusal)

    def contract(self, _: str) -> System:
        return self._system


NOBODY = [
    errors.EvaluateError(
        "no peers available to evaluate chaincode cc in channel trade", status=grpc.StatusCode.FAILED_PRECONDITION
    ),
    errors.EndorseError("failed to find any endorsing peers for org(s): NopeMSP", status=grpc.StatusCode.UNAVAILABLE),
    errors.EndorseError(
        "no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for "
        "chaincode cc in channel trade",
        status=grpc.StatusCode.FAILED_PRECONDITION,
    ),
]


@pytest.mark.parametrize("refused", NOBODY, ids=lambda refused: refused.message[:30])
@pytest.mark.parametrize(
    ("named", "defined", "code", "status"),
    [
        (("NopeMSP",), ("cc",), "ENDORSER_UNKNOWN", 422),
        (("NopeMSP",), (), "ENDORSER_UNKNOWN", 422),
        ((MEMBERS[0],), (), "CHAINCODE_NOT_FOUND", 404),
        ((), (), "CHAINCODE_NOT_FOUND", 404),
        ((MEMBERS[0],), ("cc",), "ENDORSERS_MISSING", 503),
        ((), ("cc",), "ENDORSERS_MISSING", 503),
    ],
)
def test_fabric_says_the_same_of_three_causes_and_the_channel_tells_which(refused, named, defined, code, status):
    """A misspelt name is the caller's to mend, a peer that is down is not; Fabric's words are kept."""
    problem = problems.of(channels.explained(Network(*defined), "cc", named, refused))
    assert (problem.code, problem.kind.status) == (code, status)
    assert problem.members["fabric"]["message"] == refused.message
    if code == "ENDORSER_UNKNOWN":
        assert problem.detail == f"trade has no member NopeMSP; it has {', '.join(MEMBERS)}"


def test_another_refusal_is_not_looked_into():
    """The contract's own words need no explanation, and cost no question."""
    refused = errors.EndorseError("chaincode response 500, refused/NOT_OWNER: no")
    assert channels.explained(Network(refusal="must not be asked"), "cc", ("NopeMSP",), refused) is refused


@pytest.mark.parametrize("refusal", ["failed to get config for channel [trade]: no", "access denied", "unreachable"])
def test_where_the_channel_tells_nothing_fabrics_words_stand(refusal):
    refused = NOBODY[0]
    assert channels.explained(Network(refusal=refusal), "cc", ("NopeMSP",), refused) is refused


def test_a_chaincode_is_defined_or_not_or_that_is_not_ours_to_know():
    """Who may not ask is not refused for it; an unknown channel is."""
    assert channels.is_defined(Network("cc"), "cc") is True
    assert channels.is_defined(Network(), "cc") is False
    assert channels.is_defined(Network(refusal="access denied: channel [trade] creator org [AMSP]"), "cc") is None
    with pytest.raises(errors.EvaluateError):
        channels.is_defined(Network(refusal="access denied for [X][nope]: Failed to get policy manager"), "cc")
