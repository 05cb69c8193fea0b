"""qscc, cscc and _lifecycle: what a peer tells of its ledger and its chaincodes, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fabric_protos.common import common_pb2, configtx_pb2, ledger_pb2
from fabric_protos.peer import query_pb2, transaction_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2
from google.protobuf.message import Message

from tests.conformance import callers
from tests.conformance.answers import Answer
from tests.conformance.cases import case, cases
from tests.conformance.lab import CHANNEL, Arg, Lab

MISSING_ID = "cd" * 32
#: Labels of packages whose definitions no other case changes.
UNCHANGED = ("lab_1.0", "single_1.0", "all3_1.0")

_Message = TypeVar("_Message", bound=Message)


def _told(answer: Answer, kind: type[_Message], tell: Callable[[_Message], object]) -> Answer:
    """Replace a good payload by what *tell* says of it."""
    if not answer.result or answer.result["status"] != 200:
        return answer
    return Answer(result=tell(kind.FromString(answer.result["payload"])))


QUESTIONS: dict[str, tuple[str, *tuple[Arg, ...]]] = {
    "qscc GetBlockByNumber missing": ("GetBlockByNumber", CHANNEL, "99999"),
    "qscc GetBlockByNumber bad": ("GetBlockByNumber", CHANNEL, "abc"),
    "qscc GetTransactionByID missing": ("GetTransactionByID", CHANNEL, MISSING_ID),
    "qscc GetBlockByTxID missing": ("GetBlockByTxID", CHANNEL, MISSING_ID),
    "qscc GetBlockByHash missing": ("GetBlockByHash", CHANNEL, b"\0" * 32),
    "qscc unknown function": ("Nope", CHANNEL),
    "qscc unknown function with argument": ("Nope", CHANNEL, "x"),
    "qscc no args": ("GetChainInfo",),
    "qscc unknown channel arg": ("GetChainInfo", "nochan"),
}
cases(QUESTIONS, lambda lab, args: lab.system("qscc", *args))


@case("qscc GetChainInfo")
def chain_info(lab: Lab) -> Answer:
    """Height and two hashes that differ."""
    answer = lab.system("qscc", "GetChainInfo", CHANNEL)
    return _told(
        answer,
        ledger_pb2.BlockchainInfo,
        lambda info: [info.height > 0, len(info.currentBlockHash), info.currentBlockHash != info.previousBlockHash],
    )


@case("qscc via gateway Evaluate")
def through_the_gateway(lab: Lab) -> Answer:
    """System chaincodes answer through the gateway too."""
    answer = lab.evaluate("GetChainInfo", CHANNEL, chaincode="qscc")
    return _told(answer, ledger_pb2.BlockchainInfo, lambda info: info.height > 0)


@case("qscc via gateway Evaluate org3")
def through_another_gateway(lab: Lab) -> Answer:
    """At any peer of the channel."""
    answer = lab.evaluate("GetChainInfo", CHANNEL, chaincode="qscc", organisation="Org3")
    return _told(answer, ledger_pb2.BlockchainInfo, lambda info: info.height > 0)


@case("qscc GetBlockByNumber via gateway missing")
def missing_through_the_gateway(lab: Lab) -> Answer:
    """And their refusals come as a contract's do."""
    return lab.evaluate("GetBlockByNumber", CHANNEL, "99999", chaincode="qscc")


@case("qscc GetBlockByNumber")
def block_by_number(lab: Lab) -> Answer:
    """The genesis block."""
    answer = lab.system("qscc", "GetBlockByNumber", CHANNEL, "0")
    return _told(answer, common_pb2.Block, lambda block: [block.header.number, len(block.data.data)])


@case("qscc GetBlockByHash")
def block_by_hash(lab: Lab) -> Answer:
    """The newest block, by the hash that the chain information tells."""
    info = lab.system("qscc", "GetChainInfo", CHANNEL)
    told = ledger_pb2.BlockchainInfo.FromString(info.result["payload"])
    answer = lab.system("qscc", "GetBlockByHash", CHANNEL, told.currentBlockHash)
    return _told(answer, common_pb2.Block, lambda block: block.header.number == told.height - 1)


