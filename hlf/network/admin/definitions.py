"""Check, before any change, that the chaincode definitions of a file can follow those in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hlf.admin import lifecycle
from hlf.network import errors
from hlf.network.admin.chaincodes import PackagedChaincode
from hlf.network.admin.nodes import Nodes
from hlf.network.admin.observed import ChannelConfigs, ChannelDifference
from hlf.network.topology import Consortium


@dataclass(frozen=True)
class CheckedDefinitions:
    """The chaincodes that a start puts in force or finds in force, and the other definitions in force."""

    packaged: tuple[PackagedChaincode, ...]
    differences: tuple[ChannelDifference, ...]


def check(
    root: Path,
    base: Consortium | None,
    wanted: Consortium,
    found: ChannelConfigs,
    nodes: Nodes,
    packaged: Sequence[PackagedChaincode],
) -> CheckedDefinitions:
    """
    Compare the definitions of *wanted* with those in force on the channels that run.

    Raises:
        StateError: the file was changed to a definition that cannot follow the one in force; names all of them.
        LifecycleError: (of ``hlf``) a peer refused.
    """
    before = {} if base is None else {(each.channel, each.name): each for each in base.chaincodes}
    usable, differences = [], []
    in_force = {channel: _in_force(channel, wanted, found, nodes) for channel in found.configs}
    for each in packaged:
        chaincode = each.chaincode
        present = in_force.get(chaincode.channel, {}).get(chaincode.name)
        trouble = problem(each.definition, present)
        if trouble is None:
            usable.append(each)
            continue
        asked = before.get((chaincode.channel, chaincode.name)) != chaincode
        what, cure = trouble
        differences.append(ChannelDifference(chaincode.channel, f"chaincode {chaincode.name} {what}", asked, cure))
    named = {(each.channel, each.name) for each in wanted.chaincodes}
    for channel, definitions in in_force.items():
        for name, definition in definitions.items():
            if (channel, name) not in named:
                what = f"chaincode {name}, sequence {definition.sequence}, is in force and not in the file"
                differences.append(ChannelDifference(channel, what, False, "Its own admins serve it."))
    asked_for = [each for each in differences if each.asked]
    if asked_for:
        problems = "; ".join(f"channel {each.channel}: {each.what}" for each in asked_for)
        raise errors.StateError(root, f"cannot be changed to match the file: {problems}", asked_for[0].cure)
    return CheckedDefinitions(tuple(usable), tuple(differences))


def sequences(consortium: Consortium, nodes: Nodes) -> dict[tuple[str, str], int]:
    """Return the sequence in force of every chaincode, by channel and name, as a peer of each channel has it."""
    return {
        (channel.name, each.name): each.sequence
        for channel in consortium.channels
        if channel.members
        for each in lifecycle.committed(nodes.first_peer(channel.members[0]), channel.name)
    }


def problem(
    wanted: lifecycle.Definition, present: lifecycle.CommittedChaincodeDefinition | None
) -> tuple[str, str] | None:
    """Return why a definition cannot follow the one in force, with the cure; None if it can, or is in force."""
    held = present.sequence if present is not None else 0
    if wanted.sequence not in (held, held + 1):
        return (
            f"has sequence {wanted.sequence} in the consortium file, and {held} is in force",
            f"Write `sequence: {held + 1}` to change it, or {held or 1} to leave it.",
        )
    if present is not None and wanted.sequence == held:
        differs = different(wanted, present)
        if differs:
            return (
                f"is in force with another definition of the same sequence {held} ({', '.join(differs)})",
                f"Write `sequence: {held + 1}` to put the changed definition in force.",
            )
    return None


def different(wanted: lifecycle.Definition, present: lifecycle.CommittedChaincodeDefinition) -> list[str]:
    """Return the differences of a definition from the one in force, in words."""
    fields = wanted.fields()
    collections = fields["collections"].SerializeToString() if "collections" in fields else b""
    # Where the file names no policy the peer has filled in the channel's default.
    policy = fields.get("validation_parameter", present.validation_parameter)
    found = []
    if wanted.version != present.version:
        found.append(f"version {present.version}, not {wanted.version}")
    if wanted.init_required != present.init_required:
        found.append(f"init_required {str(present.init_required).lower()}")
    if policy != present.validation_parameter:
        found.append("another endorsement policy")
    if collections != present.collections:
        found.append("other collections")
    return found


def _in_force(
    channel: str, wanted: Consortium, found: ChannelConfigs, nodes: Nodes
) -> dict[str, lifecycle.CommittedChaincodeDefinition]:
    """Return the definitions in force on a channel, by name; none where no peer of the file is in it yet."""
    members = found.members(channel)
    for organisation in wanted.organisations:
        if organisation.msp_id in members and nodes.knows(organisation.msp_id):
            peer = nodes.first_peer(organisation.msp_id)
            if channel in peer.channels():
                return {each.name: each for each in lifecycle.committed(peer, channel)}
    return {}
