"""Definitions in the state of ``_lifecycle``: where they are, and how its answers describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric_protos.peer.lifecycle import lifecycle_pb2

from hlf.network.engines.embedded.endorse import collections
from hlf.network.engines.embedded.state import lifecycle
from hlf.wire import keys

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.simulator import Simulator

_Approval = (
    lifecycle_pb2.QueryApprovedChaincodeDefinitionResult
    | lifecycle_pb2.QueryApprovedChaincodeDefinitionsResult.ApprovedChaincodeDefinition
)
_Described = (
    _Approval
    | lifecycle_pb2.QueryChaincodeDefinitionResult
    | lifecycle_pb2.QueryChaincodeDefinitionsResult.ChaincodeDefinition
)


class PublicState:
    """Public state of the lifecycle namespace."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def get(self, key: str) -> bytes | None:
        return self._simulator.get_state(lifecycle.NAMESPACE, key)

    def put(self, key: str, value: bytes) -> None:
        self._simulator.set_state(lifecycle.NAMESPACE, key, value)

    def delete(self, key: str) -> None:
        self._simulator.set_state(lifecycle.NAMESPACE, key, b"")


class OrganisationState:
    """One organisation's implicit collection of the lifecycle namespace."""

    def __init__(self, simulator: Simulator, msp_id: str) -> None:
        self._simulator = simulator
        self._collection = keys.implicit_collection(msp_id)

    def get(self, key: str) -> bytes | None:
        return self._simulator.get_private(lifecycle.NAMESPACE, self._collection, key)

    def put(self, key: str, value: bytes) -> None:
        self._simulator.set_private(lifecycle.NAMESPACE, self._collection, key, value)

    def delete(self, key: str) -> None:
        self._simulator.set_private(lifecycle.NAMESPACE, self._collection, key, b"")

    def hash(self, key: str) -> bytes | None:
        return self._simulator.get_private_hash(lifecycle.NAMESPACE, self._collection, key)

    def range(self, prefix: str) -> list[str]:
        rows = self._simulator.private_range(lifecycle.NAMESPACE, self._collection, prefix, prefix + "\x7f")
        return [key[len(prefix) :] for key, _ in rows]


def is_approved(own: OrganisationState, private_name: str, approved: lifecycle.Parameters, source: str) -> bool:
    """Return whether the organisation has approved exactly this definition and package."""
    if lifecycle.metadata(own.get, lifecycle.NAMESPACES, private_name) is None:
        return False
    if lifecycle.difference(lifecycle.parameters(own.get, private_name), approved) is not None:
        return False
    if lifecycle.metadata(own.get, lifecycle.SOURCES, private_name) is None:
        return False
    return lifecycle.package_id(own.get, private_name) == source


def describe_approval(result: _Approval, own: OrganisationState, private_name: str) -> None:
    """Copy an organisation's approval into a query's answer."""
    found = lifecycle.parameters(own.get, private_name)
    describe(result, found, int(private_name.partition("#")[2]))
    source = lifecycle.package_id(own.get, private_name)
    if source:
        result.source.local_package.package_id = source
    else:
        result.source.unavailable.SetInParent()


def describe(result: _Described, found: lifecycle.Parameters, sequence: int) -> None:
    """Copy a definition into a query's answer."""
    result.sequence = sequence
    result.version = found.version
    result.endorsement_plugin = found.endorsement_info.endorsement_plugin
    result.validation_plugin = found.validation_info.validation_plugin
    result.validation_parameter = found.validation_parameter
    result.init_required = found.init_required
    result.collections.CopyFrom(found.collections)


def no_channel(name: str, given: Any, tx_id: str) -> str:
    """Return Fabric's error for a function that is called without a channel."""
    if name == "ApproveChaincodeDefinitionForMyOrg":
        try:
            collections.check_names(given.name, given.version)
        except collections.CollectionError as error:
            return f"error validating chaincode definition: {error}"
        return "error validating chaincode definition: could not get channelconfig for channel ''"
    reason = f"failed: transaction ID: {tx_id}: no ledger context"
    if name == "QueryApprovedChaincodeDefinitions":
        return (
            "could not fetch metadatas: could not get state range for namespace namespaces: could not get state "
            f"iterator: GET_STATE_BY_RANGE {reason}"
        )
    if not given.sequence:
        key = lifecycle.field_key(lifecycle.NAMESPACES, given.name, "Sequence")
        return f"could not get current sequence: could not get state for key {key}: GET_STATE {reason}"
    approved = f"{given.name}#{given.sequence}"
    return (
        f"could not deserialize namespace metadata for {approved}: could not query metadata for namespace "
        f"{lifecycle.NAMESPACES}/{approved}: GET_STATE {reason}"
    )