def _committed(lab: Lab) -> str:
    endorsed = lab.endorse("put", "qscc", "1")
    lab.send(endorsed)
    lab.code(endorsed.transaction_id)
    return endorsed.transaction_id


@case("qscc GetTransactionByID")
def transaction_by_id(lab: Lab) -> Answer:
    """A committed transaction with its code."""
    answer = lab.system("qscc", "GetTransactionByID", CHANNEL, _committed(lab))
    return _told(
        answer,
        transaction_pb2.ProcessedTransaction,
        lambda found: [found.validationCode, bool(found.transactionEnvelope.payload)],
    )


@case("qscc GetBlockByTxID")
def block_by_transaction(lab: Lab) -> Answer:
    """The block that holds it."""
    answer = lab.system("qscc", "GetBlockByTxID", CHANNEL, _committed(lab))
    return _told(answer, common_pb2.Block, lambda block: len(block.data.data) > 0)


@case("cscc GetChannels")
def channels(lab: Lab) -> Answer:
    """The channels of a peer, asked without a channel."""
    answer = lab.system("cscc", "GetChannels", channel="")
    return _told(answer, query_pb2.ChannelQueryResponse, lambda found: [each.channel_id for each in found.channels])


case("cscc GetChannels org2 user at org1")(
    lambda lab: lab.system("cscc", "GetChannels", channel="", caller=lab.caller("Org2"))
)
case("cscc GetConfigBlock unknown")(lambda lab: lab.system("cscc", "GetConfigBlock", "nochan", channel=""))
case("cscc unknown fn")(lambda lab: lab.system("cscc", "Nope", CHANNEL, channel=""))
case("cscc JoinChain by user")(lambda lab: lab.system("cscc", "JoinChain", lab.genesis, channel=""))
case("cscc JoinChain again by admin")(
    lambda lab: lab.system("cscc", "JoinChain", lab.genesis, channel="", caller=callers.admin(lab))
)
case("cscc JoinBlock garbage")(
    lambda lab: lab.system("cscc", "JoinChain", b"\xff\xff", channel="", caller=callers.admin(lab))
)


@case("cscc GetConfigBlock")
def config_block(lab: Lab) -> Answer:
    """The newest configuration block."""
    answer = lab.system("cscc", "GetConfigBlock", CHANNEL)
    return _told(answer, common_pb2.Block, lambda block: block.header.number)


@case("cscc GetChannelConfig")
def channel_config(lab: Lab) -> Answer:
    """The configuration alone."""
    answer = lab.system("cscc", "GetChannelConfig", CHANNEL)
    return _told(answer, configtx_pb2.Config, lambda config: config.sequence)


# The chaincode lifecycle.


def _lifecycle(lab: Lab, function: str, message: Message, *, as_admin: bool = True, channel: str = CHANNEL) -> Answer:
    caller = callers.admin(lab) if as_admin else lab.caller()
    return lab.system("_lifecycle", function, message.SerializeToString(), channel=channel, caller=caller)


