"""
Chaincode definitions in the namespace of ``_lifecycle``.

Fabric stores a structure as one key for its type and field names and one key
for each field. Committed definitions are in public state under the chaincode's
name; approvals are in the approving organisation's implicit collection under
``name#sequence``. Endorsers, validators and discovery read them by
``definition``; the bytes are those of real peers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from fabric_protos.peer import collection_pb2
from fabric_protos.peer.lifecycle import chaincode_definition_pb2, db_pb2
from google.protobuf import message

from hlf.wire import keys

if TYPE_CHECKING:
    from hlf.network.engines.embedded.state.snapshots import Snapshot

NAMESPACE = keys.LIFECYCLE
NAMESPACES = "namespaces"
SOURCES = "chaincode-sources"
DEFINITION_TYPE = "ChaincodeDefinition"
PARAMETERS_TYPE = "ChaincodeParameters"
PACKAGE_TYPE = "ChaincodeLocalPackage"

DEFINITION_FIELDS = ("Sequence", "EndorsementInfo", "ValidationInfo", "Collections")
PARAMETERS_FIELDS = ("EndorsementInfo", "ValidationInfo", "Collections")
PACKAGE_FIELDS = ("PackageID",)

Read = Callable[[str], bytes | None]
_Message = TypeVar("_Message", bound=message.Message)


class LayoutError(Exception):
    """State in the lifecycle namespace does not have its layout; the text names the key."""


class Storage(Protocol):
    """The place of a structure: public state, or an organisation's implicit collection."""

    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, value: bytes) -> None: ...
    def delete(self, key: str) -> None: ...


@dataclasses.dataclass(frozen=True, eq=False)
class Parameters:
    """The part of a definition that organisations approve: all but its sequence."""

    endorsement_info: chaincode_definition_pb2.ChaincodeEndorsementInfo
    validation_info: chaincode_definition_pb2.ChaincodeValidationInfo
    collections: collection_pb2.CollectionConfigPackage

    @property
    def version(self) -> str:
        return self.endorsement_info.version

    @property
    def init_required(self) -> bool:
        return self.endorsement_info.init_required

    @property
    def validation_parameter(self) -> bytes:
        """A serialized ``protos.ApplicationPolicy``: the chaincode's endorsement policy."""
        return self.validation_info.validation_parameter

    @property
    def static_collections(self) -> tuple[collection_pb2.StaticCollectionConfig, ...]:
        """The explicit collections, in the order of the definition."""
        return tuple(config.static_collection_config for config in self.collections.config)

    def collection(self, name: str) -> collection_pb2.StaticCollectionConfig | None:
        """Return the explicit collection called *name*, if the definition has it."""
        return next((config for config in self.static_collections if config.name == name), None)

    def values(self) -> dict[str, bytes]:
        """Return the encoded fields, by name."""
        return {
            "EndorsementInfo": encode_bytes(self.endorsement_info.SerializeToString()),
            "ValidationInfo": encode_bytes(self.validation_info.SerializeToString()),
            "Collections": encode_bytes(self.collections.SerializeToString()),
        }


@dataclasses.dataclass(frozen=True, eq=False)
class ChaincodeDefinition(Parameters):
    """A committed definition."""

    sequence: int

    def values(self) -> dict[str, bytes]:
        return {"Sequence": encode_int(self.sequence), **super().values()}


def definition(read: Read, name: str) -> ChaincodeDefinition | None:
    """
    Return the committed definition of chaincode *name*, or None.

    *read* returns values of the ``_lifecycle`` namespace. Every read counts, so
    that a simulation conflicts with an upgrade.

    Raises:
        LayoutError: the stored definition is damaged.
    """
    described = metadata(read, NAMESPACES, name)
    if described is None:
        return None
    if described.datatype != DEFINITION_TYPE:
        raise LayoutError(f"not a chaincode type: {described.datatype}")
    sequence = read_int(read, NAMESPACES, name, "Sequence")
    return ChaincodeDefinition(*_read_parameters(read, name), sequence)


def definitions(snapshot: Snapshot) -> dict[str, ChaincodeDefinition]:
    """Return every committed definition of a channel, by name."""

    def read(key: str) -> bytes | None:
        found = snapshot.state(NAMESPACE, key)
        return None if found is None else found[0]

    prefix = metadata_key(NAMESPACES, "")
    names = [row[0][len(prefix) :] for row in snapshot.range(NAMESPACE, prefix, prefix + "\x7f")]
    found = {name: definition(read, name) for name in names}
    return {name: one for name, one in found.items() if one is not None}


def difference(expected: Parameters, passed: Parameters) -> str | None:
    """Return the first difference between two sets of parameters, in Fabric's words; None if they are equal."""
    pairs = (
        ("Version", expected.version, passed.version),
        (
            "EndorsementPlugin",
            expected.endorsement_info.endorsement_plugin,
            passed.endorsement_info.endorsement_plugin,
        ),
        ("InitRequired", _go_bool(expected.init_required), _go_bool(passed.init_required)),
        ("ValidationPlugin", expected.validation_info.validation_plugin, passed.validation_info.validation_plugin),
        ("ValidationParameter", expected.validation_parameter.hex(), passed.validation_parameter.hex()),
    )
    for name, one, other in pairs:
        if one != other:
            return f"expected {name} '{one}' does not match passed {name} '{other}'"
    return None if expected.collections == passed.collections else "Collections do not match"


