"""
A further organisation in a running channel: what would be done, and doing it.

The organisation is first written into the consortium file, with the channel's
members. The channel itself then changes by a configuration update, which a
majority of its present members' admins must sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hlf import identity
from hlf.admin import channel as channels
from hlf.wire import configtx
from network import channelconfig, errors, material, ports, processes, profile, state, topology
from network.admin import lifetime
from network.admin.nodes import Nodes
from network.state import Folder, Record
from network.topology import Consortium

_SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Addition:
    """What adding an organisation takes; *signers* are the members whose admins sign."""

    channel: str
    msp_id: str
    sequence: int
    members: tuple[str, ...]
    signers: tuple[str, ...]
    steps: tuple[str, ...]

    def __str__(self) -> str:
        lines = [
            f"channel {self.channel}, configuration {self.sequence} -> {self.sequence + 1}",
            f"  + /Channel/Application/{self.msp_id}",
            f"signed by {len(self.signers)} of {len(self.members)} members: {', '.join(self.signers)}",
            "then",
            *(f"  - {step}" for step in self.steps),
        ]
        return "\n".join(lines)


def plan_addition(
    channel_id: str, msp_id: str, root: Path = Path("build/network"), consortium: Path | None = None
) -> Addition:
    """
    What :func:`add_organisation` would do; changes nothing.

    Raises:
        NetworkError: the file does not have the organisation, it is a member already, or no network runs.
    """
    folder, record, wanted = _checked(channel_id, msp_id, root, consortium)
    with Nodes(folder, record, state.held(folder)) as nodes:
        return _plan(nodes, record, wanted, channel_id, msp_id)


def add_organisation(
    channel_id: str, msp_id: str, root: Path = Path("build/network"), consortium: Path | None = None
) -> Addition:
    """
    Make an organisation a member of a running channel, with its peers joined and its chaincodes running.

    Raises:
        NetworkError: as :func:`plan_addition`.
        ConfigError: (of ``hlf``) the channel refused the update.
    """
    folder, record, wanted = _checked(channel_id, msp_id, root, consortium)
    with Nodes(folder, record, state.held(folder)) as nodes:
        addition = _plan(nodes, record, wanted, channel_id, msp_id)
        state.adopt(folder, wanted)
        material.make(folder, wanted)
        ports.assign(record, wanted)
        profile.make(folder, record, wanted)
        state.write(folder, record)
        _update(folder, record, wanted, nodes, addition)
        record.members[channel_id].append(msp_id)
        state.write(folder, record)
    lifetime.start(record.engine, root, wanted)
    return addition


def _checked(channel_id: str, msp_id: str, root: Path, consortium: Path | None) -> tuple[Folder, Record, Consortium]:
    folder = Folder(root)
    record = state.read(folder)
    if record is None or not lifetime.status(root).running:
        raise errors.StateError(root, "holds no running network", "Start it: selat network up.")
    wanted = topology.load(consortium) if consortium else state.held(folder)
    state.check_same(folder, wanted)
    found = {channel.name: channel for channel in wanted.channels}.get(channel_id)
    if found is None or channel_id not in record.members:
        raise errors.StateError(root, f"has no channel {channel_id}", f"Choose one of {', '.join(record.members)}.")
    if msp_id in record.members[channel_id]:
        raise errors.StateError(root, f"{msp_id} is a member of channel {channel_id} already")
    if msp_id not in found.members:
        raise errors.ConsortiumError(
            consortium or folder.consortium_file,
            0,
            f"channel {channel_id}",
            f"{msp_id} is not among its members",
            "Write it under `organisations` and under the channel's `members`, and name the file with --consortium.",
        )
    return folder, record, wanted


def _plan(nodes: Nodes, record: Record, wanted: Consortium, channel_id: str, msp_id: str) -> Addition:
    members = tuple(record.members[channel_id])
    config = channels.config(nodes.first_peer(members[0]), channel_id)
    organisation = wanted.organisation(msp_id)
    chaincodes = [each for each in wanted.chaincodes_of(channel_id) if msp_id in each.installed_by]
    names = ", ".join(peer.name for peer in organisation.peers)
    steps = [
        f"keys and certificates of {msp_id}, as far as there are none",
        f"start {names}" + (" (the embedded engine starts anew)" if record.engine == "embedded" else ""),
        f"join {names} to {channel_id}",
        *(f"install and approve {each.name}, sequence {each.sequence}" for each in chaincodes),
    ]
    return Addition(
        channel=channel_id,
        msp_id=msp_id,
        sequence=config.sequence,
        members=members,
        signers=members[: len(members) // 2 + 1],
        steps=tuple(steps),
    )


def _update(folder: Folder, record: Record, wanted: Consortium, nodes: Nodes, addition: Addition) -> None:
    channel_id = addition.channel
    first = nodes.first_peer(addition.members[0])
    original = channels.config(first, channel_id)
    changed = channels.copy(original)
    group = configtx.application_organisation(channelconfig.member(folder, record, wanted, addition.msp_id))
    changed.channel_group.groups["Application"].groups[addition.msp_id].CopyFrom(group)
    update = channels.update(channel_id, original, changed)
    signatures = []
    for msp_id in addition.signers:
        admin, signer = identity.load_user(folder.user(msp_id, "Admin"), msp_id)
        signatures.append(channels.sign(update, admin, signer))
    channels.apply(nodes.orderer(wanted.orderers[0], addition.members[0]), channel_id, update, signatures)

    def everywhere() -> bool:
        present = (channels.config(nodes.first_peer(msp_id), channel_id) for msp_id in addition.members)
        return all(config.sequence > original.sequence for config in present)

    if not processes.wait_until(everywhere, _SETTLE_SECONDS, every=0.05):
        raise errors.EngineError(
            f"after {_SETTLE_SECONDS:g} s not every peer has the new configuration of {channel_id}",
            "The peers' logs tell why; then run `selat network up` with the same consortium file.",
        )
