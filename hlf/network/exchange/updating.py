"""Propose an update of a channel, sign it where the key is, and submit it when signatures are enough."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fabric_protos.common import configtx_pb2

from hlf import errors as hlf_errors
from hlf.admin import channel as channels
from hlf.network import channelconfig, errors, ports, state, topology
from hlf.network.admin import reading
from hlf.network.exchange import introductions, operating, proposals
from hlf.network.exchange.ownorganisation import OwnOrganisation
from hlf.network.plan import configuration, difference, model
from hlf.network.plan.steps import AddOrderer, Configure, RemoveOrderer
from hlf.network.state import Folder
from hlf.wire.config.channelconfig import Bundle
from hlf.wire.config.channelproposal import ChannelProposal


def propose(
    channel: str,
    place: Path,
    root: Path,
    consortium: Path | None = None,
    msp_id: str | None = None,
    introduced: Sequence[Path] = (),
) -> ChannelProposal:
    """
    Write into *place* the update that makes a channel match a file, not signed yet.

    *introduced* are the introductions of organisations that are to come. Of several orderers that come or leave the
    first one is proposed: consensus takes one at a time.

    Raises:
        ConsortiumError, StateError: the file cannot be used, has no such channel, or says what the channel is.
        ExchangeError: an introduction is damaged, or contradicts what is known.
    """
    folder = Folder(root)
    state.existing(folder)
    with state.alone(folder), OwnOrganisation(root, msp_id) as ours:
        wanted = state.wanted(folder, consortium)
        own = ours.record.own or wanted.msp_ids
        ports.assign(ours.record, wanted.only(own))
        introductions.of_channel(folder, ours.record, wanted, channel, introduced)
        state.write(folder, ours.record)
        original = ours.config(channel)
        made = ChannelProposal(channel, original, _changed(ours, wanted, channel, original))
        proposals.write(made, place)
        return made


def _changed(ours: OwnOrganisation, wanted: topology.Consortium, channel: str, original: Any) -> configtx_pb2.Config:
    facts = reading.wanted_channel(ours.record, wanted, wanted.channel(channel))
    present = reading.channel(original.channel_group)
    steps = difference.between(
        model.NetworkFacts(channels={channel: present}), model.NetworkFacts(channels={channel: facts})
    )
    if steps.problems:
        problems = "; ".join(map(str, steps.problems))
        raise errors.StateError(ours.folder.root, f"channel {channel} cannot be changed to match the file: {problems}")
    group = channelconfig.group(ours.folder, ours.record, wanted, wanted.channel(channel))
    changed: configtx_pb2.Config = original
    orderers = 0
    for step in steps.all:
        if isinstance(step, AddOrderer | RemoveOrderer):
            orderers += 1
        elif not isinstance(step, Configure):
            continue
        if orderers < 2:
            # Consensus takes one orderer more or one fewer at a time: the next proposal brings the next.
            changed = configuration.changed(changed, group, step)
    if changed is original:
        raise errors.StateError(ours.folder.root, f"channel {channel} matches the file: there is nothing to propose")
    return changed


def sign(place: Path, root: Path, msp_id: str | None = None, *, offline: bool = False) -> ChannelProposal:
    """
    Add an organisation's signature to a proposal; only its own key is used.

    An own node is asked whether the channel has the configuration that the proposal starts from, unless *offline*.

    Raises:
        ExchangeError: the file is damaged, or does not say what it does.
        StateError: no own node answers.
        NetworkError: the organisation's signature counts for nothing there.
    """
    proposal = proposals.read(place)
    with OwnOrganisation(root, msp_id) as ours:
        signed = proposals.signed(proposal, ours.msp_id, *ours.admin)
        if not offline:
            _check_start(proposal, _present(ours, proposal.channel), place)
    proposals.write(signed, place)
    return signed


def _present(ours: OwnOrganisation, channel: str) -> Any:
    try:
        return ours.config(channel)
    except (hlf_errors.HlfError, errors.StateError) as silent:
        raise errors.StateError(
            ours.folder.root,
            f"has no node that tells the configuration of channel {channel} ({silent})",
            "Start one (hlf network up), or trust what the file alone says: --offline.",
        ) from silent


def submit(place: Path, root: Path, msp_id: str | None = None) -> ChannelProposal:
    """
    Put a proposal in force, and return when the organisation's own peers have it; one that is in force stays so.

    Raises:
        ExchangeError: it is damaged, lacks signatures, or the channel has moved on since.
        ConfigError: (of ``hlf``) the channel refused it.
        EngineError: an own peer does not get it.
    """
    proposal = proposals.read(place)
    with OwnOrganisation(root, msp_id) as ours:
        present = ours.config(proposal.channel)
        if not proposal.in_force(present):
            _check(proposal, present, place)
            with ours.orderer(Bundle(proposal.channel, present)) as orderer:
                channels.apply(orderer, proposal.channel, proposal.update, proposal.signatures.values())
        ours.wait_everywhere(
            proposal.channel, "update", lambda peer: proposal.in_force(channels.config(peer, proposal.channel))
        )
        with state.alone(ours.folder):
            record = state.existing(ours.folder)
            operating.remember_capabilities(record, [proposal.changed])
            state.write(ours.folder, record)
    return proposal


def _check_start(proposal: ChannelProposal, present: Any, place: Path) -> None:
    """Raise unless the channel has the configuration that the proposal starts from."""
    moved = proposal.outdated(present)
    if moved:
        raise errors.ExchangeError(
            place,
            f"channel {proposal.channel} has moved on since it was proposed (configuration "
            f"{proposal.original.sequence}, now {present.sequence}: {', '.join(moved)})",
            "Propose it again, and let the organisations sign the new file.",
        )
    misstated = proposal.misstated(present)
    if misstated:
        raise errors.ExchangeError(
            place,
            f"misstates what channel {proposal.channel} has now ({', '.join(misstated)}): it does more than its "
            "words say",
            "Sign nothing, and ask who proposed it.",
        )


def _check(proposal: ChannelProposal, present: Any, place: Path) -> None:
    """Raise unless the proposal follows from the channel and has enough signatures; an orderer's error is unclear."""
    _check_start(proposal, present, place)
    missing = proposal.missing()
    if missing:
        signed = ", ".join(sorted(proposal.signatures)) or "nobody"
        raise errors.ExchangeError(
            place,
            f"has the signatures of {signed}, and that is not enough: {'; '.join(missing)}",
            "Let others sign it.",
        )
