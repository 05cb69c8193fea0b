"""Evaluate, Endorse and ProcessProposal: what contracts and chaincodes answer, and what becomes of it on the way."""

from __future__ import annotations

import dataclasses

import grpc
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc

from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case, cases
from tests.conformance.lab import CHANNEL, PATIENCE, Lab

ORG2, ORG3 = ["Org2MSP"], ["Org3MSP"]


@case("evaluate ok")
def evaluate_ok(lab: Lab) -> Answer:
    """A committed value comes back as it was written."""
    lab.must("put", "evaluate-ok", "1")
    return lab.evaluate("get", "evaluate-ok")


@case("evaluate write function")
def evaluate_write(lab: Lab) -> Answer:
    """A write in an evaluation is discarded."""
    lab.must("put", "evaluate-write", "1")
    lab.evaluate("put", "evaluate-write", "2")
    return lab.evaluate("get", "evaluate-write")


cases(
    {
        "evaluate missing key": ("get", "never-written"),
        "evaluate unknown function raw shim": ("nope",),
        "evaluate status 400": ("status", "400", "bad", "P"),
        "evaluate status 399": ("status", "399", "note", "P"),
        "evaluate status 201": ("status", "201", "note", "P"),
        "put empty key": ("putemptykey",),
        "put key starting 0x00": ("putbadkey",),
        "evaluate chaincode throws caught": ("orgfail", "Org1MSP"),
        "cc2cc other unknown channel": ("invoke", "single", "nochan", "get", "a"),
        "cc2cc error inside": ("invoke", "single", "", "error", "E"),
        "evaluate target echo": ("echo", "a", "", "\u00e9\u4e2d"),
        "sbe getep of missing": ("getep", "nokeyatall"),
        "cc2cc unknown": ("invoke", "nosuch", "", "get", "a"),
        "evaluate no args": ("",),
        "range inverted": ("range", "z", "a"),
        "rich query LevelDB": ("query", '{"selector":{}}'),
        "rich query page LevelDB": ("querypage", '{"selector":{}}', "3"),
    },
    lambda lab, args: lab.evaluate(*args),
)

cases(
    {
        "endorse unknown function raw shim": ("nope",),
        "endorse status 201": ("status", "201", "note", "P"),
        "endorse status 400": ("status", "400", "bad", "P"),
        "put empty key endorse": ("putemptykey",),
        "empty event name": ("emptyevent",),
        "endorsement mismatch response": ("nondetresp",),
        "endorsement mismatch writes": ("nondet",),
        "endorse org2+3 fail (caught)": ("orgfail", "Org2MSP,Org3MSP"),
        "endorse org1 fails (caught)": ("orgfail", "Org1MSP"),
    },
    lambda lab, args: lab.endorse_answer(*args),
)

case("process proposal status 400")(lambda lab: lab.process("status", "400", "bad", "P"))
case("process proposal status 500")(lambda lab: lab.process("status", "500", "bad", "P"))
case("submit status 201")(lambda lab: lab.submit("putstatus", "201", "note", "P"))
case("submit status 399")(lambda lab: lab.submit("putstatus", "399", "note", "P"))


@case("evaluate unknown chaincode")
def evaluate_unknown_chaincode(lab: Lab) -> Answer:
    """The gateway has no peer for a chaincode nobody defined."""
    return lab.evaluate("get", "a", chaincode="nosuchcc")


@case("endorse unknown chaincode")
def endorse_unknown_chaincode(lab: Lab) -> Answer:
    """Nor a policy to plan by."""
    return lab.endorse_answer("get", "a", chaincode="nosuchcc")


@case("process proposal unknown chaincode")
def process_unknown_chaincode(lab: Lab) -> Answer:
    """The endorser itself answers with a response."""
    return lab.process("get", "a", chaincode="nosuchcc")


@case("big result 3MB")
def big_result(lab: Lab) -> Answer:
    """A result larger than gRPC's own default comes through."""
    answer = lab.evaluate("big", "3000000")
    return answer.then(lambda told: len(told["payload"]))


@case("evaluate target org unknown")
def evaluate_at_unknown_organisation(lab: Lab) -> Answer:
    """No peer of an organisation that is not there."""
    return lab.evaluate("mspid", targets=["NopeMSP"])


