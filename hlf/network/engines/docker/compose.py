"""The compose file of a network: a service for each orderer, peer and chaincode server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import yaml

from hlf.network import errors, state
from hlf.network.engines.docker import images
from hlf.network.engines.engine import UNPRIVILEGED, BuilderConfig
from hlf.network.engines.native import config
from hlf.network.engines.native.config import Placement
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium, Orderer, Organisation, Peer, ServerProgram

_MATERIAL = PurePosixPath("/etc/hyperledger/material")
_CONFIG = PurePosixPath("/etc/hyperledger/fabric")
_DATA = PurePosixPath("/var/hyperledger/production")
_MEMORY = {"orderer": "2g", "peer": "4g", "server": "1g"}
# The official images have neither curl nor wget, but a shell that opens connections.
_HEALTHY = "exec 3<>/dev/tcp/127.0.0.1/{port} && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '200 OK' <&3"
_LISTENING = "import socket; socket.create_connection(('127.0.0.1', {port}), 5).close()"


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


def services(file: Path) -> tuple[str, ...]:
    """Return the names of the services in a compose file that :func:`write` wrote."""
    return tuple(yaml.safe_load(file.read_text(encoding="utf-8"))["services"])


def project(record: Record) -> str:
    """Return the compose project of a network, or of some organisations' own part of it."""
    return "-".join(("selat", record.name, *record.own)).lower()


def _orderer(folder: Folder, record: Record, place: Path, orderer: Orderer) -> dict[str, Any]:
    placement = Placement(_MATERIAL, _DATA, host="0.0.0.0")  # noqa: S104 - in a container
    own = place / orderer.name
    state.replace_file(own / "orderer.yaml", config.text(config.orderer(record, orderer, placement)))
    return {
        "image": images.ORDERER,
        "command": ["orderer"],
        "environment": {**config.LOGGING, "FABRIC_CFG_PATH": str(_CONFIG)},
        "volumes": _node_volumes(place, folder.orderer(orderer.name), own, "orderer.yaml"),
        **_node(record, orderer.name, "orderer", ("listen", "admin", "operations")),
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
        **_node(record, peer.name, "peer", ("listen", "operations")),
    }


def _node(record: Record, name: str, kind: str, published: tuple[str, ...]) -> dict[str, Any]:
    ports = {use: record.ports[name][use] for use in published}
    # Other machines reach only the listeners that their organisations need.
    outside = {"listen"} if name in record.hosts else set()
    user, group = _user()
    return {
        "hostname": name,
        # Keys are readable by their owner only, and ledgers should belong to the user who starts the network.
        "user": f"{user}:{group}",
        "ports": [f"{'' if use in outside else '127.0.0.1:'}{port}:{port}" for use, port in ports.items()],
        "read_only": True,
        # A peer unpacks packages there for its chaincode builder.
        "tmpfs": ["/tmp"],  # noqa: S108 - of the container alone
        "healthcheck": _healthcheck("bash", "-c", _HEALTHY.format(port=record.ports[name]["operations"])),
        **_confined(kind),
    }


def _confined(kind: str) -> dict[str, Any]:
    """Return the restrictions of a container: what it may not do, and its share of the machine."""
    return {
        "restart": "unless-stopped",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": _MEMORY[kind],
        "pids_limit": 4096,
        "logging": {"driver": "json-file", "options": {"max-size": "20m", "max-file": "5"}},
    }


def _healthcheck(*command: str) -> dict[str, Any]:
    # Compose replaces $ unless it is doubled; there is none in these.
    return {"test": ["CMD", *command], "interval": "10s", "timeout": "5s", "retries": 6, "start_period": "30s"}


def _user() -> tuple[int, int]:
    """Return the user and group of the containers: those of the caller, unless that is root."""
    return (os.getuid(), os.getgid()) if os.getuid() else (UNPRIVILEGED, UNPRIVILEGED)


def _node_volumes(place: Path, material: Path, own: Path, configuration: str) -> list[str]:
    state.private_folder(own / "data")
    for folder in (material, own / "data"):
        _hand_over(folder)
    return [
        _mount(place, material, _MATERIAL),
        _mount(place, own / configuration, _CONFIG / configuration),
        f"{_relative(place, own / 'data')}:{_DATA}",
    ]


def _hand_over(folder: Path) -> None:
    """Give a folder to the containers' user if root starts the network; that user could not read the keys otherwise."""
    if os.getuid():
        return
    for each in (folder, *folder.rglob("*")):
        os.chown(each, *_user(), follow_symlinks=False)


def _server(folder: Folder, record: Record, place: Path, consortium: Consortium, program: Program) -> dict[str, Any]:
    (server,) = (each for each in consortium.servers if _serves(each, program))
    service: dict[str, Any] = {
        # Compose replaces $ unless it is doubled.
        "command": [word.replace("$", "$$") for word in program.command],
        "environment": {name: value.replace("$", "$$") for name, value in program.environment.items()},
        "hostname": program.name,
        **_confined("server"),
    }
    if server.image is not None:
        service["image"] = server.image
    elif server.command[0] == "{python}":
        context = f"chaincode-{server.name}"
        images.write_chaincode_context(place / context, server)
        service["build"] = {"context": f"./{context}"}
        # Compose would name it after the service, with the organisation's capitals, which no image may have.
        service["image"] = f"{project(record)}-{context}"
        service |= {"read_only": True, "tmpfs": ["/tmp"]}  # noqa: S108 - of the container alone
        if program.addresses:
            port = program.addresses[0].rpartition(":")[2]
            service["healthcheck"] = _healthcheck("python", "-c", _LISTENING.format(port=port))
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
