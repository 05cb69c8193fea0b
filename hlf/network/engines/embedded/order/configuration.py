"""
Configuration updates: who may change which element, and the resulting configuration.

An update has a read set and a write set; each element has a version. An element
that is written with a higher version than it was read with is changed, and the
update's signatures must satisfy its modification policy. The rules and the error
texts are Fabric's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.wire import msp
from hlf.wire.config import channelconfig

_ROOT = channelconfig.ROOT
_ELEMENT_ID = re.compile(r"[a-zA-Z0-9.-]+")
_BAD_TEXT = "string field contains invalid UTF-8"
_ORDERER_CAPABILITIES = "[Value]  /Channel/Orderer/Capabilities"


@dataclass(frozen=True)
class _Element:
    """A group, value or policy of a configuration, and the path of the group it stands in."""

    kind: str
    path: tuple[str, ...]
    key: str
    proto: Any

    @property
    def name(self) -> str:
        return _name(self.kind, "/".join(("", *self.path, self.key)))


def _name(kind: str, path: str) -> str:
    return f"[{kind}]".ljust(9) + path


def _elements(root: Any) -> dict[str, _Element]:
    """Return every element of a configuration tree, by its name in Fabric's errors."""
    found: dict[str, _Element] = {}
    for element in _walk((), _ROOT, root):
        if not element.key or len(element.key) > channelconfig.LONGEST_ID or not _ELEMENT_ID.fullmatch(element.key):
            raise errors.ConfigError(
                f"illegal characters in key: [{element.kind}]: config ID '{element.key}' contains illegal characters"
            )
        found[element.name] = element
    return found


def _walk(path: tuple[str, ...], key: str, group: Any) -> Iterator[_Element]:
    yield _Element("Group", path, key, group)
    inner = (*path, key)
    for name, below in sorted(group.groups.items()):
        yield from _walk(inner, name, below)
    for name, value in sorted(group.values.items()):
        yield _Element("Value", inner, name, value)
    for name, policy in sorted(group.policies.items()):
        yield _Element("Policy", inner, name, policy)


def propose(bundle: channelconfig.Bundle, envelope: Any) -> configtx_pb2.ConfigEnvelope:
    """
    Return the ``ConfigEnvelope`` that results from a CONFIG_UPDATE envelope.

    Raises:
        ConfigError: the update is malformed, out of date or not authorised, or its result cannot be used.
    """
    try:
        updated = update_envelope(envelope)
    except errors.ConfigError as error:
        raise errors.ConfigError(f"error converting envelope to config update: {error}") from error
    try:
        result = _authorise(bundle, updated)
    except errors.ConfigError as error:
        raise errors.ConfigError(f"error authorizing update: {error}") from error
    config = configtx_pb2.Config(sequence=bundle.sequence + 1, channel_group=_assemble(f"/{_ROOT}", result))
    return configtx_pb2.ConfigEnvelope(config=config, last_update=envelope)


def update_envelope(envelope: Any) -> configtx_pb2.ConfigUpdateEnvelope:
    """
    Return the ``ConfigUpdateEnvelope`` in a CONFIG_UPDATE envelope.

    Raises:
        ConfigError: there is none.
    """
    try:
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    except DecodeError as error:
        raise errors.ConfigError(f"error unmarshalling Payload: {errors.INVALID_WIRE}") from error
    if header.type != common_pb2.CONFIG_UPDATE:
        raise errors.ConfigError(f"invalid type {header.type}, expected CONFIG_UPDATE")
    try:
        return configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data)
    except DecodeError as error:
        raise errors.ConfigError(errors.INVALID_WIRE) from error


def _authorise(bundle: channelconfig.Bundle, update_envelope: Any) -> dict[str, _Element]:
    try:
        update = configtx_pb2.ConfigUpdate.FromString(update_envelope.config_update)
    except DecodeError as error:
        raise errors.ConfigError(_BAD_TEXT) from error
    if update.channel_id != bundle.channel_id:
        raise errors.ConfigError(
            f"ConfigUpdate for channel '{update.channel_id}' but envelope for channel '{bundle.channel_id}'"
        )
    current = _elements(bundle.config.channel_group)
    read = _mapped(update.read_set, "ReadSet")
    try:
        _check_reads(current, read)
    except errors.ConfigError as error:
        raise errors.ConfigError(f"error validating ReadSet: {error}") from error
    written = _mapped(update.write_set, "WriteSet")
    changed = {
        name: element
        for name, element in written.items()
        if name not in read or read[name].proto.version != element.proto.version
    }
    signed = [
        msp.SignedData(one.signature_header + update_envelope.config_update, _creator(one), one.signature)
        for one in update_envelope.signatures
    ]
    try:
        _check_changes(bundle, current, changed, bundle.msps.signers(signed))
    except errors.ConfigError as error:
        raise errors.ConfigError(f"error validating DeltaSet: {error}") from error
    result = {**current, **changed}
    for name in written:
        if name not in result:
            raise errors.ConfigError(
                f"full config did not verify: writeset contained key {name} which did not appear in proposed config"
            )
    return result


