"""
Single nodes stopped: what a gateway says of them, what goes on without them, and what they know when they are back.

An outage takes seconds to begin and to heal, so the questions of one outage are
asked together; each case tells its own part of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import grpc
from fabric_protos.discovery import protocol_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2

from tests.conformance import lab as laboratory
from tests.conformance.answers import Answer, ask, of_error
from tests.conformance.cases import case
from tests.conformance.lab import CHANNEL, Lab
from tests.conformance.laboratories import OUTAGES

ALL = ["Org1MSP", "Org2MSP", "Org3MSP"]
#: Until peers have noticed that one is gone or back, or a leader is elected; in seconds.
PATIENCE = 60.0
#: How often an outage is tried that a slow machine may be too late for.
_ATTEMPTS = 3

Answers = dict[str, Answer]


def part(name: str, outage: Callable[[Lab], Answers]) -> None:
    """Register one part of *outage* as the case of its name."""
    case(name, OUTAGES)(lambda lab: outage(lab)[name])


def ready(lab: Lab) -> None:
    """Return once every organisation endorses and every peer has every block."""
    ask_until(lambda: lab.endorse_answer("put", "ready", "1", orgs=ALL), "OK")
    lab.wait_for_all()


@functools.cache
def orderer_lost(lab: Lab) -> Answers:
    """The only orderer is stopped and started again."""
    ready(lab)
    lab.must("put", "orderer-down", "z")
    endorsed = lab.endorse("put", "orderer-back", "1")
    answers: Answers = {}
    with lab.without("orderer"):
        answers["orderer down: submit"] = refused(lambda: lab.send(endorsed))
        answers["orderer down: evaluate"] = lab.evaluate("get", "orderer-down")
    lab.wait_until(lambda: ask(lambda: lab.send(endorsed)).grpc_status == "OK", "an orderer that takes it", PATIENCE)
    answers["orderer restarted: submit"] = Answer(result=lab.code(endorsed.transaction_id))
    return answers


for _name in ("orderer down: submit", "orderer down: evaluate", "orderer restarted: submit"):
    part(_name, orderer_lost)


@case("peer2 down: private data that must be with another peer", OUTAGES)
def needy_data(lab: Lab) -> Answer:
    """An outage of its own: asked before the others have noticed that nobody answers there."""
    for _ in range(_ATTEMPTS):
        ready(lab)
        needy = {"key": lab.fresh("needy").encode(), "value": b"1"}
        with lab.without("Org2"):
            # The question takes so long itself that they may have noticed when it is answered.
            if "Org2MSP" in members(lab):
                return lab.endorse_answer("putpvt", "needy", transient=needy)
    raise AssertionError(f"{_ATTEMPTS} times the others had noticed the outage before they could be asked")


@functools.cache
def peer_down(lab: Lab) -> Answers:
    """Org2's peer is stopped, and the others have not noticed yet."""
    for _ in range(_ATTEMPTS):
        ready(lab)
        key = lab.fresh("absent")
        with lab.without("Org2"):
            explicit = refused(functools.partial(lab.endorse, "put", key, "0", orgs=["Org1MSP", "Org2MSP"]))
            if explicit.error_details:
                return {"peer2 down: explicit": explicit, "peer2 down: submit": lab.submit("put", key, "1")}
    raise AssertionError(f"{_ATTEMPTS} times the others had noticed the outage before its connections were refused")


@functools.cache
def peer_lost(lab: Lab) -> Answers:
    """Org2's peer is stopped, taken for dead after a while, and started again."""
    ready(lab)
    answers: Answers = {}
    key = lab.fresh("absent")
    needy = {"key": key.encode(), "value": b"1"}
    with lab.without("Org2"):
        ask_until(lambda: lab.submit("put", key, "1", orgs=["Org1MSP", "Org3MSP"]), "OK")
        answers["peer2 down: evaluate there"] = ask_until(
            lambda: lab.evaluate("mspid", targets=["Org2MSP"]), "FAILED_PRECONDITION"
        )
        answers["peer2 taken for dead: explicit"] = ask_until(
            lambda: lab.endorse_answer("put", key, "0", orgs=["Org1MSP", "Org2MSP"]), "UNAVAILABLE"
        )
        answers["peer2 taken for dead: discovery"] = Answer(result=members(lab))
        answers["peer2 taken for dead: private data that must be with another peer"] = lab.endorse_answer(
            "putpvt", "needy", transient=needy
        )
        # On a busy machine Org3's peer may seem dead for a moment, too.
        hidden = {"key": key.encode(), "value": b"hidden"}
        answers["peer2 taken for dead: private data of its collection"] = ask_until(
            lambda: lab.submit("putpvt", "org12", transient=hidden, orgs=["Org1MSP", "Org3MSP"]), "OK"
        )
    ready(lab)
    answers["peer2 back: what was written without it"] = lab.evaluate("get", key, targets=["Org2MSP"])
    answers["peer2 back: private data that was written without it"] = ask_until(
        lambda: lab.evaluate("getpvt", "org12", key, organisation="Org2"), "OK"
    )
    answers["peer2 back: private data that must be with another peer"] = lab.submit("putpvt", "needy", transient=needy)
    return answers


for _name in ("peer2 down: explicit", "peer2 down: submit"):
    part(_name, peer_down)
for _name in (
    "peer2 down: evaluate there",
    "peer2 taken for dead: explicit",
    "peer2 taken for dead: discovery",
    "peer2 taken for dead: private data that must be with another peer",
    "peer2 taken for dead: private data of its collection",
    "peer2 back: what was written without it",
    "peer2 back: private data that was written without it",
    "peer2 back: private data that must be with another peer",
):
    part(_name, peer_lost)


