"""Renew certificates: holder and key stay the same, the expiry date moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hlf.network import certificates, errors, material, state
from hlf.network.admin import restarting
from hlf.network.state import Folder
from hlf.network.topology import Consortium
from hlf.wire.certificates import read

_KINDS = {"cert.pem": "ca", "server.crt": "tlsca", "client.crt": "tlsca"}


def renew(names: Sequence[str], root: Path = Path("build/network")) -> list[Path]:
    """
    Renew the certificates of nodes, or of users as ``MSP/name``; return the files that were written.

    Keys stay, so channels that know an orderer by its key still do. Nodes that run are started again, one after
    the other.

    Raises:
        StateError: the folder has no such node or user.
        MaterialError: an authority's key is not in the folder.
    """
    folder = Folder(root)
    state.started(folder)
    consortium = state.operated(folder)
    owners = holders(folder, consortium)
    for name in names:
        if name not in owners:
            raise errors.StateError(root, f"has no node or user {name}", f"It has {', '.join(owners)}.")
    written = []
    with state.alone(folder):
        for name in names:
            msp_id, place = owners[name]
            for file, kind in files(place):
                former = read(file.read_bytes()).for_building()
                state.replace_file(file, certificates.renewed(material.authority(folder, msp_id, kind), former))
                written.append(file)
            if name in consortium.nodes:
                restarting.restart([name], root)
    return written


def holders(folder: Folder, consortium: Consortium) -> dict[str, tuple[str, Path]]:
    """Return the organisation and the folder of each node by its name, and of each user by ``MSP/name``."""
    found = {peer.name: (peer.msp_id, folder.peer(peer.msp_id, peer.name)) for peer in consortium.peers}
    found |= {orderer.name: (orderer.msp_id, folder.orderer(orderer.name)) for orderer in consortium.orderers}
    for msp_id, users in material.users(consortium):
        found |= {f"{msp_id}/{user.name}": (msp_id, folder.user(msp_id, user.name)) for user in users}
    return found


def files(place: Path) -> Iterator[tuple[Path, str]]:
    """Yield the certificates of a node or user with the authority that issued each; roots of trust are none of them."""
    for file in sorted(place.rglob("*")):
        if file.name in _KINDS and file.is_file():
            yield file, _KINDS[file.name]