def _mapped(group: Any, name: str) -> dict[str, _Element]:
    try:
        return _elements(group)
    except errors.ConfigError as error:
        raise errors.ConfigError(f"error mapping {name}: {error}") from error


def _creator(signature: Any) -> bytes:
    try:
        return bytes(common_pb2.SignatureHeader.FromString(signature.signature_header).creator)
    except DecodeError as error:
        raise errors.ConfigError(f"error unmarshalling SignatureHeader: {errors.INVALID_WIRE}") from error


def _check_reads(current: Mapping[str, _Element], read: Mapping[str, _Element]) -> None:
    for name, element in read.items():
        if name not in current:
            raise errors.ConfigError(f"existing config does not contain element for {name} but was in the read set")
        version = current[name].proto.version
        if version != element.proto.version:
            raise errors.ConfigError(
                f"proposed update requires that key {name} be at version {element.proto.version}, "
                f"but it is currently at version {version}"
            )


def _check_changes(
    bundle: channelconfig.Bundle,
    current: Mapping[str, _Element],
    changed: Mapping[str, _Element],
    signers: list[msp.Identity],
) -> None:
    if not changed:
        raise errors.ConfigError("delta set was empty -- update would have no effect")
    for name, element in changed.items():
        _check_mod_policy(name, element.proto.mod_policy)
        version = element.proto.version
        existing = current.get(name)
        if existing is None:
            if version != 0:
                raise errors.ConfigError(f"attempted to set key {name} to version {version}, but key does not exist")
            continue
        if version != existing.proto.version + 1:
            raise errors.ConfigError(
                f"attempt to set key {name} to version {version}, but key is at version {existing.proto.version}"
            )
        refused = _refusal(bundle, existing, signers)
        if refused is not None:
            raise errors.ConfigError(f"policy for {name} not satisfied: {refused}")


def _check_mod_policy(name: str, mod_policy: str) -> None:
    if not mod_policy:
        raise errors.ConfigError(f"invalid mod_policy for element {name}: mod_policy not set")
    for index, part in enumerate(mod_policy.removeprefix("/").split("/")):
        if not _ELEMENT_ID.fullmatch(part) or len(part) > channelconfig.LONGEST_ID:
            why = f"config ID '{part}' contains illegal characters" if part else "config ID illegal, cannot be empty"
            raise errors.ConfigError(
                f"invalid mod_policy for element {name}: path element at {index} is invalid: {why}"
            )


def _refusal(bundle: channelconfig.Bundle, element: _Element, signers: list[msp.Identity]) -> str | None:
    """Return why *signers* may not change *element*: its policy is looked up from its own group."""
    mod_policy = element.proto.mod_policy
    tree = bundle.policies
    if not mod_policy.startswith("/") and element.path:
        path = (*element.path[1:], element.key) if element.kind == "Group" else element.path[1:]
        below = tree.below(path)
        if below is None:
            return f"unexpected missing policy {mod_policy} for item {element.name}"
        tree = below
    found = tree.find(mod_policy)
    if found is None:
        return f"unexpected missing policy {mod_policy} for item {element.name}"
    return found.refusal(signers)


def _assemble(path: str, elements: Mapping[str, _Element]) -> configtx_pb2.ConfigGroup:
    """Build a configuration tree from its elements; the element of a group lists its members."""
    name = _name("Group", path)
    if name not in elements:
        raise errors.ConfigError(f"could not turn configMap back to channelGroup: missing group at path: {name}")
    source = elements[name].proto
    group = configtx_pb2.ConfigGroup(version=source.version, mod_policy=source.mod_policy)
    for key in source.groups:
        group.groups[key].CopyFrom(_assemble(f"{path}/{key}", elements))
    for kind, keys, target in (("Value", source.values, group.values), ("Policy", source.policies, group.policies)):
        for key in keys:
            found = elements.get(_name(kind, f"{path}/{key}"))
            if found is None:
                raise errors.ConfigError(
                    f"could not turn configMap back to channelGroup: missing {kind.lower()} at path: {path}/{key}"
                )
            target[key].CopyFrom(found.proto)
    if _ORDERER_CAPABILITIES in elements:
        # Channels of the first releases have elements that nobody may modify; with capabilities, administrators
        # may.
        below: list[configtx_pb2.ConfigGroup | configtx_pb2.ConfigValue | configtx_pb2.ConfigPolicy]
        below = [group, *group.values.values(), *group.policies.values()]
        for element in below:
            element.mod_policy = element.mod_policy or "Admins"
    return group
