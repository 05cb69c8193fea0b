"""
A further organisation in a running channel: what would be done, and doing it.

The organisation is first written into the consortium file, with the channel's
members. The channel itself then changes by a configuration update, which the
admins must sign whom its own policy asks for. Every step may be repeated: a finished step changes nothing.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fabric_protos.common import configtx_pb2

from hlf import errors as hlf_errors
from hlf.admin import channel as channels
from hlf.admin import connection
from hlf.network import channelconfig, engines, errors, material, ports, state, topology
from hlf.network.admin import definitions, lifetime, observed, updates
from hlf.network.admin.chaincodes import package_all
from hlf.network.admin.nodes import Nodes
from hlf.network.admin.observed import ChannelConfigs
from hlf.network.state import Folder, Record
from hlf.network.topology import Channel, Consortium
from hlf.wire.config import configtx

_STARTING_SECONDS = 15.0


@dataclass(frozen=True)
class Addition:
    """
    What adding an organisation takes; *signers* are those whose admins sign.

    *done* says that the channel has the member already: only *steps* are left.
    """

    channel: str
    msp_id: str
    sequence: int
    members: tuple[str, ...]
    signers: tuple[str, ...]
    steps: tuple[str, ...]
    done: bool = False

    def __str__(self) -> str:
        if self.done:
            head = [f"channel {self.channel} has the member {self.msp_id} already; configuration {self.sequence} stays"]
        else:
            head = [
                f"channel {self.channel}, configuration {self.sequence} -> {self.sequence + 1}",
                f"  + /Channel/Application/{self.msp_id}",
                f"signed by the admins of {', '.join(self.signers)} (members: {', '.join(self.members)})",
            ]
        return "\n".join([*head, "then, unless it is done already", *(f"  - {step}" for step in self.steps)])


@dataclass(frozen=True)
class _AdditionRequest:
    """A running network, what its channels say, and the file that asks for a further member."""

    folder: Folder
    record: Record
    base: Consortium
    wanted: Consortium
    nodes: Nodes
    found: ChannelConfigs


def plan_addition(
    channel_id: str, msp_id: str, root: Path = Path("build/network"), consortium: Path | None = None
) -> Addition:
    """
    Return what :func:`add_organisation` would do; changes nothing.

    Raises:
        NetworkError: the file does not have the organisation or asks for more than this, or no network runs.
    """
    with _asked(channel_id, msp_id, root, consortium) as asked:
        return _plan(asked, channel_id, msp_id)


def add_organisation(
    channel_id: str, msp_id: str, root: Path = Path("build/network"), consortium: Path | None = None
) -> Addition:
    """
    Make an organisation a member of a running channel, with its peers joined and its chaincodes running.

    Raises:
        NetworkError: as :func:`plan_addition`.
        ConfigError: (of ``hlf``) the channel refused the update.
    """
    with _asked(channel_id, msp_id, root, consortium) as asked:
        addition = _plan(asked, channel_id, msp_id)
        folder, record, wanted = asked.folder, asked.record, asked.wanted
        if not addition.done:
            material.set_aside(folder, wanted, asked.found.has_member)
            material.make(folder, wanted)
            # The new peers' addresses are about to stand in the channel's configuration.
            state.write(folder, record)
            _update(asked, addition)
        lifetime.bring_up(folder, wanted, record.engine, record.version)
    return addition


@contextlib.contextmanager
def _asked(channel_id: str, msp_id: str, root: Path, consortium: Path | None) -> Iterator[_AdditionRequest]:
    """Yield the network, checked to be running and to allow all that the file asks for once the member is added."""
    folder = Folder(root)
    state.require_all_keys(folder, state.existing(folder))
    with state.alone(folder):
        record = state.existing(folder)
        engine = engines.by_name(record.engine) if record.engine else None
        if engine is None or not record.started or not any(engine.running(folder).values()):
            raise errors.not_running(root)
        base = state.held(folder)
        wanted = topology.load(consortium) if consortium else base
        _check_file(folder, wanted, channel_id, msp_id, consortium)
        lifetime.check_nodes(folder, base, wanted)
        ports.assign(record, wanted)
        with Nodes(folder, record, base) as nodes:
            look = functools.partial(lifetime.look, folder, record, base, nodes, engine)
            found = connection.again(look, _silent, _STARTING_SECONDS)
            if channel_id not in found.configs:
                raise errors.StateError(
                    root, f"has no channel {channel_id}", f"Choose one of {', '.join(found.configs)}."
                )
            asked = _AdditionRequest(folder, record, base, wanted, nodes, found)
            _check_rest(asked, channel_id, msp_id)
            yield asked


def _silent(refused: hlf_errors.AdminError) -> bool:
    """Return whether an orderer did not answer; it may have been started a moment ago."""
    return isinstance(refused, hlf_errors.ParticipationError) and refused.status is None


def _check_file(folder: Folder, wanted: Consortium, channel_id: str, msp_id: str, file: Path | None) -> None:
    channel = {each.name: each for each in wanted.channels}.get(channel_id)
    if channel is None:
        names = ", ".join(each.name for each in wanted.channels)
        raise errors.StateError(folder.root, f"has no channel {channel_id}", f"Choose one of {names}.")
    if msp_id not in channel.members:
        raise errors.ConsortiumError(
            file or folder.consortium_file,
            0,
            f"channel {channel_id}",
            f"{msp_id} is not among its members",
            "Write it under `organisations` and under the channel's `members`, and name the file with --consortium.",
        )


def _check_rest(asked: _AdditionRequest, channel_id: str, msp_id: str) -> None:
    """Check, before anything changes, that the start that follows can do all else that the file asks for."""

    def outline(consortium: Consortium, channel: Channel) -> configtx_pb2.ConfigGroup:
        return channelconfig.outline(asked.record, consortium, channel)

    def is_the_member(each: observed.ChannelDifference) -> bool:
        return each.channel == channel_id and each.what == f"it has no member {msp_id} yet"

    differences = observed.compare(asked.base, asked.wanted, asked.found, outline)
    observed.refuse_asked(asked.folder.root, [each for each in differences if not is_the_member(each)])
    packaged = package_all(asked.record, asked.wanted)
    definitions.check(asked.folder.root, asked.base, asked.wanted, asked.found, asked.nodes, packaged)


def _plan(asked: _AdditionRequest, channel_id: str, msp_id: str) -> Addition:
    bundle = asked.found.bundle(channel_id)
    members = bundle.application_msp_ids
    done = msp_id in members
    organisation = asked.wanted.organisation(msp_id)
    new = {peer.name for peer in asked.wanted.peers} - {peer.name for peer in asked.base.peers}
    names = ", ".join(peer.name for peer in organisation.peers)
    chaincodes = [each for each in asked.wanted.chaincodes_of(channel_id) if msp_id in each.installed_by]
    others = [each for each in asked.wanted.chaincodes_of(channel_id) if msp_id not in each.installed_by]
    steps = [
        f"the missing keys and certificates of {msp_id}",
        f"start {', '.join(sorted(new)) or names}",
        f"join {names} to {channel_id}",
        *(f"install and approve {each.name}, sequence {each.sequence}" for each in chaincodes),
        *(f"approve {each.name}, sequence {each.sequence}" for each in others),
    ]
    return Addition(
        channel=channel_id,
        msp_id=msp_id,
        sequence=bundle.config.sequence,
        members=members,
        signers=() if done else _signers(asked, channel_id, msp_id),
        steps=tuple(steps),
        done=done,
    )


def _signers(asked: _AdditionRequest, channel_id: str, msp_id: str) -> tuple[str, ...]:
    """Return who must sign; the new member's certificates may not be made yet, and nobody asks for them."""
    original = asked.found.configs[channel_id]
    changed = channels.copy(original)
    changed.channel_group.groups["Application"].groups[msp_id].SetInParent()
    update = channels.update(channel_id, original, changed)
    return updates.signers(
        asked.folder, updates.admins(asked.folder, asked.base), asked.found.bundle(channel_id), update
    )


def _update(asked: _AdditionRequest, addition: Addition) -> None:
    channel_id, folder = addition.channel, asked.folder
    original = asked.found.configs[channel_id]
    changed = channels.copy(original)
    group = configtx.application_organisation(channelconfig.member(folder, asked.record, asked.wanted, addition.msp_id))
    changed.channel_group.groups["Application"].groups[addition.msp_id].CopyFrom(group)
    updates.put_in_force(folder, asked.base, asked.nodes, channel_id, original, changed)
