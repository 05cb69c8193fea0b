"""
Chaincodes on npm's libraries and on ours: their own words, their silence, and what is too large for them or the peer.

A chaincode that does not answer is waited for until its time is over. All such
questions are on their way from the laboratory's first quick one on, and are
told last.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from hlf.network import admin
from tests.conformance.answers import Answer
from tests.conformance.cases import case, cases
from tests.conformance.lab import Lab
from tests.conformance.laboratories import NODE

MEGABYTE = 1_000_000
#: In seconds: longer than a peer waits for a chaincode, and too short for a gateway that then asks a second peer.
ONE_TIMEOUT = 11.0
#: What large messages may take on a busy machine.
LARGE = 120.0
#: The process that serves `lab` and `single` to Org1's peer.
LAB_ORG1 = "chaincode-lab-Org1MSP"
NOT_SENT = re.compile(
    r"transaction returned with failure: \[[0-9a-f]{8}\] error sending TRANSACTION: rpc error: "
    r"code = ResourceExhausted desc = trying to send message larger than max \(\d+ vs\. 104857600\)"
    r"|failed to execute transaction [0-9a-f]{64}: error sending: chaincode stream terminated"
)
SLOW: dict[str, Callable[[Lab], Answer]] = {
    # A gateway of their own each: where a client's deadline ends a call to another organisation's peer, real gateways
    # close their connection to that peer, and whatever else waits there is refused.
    "evaluate chaincode throws raw": lambda lab: _evaluate_raw(lab, "Org2", "throw", "boom"),
    "evaluate chaincode throws bare string": lambda lab: _evaluate_raw(lab, "Org3", "throwbare"),
    "endorse chaincode throws raw": lambda lab: _endorse_raw(lab, "throw", "boom"),
    "process proposal chaincode throws": lambda lab: lab.process("throw", "boom", chaincode="raw"),
    "endorse org1 fails": lambda lab: _endorse_raw(lab, "orgfail", "Org1MSP"),
}


def _evaluate_raw(lab: Lab, organisation: str, *args: str) -> Answer:
    """A gateway waits for one peer after another; no client waits for all of them."""
    return lab.evaluate(*args, chaincode="raw", organisation=organisation, patience=ONE_TIMEOUT)


def _endorse_raw(lab: Lab, *args: str) -> Answer:
    return lab.endorse_answer(*args, chaincode="raw", patience=2 * ONE_TIMEOUT)


def _evaluate_errors(lab: Lab, args: tuple[str, ...]) -> Answer:
    return lab.evaluate(*args, chaincode="errors")


def _endorse_errors(lab: Lab, function: str) -> Answer:
    return lab.endorse_answer(function, chaincode="errors")


@functools.cache
def _slow(lab: Lab) -> dict[str, Future[Answer]]:
    """The slow questions, asked at the same time and once only."""
    pool = ThreadPoolExecutor(len(SLOW), "slow questions")
    asked = {name: pool.submit(ask, lab) for name, ask in SLOW.items()}
    pool.shutdown(wait=False)
    return asked


def _quick(name: str) -> Callable[[Callable[[Lab], Answer]], Callable[[Lab], Answer]]:
    """Register a question that does not wait for the slow ones but lets them begin."""

    def register(ask: Callable[[Lab], Answer]) -> Callable[[Lab], Answer]:
        def meanwhile(lab: Lab) -> Answer:
            _slow(lab)
            return ask(lab)

        case(name, NODE)(meanwhile)
        return ask

    return register


@case("large transaction submit, python", NODE)
def large_submit_python(lab: Lab) -> Answer:
    """
    Its argument and its write together are 60 MB: ordered, delivered and committed.

    Asked before the slow questions begin: no real peer commits while a chaincode has a transaction in hand.
    """
    answer = lab.submit("rmw", lab.fresh("large"), _megabytes(30), chaincode="single", patience=LARGE)
    lab.wait_for_all(LARGE)
    return answer


_quick("evaluate status 0")(lambda lab: lab.evaluate("status", "0", "", chaincode="raw"))

for _name, _args in {
    "evaluate contract-api ok": ("ErrorsContract:exists", "x"),
    "evaluate contract-api wrong arg count": ("exists",),
    "evaluate contract-api metadata": ("org.hyperledger.fabric:GetMetadata",),
}.items():
    _quick(_name)(functools.partial(_evaluate_errors, args=_args))

for _name, _function in {
    "endorse unknown function contract-api": "nope",
    "endorsement mismatch contract-api": "nondet",
}.items():
    _quick(_name)(functools.partial(_endorse_errors, function=_function))


@_quick("endorse org2+3 fail")
def endorse_elsewhere_fails(lab: Lab) -> Answer:
    """The first endorser is content, another is silent; a client's patience ends sooner than the gateway's."""
    return lab.endorse_answer("orgfail", "Org2MSP,Org3MSP", chaincode="raw", patience=2.0)


@_quick("large arg 5MB evaluate")
def large_evaluate(lab: Lab) -> Answer:
    """fabric-shim's server keeps its gRPC library's limit of 4 MB; a message beyond it ends the stream."""
    return lab.evaluate("put", "large", _megabytes(5), chaincode="limited", patience=LARGE)


@_quick("large arg 20MB endorse")
def large_endorse(lab: Lab) -> Answer:
    """The same when endorsing."""
    return lab.endorse_answer("put", "large", _megabytes(20), chaincode="limited", patience=LARGE)


@_quick("large transaction submit")
def large_submit(lab: Lab) -> Answer:
    """So that such a transaction never comes to be, however large a block may be."""
    return lab.submit("put", "large", _megabytes(30), chaincode="limited", patience=LARGE)


@_quick("large arg 5MB evaluate, python")
def large_evaluate_python(lab: Lab) -> Answer:
    """The Python runtime takes what a peer takes."""
    return _size(lab.evaluate("put", "large", _megabytes(5), patience=LARGE))


@_quick("large arg 20MB endorse, python")
def large_endorse_python(lab: Lab) -> Answer:
    """Also from several peers."""
    return lab.endorse_answer("put", "large", _megabytes(20), patience=LARGE).then(len)


@_quick("large evaluate 60MB")
def too_large_for_the_stream(lab: Lab) -> Answer:
    """
    A proposal that a peer takes is not one it can pass on: the message to the chaincode holds the arguments twice.

    The refusal to send answers the transaction, and ends the stream, which
    answers it too. Which of the two comes first is chance, so they count as one.
    """
    answer = lab.evaluate("put", "large", _megabytes(60), chaincode="single", patience=LARGE)
    details = [{**detail, "message": NOT_SENT.sub("<not sent>", detail["message"])} for detail in answer.error_details]
    return dataclasses.replace(answer, error_details=details)


@_quick("large tx: 40MB asset")
def too_large_for_the_client(lab: Lab) -> Answer:
    """Argument, write and answer are too much for the message that takes the transaction to its client."""
    return lab.endorse_answer("put", "large", _megabytes(40), chaincode="single", patience=LARGE).then(len)


@_quick("large answer 60MB evaluate, python")
def large_answer(lab: Lab) -> Answer:
    """A gateway passes on the answer of its own peer."""
    return _size(lab.evaluate("big", "60000000", targets=["Org1MSP"], patience=LARGE))


@_quick("large answer 60MB evaluate elsewhere, python")
def large_answer_elsewhere(lab: Lab) -> Answer:
    """It does not get it from another, whose message to it holds the answer twice."""
    return _size(lab.evaluate("big", "60000000", targets=["Org2MSP"], patience=LARGE))


@_quick("large answer 60MB endorse, python")
def large_answer_endorse(lab: Lab) -> Answer:
    """So one peer's endorsement is all there is."""
    return lab.endorse_answer("big", "60000000", patience=LARGE).then(len)


