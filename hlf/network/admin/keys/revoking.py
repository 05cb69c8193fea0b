"""
Revoke a user's certificate on every channel.

The organisation's authority signs a revocation list, which its admin puts into
the configuration of each channel: from that block on, whatever the user signs is
refused. The list stays in the folder, so that channels made later have it too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hlf import errors as hlf_errors
from hlf.admin import channel as channels
from hlf.network import certificates, engines, errors, material, state
from hlf.network.admin import lifetime, updates
from hlf.network.admin.nodes import Nodes
from hlf.network.state import Folder
from hlf.wire.certificates import read, read_revocations
from hlf.wire.config import configvalues

_LIST = "ca.pem"


def revoke(msp_id: str, name: str, root: Path = Path("build/network")) -> tuple[str, ...]:
    """
    Revoke a user's certificate on every channel of its organisation, and return the channels that were updated.

    When it returns, the update is in force at every peer of the folder. It may be repeated. The user's key and
    certificate are kept in the organisation's folder ``revoked``.

    Raises:
        StateError: there is no such user, it is the last admin, or the network does not run.
        ConfigError: (of ``hlf``) a channel refused the update.
    """
    folder = Folder(root)
    record = state.started(folder)
    state.require_all_keys(folder, record)
    engine = engines.by_name(record.engine)
    with state.alone(folder):
        if not any(engine.running(folder).values()):
            raise errors.not_running(root)
        kept = folder.organisation(msp_id) / material.REVOKED
        if not folder.user(msp_id, name).exists() and any(kept.glob(f"{name}-*")):
            return ()
        serial = serial_of(folder, msp_id, name)
        consortium = state.held(folder)
        encoded = extended(folder, msp_id, serial)
        with Nodes(folder, record, consortium) as nodes:
            found = lifetime.look(folder, record, consortium, nodes, engine)
            changes = {}
            for channel, config in found.configs.items():
                changed = channels.copy(config)
                if publish(changed.channel_group, msp_id, encoded):
                    updates.signers_of(folder, consortium, channel, config, changed)
                    changes[channel] = changed
            keep(folder, msp_id, encoded)
            for channel, changed in changes.items():
                updates.put_in_force(folder, consortium, nodes, channel, found.configs[channel], changed)
        set_aside(folder, msp_id, name)
        return tuple(changes)


def set_aside(folder: Folder, msp_id: str, name: str) -> None:
    """Move a user's key and certificate into the organisation's folder of revoked ones."""
    kept = folder.organisation(msp_id) / material.REVOKED
    state.private_folder(kept)
    number = sum(1 for _ in kept.glob(f"{name}-*"))
    folder.user(msp_id, name).rename(kept / f"{name}-{number + 1}")


def serial_of(folder: Folder, msp_id: str, name: str) -> int:
    """
    Return the serial number of a user's certificate.

    Raises:
        StateError: there is no such user, or it is the organisation's admin.
    """
    if name == "Admin":
        raise errors.StateError(
            folder.root,
            f"Admin signs the updates of {msp_id}, and nobody would be left to do so",
            "Revoke another user, or renew this one: hlf network renew.",
        )
    try:
        return read((folder.user(msp_id, name) / "cert.pem").read_bytes()).serial_number
    except (OSError, hlf_errors.IdentityError):
        users = folder.organisation(msp_id) / "users"
        names = sorted(each.name for each in users.glob("*"))
        raise errors.StateError(
            folder.root, f"has no certificate of {name} of {msp_id}", f"It has those of {', '.join(names) or 'nobody'}."
        ) from None


def extended(folder: Folder, msp_id: str, serial: int) -> bytes:
    """Return the organisation's revocation list with a further certificate on it."""
    serials = {serial}
    for file in material.revocation_lists(folder, msp_id):
        serials |= read_revocations(file.read_bytes()).serial_numbers
    return certificates.revocations(material.authority(folder, msp_id), serials)


def keep(folder: Folder, msp_id: str, encoded: bytes) -> None:
    """Keep a revocation list before it is published: the next one must contain all its entries."""
    state.replace_file(folder.organisation(msp_id) / "msp" / "crls" / _LIST, encoded)


def publish(group: Any, msp_id: str, encoded: bytes) -> bool:
    """Put a revocation list into a channel's configuration, beside those of other authorities; return if it changed."""
    member = group.groups["Application"].groups.get(msp_id)
    if member is None:
        return False
    config = configvalues.fabric_msp(member)
    ours = read_revocations(encoded)
    lists = [(each, read_revocations(each)) for each in config.revocation_list]
    same = [held for _, held in lists if held.authority_key_id == ours.authority_key_id]
    if any(ours.serial_numbers <= held.serial_numbers for held in same):
        return False
    others = [each for each, held in lists if held.authority_key_id != ours.authority_key_id]
    del config.revocation_list[:]
    config.revocation_list.extend([*others, encoded])
    configvalues.set_fabric_msp(member, config)
    return True
