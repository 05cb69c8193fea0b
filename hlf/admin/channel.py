"""Read a channel's configuration from a peer or orderer, and change it together with its organisations."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from google.protobuf.message import DecodeError

from hlf import errors, waiting
from hlf.admin.orderer import Orderer
from hlf.admin.peer import Peer
from hlf.identity import Identity
from hlf.signers import Signer
from hlf.wire.config import channelconfig, configupdate

Node = Peer | Orderer

# A leader that works needs less; then the others are asked, too.
_LEADER_SECONDS = 5.0
_POLL_SECONDS = 0.05


def newest_block(node: Node, channel_id: str) -> common_pb2.Block:
    """
    Return the last block (``common.Block``) of a channel.

    Raises:
        AdminError: the node refused, or is not in the channel.
    """
    return _only(node, channel_id, "newest")


def block(node: Node, channel_id: str, number: int) -> common_pb2.Block:
    """Return one block (``common.Block``); AdminError with status 404 where it does not exist yet."""
    return _only(node, channel_id, number)


def config_block(node: Node, channel_id: str) -> common_pb2.Block:
    """
    Return the block (``common.Block``) with the configuration now in force.

    A peer is asked through ``cscc/GetConfigBlock``, which readers of the channel may call; its block events
    (``event/Block``) may be closed to all of them. An orderer has no such rule.

    Raises:
        AdminError: the node refused, or is not in the channel.
        ConfigError: the blocks do not name it.
    """
    if isinstance(node, Peer):
        return node.ask(common_pb2.Block, channel_id, "cscc", [b"GetConfigBlock", channel_id.encode()])
    newest = newest_block(node, channel_id)
    try:
        metadata = common_pb2.Metadata.FromString(newest.metadata.metadata[common_pb2.SIGNATURES])
        index = common_pb2.OrdererBlockMetadata.FromString(metadata.value).last_config.index
    except (DecodeError, IndexError) as malformed:
        raise errors.ConfigError(
            f"block {newest.header.number} of {channel_id} does not name its configuration block", address=node.name
        ) from malformed
    return newest if index == newest.header.number else block(node, channel_id, index)


def config(node: Node, channel_id: str) -> configtx_pb2.Config:
    """
    Return the configuration (``common.Config``) now in force.

    Raises:
        AdminError: the node refused, or is not in the channel.
        ConfigError, WireError: its block is not a configuration block.
    """
    _, envelope = channelconfig.config_of(channelconfig.config_envelope_of(config_block(node, channel_id)))
    return envelope.config


def copy(original: Any) -> configtx_pb2.Config:
    """Return a configuration to change, equal to *original*."""
    changed = configtx_pb2.Config()
    changed.CopyFrom(original)
    return changed


def update(channel_id: str, original: Any, changed: Any) -> bytes:
    """
    Return the serialized ``ConfigUpdate`` from one configuration to another, for organisations to sign.

    Raises:
        ConfigError: they do not differ.
    """
    serialized: bytes = configupdate.compute_update(channel_id, original, changed).SerializeToString(deterministic=True)
    return serialized


def sign(serialized_update: bytes, identity: Identity, signer: Signer) -> configtx_pb2.ConfigSignature:
    """Return one admin's ``ConfigSignature``; make it where the key is, and send it as bytes."""
    return configupdate.config_signature(serialized_update, identity.serialized, signer.sign)


def apply(
    orderer: Orderer,
    channel_id: str,
    serialized_update: bytes,
    config_signatures: Iterable[Any],
    others: Sequence[Orderer] = (),
) -> None:
    """
    Send a signed update to an orderer, as the identity of the orderer connection.

    Returns once the orderer has it in force; peers have it when they have the block. If that takes long, it is
    sent again, because a leader of Raft that hands over may lose it, and to *others*, because a leader of BFT that
    orders nothing is replaced only if several orderers wait for the same message.

    Raises:
        ConfigError: refused, for example because signatures are missing; or accepted but not in force within
            the orderer connection's time-out.
        AdminError: the identity may not read the channel there.
    """
    before = config(orderer, channel_id).sequence
    envelope = configupdate.update_envelope(
        channel_id, serialized_update, config_signatures, orderer.identity.serialized, orderer.session.sign
    )
    # With an orderer more or less they may be electing a leader; what was refused is in no block.
    orderer.again(lambda: orderer.broadcast(envelope), _electing)

    def in_force() -> bool:
        return bool(config(orderer, channel_id).sequence != before)

    until = time.monotonic() + orderer.timeout
    while not waiting.until(in_force, min(orderer.timeout, _LEADER_SECONDS), every=_POLL_SECONDS):
        if time.monotonic() > until:
            raise errors.ConfigError(
                f"accepted the update of {channel_id}, and after {orderer.timeout:g} s it is not in force",
                address=orderer.name,
            )
        for each in (orderer, *others):
            # One that is away or behind does not matter, and what is in a block already is refused.
            with contextlib.suppress(errors.HlfError):
                each.broadcast(envelope)


def _only(node: Node, channel_id: str, position: Any) -> common_pb2.Block:
    def sent() -> common_pb2.Block:
        for found in node.blocks(channel_id, position, position):
            return found
        raise errors.AdminError(f"no block {position} of channel {channel_id} was sent", address=node.name)

    # A new orderer refuses until it has heard from the channel's leader.
    return node.again(sent, _electing)


def _electing(refused: errors.AdminError) -> bool:
    # A leader that has just been elected has not heard from all others yet, and counts them as fallen.
    return refused.status == common_pb2.SERVICE_UNAVAILABLE or "configuration will result in quorum loss" in str(
        refused
    )
