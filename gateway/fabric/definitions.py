"""The state of a channel at the caller's own peer: members, heights, chaincodes, collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fabric_protos.common import common_pb2, configtx_pb2, ledger_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import collection_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2

from gateway.fabric.ledgercalls import LedgerCall
from hlf import errors
from hlf.wire import keys
from hlf.wire.config import channelconfig

Ask = Callable[[LedgerCall], bytes]


@dataclass(frozen=True)
class DefinedChaincode:
    """
    A chaincode in force.

    Attributes:
        approvals: whether each organisation has approved this definition; empty if the peer does not say.
        collections: the members of each collection, by its name.
    """

    name: str
    version: str
    sequence: int
    approvals: dict[str, bool]
    collections: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class ChannelState:
    """A channel: the height of each member's peer (None if it did not answer), and the chaincodes in force."""

    name: str
    heights: dict[str, int | None]
    chaincodes: tuple[DefinedChaincode, ...]


def of(channel: str, msp_id: str, ask: Ask) -> ChannelState:
    """
    Return the state of a channel, asked of the peer of *msp_id* and, for heights, of every member's.

    Raises:
        hlf.errors.HlfError: one's own peer cannot be asked, or its answer is malformed.
    """
    members = channelconfig.Bundle.from_config_block(_config_block(channel, msp_id, ask)).application_msp_ids
    heights = {member: _height(channel, member, ask) for member in members}
    return ChannelState(channel, heights, tuple(_chaincodes(channel, msp_id, ask)))


def configuration(channel: str, msp_id: str, ask: Ask) -> configtx_pb2.Config:
    """
    Return the configuration of a channel that is in force, as the peer of *msp_id* has it.

    Raises:
        hlf.errors.HlfError: the peer cannot be asked, or its answer is malformed.
    """
    _, envelope = channelconfig.config_of(channelconfig.config_envelope_of(_config_block(channel, msp_id, ask)))
    return envelope.config


def _config_block(channel: str, msp_id: str, ask: Ask) -> common_pb2.Block:
    return common_pb2.Block.FromString(ask(LedgerCall(channel, "cscc", "GetConfigBlock", (channel,), {}, (msp_id,))))


def _height(channel: str, msp_id: str, ask: Ask) -> int | None:
    try:
        answer = ask(LedgerCall(channel, "qscc", "GetChainInfo", (channel,), {}, (msp_id,)))
    except errors.HlfError:
        return None
    return int(ledger_pb2.BlockchainInfo.FromString(answer).height)


def _chaincodes(channel: str, msp_id: str, ask: Ask) -> Iterable[DefinedChaincode]:
    listed = _lifecycle(channel, msp_id, ask, "QueryChaincodeDefinitions", "")
    for each in lifecycle_pb2.QueryChaincodeDefinitionsResult.FromString(listed).chaincode_definitions:
        asked = lifecycle_pb2.QueryChaincodeDefinitionArgs(name=each.name).SerializeToString().decode()
        found = lifecycle_pb2.QueryChaincodeDefinitionResult.FromString(
            _lifecycle(channel, msp_id, ask, "QueryChaincodeDefinition", asked)
        )
        yield DefinedChaincode(
            each.name, each.version, each.sequence, dict(found.approvals), dict(_collections(found.collections))
        )


def _lifecycle(channel: str, msp_id: str, ask: Ask, function: str, argument: str) -> bytes:
    return ask(LedgerCall(channel, keys.LIFECYCLE, function, (argument,), {}, (msp_id,)))


def _collections(package: collection_pb2.CollectionConfigPackage) -> Iterable[tuple[str, tuple[str, ...]]]:
    for each in package.config:
        static = each.static_collection_config
        roles = [
            msp_principal_pb2.MSPRole.FromString(identity.principal)
            for identity in static.member_orgs_policy.signature_policy.identities
            if identity.principal_classification == msp_principal_pb2.MSPPrincipal.ROLE
        ]
        yield static.name, tuple(sorted({role.msp_identifier for role in roles}))
