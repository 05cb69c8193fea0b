"""Chaincode definitions, as the ``_lifecycle`` chaincode leaves them in public state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabric_protos.peer import collection_pb2
from fabric_protos.peer.lifecycle import chaincode_definition_pb2, db_pb2
from google.protobuf.message import DecodeError

from hlf.audit.replay.state import ReplayedState
from hlf.wire import keys

LIFECYCLE = keys.LIFECYCLE
_DEFINITION = "ChaincodeDefinition"


@dataclass(frozen=True, slots=True)
class CommittedDefinition:
    """The parts of a chaincode's definition that validation needs."""

    endorsement_policy: bytes
    plugin: str
    collections: dict[str, Any]

    @property
    def usable(self) -> bool:
        """Whether it names the rules that validate its transactions; without them, none is valid."""
        return bool(self.plugin and self.endorsement_policy)

    def block_to_live(self, collection: str) -> int:
        """Return for how many blocks a collection keeps its data; 0 means for ever, as implicit ones do."""
        config = self.collections.get(collection)
        return int(config.block_to_live) if config is not None else 0


def definition(state: ReplayedState, name: str) -> CommittedDefinition | None:
    """Return the definition of chaincode *name*; None if there is no readable one."""
    try:
        described = db_pb2.StateMetadata.FromString(state.value(LIFECYCLE, f"namespaces/metadata/{name}") or b"")
        if described.datatype != _DEFINITION:
            return None
        validation = chaincode_definition_pb2.ChaincodeValidationInfo.FromString(_field(state, name, "ValidationInfo"))
        package = collection_pb2.CollectionConfigPackage.FromString(_field(state, name, "Collections"))
    except DecodeError:
        return None
    explicit = [c.static_collection_config for c in package.config if c.HasField("static_collection_config")]
    collections = {config.name: config for config in reversed(explicit)}
    return CommittedDefinition(validation.validation_parameter, validation.validation_plugin, collections)


def _field(state: ReplayedState, name: str, field: str) -> bytes:
    stored = state.value(LIFECYCLE, f"namespaces/fields/{name}/{field}") or b""
    return bytes(db_pb2.StateData.FromString(stored).Bytes)
