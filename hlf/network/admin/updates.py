"""Updates of a channel's configuration: who must sign one by the channel's own policies, and putting it in force."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from fabric_protos.common import configtx_pb2

from hlf import errors as hlf_errors
from hlf import identity, waiting
from hlf.admin import channel as channels
from hlf.network import errors
from hlf.network.admin.nodes import Nodes
from hlf.network.state import Folder
from hlf.network.topology import BFT, Consortium, Orderer
from hlf.wire.config import channelconfig, configupdate

_SETTLE_SECONDS = 60.0


def admins(folder: Folder, consortium: Consortium) -> dict[str, bytes]:
    """Return the serialized identities of the admins whose keys are in the folder, those of *consortium* first."""
    known = [member.msp_id for member in consortium.organisations]
    known += [ordering.msp_id for ordering in consortium.ordering.organisations]
    # Organisations that have come to a channel since count, too.
    known += sorted(each.name for each in folder.organisation("any").parent.glob("[!.]*"))
    found = {}
    for msp_id in dict.fromkeys(known):
        with contextlib.suppress(hlf_errors.HlfError):
            admin, _ = identity.load_user(folder.user(msp_id, "Admin"), msp_id)
            found[msp_id] = admin.serialized
    return found


def signers(folder: Folder, asked: Mapping[str, bytes], bundle: channelconfig.Bundle, update: bytes) -> tuple[str, ...]:
    """
    Return the fewest organisations whose admins' signatures satisfy every policy that an update touches.

    They are chosen among those *asked* (see :func:`admins`), the first ones rather than the last.

    Raises:
        StateError: all of them together are not enough.
    """
    needed = configupdate.policies_needed(bundle.config, configtx_pb2.ConfigUpdate.FromString(update))
    known = {}
    for msp_id, serialized in asked.items():
        with contextlib.suppress(hlf_errors.HlfError):
            known[msp_id] = bundle.msps.identity(serialized)

    def refusal(chosen: Iterable[str]) -> str | None:
        identities = [known[msp_id] for msp_id in chosen]
        refusals = ((path, bundle.policy(path).refusal(identities)) for path in needed)
        return next((f"{path}: {why}" for path, why in refusals if why is not None), None)

    problem = refusal(known)
    if problem is not None:
        raise errors.StateError(
            folder.root,
            f"the admins whose keys are here cannot change channel {bundle.channel_id}: {problem}",
            "Exchange the update with the others: hlf.admin.channel.update, sign and apply.",
        )
    # Signers that are not needed are left out, the last first.
    chosen = list(known)
    for msp_id in reversed(list(known)):
        fewer = [each for each in chosen if each != msp_id]
        if refusal(fewer) is None:
            chosen = fewer
    return tuple(chosen)


def signers_of(
    folder: Folder, consortium: Consortium, channel_id: str, original: Any, changed: Any
) -> tuple[bytes, tuple[str, ...]]:
    """Return the update from one configuration to another, and who signs it; raises as :func:`signers`."""
    update = channels.update(channel_id, original, changed)
    bundle = channelconfig.Bundle(channel_id, original)
    return update, signers(folder, admins(folder, consortium), bundle, update)


def put_in_force(
    folder: Folder,
    consortium: Consortium,
    nodes: Nodes,
    channel_id: str,
    original: Any,
    changed: Any,
    speaker: Orderer | None = None,
) -> None:
    """
    Sign the update from the configuration *original* to *changed*, and return when every peer has it.

    *original* is the ``common.Config`` that *changed* was made from. If somebody has changed the same part of the
    channel since then, the channel refuses the update, so nobody's change is undone. *speaker* is the orderer that the
    update is sent to, by default the first.

    Raises:
        ConfigError: (of ``hlf``) the channel refused the update.
        StateError: the admins whose keys are here are not enough.
        EngineError: a peer does not get it.
    """
    spoken_to = speaker or consortium.orderers[0]
    orderer = nodes.orderer(spoken_to)
    update, signed_by = signers_of(folder, consortium, channel_id, original, changed)
    signatures = [
        channels.sign(update, *identity.load_user(folder.user(msp_id, "Admin"), msp_id)) for msp_id in signed_by
    ]
    others = [each for each in consortium.orderers if each != spoken_to] if consortium.ordering.consensus == BFT else []
    channels.apply(orderer, channel_id, update, signatures, [*map(nodes.orderer, others)])
    height = channels.config_block(orderer, channel_id).header.number + 1
    before, after = (set(channelconfig.Bundle(channel_id, each).application_msp_ids) for each in (original, changed))
    peers = [
        nodes.peer(peer.name)
        for organisation in consortium.organisations
        if organisation.msp_id in before & after
        for peer in organisation.peers
    ]

    def everywhere() -> bool:
        return all(peer.height(channel_id) >= height for peer in peers)

    if not waiting.until(everywhere, _SETTLE_SECONDS, every=0.05):
        raise errors.EngineError(
            f"after {_SETTLE_SECONDS:g} s not every peer has the new configuration of {channel_id}",
            "Read the peers' logs for the cause, then run the same command again.",
        )
