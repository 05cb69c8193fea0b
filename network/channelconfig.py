"""Genesis blocks of a consortium's channels, from its file and its material."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hlf import errors as hlf_errors
from hlf.wire import configtx
from network import errors, state
from network.state import Folder, Record
from network.topology import BFT, Channel, Consortium, Orderer

DEFAULT_CHANNEL_CAPABILITY = "V3_0"
# Loopback and data centre alike: an election is over in about a second, not in five.
_RAFT_TICK = "100ms"


def make(folder: Folder, record: Record, consortium: Consortium) -> None:
    """
    Write the genesis block of every channel that has none yet.

    Raises:
        ConsortiumError: a policy of the file is none, or a capability level does not fit.
    """
    for channel in consortium.channels:
        place = folder.genesis(channel.name)
        if not place.exists():
            block = genesis(folder, record, consortium, channel)
            state.replace_file(place, block.SerializeToString(deterministic=True))
            record.members[channel.name] = list(channel.members)


def genesis(folder: Folder, record: Record, consortium: Consortium, channel: Channel) -> Any:
    """The genesis block (``common.Block``) of one channel."""
    capability = channel.capabilities.channel or record.channel_capability or DEFAULT_CHANNEL_CAPABILITY
    if consortium.ordering.consensus == BFT and capability != "V3_0":
        raise errors.EngineError(
            f"channel {channel.name} has the capability {capability}, and BFT ordering needs V3_0 (Fabric 3.x)",
            "Use `orderers: raft`, or run Fabric 3.x without a `capabilities.channel` in the consortium file.",
        )
    group = configtx.channel(
        _application(folder, record, consortium, channel),
        _orderer(folder, record, consortium, channel),
        capabilities=(capability,),
    )
    return configtx.genesis_block(channel.name, group)


def member(folder: Folder, record: Record, consortium: Consortium, msp_id: str) -> configtx.Organisation:
    """What a channel is to know of a member: its roots of trust and its first peer as anchor."""
    organisation = consortium.organisation(msp_id)
    host, _, port = record.inside(organisation.peers[0].name).rpartition(":")
    return configtx.Organisation(
        msp_id=msp_id,
        anchor_peers=((host, int(port)),),
        **_roots(folder, msp_id),
    )


def _application(folder: Folder, record: Record, consortium: Consortium, channel: Channel) -> Any:
    group = configtx.application(
        [member(folder, record, consortium, msp_id) for msp_id in channel.members],
        capabilities=(channel.capabilities.application,),
        acls=channel.acls,
    )
    for name, text in channel.policies.items():
        try:
            configtx.add_policy(group, name, text)
        except hlf_errors.PolicyError as error:
            raise errors.ConsortiumError(
                folder.consortium_file,
                0,
                f"channel {channel.name}, policies.{name}",
                str(error),
                "Write MAJORITY Endorsement, ANY Readers, ALL Admins, or AND('AMSP.peer', OR('BMSP.peer', ...)).",
            ) from error
    return group


def _orderer(folder: Folder, record: Record, consortium: Consortium, channel: Channel) -> Any:
    organisations = [
        configtx.Organisation(
            msp_id=organisation.msp_id,
            orderer_endpoints=tuple(record.inside(orderer.name) for orderer in organisation.orderers),
            **_roots(folder, organisation.msp_id),
        )
        for organisation in consortium.ordering.organisations
    ]
    group = configtx.orderer(
        organisations,
        batch_timeout=channel.batch.timeout,
        max_message_count=channel.batch.max_messages,
        preferred_max_bytes=channel.batch.preferred_max_bytes,
        absolute_max_bytes=channel.batch.absolute_max_bytes,
        capabilities=(channel.capabilities.orderer,),
    )
    consenters = [_consenter(folder, record, orderer) for orderer in consortium.orderers]
    if consortium.ordering.consensus == BFT:
        configtx.add_bft(
            group, consenters, batch_interval=channel.batch.timeout, batch_count=channel.batch.max_messages
        )
    else:
        configtx.add_raft(group, consenters, tick_interval=_RAFT_TICK)
    return group


def _consenter(folder: Folder, record: Record, orderer: Orderer) -> configtx.Consenter:
    place = folder.orderer(orderer.name)
    host, _, port = record.inside(orderer.name).rpartition(":")
    return configtx.Consenter(
        host=host,
        port=int(port),
        msp_id=orderer.msp_id,
        tls_certificate=_read(place / "tls" / "server.crt"),
        identity=_read(place / "msp" / "signcerts" / "cert.pem"),
    )


def _roots(folder: Folder, msp_id: str) -> dict[str, tuple[bytes, ...]]:
    msp = folder.organisation(msp_id) / "msp"
    return {
        "root_certificates": (_read(msp / "cacerts" / "ca.pem"),),
        "tls_root_certificates": (_read(msp / "tlscacerts" / "tlsca.pem"),),
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise errors.MaterialError(
            path, f"cannot be read: {error.strerror}", "Restore it, or remove the state folder to start afresh."
        ) from error