case("lifecycle QueryInstalledChaincode missing")(
    lambda lab: _lifecycle(
        lab, "QueryInstalledChaincode", lifecycle_pb2.QueryInstalledChaincodeArgs(package_id="nope:1"), channel=""
    )
)
case("lifecycle QueryChaincodeDefinition missing")(
    lambda lab: _lifecycle(lab, "QueryChaincodeDefinition", lifecycle_pb2.QueryChaincodeDefinitionArgs(name="nosuchcc"))
)
case("lifecycle QueryApproved missing")(
    lambda lab: _lifecycle(
        lab, "QueryApprovedChaincodeDefinition", lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs(name="nosuch")
    )
)
case("lifecycle Install garbage")(
    lambda lab: _lifecycle(
        lab, "InstallChaincode", lifecycle_pb2.InstallChaincodeArgs(chaincode_install_package=b"garbage"), channel=""
    )
)
case("lifecycle Install again")(
    lambda lab: _lifecycle(
        lab,
        "InstallChaincode",
        lifecycle_pb2.InstallChaincodeArgs(chaincode_install_package=lab.package("lab")),
        channel="",
    )
)
case("lifecycle Approve by user")(
    lambda lab: _lifecycle(lab, "ApproveChaincodeDefinitionForMyOrg", _approval(2), as_admin=False)
)
case("lifecycle unknown fn")(
    lambda lab: _lifecycle(lab, "Nope", lifecycle_pb2.QueryInstalledChaincodeArgs(package_id="x"))
)
case("lifecycle Approve bad seq")(lambda lab: _lifecycle(lab, "ApproveChaincodeDefinitionForMyOrg", _approval(7)))
case("lifecycle Commit unapproved")(
    lambda lab: _lifecycle(
        lab,
        "CommitChaincodeDefinition",
        lifecycle_pb2.CommitChaincodeDefinitionArgs(name="lab", sequence=2, version="9.9"),
    )
)
case("lifecycle CheckCommitReadiness wrong seq")(lambda lab: _readiness(lab, 5))
case("lifecycle CheckCommitReadiness old seq")(lambda lab: _readiness(lab, 1))


def _approval(sequence: int) -> lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs:
    return lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs(name="lab", sequence=sequence, version="2.0")


def _readiness(lab: Lab, sequence: int) -> Answer:
    arguments = lifecycle_pb2.CheckCommitReadinessArgs(name="lab", sequence=sequence, version="2.0")
    return _lifecycle(lab, "CheckCommitReadiness", arguments)


@case("lifecycle CheckCommitReadiness")
def readiness(lab: Lab) -> Answer:
    """Nobody approved the next sequence yet."""
    return _told(
        _readiness(lab, 2),
        lifecycle_pb2.CheckCommitReadinessResult,
        lambda result: dict(sorted(result.approvals.items())),
    )


@case("lifecycle QueryInstalledChaincodes admin")
def installed(lab: Lab) -> Answer:
    """Each package with the channels and chaincodes that use it."""
    answer = _lifecycle(lab, "QueryInstalledChaincodes", lifecycle_pb2.QueryInstalledChaincodesArgs(), channel="")
    return _told(
        answer,
        lifecycle_pb2.QueryInstalledChaincodesResult,
        lambda result: sorted(
            [
                each.label,
                {
                    channel: sorted([chaincode.name, chaincode.version] for chaincode in used.chaincodes)
                    for channel, used in each.references.items()
                },
            ]
            for each in result.installed_chaincodes
            if each.label in UNCHANGED
        ),
    )


@case("lifecycle QueryChaincodeDefinition")
def definition(lab: Lab) -> Answer:
    """The committed definition with everybody's approval."""
    answer = _lifecycle(lab, "QueryChaincodeDefinition", lifecycle_pb2.QueryChaincodeDefinitionArgs(name="lab"))
    return _told(
        answer,
        lifecycle_pb2.QueryChaincodeDefinitionResult,
        lambda result: [
            result.sequence,
            result.version,
            result.endorsement_plugin,
            result.validation_plugin,
            dict(sorted(result.approvals.items())),
            [collection.static_collection_config.name for collection in result.collections.config],
        ],
    )


@case("lifecycle QueryChaincodeDefinitions")
def definitions(lab: Lab) -> Answer:
    """All of them."""
    answer = _lifecycle(lab, "QueryChaincodeDefinitions", lifecycle_pb2.QueryChaincodeDefinitionsArgs())
    return _told(
        answer,
        lifecycle_pb2.QueryChaincodeDefinitionsResult,
        lambda result: sorted(
            [each.name, each.sequence] for each in result.chaincode_definitions if f"{each.name}_1.0" in UNCHANGED
        ),
    )


@case("lifecycle QueryApproved")
def approved(lab: Lab) -> Answer:
    """What this organisation approved, and with which package."""
    answer = _lifecycle(
        lab, "QueryApprovedChaincodeDefinition", lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs(name="lab")
    )
    return _told(
        answer,
        lifecycle_pb2.QueryApprovedChaincodeDefinitionResult,
        lambda result: [result.sequence, result.source.local_package.package_id.split(":")[0]],
    )
