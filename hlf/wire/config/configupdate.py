"""The difference between two channel configurations as an update, and the signatures that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2

from hlf import errors
from hlf.wire import envelopes

Sign = Callable[[bytes], bytes]


def compute_update(channel_id: str, original: Any, updated: Any) -> configtx_pb2.ConfigUpdate:
    """
    Return the ``ConfigUpdate`` that turns *original* into *updated* (both ``common.Config``).

    As configtxlator's compute_update: versions rise by one where something
    changed, and both sets name the unchanged parts of a changed group by their versions.

    Raises:
        ConfigError: the two do not differ.
    """
    read, write, changed = _group(original.channel_group, updated.channel_group)
    if not changed:
        raise errors.ConfigError(f"the new configuration of {channel_id} is the present one: nothing to update")
    return configtx_pb2.ConfigUpdate(channel_id=channel_id, read_set=read, write_set=write)


def policies_needed(original: Any, update: Any) -> tuple[str, ...]:
    """
    Return the paths of the policies that an update's signatures must satisfy, sorted.

    Each element of *original* (``common.Config``) that the ``ConfigUpdate`` changes names its own; a new element
    has none yet, and the group it comes into changes with it.
    """
    return tuple(sorted(_needed("/Channel", original.channel_group, update.read_set, update.write_set)))


def outdated(present: Any, update: Any) -> tuple[str, ...]:
    """
    Return the paths of the elements that have changed since an update was made, sorted.

    *present* is the ``common.Config`` in force. An update stays usable while others change what it does not name.
    """
    return tuple(sorted(_outdated("/Channel", present.channel_group, update.read_set, update.write_set)))


def _outdated(path: str, present: Any, read: Any, write: Any) -> set[str]:
    found = set() if present.version == read.version else {path}
    for kind in ("values", "policies"):
        now, had, written = getattr(present, kind), getattr(read, kind), getattr(write, kind)
        for name in had.keys() | written.keys():
            before = had[name].version if name in had else written[name].version - 1
            if (now[name].version if name in now else -1) != before:
                found.add(f"{path}/{name}")
    for name in read.groups.keys() | write.groups.keys():
        if name not in read.groups or name not in present.groups:
            if (name in read.groups) != (name in present.groups):
                found.add(f"{path}/{name}")
        else:
            found |= _outdated(f"{path}/{name}", present.groups[name], read.groups[name], write.groups[name])
    return found


def misstated(present: Any, original: Any, update: Any) -> tuple[str, ...]:
    """
    Return the paths of the elements that an update changes and that differ in *original* and *present*, sorted.

    Both are ``common.Config``. Such an update changes *present* in another way than *original*: a group that it changes
    loses the members that it did not have in *original*.
    """
    return tuple(sorted(_misstated("/Channel", present.channel_group, original.channel_group, update.write_set)))


def _misstated(path: str, present: Any, original: Any, write: Any) -> set[str]:
    found = set()
    if write.version != original.version:
        if present.mod_policy != original.mod_policy:
            found.add(path)
        for kind in ("values", "policies", "groups"):
            found |= {f"{path}/{name}" for name in getattr(present, kind).keys() ^ getattr(original, kind).keys()}
    for kind in ("values", "policies"):
        now, had = getattr(present, kind), getattr(original, kind)
        changed = {
            name for name, each in getattr(write, kind).items() if name in had and each.version != had[name].version
        }
        found |= {f"{path}/{name}" for name in changed if name not in now or now[name] != had[name]}
    for name in write.groups.keys() & present.groups.keys() & original.groups.keys():
        found |= _misstated(f"{path}/{name}", present.groups[name], original.groups[name], write.groups[name])
    return found


def _needed(path: str, original: Any, read: Any, write: Any) -> set[str]:
    found = set()
    if write.version != read.version:
        found.add(_absolute(path, original.mod_policy))
    for kind in ("values", "policies"):
        before, written = getattr(original, kind), getattr(write, kind)
        for name in written:
            if name in before and written[name].version != before[name].version:
                found.add(_absolute(path, before[name].mod_policy))
    for name in write.groups:
        if name in original.groups:
            had = read.groups[name] if name in read.groups else configtx_pb2.ConfigGroup()
            found |= _needed(f"{path}/{name}", original.groups[name], had, write.groups[name])
    return found


def _absolute(path: str, policy: str) -> str:
    return policy if policy.startswith("/") else f"{path}/{policy}"


def config_signature(update: bytes, creator: bytes, sign: Sign) -> configtx_pb2.ConfigSignature:
    """Return an organisation's ``ConfigSignature`` over the serialized update."""
    header = envelopes.signature_header(creator, envelopes.fresh_nonce())
    return configtx_pb2.ConfigSignature(signature_header=header, signature=sign(header + update))


def update_envelope(
    channel_id: str, update: bytes, config_signatures: Iterable[Any], creator: bytes, sign: Sign
) -> common_pb2.Envelope:
    """Return the signed envelope that submits an update to an orderer; the submitter must be a channel writer."""
    data = configtx_pb2.ConfigUpdateEnvelope(config_update=update, signatures=config_signatures)
    header = envelopes.channel_header(common_pb2.CONFIG_UPDATE, channel_id)
    payload = envelopes.payload(header, creator, envelopes.fresh_nonce(), data.SerializeToString())
    return common_pb2.Envelope(payload=payload, signature=sign(payload))


def _group(original: Any, updated: Any) -> tuple[Any, Any, bool]:
    """Return the read set, the write set and whether anything differs, for one group."""
    read = configtx_pb2.ConfigGroup(version=original.version)
    write = configtx_pb2.ConfigGroup(version=original.version)
    kept = configtx_pb2.ConfigGroup()
    members_changed = [
        _leaves(original.values, updated.values, write.values, kept.values, ("value", "mod_policy")),
        _leaves(original.policies, updated.policies, write.policies, kept.policies, ("policy", "mod_policy")),
        _groups(original.groups, updated.groups, read.groups, write.groups, kept.groups),
    ]
    if not any(members_changed) and original.mod_policy == updated.mod_policy:
        return read, write, bool(write.values or write.policies or write.groups)
    for side in (read, write):
        for name in kept.values:
            side.values[name].CopyFrom(kept.values[name])
        for name in kept.policies:
            side.policies[name].CopyFrom(kept.policies[name])
        for name in kept.groups:
            side.groups[name].CopyFrom(kept.groups[name])
    write.version = original.version + 1
    write.mod_policy = updated.mod_policy
    return read, write, True


def _leaves(original: Any, updated: Any, write: Any, kept: Any, fields: tuple[str, str]) -> bool:
    """Sort values or policies into changed and kept; return True if one was added or removed."""
    for name in updated:
        if name in original and all(
            getattr(original[name], field) == getattr(updated[name], field) for field in fields
        ):
            kept[name].version = original[name].version
            continue
        write[name].CopyFrom(updated[name])
        write[name].version = original[name].version + 1 if name in original else 0
    return set(original) != set(updated)


def _groups(original: Any, updated: Any, read: Any, write: Any, kept: Any) -> bool:
    """Sort sub-groups into changed and kept; return True if one was added or removed."""
    for name in updated:
        if name in original:
            read_group, write_group, changed = _group(original[name], updated[name])
            if changed:
                read[name].CopyFrom(read_group)
                write[name].CopyFrom(write_group)
            else:
                kept[name].CopyFrom(read_group)
            continue
        _, write_group, _ = _group(configtx_pb2.ConfigGroup(), updated[name])
        write[name].CopyFrom(write_group)
        write[name].version = 0
        write[name].mod_policy = updated[name].mod_policy
    return set(original) != set(updated)
