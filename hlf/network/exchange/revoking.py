"""Revoke a user's certificate from the organisation's own folder: its admin's signature alone is enough."""

from __future__ import annotations

from pathlib import Path

from hlf.admin import channel as channels
from hlf.network import state
from hlf.network.admin.keys import revoking
from hlf.network.exchange.ownorganisation import OwnOrganisation
from hlf.network.state import Folder
from hlf.wire.config.channelconfig import Bundle


def revoke(msp_id: str, name: str, root: Path) -> tuple[str, ...]:
    """
    Revoke a user's certificate on every channel of the organisation's peers; return the channels that were updated.

    When it returns, the update is in force at every own peer. It may be repeated.

    Raises:
        StateError: there is no such user, it is the admin, or no orderer answers.
        ConfigError: (of ``hlf``) a channel refused the update.
        EngineError: an own peer does not get it.
    """
    folder = Folder(root)
    state.existing(folder)
    done = []
    with state.alone(folder), OwnOrganisation(root, msp_id) as ours:
        serial = revoking.serial_of(folder, msp_id, name)
        encoded = revoking.extended(folder, msp_id, serial)
        revoking.keep(folder, msp_id, encoded)
        for channel in sorted({each for peer in ours.peers() for each in peer.channels()}):
            if _publish(ours, channel, encoded):
                done.append(channel)
        revoking.set_aside(folder, msp_id, name)
    return tuple(done)


def _publish(ours: OwnOrganisation, channel: str, encoded: bytes) -> bool:
    """Put a revocation list in force on a channel; return whether it was not there yet."""
    original = ours.config(channel)
    changed = channels.copy(original)
    if not revoking.publish(changed.channel_group, ours.msp_id, encoded):
        return False
    update = channels.update(channel, original, changed)
    with ours.orderer(Bundle(channel, original)) as orderer:
        channels.apply(orderer, channel, update, [channels.sign(update, *ours.admin)])
    ours.wait_everywhere(
        channel,
        "revocation",
        # It has the list if there is nothing left to publish.
        lambda peer: not revoking.publish(channels.config(peer, channel).channel_group, ours.msp_id, encoded),
    )
    return True
