"""Genesis blocks of a consortium's channels, from its file and its material."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fabric_protos.common import common_pb2, configtx_pb2

from hlf.network import errors, material, state
from hlf.network.state import Folder, Record
from hlf.network.topology import BFT, Channel, Consortium, Orderer, Organisation
from hlf.wire.config import configtx

DEFAULT_CHANNEL_CAPABILITY = "V3_0"
# Loopback and data centre alike: an election is over in about a second, not in five.
_RAFT_TICK = "100ms"


def draft(folder: Folder, record: Record, consortium: Consortium, channels: Iterable[str]) -> None:
    """
    Write the genesis blocks of channels that do not exist yet; an earlier draft is written again.

    Raises:
        ConsortiumError: a capability level does not fit.
    """
    for name in channels:
        block = genesis(folder, record, consortium, consortium.channel(name))
        state.replace_file(folder.genesis(name), block.SerializeToString(deterministic=True))


def genesis(folder: Folder, record: Record, consortium: Consortium, channel: Channel) -> common_pb2.Block:
    """Return the genesis block (``common.Block``) of one channel."""
    return configtx.genesis_block(channel.name, group(folder, record, consortium, channel))


def outline(record: Record, consortium: Consortium, channel: Channel) -> configtx_pb2.ConfigGroup:
    """
    Return as :func:`group` does, for comparing: without certificates, and of members only their anchor peers.

    It has the channel's capability only if the file names one; see :func:`hlf.wire.config.channelwords.completed`.
    """
    return _group(None, record, consortium, channel)


def group(folder: Folder, record: Record, consortium: Consortium, channel: Channel) -> configtx_pb2.ConfigGroup:
    """
    Return the configuration (``common.ConfigGroup``) that the file gives a channel.

    Raises:
        EngineError: BFT ordering without the capability it needs.
    """
    return _group(folder, record, consortium, channel)


def _group(folder: Folder | None, record: Record, consortium: Consortium, channel: Channel) -> configtx_pb2.ConfigGroup:
    capability = channel.capabilities.channel or record.channel_capability or DEFAULT_CHANNEL_CAPABILITY
    if consortium.ordering.consensus == BFT and capability != "V3_0":
        raise errors.EngineError(
            f"channel {channel.name} has the capability {capability}, and BFT ordering needs V3_0 (Fabric 3.x)",
            "Use `orderers: raft`, or run Fabric 3.x without a `capabilities.channel` in the consortium file.",
        )
    return configtx.channel(
        _application(folder, record, consortium, channel),
        _orderer(folder, record, consortium, channel),
        capabilities=(capability,) if folder is not None or channel.capabilities.channel else (),
    )


def member(folder: Folder, record: Record, consortium: Consortium, msp_id: str) -> configtx.OrganisationGroup:
    """Return a member's part of a channel's configuration: its roots of trust and its anchor peers."""
    return configtx.OrganisationGroup(
        msp_id,
        *_roots(folder, msp_id),
        anchor_peers=_anchors(record, consortium.organisation(msp_id)),
        # A revoked certificate is also revoked on channels that are made later.
        revocation_lists=tuple(_read(file) for file in material.revocation_lists(folder, msp_id)),
    )


def _anchors(record: Record, organisation: Organisation) -> tuple[tuple[str, int], ...]:
    places = [record.inside(name).rpartition(":") for name in organisation.anchors]
    return tuple((host, int(port)) for host, _, port in places)


def _application(
    folder: Folder | None, record: Record, consortium: Consortium, channel: Channel
) -> configtx_pb2.ConfigGroup:
    made = configtx.application(
        [] if folder is None else [member(folder, record, consortium, msp_id) for msp_id in channel.members],
        capabilities=(channel.capabilities.application,),
        acls=channel.acls,
    )
    for name, text in channel.policies.items():
        configtx.add_policy(made, name, text)
    if folder is None:
        for msp_id in channel.members:
            configtx.add_anchor_peers(made.groups[msp_id], _anchors(record, consortium.organisation(msp_id)))
    return made


def _orderer(
    folder: Folder | None, record: Record, consortium: Consortium, channel: Channel
) -> configtx_pb2.ConfigGroup:
    organisations = [
        configtx.OrganisationGroup(
            organisation.msp_id,
            *_roots(folder, organisation.msp_id),
            orderer_endpoints=tuple(record.inside(orderer.name) for orderer in organisation.orderers),
        )
        for organisation in consortium.ordering.organisations
        if folder is not None
    ]
    made = configtx.orderer(
        organisations,
        batch_timeout=channel.batch.timeout,
        max_message_count=channel.batch.max_messages,
        preferred_max_bytes=channel.batch.preferred_max_bytes,
        absolute_max_bytes=channel.batch.absolute_max_bytes,
        capabilities=(channel.capabilities.orderer,),
    )
    consenters = [_consenter(folder, record, orderer) for orderer in consortium.orderers]
    if consortium.ordering.consensus == BFT:
        configtx.add_bft(made, consenters, batch_interval=channel.batch.timeout, batch_count=channel.batch.max_messages)
    else:
        configtx.add_raft(made, consenters, tick_interval=_RAFT_TICK)
    return made


def _consenter(folder: Folder | None, record: Record, orderer: Orderer) -> configtx.Consenter:
    host, _, port = record.inside(orderer.name).rpartition(":")
    if folder is None:
        return configtx.Consenter(host, int(port), orderer.msp_id, b"")
    place = folder.orderer(orderer.name)
    return configtx.Consenter(
        host=host,
        port=int(port),
        msp_id=orderer.msp_id,
        tls_certificate=_read(place / "tls" / "server.crt"),
        identity=_read(place / "msp" / "signcerts" / "cert.pem"),
    )


def _roots(folder: Folder, msp_id: str) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Return an organisation's roots of trust, those of its members and of its TLS: one each, or two in a roll-over."""
    msp = folder.organisation(msp_id) / "msp"
    members, tls = (tuple(map(_read, material.roots(msp, kind))) for kind in material.AUTHORITIES)
    return members, tls


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise errors.MaterialError(
            path, f"cannot be read: {error.strerror}", "Restore it, or remove the state folder to start afresh."
        ) from error
