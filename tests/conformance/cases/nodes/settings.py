"""Peers that are set otherwise: little time, few calls at once, no gateway, mutual TLS."""

from __future__ import annotations

import functools
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2

from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case
from tests.conformance.lab import CHANNEL, OLDEST, PATIENCE, Lab, Node, at_block, response
from tests.conformance.laboratories import SETTINGS

ORG2 = ["Org2MSP"]


@case("gateway disabled", SETTINGS)
def gateway_disabled(lab: Lab) -> Answer:
    """A peer without the service answers as for any service it does not know."""
    return lab.evaluate("get", "a", organisation="Org2")


@case("execute timeout (2s) evaluate", SETTINGS)
def execute_timeout_evaluate(lab: Lab) -> Answer:
    """The peer's own time for a chaincode is over before the gateway's."""
    return lab.evaluate("sleep", "10000", organisation="Org4", chaincode="timed")


@case("execute timeout (2s) endorse", SETTINGS)
def execute_timeout_endorse(lab: Lab) -> Answer:
    """The same when endorsing."""
    return lab.endorse_answer("sleep", "10000", organisation="Org4", chaincode="timed")


@case("endorsement timeout (3s) evaluate", SETTINGS)
def endorsement_timeout_evaluate(lab: Lab) -> Answer:
    """The gateway waits three seconds for another organisation's peer."""
    return _by_any_clock(lab.evaluate("sleep", "10000", targets=ORG2))


@case("endorsement timeout (3s) endorse", SETTINGS)
def endorsement_timeout_endorse(lab: Lab) -> Answer:
    """The same when endorsing."""
    return _by_any_clock(lab.endorse_answer("sleep", "10000", orgs=ORG2))


@case("endorsement timeout (3s) endorse local", SETTINGS)
def endorsement_timeout_endorse_local(lab: Lab) -> Answer:
    """The gateway's own peer may take its time, the other organisations' may not."""
    return _by_any_clock(lab.endorse_answer("sleep", "4000", patience=60))


def _by_any_clock(answer: Answer) -> Answer:
    """Without the words in which Go says that time was over: whose clock it saw first, its own or the peer's."""
    for detail in answer.error_details:
        detail["message"], _, _ = detail["message"].partition(" desc = ")
    return answer


def _evaluated(call: Any) -> dict[str, Any]:
    """Return the answer of a call that was begun; the stubs do not say what it is."""
    return response(call.result().result)


@case("gateway concurrency limit", SETTINGS)
def gateway_limit(lab: Lab) -> Answer:
    """Two calls are served, four more are refused while they are."""
    gate = lab.fresh("gate")

    def call() -> Any:
        _, signed = lab.proposal("wait", gate)
        request = gateway_pb2.EvaluateRequest(channel_id=CHANNEL, proposed_transaction=signed)
        return lab.nodes["Org1"].gateway.Evaluate.future(request, timeout=PATIENCE)

    def told(calls: list[Any]) -> list[dict[str, Any]]:
        return [ask(functools.partial(_evaluated, call)).as_json(lab.addresses) for call in calls]

    served = [call() for _ in range(2)]
    lab.wait_until(lambda: lab.process("waiting", gate).result["payload"] == b"2", "two calls at once")
    refused = told([call() for _ in range(4)])
    lab.process("open", gate)
    answers = told(served) + refused
    return Answer(
        result={
            "ok": sum(each["grpc_status"] == "OK" for each in answers),
            "refused": [each for each in answers if each["grpc_status"] != "OK"],
        }
    )


@case("deliver concurrency limit", SETTINGS)
def deliver_limit(lab: Lab) -> Answer:
    """One stream is served, a second at the same time is refused; when the first ends there is room again."""
    stub = lab.nodes["Org1"].deliver
    first = stub.Deliver(iter([lab.seek(at_block(0), at_block(1 << 20))]), timeout=20)
    next(iter(first))
    second = lab.delivered([lab.seek(OLDEST, OLDEST)])
    first.cancel()
    lab.wait_until(lambda: lab.delivered([lab.seek(OLDEST, OLDEST)]).grpc_status == "OK", "room for another stream")
    return second


@case("mutual TLS without client certificate", SETTINGS)
def without_certificate(lab: Lab) -> Answer:
    """There is no connection; the words are the client library's."""
    stranger = Node(lab.nodes["Org3"].endpoint)
    _, signed = lab.proposal("get", "a", caller=lab.caller("Org3"))
    request = gateway_pb2.EvaluateRequest(channel_id=CHANNEL, proposed_transaction=signed)
    answer = ask(lambda: stranger.gateway.Evaluate(request, timeout=20))
    stranger.channel.close()
    return Answer(answer.grpc_status)


@case("mutual TLS with a foreign client certificate", SETTINGS)
def with_foreign_certificate(lab: Lab) -> Answer:
    """Members of the peer's channels are known by their TLS authorities, and may call."""
    guest = Node(lab.nodes["Org3"].endpoint, lab.tls_identity("Org1"))
    _, signed = lab.proposal("GetChainInfo", CHANNEL, chaincode="qscc", caller=lab.caller("Org3"))
    answer = ask(lambda: guest.endorser.ProcessProposal(signed, timeout=20).response.status)
    guest.channel.close()
    return answer


@case("mutual TLS with client certificate", SETTINGS)
def with_certificate(lab: Lab) -> Answer:
    """With a certificate of its own organisation's TLS authority a client is served as ever."""
    answer = lab.process("GetChainInfo", CHANNEL, chaincode="qscc", organisation="Org3", caller=lab.caller("Org3"))
    return answer.then(lambda told: told["status"])


def _seek(lab: Lab, tls_cert_hash: bytes) -> Answer:
    seek = ab_pb2.SeekInfo(start=OLDEST, stop=OLDEST, behavior=ab_pb2.SeekInfo.BLOCK_UNTIL_READY)
    envelope = lab.seek_envelope(
        common_pb2.DELIVER_SEEK_INFO, seek, caller=lab.caller("Org3"), tls_cert_hash=tls_cert_hash
    )
    return lab.delivered([envelope], "Org3")


@case("mutual TLS deliver without tls_cert_hash", SETTINGS)
def seek_without_hash(lab: Lab) -> Answer:
    """Under mutual TLS a seek is bound to its connection."""
    return _seek(lab, b"")


@case("mutual TLS deliver with tls_cert_hash", SETTINGS)
def seek_with_hash(lab: Lab) -> Answer:
    """Bound to the certificate that the client shows."""
    shown = lab.tls_identity("Org3")
    assert shown is not None
    return _seek(lab, shown.certificate_hash)


@case("mutual TLS deliver with wrong tls_cert_hash", SETTINGS)
def seek_with_wrong_hash(lab: Lab) -> Answer:
    """Bound to another's, as if it were copied."""
    return _seek(lab, b"\x01" * 32)
