"""The compose file of a network: a service for each orderer, peer and chaincode server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from hlf.network import errors, state
from hlf.network.engines.docker import images
from hlf.network.engines.engine import BuilderConfig
from hlf.network.engines.native import config
from hlf.network.engines.native.config import Placement
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium, Orderer, Organisation, Peer, ServerProgram

_MATERIAL = PurePosixPath("/etc/hyperledger/material")
_ADMIN_ROOT = PurePosixPath("/etc/hyperledger/admin-ca.pem")
_CONFIG = PurePosixPath("/etc/hyperledger/fabric")
_DATA = PurePosixPath("/var/hyperledger/production")


def write(
    folder: Folder, record: Record, consortium: Consortium, builder: BuilderConfig, servers: Sequence[Program]
) -> Path:
    """
    Write the compose file and all it mounts into ``docker/`` of the state folder, and return its path.

    Every path in it is relative, so the state folder may be moved to the machine that is to run it.

    Raises:
        ConsortiumError: a server has no image and none can be built for it.
    """
    place = folder.data("docker")
    state.private_folder(place)
    services: dict[str, Any] = {}
    for orderer in consortium.orderers:
        services[orderer.name] = _orderer(folder, record, place, orderer)
    for peer in consortium.peers:
        organisation = consortium.organisation(peer.msp_id)
        services[peer.name] = _peer(folder, record, place, peer, organisation, builder)
    for program in servers:
        services[program.name] = _server(folder, record, place, consortium, program)
    file = place / "compose.yaml"
    # The project's name keeps networks of other consortia on the same machine apart.
    state.replace_file(file, config.text({"name": project(record), "services": services}))
    return file


def project(record: Record) -> str:
    """Return the compose project of a network."""
    return f"selat-{record.name}"


def _orderer(folder: Folder, record: Record, place: Path, orderer: Orderer) -> dict[str, Any]:
    placement = Placement(_MATERIAL, _DATA, host="0.0.0.0", admin_root=_ADMIN_ROOT)  # noqa: S104 - in a container
    own = place / orderer.name
    state.replace_file(own / "orderer.yaml", config.text(config.orderer(record, orderer, placement)))
    root = folder.organisation(orderer.msp_id) / "tlsca" / "cert.pem"
    return {
        "image": images.ORDERER,
        "command": ["orderer"],
        "environment": {**config.LOGGING, "FABRIC_CFG_PATH": str(_CONFIG)},
        "volumes": [
            *_node_volumes(place, folder.orderer(orderer.name), own, "orderer.yaml"),
            _mount(place, root, _ADMIN_ROOT),
        ],
        **_node(record, orderer.name, ("listen", "admin", "operations")),
    }


def _peer(
    folder: Folder, record: Record, place: Path, peer: Peer, organisation: Organisation, builder: BuilderConfig
) -> dict[str, Any]:
    placement = Placement(_MATERIAL, _DATA, host="0.0.0.0")  # noqa: S104 - in a container
    own = place / peer.name
    values = config.peer(
        record, peer, organisation.settings, placement, PurePosixPath(images.BUILDER), organisation.peers[0]
    )
    state.replace_file(own / "core.yaml", config.text(values))
    environment = {**config.LOGGING, "FABRIC_CFG_PATH": str(_CONFIG)}
    # Compose reads $ as its own; a JSON text has none, and a package template only braces.
    environment |= config.builder_environment(builder.get(peer.name, {}))
    return {
        "image": images.PEER,
        "command": ["peer", "node", "start"],
        "environment": environment,
        "volumes": _node_volumes(place, folder.peer(peer.msp_id, peer.name), own, "core.yaml"),
        **_node(record, peer.name, ("listen", "operations")),
    }


def _node(record: Record, name: str, published: tuple[str, ...]) -> dict[str, Any]:
    ports = [record.ports[name][use] for use in published]
    return {
        "hostname": name,
        # Keys are readable by their owner only, and ledgers should belong to the user who starts the network.
        "user": f"{os.getuid()}:{os.getgid()}",
        "ports": [f"127.0.0.1:{port}:{port}" for port in ports],
        "restart": "unless-stopped",
    }


def _node_volumes(place: Path, material: Path, own: Path, configuration: str) -> list[str]:
    state.private_folder(own / "data")
    return [
        _mount(place, material, _MATERIAL),
        _mount(place, own / configuration, _CONFIG / configuration),
        f"{_relative(place, own / 'data')}:{_DATA}",
    ]


def _server(folder: Folder, record: Record, place: Path, consortium: Consortium, program: Program) -> dict[str, Any]:
    (server,) = (each for each in consortium.servers if _serves(each, program))
    service: dict[str, Any] = {
        # Compose replaces $ unless it is doubled.
        "command": [word.replace("$", "$$") for word in program.command],
        "environment": {name: value.replace("$", "$$") for name, value in program.environment.items()},
        "hostname": program.name,
        "restart": "unless-stopped",
    }
    if server.image is not None:
        service["image"] = server.image
    elif server.command[0] == "{python}":
        context = f"chaincode-{server.name}"
        images.write_chaincode_context(place / context, server)
        service["build"] = {"context": f"./{context}"}
        # Compose would name it after the service, with the organisation's capitals, which no image may have.
        service["image"] = f"{project(record)}-{context}".lower()
    else:
        raise errors.ConsortiumError(
            folder.consortium_file,
            0,
            f"server {server.name}",
            "has no image, and the docker engine runs it in a container",
            f"Add `image: NAME:TAG` of an image with {server.command[0]}.",
        )
    if server.folder is not None:
        service["volumes"] = [_mount(place, server.folder, PurePosixPath("/work"))]
        service["working_dir"] = "/work"
    return service


def _serves(server: ServerProgram, program: Program) -> bool:
    name = f"chaincode-{server.name}"
    return program.name == name or (server.per_organisation and program.name.startswith(f"{name}-"))


def _mount(place: Path, source: Path, target: PurePath) -> str:
    return f"{_relative(place, source)}:{target}:ro"


def _relative(place: Path, source: Path) -> str:
    relative = os.path.relpath(source.absolute(), place.absolute())
    # Without a leading dot compose takes a name for a named volume.
    return relative if relative.startswith(".") else f"./{relative}"