@case("evaluate target org2")
def evaluate_at_org2(lab: Lab) -> Answer:
    """The named organisation's peer answers."""
    return lab.evaluate("mspid", targets=ORG2)


@case("evaluate via gateway without chaincode")
def evaluate_elsewhere(lab: Lab) -> Answer:
    """A gateway whose own peer lacks the chaincode asks another's."""
    answer = lab.evaluate("mspid", organisation="Org3", chaincode="single")
    # Either of the two organisations that have it may be asked.
    return answer.then(lambda told: told["payload"] in (b"Org1MSP", b"Org2MSP"))


@case("evaluate target org without chaincode")
def evaluate_where_not_installed(lab: Lab) -> Answer:
    """Named, but without the chaincode."""
    return lab.evaluate("mspid", targets=ORG3, chaincode="single")


@case("process proposal chaincode not installed")
def process_where_not_installed(lab: Lab) -> Answer:
    """Defined on the channel, not installed on this peer."""
    return lab.process("mspid", organisation="Org3", chaincode="single")


@case("endorse policy unsatisfiable")
def endorse_unsatisfiable(lab: Lab) -> Answer:
    """A policy of all three where two have the chaincode."""
    return lab.endorse_answer("put", "a", "1", chaincode="all3")


@case("endorsing org without chaincode")
def endorse_where_not_installed(lab: Lab) -> Answer:
    """An endorser named that cannot endorse."""
    return lab.endorse_answer("put", "a", "1", chaincode="single", orgs=ORG3)


@case("endorsing orgs one without chaincode")
def endorse_where_one_is_not_installed(lab: Lab) -> Answer:
    """Two named, one of which cannot endorse."""
    return lab.endorse_answer("put", "a", "1", chaincode="single", orgs=["Org1MSP", "Org3MSP"])


@case("large arg 101MB evaluate")
def larger_than_a_message(lab: Lab) -> Answer:
    """A message larger than a peer takes."""
    return lab.evaluate("echo", "x" * 105_000_000)


@case("chaincode process of the local peer down: evaluate")
def absent_evaluate(lab: Lab) -> Answer:
    """A chaincode that is installed and does not run."""
    return lab.evaluate("get", "a", chaincode="absent", targets=["Org1MSP"])


@case("chaincode process of the local peer down: endorse")
def absent_endorse(lab: Lab) -> Answer:
    """The same when endorsing, at the named organisation."""
    return lab.endorse_answer("get", "a", chaincode="absent", orgs=["Org1MSP"])


@case("chaincode process of the local peer down: process")
def absent_process(lab: Lab) -> Answer:
    """And at the endorser itself."""
    return lab.process("get", "a", chaincode="absent")


@case("client without TLS")
def without_tls(lab: Lab) -> Answer:
    """A client that does not speak TLS is not heard; what it is told is its own library's guess at the reason."""
    _, signed = lab.proposal("get", "a")
    request = gateway_pb2.EvaluateRequest(channel_id=CHANNEL, proposed_transaction=signed)
    with grpc.insecure_channel(lab.nodes["Org1"].endpoint.address) as channel:
        answer = ask(lambda: gateway_pb2_grpc.GatewayStub(channel).Evaluate(request, timeout=PATIENCE))
    return dataclasses.replace(answer, grpc_message="")


@case("execute timeout evaluate")
def execute_timeout(lab: Lab) -> Answer:
    """A chaincode that takes longer than the peer's half minute."""
    return lab.evaluate("sleep", "31000", targets=["Org1MSP"], patience=60)


@case("two setEvent calls")
def two_events(lab: Lab) -> Answer:
    """A transaction has one event: the last that was set."""
    return Answer(result=lab.endorse("twoevents").event_name)


@case("unknown channel evaluate")
def unknown_channel_evaluate(lab: Lab) -> Answer:
    """Each service has its own words for a channel it does not know."""
    return lab.evaluate("get", "a", channel="nochan")


@case("unknown channel endorse")
def unknown_channel_endorse(lab: Lab) -> Answer:
    """As above, endorsing."""
    return lab.endorse_answer("get", "a", channel="nochan")


@case("unknown channel process")
def unknown_channel_process(lab: Lab) -> Answer:
    """As above, at the endorser."""
    return lab.process("get", "a", channel="nochan")
