"""
Check whether a configuration follows from the one before.

A configuration block has the update that made it. The update is replayed: everything that it read must be
unchanged, each changed element must be one version higher and satisfy the policy that guards it, and the result
must be exactly the configuration in the block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from google.protobuf.message import DecodeError

from hlf.wire import msp
from hlf.wire.config import channelconfig

_ORDERER_CAPABILITIES = ("value", "Channel", "Orderer", "Capabilities")
_Name = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Element:
    """A group, value or policy of a configuration; *groups* leads from the root to the group that guards it."""

    message: Any
    groups: tuple[str, ...]


def refusal(bundle: channelconfig.Bundle, envelope: Any) -> str | None:
    """Return why the ``common.ConfigEnvelope`` may not follow *bundle*; None if it may."""
    config = envelope.config
    if config.sequence != bundle.sequence + 1:
        return f"its sequence is {config.sequence}, after {bundle.sequence}"
    try:
        payload = common_pb2.Payload.FromString(envelope.last_update.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        signed = configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data)
        update = configtx_pb2.ConfigUpdate.FromString(signed.config_update)
        signatures = [_signed(signature, signed.config_update) for signature in signed.signatures]
    except DecodeError:
        return "the update it comes from is malformed"
    if header.type != common_pb2.CONFIG_UPDATE or update.channel_id != bundle.channel_id:
        return "the update it comes from is none for this channel"
    current = dict(_elements("Channel", bundle.config.channel_group, ()))
    read = dict(_elements("Channel", update.read_set, ()))
    written = dict(_elements("Channel", update.write_set, ()))
    for name, element in read.items():
        if name not in current or current[name].message.version != element.message.version:
            return f"the update read {_words(name)} in another version"
    changed = {
        name: element
        for name, element in written.items()
        if name not in read or read[name].message.version != element.message.version
    }
    signers = bundle.msps.signers(signatures)
    for name, element in changed.items():
        refused = _change_refusal(bundle, current.get(name), element, signers)
        if refused is not None:
            return f"the update may not change {_words(name)}: {refused}"
    outcome = _assemble(("group", "Channel"), current | changed)
    return None if outcome == config.channel_group else "it is not what its update leads to"


def _change_refusal(
    bundle: channelconfig.Bundle, present: _Element | None, element: _Element, signers: list[msp.Identity]
) -> str | None:
    version = element.message.version
    if present is None:
        # The policy of the group allows a new element; the group itself is another element, and is checked there.
        return None if version == 0 else f"it is new, in version {version}"
    if version != present.message.version + 1:
        return f"it goes from version {present.message.version} to {version}"
    tree = bundle.policies
    name = present.message.mod_policy
    below = tree if name.startswith("/") else tree.below(present.groups)
    policy = below.find(name) if below is not None else None
    return f"there is no policy {name!r}" if policy is None else policy.refusal(signers)


def _signed(signature: Any, update: bytes) -> msp.SignedData:
    creator = common_pb2.SignatureHeader.FromString(signature.signature_header).creator
    return msp.SignedData(signature.signature_header + update, creator, signature.signature)


def _elements(key: str, group: Any, path: tuple[str, ...]) -> Iterator[tuple[_Name, _Element]]:
    inner = (*path, key)
    yield ("group", *inner), _Element(group, inner[1:])
    for name, value in group.values.items():
        yield ("value", *inner, name), _Element(value, inner[1:])
    for name, policy in group.policies.items():
        yield ("policy", *inner, name), _Element(policy, inner[1:])
    for name, below in group.groups.items():
        yield from _elements(name, below, inner)


def _assemble(name: _Name, elements: dict[_Name, _Element]) -> configtx_pb2.ConfigGroup:
    """Return a configuration tree out of its elements; a group's element says which belong to it."""
    source = elements[name].message
    group = configtx_pb2.ConfigGroup(version=source.version, mod_policy=source.mod_policy)
    path = name[1:]
    for key in source.groups:
        if ("group", *path, key) in elements:
            group.groups[key].CopyFrom(_assemble(("group", *path, key), elements))
    for kind, named, target in (("value", source.values, group.values), ("policy", source.policies, group.policies)):
        for key in named:
            if (kind, *path, key) in elements:
                target[key].CopyFrom(elements[kind, *path, key].message)
    if _ORDERER_CAPABILITIES in elements:
        # Fabric gives elements of its first releases, which nobody could change, to the administrators.
        below: list[configtx_pb2.ConfigGroup | configtx_pb2.ConfigValue | configtx_pb2.ConfigPolicy]
        below = [group, *group.values.values(), *group.policies.values()]
        for element in below:
            element.mod_policy = element.mod_policy or "Admins"
    return group


def _words(name: _Name) -> str:
    return f"{name[0]} /{'/'.join(name[1:])}"
