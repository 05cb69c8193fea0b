"""
The chaincode lifecycle of Fabric 2.x and 3.x: install, approve, commit, and what is installed, approved, committed.

::

    package_id = lifecycle.install(peer, package)                  # on every peer that is to run it
    lifecycle.approve(peer, "mychannel", definition, package_id)   # once an organisation
    lifecycle.readiness(peer, "mychannel", definition)             # who has approved exactly this
    lifecycle.commit(peer, "mychannel", definition, endorsers)     # once, by anyone
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fabric_protos.peer import collection_pb2, policy_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2
from google.protobuf.message import Message

from hlf import errors
from hlf.admin.peer import Peer
from hlf.wire import keys, policies

_Result = TypeVar("_Result", bound=Message)


@dataclass(frozen=True)
class Collection:
    """
    A private data collection as a definition carries it.

    Attributes:
        policy: signature policy text naming the member organisations.
        block_to_live: blocks after which values are purged, 0 for never.
        endorsement: signature policy text or a channel policy's path; empty for the chaincode's own.
    """

    name: str
    policy: str
    required_peer_count: int = 0
    max_peer_count: int = 1
    block_to_live: int = 0
    member_only_read: bool = True
    member_only_write: bool = True
    endorsement: str = ""


@dataclass(frozen=True)
class Definition:
    """
    What a channel agrees on about a chaincode.

    *endorsement* is a signature policy's text, a channel policy's path that
    starts with ``/``, or empty for the channel's default.
    """

    name: str
    version: str = "1.0"
    sequence: int = 1
    endorsement: str = ""
    collections: tuple[Collection, ...] = ()
    init_required: bool = False

    def fields(self) -> dict[str, Any]:
        """
        Return the fields that the lifecycle's messages share.

        Raises:
            PolicyError: a policy's text is none.
        """
        shared: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "sequence": self.sequence,
            "init_required": self.init_required,
        }
        if self.endorsement:
            shared["validation_parameter"] = _application_policy(self.endorsement).SerializeToString(deterministic=True)
        if self.collections:
            shared["collections"] = collection_package(self.collections)
        return shared


@dataclass(frozen=True)
class InstalledChaincode:
    """A package on a peer; *references* maps channels to the names and versions of chaincodes that use it."""

    package_id: str
    label: str
    references: Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class ApprovedChaincodeDefinition:
    """An organisation's approval; *package_id* is empty where it approved without running the chaincode."""

    sequence: int
    version: str
    init_required: bool
    package_id: str
    validation_parameter: bytes
    collections: bytes


@dataclass(frozen=True)
class CommittedChaincodeDefinition:
    """A definition in force on a channel; *approvals* by MSP id are answered only when it is asked for by name."""

    name: str
    sequence: int
    version: str
    init_required: bool
    validation_parameter: bytes
    collections: bytes
    approvals: Mapping[str, bool]


def collection_package(collections: Sequence[Collection]) -> collection_pb2.CollectionConfigPackage:
    """Return the ``CollectionConfigPackage`` of a definition's collections."""
    package = collection_pb2.CollectionConfigPackage()
    for each in collections:
        static = collection_pb2.StaticCollectionConfig(
            name=each.name,
            member_orgs_policy=collection_pb2.CollectionPolicyConfig(signature_policy=policies.from_dsl(each.policy)),
            required_peer_count=each.required_peer_count,
            maximum_peer_count=each.max_peer_count,
            block_to_live=each.block_to_live,
            member_only_read=each.member_only_read,
            member_only_write=each.member_only_write,
        )
        if each.endorsement:
            static.endorsement_policy.CopyFrom(_application_policy(each.endorsement))
        package.config.add(static_collection_config=static)
    return package


def install(peer: Peer, package: bytes) -> str:
    """
    Install a package on a peer and return its id.

    Raises:
        LifecycleError: refused, for example because it is installed already.
    """
    args = lifecycle_pb2.InstallChaincodeArgs(chaincode_install_package=package)
    answer = _ask(peer, "", "InstallChaincode", args, lifecycle_pb2.InstallChaincodeResult)
    package_id: str = answer.package_id
    return package_id


def installed(peer: Peer) -> tuple[InstalledChaincode, ...]:
    """Return the packages on a peer."""
    args = lifecycle_pb2.QueryInstalledChaincodesArgs()
    answer = _ask(peer, "", "QueryInstalledChaincodes", args, lifecycle_pb2.QueryInstalledChaincodesResult)
    return tuple(
        InstalledChaincode(
            each.package_id,
            each.label,
            {
                channel: tuple((chaincode.name, chaincode.version) for chaincode in listed.chaincodes)
                for channel, listed in each.references.items()
            },
        )
        for each in answer.installed_chaincodes
    )


def installed_package(peer: Peer, package_id: str) -> bytes:
    """Return the bytes of an installed package, as they were installed."""
    args = lifecycle_pb2.GetInstalledChaincodePackageArgs(package_id=package_id)
    answer = _ask(peer, "", "GetInstalledChaincodePackage", args, lifecycle_pb2.GetInstalledChaincodePackageResult)
    package: bytes = answer.chaincode_install_package
    return package