case("large answer 60MB process, python", NODE)(lambda lab: _size(lab.process("big", "60000000")))
case("large answer 110MB evaluate, python", NODE)(lambda lab: _size(lab.evaluate("big", "110000000", patience=LARGE)))
case("large write 110MB evaluate, python", NODE)(lambda lab: lab.evaluate("putbig", "k", "110000000", patience=LARGE))

case("evaluate chaincode throws, python", NODE)(lambda lab: lab.evaluate("throw", "boom"))
case("endorse chaincode throws, python", NODE)(lambda lab: lab.endorse_answer("throw", "boom"))
case("evaluate status 0, python", NODE)(lambda lab: lab.evaluate("status", "0", "odd", "P"))
case("endorse status 0, python", NODE)(lambda lab: lab.endorse_answer("status", "0", "odd", "P"))
case("process proposal status 0, python", NODE)(lambda lab: lab.process("status", "0", "odd", "P"))


@case("chaincode process ends in a transaction", NODE)
def process_ends(lab: Lab) -> Answer:
    """The transaction it had in hand ends with it."""
    answer = lab.evaluate("crash", targets=["Org1MSP"])
    admin.start_nodes([LAB_ORG1], lab.state)
    return answer


@case("chaincode process back", NODE)
def process_back(lab: Lab) -> Answer:
    """A peer finds its chaincode's process again after it was away, without being told."""
    before = lab.evaluate("mspid", targets=["Org1MSP"])
    admin.stop_nodes([LAB_ORG1], lab.state)
    away = lab.evaluate("mspid", targets=["Org1MSP"])
    admin.start_nodes([LAB_ORG1], lab.state)
    if (before.grpc_status, away.grpc_status) != ("OK", "ABORTED"):
        raise AssertionError(f"with its process: {before}; without: {away}")
    return lab.evaluate("mspid")


cases({name: name for name in SLOW}, lambda lab, name: _slow(lab)[name].result(), NODE)


def _size(answer: Answer) -> Answer:
    return answer.then(lambda told: len(told["payload"]))


def _megabytes(count: int) -> str:
    return "x" * (count * MEGABYTE)
