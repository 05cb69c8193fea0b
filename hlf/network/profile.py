"""Connection profiles in Fabric's common JSON form, one an organisation, for `hlf`, the official SDKs and hfc alike."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hlf.network import material, state
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium, Orderer, Organisation, Peer

_SCHEME = "grpcs://"
# What lies deeper is written on one line: there a channel has four settings of each of its peers.
_DEPTH_OF_LINES = 4
_on_one_line = json.JSONEncoder(ensure_ascii=False).encode


def make(folder: Folder, record: Record, consortium: Consortium, msp_ids: Iterable[str] | None = None) -> None:
    """Write the profiles of these organisations again, by default of all, in the common form and in that of hfc."""
    nodes = _nodes(folder, record, consortium)
    chosen = None if msp_ids is None else set(msp_ids)
    for organisation in consortium.organisations:
        if chosen is None or organisation.msp_id in chosen:
            written = text(_profile(folder, consortium, organisation, nodes)) + "\n"
            state.replace_file(folder.profile(organisation.msp_id), written.encode())
            # hfc dials a URL unchanged, where all others expect a scheme before the address.
            bare = written.replace(f'"url": "{_SCHEME}', '"url": "')
            state.replace_file(folder.profiles / "hfc" / f"{organisation.msp_id}.json", bare.encode())


def _profile(
    folder: Folder, consortium: Consortium, organisation: Organisation, nodes: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """
    Return the profile of one organisation, as plain JSON values, with those *nodes* that it is to know.

    It names the peers of all organisations that share a channel with it, its
    own first. Certificates stand in it twice, as ``pem`` for the official SDKs
    and as ``path`` for hfc; it holds no key, only hfc's paths to the users'.
    """
    channels = consortium.channels_of(organisation.msp_id)
    partners = {msp_id for channel in channels for msp_id in channel.members} | {organisation.msp_id}
    shown = [each for each in consortium.organisations if each.msp_id in partners]
    shown.sort(key=lambda each: each.msp_id != organisation.msp_id)
    orderers = {orderer.name: nodes[orderer.name] for orderer in consortium.orderers}
    return {
        "name": f"{consortium.name}-{organisation.msp_id}",
        "version": "1.0.0",
        "client": {
            "organization": organisation.msp_id,
            "connection": {"timeout": {"peer": {"endorser": "300"}, "orderer": "300"}},
            # Paths of hfc, which refuses a profile without them.
            "credentialStore": {
                "path": str((folder.root / "hfc" / "store").absolute()),
                "cryptoStore": {"path": str((folder.root / "hfc" / "crypto").absolute())},
                "wallet": organisation.msp_id,
            },
        },
        "organizations": {
            each.msp_id: _organization(folder, each, own=each is organisation) | {"orderers": list(orderers)}
            for each in shown
        },
        "peers": {peer.name: nodes[peer.name] for each in shown for peer in each.peers},
        "orderers": orderers,
        "certificateAuthorities": {},
        "channels": {
            channel.name: _channel(
                organisation, [each for each in shown if each.msp_id in channel.members], list(orderers)
            )
            for channel in channels
        },
    }


def _channel(organisation: Organisation, members: list[Organisation], orderers: list[str]) -> dict[str, Any]:
    """Return a channel in the profile of *organisation*, which gets events from its own peers."""
    return {
        "orderers": orderers,
        "peers": {
            peer.name: {
                "endorsingPeer": True,
                "chaincodeQuery": True,
                "ledgerQuery": True,
                "eventSource": peer.msp_id == organisation.msp_id,
            }
            for each in members
            for peer in each.peers
        },
    }


def text(values: Any, depth: int = 0) -> str:
    """
    Return JSON as people read it.

    Python's own, with each value on a line, took half of the time of the bundles of fifty organisations.
    """
    if depth == _DEPTH_OF_LINES or not isinstance(values, dict) or not values:
        return _on_one_line(values)
    inner, outer = "  " * (depth + 1), "  " * depth
    lines = (f"{inner}{_on_one_line(name)}: {text(each, depth + 1)}" for name, each in values.items())
    return "{\n" + ",\n".join(lines) + f"\n{outer}}}"


def _organization(folder: Folder, organisation: Organisation, *, own: bool) -> dict[str, Any]:
    users = {}
    if own:
        for user in organisation.users:
            place = folder.user(organisation.msp_id, user.name).absolute()
            users[user.name] = {"cert": str(place / "cert.pem"), "private_key": str(place / "key.pem")}
    return {
        "mspid": organisation.msp_id,
        "peers": [peer.name for peer in organisation.peers],
        "certificateAuthorities": [],
        "users": users,
    }


def _nodes(folder: Folder, record: Record, consortium: Consortium) -> dict[str, dict[str, Any]]:
    """Return what profiles say of each node of a network."""
    nodes: tuple[Peer | Orderer, ...] = (*consortium.peers, *consortium.orderers)
    return {each.name: _node(folder, record, each.name, each.msp_id) for each in nodes}


def _node(folder: Folder, record: Record, name: str, msp_id: str) -> dict[str, Any]:
    # A node's own file has both roots in a roll-over; of others' nodes only their organisation's root is here.
    own = [place / "tls" / "ca.crt" for place in (folder.peer(msp_id, name), folder.orderer(name))]
    file = next((each for each in own if each.exists()), folder.organisation(msp_id) / "tlsca" / "cert.pem")
    return {
        "url": f"{_SCHEME}{record.address(name)}",
        "mspid": msp_id,
        "tlsCACerts": {"pem": material.tls_roots(folder, msp_id).decode("ascii"), "path": str(file.absolute())},
        "grpcOptions": {"ssl-target-name-override": name, "grpc.ssl_target_name_override": name},
    }
