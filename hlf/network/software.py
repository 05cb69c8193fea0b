"""The chaincodes of a consortium file and the programs that serve them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hlf.codec import names
from hlf.network import policies
from hlf.network.consortiummodel import Chaincode, Channel, Collection, Organisation, ServerProgram
from hlf.network.document import NAME, Field

IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,254}")
ADDRESS = re.compile(r"[A-Za-z0-9.\[\]:-]+:[0-9]{1,5}")
_OPTIONAL_OF_CHAINCODE = (
    "version",
    "sequence",
    "endorsement",
    "collections",
    "init_required",
    "server",
    "address",
    "installed_by",
)


def server(each: Field, base: Path) -> ServerProgram:
    """Return one program; its folder is meant from *base*, the folder of the consortium file."""
    fields = each.record(
        required=("name", "command"), optional=("each", "environment", "folder", "image", "per_organisation")
    )
    folder = None
    if "folder" in fields:
        folder = (base / fields["folder"].text()).resolve()
        if not folder.is_dir():
            raise fields["folder"].error(f"there is no folder {folder}", "Name it from the consortium file's folder.")
    return ServerProgram(
        name=fields["name"].word(NAME),
        command=tuple(word.text() for word in fields["command"].items(minimum=1)),
        each=tuple(word.text() for word in fields["each"].items()) if "each" in fields else (),
        environment=fields["environment"].texts() if "environment" in fields else {},
        folder=folder,
        image=fields["image"].text(IMAGE, "the name of a container image") if "image" in fields else None,
        per_organisation=fields["per_organisation"].boolean() if "per_organisation" in fields else False,
    )


def chaincode(
    each: Field,
    channels: tuple[Channel, ...],
    organisations: tuple[Organisation, ...],
    servers: tuple[ServerProgram, ...],
) -> Chaincode:
    """Return one chaincode on its channel, served by one of *servers* or at addresses."""
    fields = each.record(
        required=("name", "channel"),
        optional=_OPTIONAL_OF_CHAINCODE,
    )
    if ("server" in fields) == ("address" in fields):
        raise each.error(
            "needs `server` (a program started here) or `address` (one already running)",
            "Give exactly one of the two.",
        )
    channel_names = tuple(channel.name for channel in channels)
    channel = channels[channel_names.index(fields["channel"].choice(*channel_names))]
    named = {organisation.msp_id: organisation for organisation in organisations}
    installed_by = channel.members
    if "installed_by" in fields:
        installed_by = fields["installed_by"].choices(channel.members)
    collections: tuple[Collection, ...] = ()
    if "collections" in fields:
        collections = fields["collections"].each(
            lambda item: _collection(item, tuple(named), channel), lambda item: item.name
        )
    return Chaincode(
        name=fields["name"].word(names.CHAINCODE, maximum=64),
        channel=channel.name,
        version=fields["version"].word(names.VERSION) if "version" in fields else "1.0",
        sequence=fields["sequence"].integer(1, 1 << 31) if "sequence" in fields else 1,
        endorsement=policies.endorsement(fields["endorsement"], tuple(named), channel.policies)
        if "endorsement" in fields
        else None,
        collections=collections,
        init_required=fields["init_required"].boolean() if "init_required" in fields else False,
        server=fields["server"].choice(*(server.name for server in servers)) if "server" in fields else None,
        addresses=_addresses(fields["address"], [named[member] for member in installed_by])
        if "address" in fields
        else {},
        installed_by=installed_by,
    )


def _addresses(each: Field, members: list[Organisation]) -> dict[str, str]:
    wanted = "an address such as 127.0.0.1:9999"
    if not each.is_mapping:
        return {"": each.text(ADDRESS, wanted)}
    peers = {peer.name for member in members for peer in member.peers}
    found: dict[str, str] = {}
    for name, value in each.entries():
        if name not in peers and name not in {member.msp_id for member in members}:
            raise value.error(f"{name!r} is no peer and no organisation that installs it", "Name a peer or an MSP id.")
        found[name] = value.text(ADDRESS, wanted)
    for member in members:
        for peer in member.peers:
            if peer.name not in found and member.msp_id not in found:
                raise each.error(f"no address is given for {peer.name}", f"Add it, or one for all of {member.msp_id}.")
    return found


def _collection(each: Field, known: tuple[str, ...], channel: Channel) -> Collection:
    fields = each.record(
        required=("name", "policy"),
        optional=(
            "required_peer_count",
            "max_peer_count",
            "block_to_live",
            "member_only_read",
            "member_only_write",
            "endorsement",
        ),
    )
    given: dict[str, Any] = {
        name: fields[name].integer(0, 1 << 31)
        for name in ("required_peer_count", "max_peer_count", "block_to_live")
        if name in fields
    }
    given |= {name: fields[name].boolean() for name in ("member_only_read", "member_only_write") if name in fields}
    collection = Collection(
        name=fields["name"].word(names.COLLECTION),
        policy=policies.members(fields["policy"], known),
        endorsement=policies.endorsement(fields["endorsement"], known, channel.policies)
        if "endorsement" in fields
        else None,
        **given,
    )
    if collection.required_peer_count > collection.max_peer_count:
        raise each.error("required_peer_count is larger than max_peer_count", "Raise max_peer_count.")
    return collection