@functools.cache
def peers_lost(lab: Lab) -> Answers:
    """Two of three peers are stopped, so that no majority is left."""
    ready(lab)
    answers: Answers = {}
    with lab.without("Org2", "Org3"):
        answers["peer2+3 down: endorse"] = refused(lambda: lab.endorse("put", "nobody", "0"))
    ready(lab)
    answers["peers restarted"] = lab.submit("put", "everybody", "2", orgs=ALL)
    return answers


part("peer2+3 down: endorse", peers_lost)
part("peers restarted", peers_lost)


@functools.cache
def calls_lost(lab: Lab) -> Answers:
    """Org2's peer is stopped while calls wait there, its own gateway's and another's."""
    ready(lab)
    here, there = lab.nodes["Org1"].gateway, lab.nodes["Org2"]
    long = ("sleep", "20000")
    status = signed_status(lab, "Org2")
    waiting: dict[str, Callable[[], object]] = {
        "commit status": there.gateway.CommitStatus.future(status, timeout=PATIENCE).result,
        "evaluate": there.gateway.Evaluate.future(evaluation(lab, "Org2", *long), timeout=PATIENCE).result,
        "process": there.endorser.ProcessProposal.future(proposed(lab, "Org2", *long), timeout=PATIENCE).result,
        "events": functools.partial(next, lab.chaincode_events(organisation="Org2", patience=PATIENCE)),
        "evaluate through another": here.Evaluate.future(evaluation(lab, "Org1", *long), timeout=PATIENCE).result,
        "endorse through another": here.Endorse.future(endorsement(lab, "Org1", *long), timeout=PATIENCE).result,
    }
    # What is sent later on the same connections has been answered, so those calls have arrived.
    for organisation in ("Org1", "Org2"):
        lab.evaluate("mspid", organisation=organisation, targets=["Org2MSP"])
    with lab.without("Org2"):
        answers = {f"peer2 stops: {name}": lost(call) for name, call in waiting.items()}
    ready(lab)
    return answers


for _name in ("commit status", "evaluate", "process", "events", "evaluate through another", "endorse through another"):
    part(f"peer2 stops: {_name}", calls_lost)


def proposed(lab: Lab, organisation: str, *args: str) -> proposal_pb2.SignedProposal:
    """A proposal of *organisation*'s client."""
    return lab.proposal(*args, caller=lab.caller(organisation))[1]


def evaluation(lab: Lab, organisation: str, *args: str) -> gateway_pb2.EvaluateRequest:
    """A query that Org2's peer is to answer."""
    return gateway_pb2.EvaluateRequest(
        channel_id=CHANNEL, proposed_transaction=proposed(lab, organisation, *args), target_organizations=["Org2MSP"]
    )


def endorsement(lab: Lab, organisation: str, *args: str) -> gateway_pb2.EndorseRequest:
    """A transaction that Org2's peer is to endorse."""
    return gateway_pb2.EndorseRequest(
        channel_id=CHANNEL, proposed_transaction=proposed(lab, organisation, *args), endorsing_organizations=["Org2MSP"]
    )


def signed_status(lab: Lab, organisation: str) -> gateway_pb2.SignedCommitStatusRequest:
    """A question for a transaction that never comes."""
    who = lab.caller(organisation)
    request = gateway_pb2.CommitStatusRequest(
        transaction_id="ab" * 32, channel_id=CHANNEL, identity=who.creator
    ).SerializeToString()
    return gateway_pb2.SignedCommitStatusRequest(request=request, signature=who.sign(request))


def lost(call: Callable[[], object]) -> Answer:
    """How a call ends whose peer stops; its own connection is lost in words of the library that is asked with."""
    try:
        call()
    except grpc.RpcError as error:
        answer = of_error(error)
        gone = error.code() is grpc.StatusCode.UNAVAILABLE and not answer.error_details
        return Answer("UNAVAILABLE", "<the connection is lost>") if gone else answer
    return Answer(result="it was answered all the same")


def refused(call: Callable[[], object]) -> Answer:
    """
    The refusal of *call* once the gateway's connection is known to be lost: what is said before is chance.

    Without details where the others have noticed meanwhile that nobody is there.
    """

    def lost(answer: Answer) -> bool:
        answers = [detail["message"] for detail in answer.error_details]
        noticed = "failed to find any endorsing peers" in answer.grpc_message
        return noticed or (bool(answers) and all("connection refused" in each for each in answers))

    return _asked_again(lambda: ask(call), lost, "connections that are refused", laboratory.PATIENCE)


def ask_until(question: Callable[[], Answer], status: str) -> Answer:
    """Ask until the answer has this status: a change spreads by gossip."""
    return _asked_again(question, lambda answer: answer.grpc_status == status, status, PATIENCE)


def _asked_again(
    question: Callable[[], Answer], wanted: Callable[[Answer], bool], what: str, patience: float
) -> Answer:
    answers: list[Answer] = []

    def asked() -> bool:
        answers.append(question())
        return wanted(answers[-1])

    Lab.wait_until(asked, what, patience)
    return answers[-1]


def members(lab: Lab) -> list[str]:
    """The organisations that have a peer on the channel, as Org1's peer sees it."""
    who = lab.caller()
    request = protocol_pb2.Request(
        authentication=protocol_pb2.AuthInfo(client_identity=who.creator),
        queries=[protocol_pb2.Query(channel=CHANNEL, peer_query=protocol_pb2.PeerMembershipQuery())],
    ).SerializeToString()
    signed = protocol_pb2.SignedRequest(payload=request, signature=who.sign(request))
    response = lab.nodes["Org1"].discovery.Discover(signed, timeout=20)
    return sorted(msp for msp, peers in response.results[0].members.peers_by_org.items() if peers.peers)
