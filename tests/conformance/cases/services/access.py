"""
Who may do what: every function of the system chaincodes and every service, under access rules of every kind.

The laboratory's channels are guarded by a policy that Org1's admin and Org2's
members satisfy (``mychannel``), by one that no single caller does
(``majority``), by one that is not there (``nowhere``), and by Fabric's own
(``open``). A case tells which callers on which channels have the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2
from google.protobuf.message import Message

from tests.conformance import callers
from tests.conformance.answers import Answer, ask, by_answer, normalised
from tests.conformance.cases import case
from tests.conformance.lab import OLDEST, PATIENCE, Arg, Caller, Lab, at_block, code_name
from tests.conformance.laboratories import GUARDED

CHANNELS = ("mychannel", "majority", "nowhere", "open")
CALLERS: dict[str, Callable[[Lab], Caller]] = {
    "user": callers.good,
    "admin": callers.admin,
    "peer": callers.peer,
    "other user": callers.other_organisation,
    "other admin": lambda lab: lab.caller("Org2", "Admin"),
    "orderer": callers.orderer,
    "stranger": callers.foreign_authority,
    "forger": callers.wrong_key,
}
MISSING = "cd" * 32


def _briefly(lab: Lab, answer: Answer) -> str:
    """Status and message of a response, or of the refusal to give one; its payload only by whether there is one."""
    if answer.grpc_status != "OK":
        told = f"{answer.grpc_status}: {answer.grpc_message}"
    elif isinstance(answer.result, dict):
        told = f"{answer.result['status']} {answer.result['message']}".strip()
        told += " with a payload" if answer.result["payload"] else ""
    else:
        told = str(answer.result)
    return str(normalised(told, lab.addresses))


def _table(
    lab: Lab, places: Iterable[str], question: Callable[[str, Caller], Answer], names: Iterable[str] = CALLERS
) -> Answer:
    """Ask *question* about each place as each caller."""
    known = {name: CALLERS[name](lab) for name in names}
    told = {
        f"{place} {name}": _briefly(lab, question(place, caller)) for place in places for name, caller in known.items()
    }
    return Answer(result=by_answer(told))


# System chaincodes.


def _of_channel(chaincode: str, function: str, *args: Arg) -> None:
    """A function that is told its channel, asked in the name of no channel."""

    @case(f"access: {chaincode} {function}", GUARDED)
    def asked(lab: Lab) -> Answer:
        return _table(
            lab,
            (*CHANNELS, "nochan"),
            lambda place, caller: lab.system(chaincode, function, place, *args, channel="", caller=caller),
        )


_of_channel("qscc", "GetChainInfo")
_of_channel("qscc", "GetBlockByNumber", "0")
_of_channel("qscc", "GetBlockByHash", b"\0" * 32)
_of_channel("qscc", "GetTransactionByID", MISSING)
_of_channel("qscc", "GetBlockByTxID", MISSING)
_of_channel("qscc", "Nope", "x")
_of_channel("qscc", "Nowhere", "x")
_of_channel("cscc", "GetConfigBlock")
_of_channel("cscc", "GetChannelConfig")
_of_channel("cscc", "Nope")


def _of_peer(chaincode: str, function: str, *args: Arg) -> None:
    """A function of the peer itself, asked in the name of no channel, and of one whose rules do not count."""

    @case(f"access: {chaincode} {function}", GUARDED)
    def asked(lab: Lab) -> Answer:
        return _table(
            lab,
            ("", "nowhere"),
            lambda place, caller: lab.system(chaincode, function, *args, channel=place, caller=caller),
        )


_of_peer("cscc", "GetChannels")
_of_peer("cscc", "JoinChainBySnapshot", "/nowhere/at/all")
_of_peer("cscc", "JoinBySnapshotStatus")


@case("access: cscc JoinChain", GUARDED)
def join_chain(lab: Lab) -> Answer:
    """The block is looked at first, the caller next, and then whether the channel is there already."""
    blocks = {"genesis": lab.genesis, "junk": b"\xff"}
    return _table(
        lab, blocks, lambda place, caller: lab.system("cscc", "JoinChain", blocks[place], channel="", caller=caller)
    )


LIFECYCLE: dict[str, Message] = {
    "InstallChaincode": lifecycle_pb2.InstallChaincodeArgs(chaincode_install_package=b"junk"),
    "QueryInstalledChaincode": lifecycle_pb2.QueryInstalledChaincodeArgs(package_id="nope:1"),
    "QueryInstalledChaincodes": lifecycle_pb2.QueryInstalledChaincodesArgs(),
    "GetInstalledChaincodePackage": lifecycle_pb2.GetInstalledChaincodePackageArgs(package_id="nope:1"),
    "ApproveChaincodeDefinitionForMyOrg": lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs(
        name="fresh", sequence=1, version="1.0"
    ),
    "QueryApprovedChaincodeDefinition": lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs(name="nosuchcc"),
    "QueryApprovedChaincodeDefinition, by its number": lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs(
        name="nosuchcc", sequence=2
    ),
    "QueryApprovedChaincodeDefinitions": lifecycle_pb2.QueryApprovedChaincodeDefinitionsArgs(),
    "CheckCommitReadiness": lifecycle_pb2.CheckCommitReadinessArgs(name="fresh", sequence=1, version="1.0"),
    "CommitChaincodeDefinition": lifecycle_pb2.CommitChaincodeDefinitionArgs(name="fresh", sequence=1, version="1.0"),
    "QueryChaincodeDefinition": lifecycle_pb2.QueryChaincodeDefinitionArgs(name="nosuchcc"),
    "QueryChaincodeDefinitions": lifecycle_pb2.QueryChaincodeDefinitionsArgs(),
    "Nope": lifecycle_pb2.QueryChaincodeDefinitionsArgs(),
    "Nowhere": lifecycle_pb2.QueryChaincodeDefinitionsArgs(),
}

for _function, _given in LIFECYCLE.items():

    @case(f"access: _lifecycle {_function}", GUARDED)
    def lifecycle(lab: Lab, function: str = _function, given: bytes = _given.SerializeToString()) -> Answer:
        """Asked in the name of each channel, and of none."""
        return _table(
            lab,
            (*CHANNELS, ""),
            lambda place, caller: lab.system(
                "_lifecycle", function.partition(",")[0], given, channel=place, caller=caller
            ),
        )


@case("access: lscc", GUARDED)
def old_lifecycle(lab: Lab) -> Answer:
    """The lifecycle of Fabric 1 is there in name."""
    functions = ("install", "deploy", "getid", "getccdata", "getchaincodes", "getinstalledchaincodes", "Nope")
    return _table(
        lab,
        functions,
        lambda place, caller: _launched(lab.system("lscc", place, "open", "x", channel="open", caller=caller)),
        ("user", "admin"),
    )


def _launched(answer: Answer) -> Answer:
    """Without the reason for which it could not be launched, which names a folder of the peer."""
    return answer.then(lambda told: {**told, "message": told["message"].partition(" building chaincode: ")[0]})


# Arguments, to whom everything is allowed.

ARGUMENTS: dict[str, tuple[Arg, ...]] = {
    "nothing": (),
    "an empty one": ("",),
    "the channel": ("open",),
    "an unknown channel": ("nochan",),
    "the channel and an empty one": ("open", ""),
    "the channel and junk": ("open", b"\xff\xfe"),
    "the channel, a number and more": ("open", "1", "more"),
    "junk": (b"\xff\xfe\xfd",),
}
FUNCTIONS = {
    "qscc": ("GetChainInfo", "GetBlockByNumber", "GetBlockByHash", "GetTransactionByID", "GetBlockByTxID", "Nope", ""),
    "cscc": (
        "GetChannels",
        "GetConfigBlock",
        "GetChannelConfig",
        "JoinChain",
        "JoinChainBySnapshot",
        "JoinBySnapshotStatus",
        "Nope",
        "",
    ),
    "_lifecycle": (*(name for name in LIFECYCLE if "," not in name), ""),
}

for _chaincode, _functions in FUNCTIONS.items():
    for _function in _functions:

        @case(f"access: {_chaincode} {_function or 'without a name'}, arguments", GUARDED)
        def arguments(lab: Lab, chaincode: str = _chaincode, function: str = _function) -> Answer:
            """Asked by the peer's own admin on a channel without rules, with arguments that do not fit."""
            admin = callers.admin(lab)
            told = {
                name: _briefly(lab, lab.system(chaincode, function, *args, channel="open", caller=admin))
                for name, args in ARGUMENTS.items()
            }
            return Answer(result=by_answer(told))