def sequence(read: Read, name: str) -> int:
    """Return the committed sequence of chaincode *name*, 0 if it was never committed."""
    return read_int(read, NAMESPACES, name, "Sequence")


def parameters(read: Read, private_name: str) -> Parameters:
    """Return the approved parameters under *private_name* (``name#sequence``)."""
    return Parameters(*_read_parameters(read, private_name))


def package_id(read: Read, private_name: str) -> str:
    """Return the package that an organisation approved with *private_name*; empty if none."""
    return _field(read, SOURCES, private_name, "PackageID").String


def metadata(read: Read, namespace: str, name: str) -> db_pb2.StateMetadata | None:
    """Return type and field names of the structure *name*, or None."""
    stored = read(metadata_key(namespace, name))
    if stored is None:
        return None
    try:
        return db_pb2.StateMetadata.FromString(stored)
    except message.DecodeError:
        raise LayoutError(f"could not unmarshal metadata for namespace {namespace}/{name}") from None


def write(
    state: Storage, namespace: str, name: str, datatype: str, fields: Sequence[str], values: Mapping[str, bytes]
) -> None:
    """Store a structure, and write only the keys whose values change."""
    described = metadata(state.get, namespace, name) or db_pb2.StateMetadata()
    existing = {field_key(namespace, name, field): b"" for field in described.fields}
    for key in existing:
        existing[key] = state.get(key) or b""
    for field in fields:
        key = field_key(namespace, name, field)
        if existing.pop(key, None) != values[field]:
            state.put(key, values[field])
    if existing or described.datatype != datatype or len(described.fields) != len(fields):
        state.put(metadata_key(namespace, name), encode_metadata(datatype, fields))
    for key in existing:
        state.delete(key)


def mismatches(hash_of: Read, name: str, agreed: Parameters) -> list[str]:
    """
    Return the fields in which an organisation's approval *name* differs from *agreed*, compared by hashes.
    """
    described = keys.hash_key(encode_metadata(PARAMETERS_TYPE, PARAMETERS_FIELDS))
    hashes = {field: hash_of(field_key(NAMESPACES, name, field)) for field in PARAMETERS_FIELDS}
    if hash_of(metadata_key(NAMESPACES, name)) != described:
        return [PARAMETERS_TYPE]
    values = Parameters.values(agreed)
    return [field for field in PARAMETERS_FIELDS if hashes[field] != keys.hash_key(values[field])]


def metadata_key(namespace: str, name: str) -> str:
    """Return the key of type and field names."""
    return f"{namespace}/metadata/{name}"


def field_key(namespace: str, name: str, field: str) -> str:
    """Return the key of one field."""
    return f"{namespace}/fields/{name}/{field}"


def name_in(key: str) -> str:
    """Return the chaincode if *key* is a field of its definition; else an empty text."""
    kind, _, rest = key.partition("/fields/")
    return rest.split("/")[0] if kind == NAMESPACES else ""


def encode_metadata(datatype: str, fields: Sequence[str]) -> bytes:
    """Return the stored form of type and field names."""
    return db_pb2.StateMetadata(datatype=datatype, fields=fields).SerializeToString()


def encode_int(value: int) -> bytes:
    """Return the stored form of a number."""
    return db_pb2.StateData(Int64=value).SerializeToString()


def encode_bytes(value: bytes) -> bytes:
    """Return the stored form of bytes."""
    return db_pb2.StateData(Bytes=value).SerializeToString()


def encode_string(value: str) -> bytes:
    """Return the stored form of a text."""
    return db_pb2.StateData(String=value).SerializeToString()


def read_int(read: Read, namespace: str, name: str, field: str) -> int:
    """Return a stored number; 0 if there is none."""
    return _field(read, namespace, name, field).Int64


def _read_parameters(
    read: Read, name: str
) -> tuple[
    chaincode_definition_pb2.ChaincodeEndorsementInfo,
    chaincode_definition_pb2.ChaincodeValidationInfo,
    collection_pb2.CollectionConfigPackage,
]:
    return (
        _message(read, name, "EndorsementInfo", chaincode_definition_pb2.ChaincodeEndorsementInfo),
        _message(read, name, "ValidationInfo", chaincode_definition_pb2.ChaincodeValidationInfo),
        _message(read, name, "Collections", collection_pb2.CollectionConfigPackage),
    )


def _message(read: Read, name: str, field: str, kind: type[_Message]) -> _Message:
    try:
        return kind.FromString(_field(read, NAMESPACES, name, field).Bytes)
    except message.DecodeError:
        raise LayoutError(f"could not unmarshal key {field_key(NAMESPACES, name, field)}") from None


def _field(read: Read, namespace: str, name: str, field: str) -> db_pb2.StateData:
    key = field_key(namespace, name, field)
    try:
        return db_pb2.StateData.FromString(read(key) or b"")
    except message.DecodeError:
        raise LayoutError(f"could not unmarshal state for key {key}") from None


def _go_bool(value: bool) -> str:
    return "true" if value else "false"