def approve(peer: Peer, channel_id: str, definition: Definition, package_id: str = "") -> str:
    """
    Approve a definition for the peer's organisation, wait until it is committed, return the transaction id.

    Without *package_id* the organisation agrees to the definition and runs no
    chaincode. Approving again replaces an approval that is not yet in force.

    Raises:
        LifecycleError: refused, for example the same approval again.
    """
    args = lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs(**definition.fields())
    if package_id:
        args.source.local_package.package_id = package_id
    else:
        args.source.unavailable.SetInParent()
    return _submit(peer, channel_id, "ApproveChaincodeDefinitionForMyOrg", args, ())


def approved(peer: Peer, channel_id: str, name: str, sequence: int = 0) -> ApprovedChaincodeDefinition | None:
    """Return what the peer's organisation has approved, the latest for sequence 0; None where it has not."""
    args = lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs(name=name, sequence=sequence)
    try:
        answer = _ask(
            peer,
            channel_id,
            "QueryApprovedChaincodeDefinition",
            args,
            lifecycle_pb2.QueryApprovedChaincodeDefinitionResult,
        )
    except errors.LifecycleError as refused:
        # Fabric 2.5 and 3.1 show it by this text only.
        if "could not fetch approved chaincode definition" in refused.message:
            return None
        raise
    return ApprovedChaincodeDefinition(
        sequence=answer.sequence,
        version=answer.version,
        init_required=answer.init_required,
        package_id=answer.source.local_package.package_id,
        validation_parameter=answer.validation_parameter,
        collections=answer.collections.SerializeToString(),
    )


def lost(refused: errors.LifecycleError) -> bool:
    """
    Return whether a peer refused because it lost its organisation's approval with an earlier ledger of the channel.

    The approval's hash is in the blocks, so Fabric lets the organisation neither read nor repeat it: only the next
    sequence helps.
    """
    return "private data matching public hash version is not available" in refused.message


def readiness(peer: Peer, channel_id: str, definition: Definition) -> dict[str, bool]:
    """Return which organisations, by MSP id, have approved exactly this definition."""
    args = lifecycle_pb2.CheckCommitReadinessArgs(**definition.fields())
    answer = _ask(peer, channel_id, "CheckCommitReadiness", args, lifecycle_pb2.CheckCommitReadinessResult)
    return dict(answer.approvals)


def commit(peer: Peer, channel_id: str, definition: Definition, endorsers: Sequence[Peer]) -> str:
    """
    Put a definition in force, wait until it is, return the transaction id.

    *endorsers* must satisfy the channel's LifecycleEndorsement policy: as a
    rule one peer each of a majority of the organisations that approved.

    Raises:
        LifecycleError: refused, or the endorsers were not enough.
    """
    args = lifecycle_pb2.CommitChaincodeDefinitionArgs(**definition.fields())
    return _submit(peer, channel_id, "CommitChaincodeDefinition", args, endorsers)


def committed(peer: Peer, channel_id: str) -> tuple[CommittedChaincodeDefinition, ...]:
    """Return all definitions in force on a channel, without approvals."""
    args = lifecycle_pb2.QueryChaincodeDefinitionsArgs()
    answer = _ask(peer, channel_id, "QueryChaincodeDefinitions", args, lifecycle_pb2.QueryChaincodeDefinitionsResult)
    return tuple(_committed(each.name, each, {}) for each in answer.chaincode_definitions)


def committed_definition(peer: Peer, channel_id: str, name: str) -> CommittedChaincodeDefinition | None:
    """Return the definition of one chaincode in force on a channel, with approvals; None where there is none."""
    args = lifecycle_pb2.QueryChaincodeDefinitionArgs(name=name)
    try:
        answer = _ask(peer, channel_id, "QueryChaincodeDefinition", args, lifecycle_pb2.QueryChaincodeDefinitionResult)
    except errors.LifecycleError as refused:
        if refused.status == 404 or "is not defined" in refused.message:
            return None
        raise
    return _committed(name, answer, dict(answer.approvals))


def _committed(name: str, answer: Any, approvals: Mapping[str, bool]) -> CommittedChaincodeDefinition:
    return CommittedChaincodeDefinition(
        name=name,
        sequence=answer.sequence,
        version=answer.version,
        init_required=answer.init_required,
        validation_parameter=answer.validation_parameter,
        collections=answer.collections.SerializeToString(),
        approvals=approvals,
    )


def _application_policy(text: str) -> policy_pb2.ApplicationPolicy:
    if text.startswith("/"):
        return policy_pb2.ApplicationPolicy(channel_config_policy_reference=text)
    return policy_pb2.ApplicationPolicy(signature_policy=policies.from_dsl(text))


def _ask(peer: Peer, channel_id: str, function: str, args: Any, result: type[_Result]) -> _Result:
    serialized = [function.encode(), args.SerializeToString(deterministic=True)]
    return peer.ask(result, channel_id, keys.LIFECYCLE, serialized, kind=errors.LifecycleError)


def _submit(peer: Peer, channel_id: str, function: str, args: Any, endorsers: Sequence[Peer]) -> str:
    serialized = [function.encode(), args.SerializeToString(deterministic=True)]
    return peer.submit(channel_id, keys.LIFECYCLE, serialized, endorsers, kind=errors.LifecycleError)
