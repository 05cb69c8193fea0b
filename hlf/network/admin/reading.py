"""The network that a file wants and the network that runs, read as the same value."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import Any

from hlf import errors as hlf_errors
from hlf.admin import lifecycle
from hlf.network import channelconfig, engines, material, parties, processes
from hlf.network.admin import chaincodes, deployment, observed
from hlf.network.admin.nodes import Nodes
from hlf.network.admin.observed import ChannelConfigs
from hlf.network.plan import model
from hlf.network.state import Folder, Record
from hlf.network.topology import Channel, Consortium
from hlf.wire.config import channelwords
from hlf.wire.config.channelconfig import ConfigValues


def wanted(folder: Folder, record: Record, consortium: Consortium) -> model.NetworkFacts:
    """
    Return what a file wants; its ports are assigned already.

    Raises:
        NetworkError: a policy or capability does not fit.
    """
    packaged = chaincodes.package_all(record, consortium)
    installed: dict[str, set[str]] = {}
    for each in packaged:
        for peer in each.addresses:
            installed.setdefault(peer, set()).add(each.package_id)
    channels = {}
    for channel in consortium.channels:
        own = [each for each in packaged if each.chaincode.channel == channel.name]
        channels[channel.name] = dataclasses.replace(
            wanted_channel(record, consortium, channel),
            peers=frozenset(peer.name for peer in consortium.peers if peer.msp_id in channel.members),
            definitions={each.chaincode.name: model.wanted_definition(each.definition) for each in own},
            approvals={
                each.chaincode.name: {
                    msp_id: each.package_id if msp_id in each.chaincode.installed_by else ""
                    for msp_id in channel.members
                }
                for each in own
            },
        )
    programs = chaincodes.server_programs(folder, record, consortium, packaged)
    contained = engines.by_name(record.engine).containers
    return model.NetworkFacts(
        nodes=frozenset(consortium.nodes),
        users=frozenset(_users(consortium)),
        servers={} if contained else {each.name: each.fingerprint for each in programs},
        installed={peer: frozenset(held) for peer, held in installed.items()},
        node_settings=_node_settings(consortium),
        channels=channels,
    )


def wanted_channel(record: Record, consortium: Consortium, channel: Channel) -> model.ChannelFacts:
    """Return what a file wants of a channel's configuration; raises as :func:`wanted`."""
    return model.ChannelFacts(
        members=frozenset(channel.members),
        settings=_settings(channelconfig.outline(record, consortium, channel), channel.members),
        orderers={record.inside(orderer.name): orderer.msp_id for orderer in consortium.orderers},
    )


def actual(
    folder: Folder, record: Record, base: Consortium, asked: Consortium, found: ChannelConfigs, nodes: Nodes
) -> model.NetworkFacts:
    """
    Return what is: by the channels *found*, the peers of *base*, and ``_lifecycle``.

    Raises:
        AdminError, LifecycleError: (of ``hlf``) a peer refused.
    """
    joined = dict(
        zip(base.peers, deployment.together(lambda peer: nodes.peer(peer.name).channels(), base.peers), strict=True)
    )
    installed = deployment.together(lambda peer: lifecycle.installed(nodes.peer(peer.name)), base.peers)
    channels = {}
    for name, config in found.configs.items():
        members = found.members(name)
        known = [msp_id for msp_id in members if nodes.knows(msp_id)]
        inside = frozenset(peer.name for peer in base.peers if name in joined[peer])
        ready = [msp_id for msp_id in known if base.organisation(msp_id).peers[0].name in inside]
        definitions = lifecycle.committed(nodes.first_peer(ready[0]), name) if ready else ()
        channels[name] = dataclasses.replace(
            channel(config.channel_group),
            peers=inside,
            definitions={each.name: model.present_definition(each) for each in definitions},
            approvals=_approvals(name, definitions, ready, nodes),
        )
    made = (user for consortium in (base, asked) for user in _users(consortium))
    alive = [each for each in processes.find(folder) if each.alive and each.name.startswith(chaincodes.SERVER)]
    return model.NetworkFacts(
        nodes=frozenset(base.nodes),
        users=frozenset(user for user in made if folder.user(*user.split("/", 1)).is_dir()),
        servers={each.name: each.fingerprint for each in alive},
        installed={
            peer.name: frozenset(package.package_id for package in held)
            for peer, held in zip(base.peers, installed, strict=True)
        },
        node_settings=_node_settings(base),
        channels=channels,
    )


def channel(group: Any) -> model.ChannelFacts:
    """Return what the configuration (``common.ConfigGroup``) of a channel says."""
    members = frozenset(ConfigValues(group).application_msp_ids)
    return model.ChannelFacts(members, _settings(group, members), channelwords.orderers(group))


def _settings(group: Any, members: Collection[str]) -> dict[str, str]:
    """Return the settings of a channel; its orderers are no setting here, as each of them is a step of its own."""
    return {name: value for name, value in observed.words(group, members).items() if name != "orderers"}


def _approvals(
    channel: str, definitions: Iterable[lifecycle.CommittedChaincodeDefinition], members: list[str], nodes: Nodes
) -> dict[str, dict[str, str]]:
    asked = [(each, msp_id) for each in definitions for msp_id in members]

    def package(each: tuple[lifecycle.CommittedChaincodeDefinition, str]) -> str | None:
        definition, msp_id = each
        try:
            approved = lifecycle.approved(nodes.first_peer(msp_id), channel, definition.name, definition.sequence)
        except hlf_errors.LifecycleError as refused:
            if lifecycle.lost(refused):
                return model.LOST
            raise
        return None if approved is None else approved.package_id

    found: dict[str, dict[str, str]] = {}
    for (definition, msp_id), package_id in zip(asked, deployment.together(package, asked), strict=True):
        held = found.setdefault(definition.name, {})
        if package_id is not None:
            held[msp_id] = package_id
    return found


def _users(consortium: Consortium) -> list[str]:
    return [f"{msp_id}/{user.name}" for msp_id, users in material.users(consortium) for user in users]


def _node_settings(consortium: Consortium) -> dict[str, str]:
    return {
        f"{each.msp_id}/{name}": str(getattr(each.settings, kept_as))
        for each in consortium.organisations
        for name, (kept_as, _) in parties.SETTINGS.items()
    }
