"""Invite organisations to a channel, and join one by an invitation: its first block and its organisations."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlf import errors as hlf_errors
from hlf.network import channelconfig, errors, ports, state
from hlf.network.exchange import exchangedfiles, introductions, operating
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium
from hlf.wire.config import channelwords
from hlf.wire.config.channelconfig import Bundle

KIND = "invitation"


@dataclass(frozen=True)
class Invitation:
    """A channel to join: its members and orderers as its first block names them, and what that block says in words."""

    channel: str
    members: tuple[str, ...]
    orderers: tuple[str, ...]
    words: tuple[str, ...]
    digest: str


def invite(
    channel: str, place: Path, root: Path, introduced: Sequence[Path] = (), consortium: Path | None = None
) -> Invitation:
    """
    Write an invitation to a channel into *place*; where there is no such channel yet, its first block is drafted.

    *introduced* are the introductions of organisations that this folder does not know yet.

    Raises:
        ExchangeError: an introduction is damaged, or contradicts what is known.
        StateError: an organisation of the channel was never introduced, or the file has no such channel.
    """
    folder = Folder(root)
    record = state.existing(folder)
    with state.alone(folder):
        wanted = state.wanted(folder, consortium)
        ports.assign(record, wanted.only(record.own))
        told = introductions.of_channel(folder, record, wanted, channel, introduced)
        if not folder.genesis(channel).exists():
            channelconfig.draft(folder, record, wanted, [channel])
        state.adopt(folder, wanted)
        state.write(folder, record)
    genesis = folder.genesis(channel).read_bytes()
    found = _described(channel, genesis)
    exchangedfiles.write(
        place,
        KIND,
        {
            "channel": channel,
            "block": found.digest,
            "says": list(found.words),
            "organisations": told,
            "genesis": base64.b64encode(genesis).decode(),
        },
    )
    return found


def read(place: Path) -> Invitation:
    """
    Return what an invitation says.

    Raises:
        ExchangeError: it is damaged, or its words are not those of its block.
    """
    file = exchangedfiles.ExchangedFile(place, KIND)
    return _read(file)[0]


def join(place: Path, root: Path, consortium: Path | None = None) -> list[str]:
    """
    Accept an invitation, start the own nodes and let them join the channel; return the running network.

    The invitation brings public facts alone; what this folder runs stays what its own consortium file says.

    Raises:
        ExchangeError: it is damaged, or names other roots of an organisation than are known here.
        StateError: the folder holds the keys of all organisations, whose channels `apply` makes.
        HlfError: a node refused to join.
    """
    file = exchangedfiles.ExchangedFile(place, KIND)
    found, genesis, told = _read(file)
    folder = Folder(root)
    record = state.existing(folder)
    if not record.own:
        raise errors.StateError(
            root,
            "holds the keys of all organisations, and an invitation is for the folder of one",
            "Write the channel into the consortium file, and apply it; or name another folder with --state.",
        )
    with state.alone(folder):
        wanted = state.wanted(folder, consortium)
        _check(folder, record, wanted, file, found)
        parties = introductions.parties(wanted, found.channel)
        for each in told:
            if (msp_id := file.part(each).text("msp_id")) not in parties:
                raise file.error(
                    f"introduces {msp_id!r}, and in the consortium file here it has no part in channel {found.channel}",
                    "Agree on one file first: an invitation introduces only organisations of its channel.",
                )
            introductions.keep(folder, record, wanted, file.part(each))
        state.replace_file(folder.genesis(found.channel), genesis)
        return operating.bring_up(folder, record, wanted)


def _read(file: exchangedfiles.ExchangedFile) -> tuple[Invitation, bytes, list[dict[str, Any]]]:
    channel, genesis = file.text("channel"), file.content("genesis")
    told = file.records("organisations")
    try:
        found = _described(channel, genesis)
        bundle = Bundle.from_config_block(genesis)
    except hlf_errors.HlfError as unusable:
        raise file.error(f"holds no first block of a channel ({unusable})") from unusable
    if (bundle.channel_id, found.digest, list(found.words)) != (channel, file.text("block"), file.texts("says")):
        raise file.error("was changed since it was made: its words are not what its block says")
    roots = {each.id: (b"".join(each.config.root_certs), b"".join(each.config.tls_root_certs)) for each in bundle.msps}
    for each in told:
        msp_id = file.part(each).text("msp_id")
        given = tuple(file.part(each).text(name).encode() for name in ("root", "tls_root"))
        if roots.get(msp_id, given) != given:
            raise file.error(f"introduces {msp_id} with another root than its block names")
    return found, genesis, told


def _check(
    folder: Folder, record: Record, wanted: Consortium, file: exchangedfiles.ExchangedFile, found: Invitation
) -> None:
    if found.channel not in {each.name for each in wanted.channels}:
        raise file.error(
            f"invites to channel {found.channel}, and the consortium file here has none of that name",
            "Write it into the file as its members have it, and name the file: --consortium FILE.",
        )
    held = folder.genesis(found.channel)
    if held.exists() and hashlib.sha256(held.read_bytes()).hexdigest() != found.digest:
        raise file.error(
            f"invites to another channel {found.channel} than the one whose first block is here",
            f"A channel has one first block; ask who invites which it is. The one here is {held}.",
        )
    bundle = Bundle.from_config_block(file.content("genesis"))
    for msp_id in record.own:
        msp = bundle.msps.get(msp_id)
        root, _ = introductions.roots(folder, msp_id)
        if msp is not None and [root.read_bytes()] != [*msp.config.root_certs]:
            raise file.error(
                f"names another root of {msp_id} than the one in this folder",
                f"Whoever made it had another introduction of {msp_id}: send yours again.",
            )


def _described(channel: str, genesis: bytes) -> Invitation:
    bundle = Bundle.from_config_block(genesis)
    words = channelwords.words(bundle.config.channel_group) | channelwords.anchors(bundle.config.channel_group)
    return Invitation(
        channel,
        bundle.application_msp_ids,
        tuple(sorted(bundle.orderer_endpoints)),
        tuple(f"{name}: {value}" for name, value in sorted(words.items())),
        hashlib.sha256(genesis).hexdigest(),
    )
