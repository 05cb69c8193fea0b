"""
Compare the configurations of the channels themselves with the consortium file.

The file has the wanted state, and the folder keeps the file of the last complete
start. Since then another admin may have changed a channel by Fabric's own means.
So this module compares three: the channel, the file, and that earlier file. If
the file asks for a change that a start cannot make, it is refused before anything
is done. A change by another admin is reported, and the channel stays unchanged.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlf import errors as hlf_errors
from hlf.admin import channel as channels
from hlf.network import errors
from hlf.network.admin.nodes import Nodes
from hlf.network.topology import Channel, Consortium, Orderer
from hlf.wire.config import channelconfig, channelwords

Outline = Callable[[Consortium, Channel], Any]


@dataclass(frozen=True)
class ChannelDifference:
    """A difference between a channel and the file; *asked* if the file was changed to this value."""

    channel: str
    what: str
    asked: bool
    cure: str

    def __str__(self) -> str:
        return f"channel {self.channel}: {self.what}. {self.cure}"


@dataclass(frozen=True)
class ChannelConfigs:
    """The configurations (``common.Config``) in force, by channel."""

    configs: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def members(self, channel: str) -> tuple[str, ...]:
        """Return the MSP ids of a channel's members, sorted."""
        return self.bundle(channel).application_msp_ids

    def bundle(self, channel: str) -> channelconfig.Bundle:
        """Return a channel's configuration, with its policies."""
        return channelconfig.Bundle(channel, self.configs[channel])

    def has_member(self, msp_id: str) -> bool:
        """Return whether an organisation is a member of any channel."""
        return any(msp_id in self.members(channel) for channel in self.configs)


def by_orderer(consortium: Consortium, nodes: Nodes) -> dict[Orderer, tuple[str, ...]]:
    """
    Return the channels that each orderer takes part in.

    Raises:
        ParticipationError: (of ``hlf``) one does not answer.
    """
    return {orderer: nodes.orderer_admin(orderer).channels() for orderer in consortium.orderers}


def read(joined: Mapping[Orderer, tuple[str, ...]], nodes: Nodes) -> ChannelConfigs:
    """
    Return the configuration of every channel, from an orderer that is in it: no access rule of a channel closes that.

    Raises:
        AdminError: (of ``hlf``) every orderer of a channel refused; what the last one said.
    """
    inside: dict[str, list[Orderer]] = {}
    for orderer, names in joined.items():
        for name in names:
            inside.setdefault(name, []).append(orderer)
    return ChannelConfigs({name: _config(name, orderers, nodes) for name, orderers in sorted(inside.items())})


def _config(name: str, orderers: Sequence[Orderer], nodes: Nodes) -> Any:
    for orderer in orderers[:-1]:
        # One that was taken out of the channel still lists it, and has no blocks of it for anybody.
        with contextlib.suppress(hlf_errors.AdminError):
            return channels.config(nodes.orderer(orderer), name)
    return channels.config(nodes.orderer(orderers[-1]), name)


def compare(
    base: Consortium | None, wanted: Consortium, found: ChannelConfigs, outline: Outline
) -> list[ChannelDifference]:
    """
    Return the differences of the channels from *wanted*; *base* is the file of the last complete start.

    *outline* gives the configuration that a file describes, as far as :mod:`hlf.wire.config.channelwords` looks at it.
    """
    before = {} if base is None else {channel.name: channel for channel in base.channels}
    now = {channel.name: channel for channel in wanted.channels}
    differences = []
    for name in found.configs:
        if name not in now:
            gone = "is not in the file" + (" any more" if name in before else "")
            cure = "Write it there again; a channel is not taken down by leaving it out." if name in before else ""
            differences.append(ChannelDifference(name, gone, name in before, cure or "Somebody else made it."))
            continue
        was = before.get(name)
        differences += _members(now[name], was, found)
        both = set(found.members(name)) & set(now[name].members)
        present = words(found.configs[name].channel_group, both)
        asked_for = channelwords.completed(words(outline(wanted, now[name]), both), present)
        held = None if was is None or base is None else words(outline(base, was), both)
        for what in sorted(present.keys() | asked_for.keys()):
            has, wants = present.get(what, "not set"), asked_for.get(what, "not set")
            if has != wants:
                differences.append(
                    ChannelDifference(
                        name,
                        f"{what} is {has}, and the file says {wants}",
                        held is not None and held.get(what, "not set") != wants,
                        "`hlf network apply` changes a running channel to what the file says; "
                        f"to leave it, write what it has{'' if has != 'not set' else ': leave the field out'}.",
                    )
                )
    return differences


def words(group: Any, members: Collection[str]) -> dict[str, str]:
    """Return what a configuration group says, with the anchor peers of those *members*."""
    anchors = channelwords.anchors(group)
    return channelwords.words(group) | {
        name: value for name, value in anchors.items() if name.removeprefix(channelwords.ANCHORS) in members
    }


def refuse_asked(root: Path, differences: list[ChannelDifference]) -> None:
    """
    Raise StateError unless a start can make every change that the file asks for.

    Raises:
        StateError: names everything it cannot.
    """
    asked = [each for each in differences if each.asked]
    if asked:
        problem = "; ".join(f"channel {each.channel}: {each.what}" for each in asked)
        raise errors.StateError(root, f"cannot be changed to match the file: {problem}", asked[0].cure)


def effective(wanted: Consortium, found: ChannelConfigs) -> Consortium:
    """Return the file, where each running channel lists only its real members."""
    members = {
        channel.name: tuple(
            msp_id
            for msp_id in channel.members
            if channel.name not in found.configs or msp_id in found.members(channel.name)
        )
        for channel in wanted.channels
    }
    return dataclasses.replace(
        wanted,
        channels=tuple(dataclasses.replace(each, members=members[each.name]) for each in wanted.channels),
        chaincodes=tuple(
            dataclasses.replace(
                each, installed_by=tuple(msp_id for msp_id in each.installed_by if msp_id in members[each.channel])
            )
            for each in wanted.chaincodes
        ),
    )


def _members(channel: Channel, was: Channel | None, found: ChannelConfigs) -> list[ChannelDifference]:
    present = found.members(channel.name)
    differences = []
    for msp_id in channel.members:
        if msp_id not in present:
            asked = was is not None and msp_id not in was.members
            what, cure = f"it has no member {msp_id} any more", "Take it out of the channel's `members` in the file."
            if asked:
                what = f"it has no member {msp_id} yet"
                cure = (
                    "Start it with the file it had, then: hlf network add-organisation "
                    f"--channel {channel.name} --msp {msp_id} --consortium FILE"
                )
            differences.append(ChannelDifference(channel.name, what, asked, cure))
    for msp_id in present:
        if msp_id not in channel.members:
            asked = was is not None and msp_id in was.members
            cure = (
                "A member is removed by a configuration update (hlf.admin.channel); write it in again until then."
                if asked
                else "Somebody added it; write it under the channel's `members`, or leave it to its own admins."
            )
            differences.append(
                ChannelDifference(channel.name, f"{msp_id} is a member, and not in the file", asked, cure)
            )
    return differences