# Services.


@case("access: a proposal", GUARDED)
def proposal(lab: Lab) -> Answer:
    """Whoever may not propose never learns whether there is such a chaincode."""
    return _table(
        lab,
        CHANNELS,
        lambda place, caller: lab.process("get", "a", chaincode="lab", channel=place, caller=caller),
    )


@case("access: a proposal through a gateway", GUARDED)
def evaluated(lab: Lab) -> Answer:
    """The gateway passes on what its peer says; it has looked for the chaincode before."""
    return _table(lab, CHANNELS, lambda place, caller: _evaluated(lab, place, caller))


def _evaluated(lab: Lab, channel: str, caller: Caller) -> Answer:
    _, signed = lab.proposal("get", "a", channel=channel, caller=caller)
    return lab.evaluate_signed(signed)


@case("access: a chaincode calls another", GUARDED)
def called(lab: Lab) -> Answer:
    """It does so in the name of the caller, under a rule of its own."""
    return _table(
        lab,
        ("single", "lab", "qscc", "cscc"),
        lambda place, caller: lab.process("invoke", place, "mychannel", "GetChainInfo", "mychannel", caller=caller),
        ("user", "admin", "other user"),
    )


@case("access: a chaincode calls one of another channel", GUARDED)
def called_elsewhere(lab: Lab) -> Answer:
    """The other channel's rule counts; it comes before the question whether there is such a chaincode."""
    return _table(
        lab,
        CHANNELS,
        lambda place, caller: lab.process("invoke", "single", place, "get", "a", caller=caller),
        ("user", "admin", "other user"),
    )


for _service in ("Deliver", "DeliverFiltered", "DeliverWithPrivateData"):

    @case(f"access: {_service}", GUARDED)
    def delivered(lab: Lab, service: str = _service) -> Answer:
        """The first block, or a status without words."""
        return _table(lab, CHANNELS, lambda place, caller: _delivered(lab, service, place, caller))


def _delivered(lab: Lab, service: str, channel: str, caller: Caller) -> Answer:
    seek = lab.seek(OLDEST, OLDEST, channel=channel, caller=caller)
    answer = lab.delivered([seek], service=service)
    return answer.then(lambda told: " and ".join(each.get("status") or next(iter(each)) for each in told))


GUARDED_CHANNELS = ("mychannel", "majority", "nowhere", "nochan")


@case("access: CommitStatus", GUARDED)
def commit_status(lab: Lab) -> Answer:
    """Asked about a transaction of the first channel."""
    endorsed = lab.endorse("put", lab.fresh("k"), "1", caller=callers.admin(lab))
    lab.send(endorsed)

    def asked(place: str, caller: Caller) -> Answer:
        request = gateway_pb2.CommitStatusRequest(
            transaction_id=endorsed.transaction_id, channel_id=place, identity=caller.creator
        ).SerializeToString()
        signed = gateway_pb2.SignedCommitStatusRequest(request=request, signature=caller.sign(request))
        return ask(lambda: code_name(lab.nodes["Org1"].gateway.CommitStatus(signed, timeout=PATIENCE).result))

    return _table(lab, GUARDED_CHANNELS, asked)


@case("access: ChaincodeEvents", GUARDED)
def chaincode_events(lab: Lab) -> Answer:
    """Asked for the events of the first channel's chaincode."""
    endorsed = lab.endorse("eventonly", "seen", "1", caller=callers.admin(lab))
    lab.send(endorsed)

    def asked(place: str, caller: Caller) -> Answer:
        request = gateway_pb2.ChaincodeEventsRequest(
            channel_id=place, chaincode_id="lab", identity=caller.creator, start_position=at_block(0)
        ).SerializeToString()
        signed = gateway_pb2.SignedChaincodeEventsRequest(request=request, signature=caller.sign(request))
        stream = lab.nodes["Org1"].gateway.ChaincodeEvents(signed, timeout=PATIENCE)
        try:
            return ask(lambda: next(stream).events[0].event_name)
        finally:
            stream.cancel()

    return _table(lab, GUARDED_CHANNELS, asked)
